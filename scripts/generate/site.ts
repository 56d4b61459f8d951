// The documentation site as a static folder, built offline by VitePress. In: docs/. Out:
// docs/.vitepress/dist, served by the API at /guide; with ASSAY_GUIDE_BASE for another path. Diagrams are
// drawn by Mermaid's own script, copied beside the pages. Invariant: the build asks nothing of the network.
import { spawn } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** Below the checkout. */
const SITE_FOLDER = 'docs/.vitepress/dist';

/** `target` is emptied first. Returns the exit code of the build. */
export async function buildSite(root: string, target: string = join(root, SITE_FOLDER)): Promise<number> {
  const vitepress = join(dirname(require.resolve('vitepress/package.json')), 'bin', 'vitepress.js');
  const code = await run([vitepress, 'build', join(root, 'docs'), '--outDir', target]);
  if (code !== 0) return code;
  const mermaid = join(dirname(require.resolve('mermaid/package.json')), 'dist', 'mermaid.min.js');
  copyFileSync(mermaid, join(target, 'mermaid.min.js'));
  copyFileSync(join(root, 'docs/reference/asyncapi.yaml'), join(target, 'reference/asyncapi.yaml'));
  return 0;
}

function run(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((done) => {
    child.on('error', (error) => {
      process.stderr.write(`The site could not be built: ${error.message}\n`);
      done(1);
    });
    child.on('exit', (code) => done(code ?? 1));
  });
}
