// `prepare` of the root, and `npm run build`: after `npm ci` the console and the documentation site are built, so
// that the first start serves them. Written for Node 20, because that is what a bare machine has. What cannot be
// built is said and left out: an install without development packages is still an install, and `npm run build`
// builds it later. In: `--must`: what fails is a failure. Out: one line on the error stream per thing not built.
const { spawnSync } = require('node:child_process');
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');
const STEPS = [
  {
    what: 'the console',
    needs: 'vite/package.json',
    command: [
      join(root, 'node_modules/vite/bin/vite.js'),
      ...['build', '--logLevel', 'error', '--config', join(root, 'console/vite.config.ts')],
    ],
    later: 'npm run build',
  },
  {
    what: 'GraphiQL',
    needs: 'vite/package.json',
    command: [join(root, 'console/graphiql/build-graphiql.ts')],
    later: 'npm run build',
  },
  {
    what: 'the documentation site',
    needs: 'vitepress/package.json',
    command: [join(__dirname, 'generate.ts'), '--site'],
    later: 'npm run docs',
  },
];

const isMust = process.argv.includes('--must');

for (const { what, needs, command, later } of STEPS) {
  if (!existsSync(join(root, 'node_modules', needs))) {
    const tool = needs.split('/')[0];
    process.stderr.write(
      `assay: ${what} is not built: ${tool} is not installed; it is a development package.\n`,
    );
    if (isMust) process.exitCode = 1;
    continue;
  }
  // The Node that npm put first in PATH: the pinned one, where its package was installed.
  const { status, stderr } = spawnSync('node', command, { cwd: root, encoding: 'utf8' });
  if (status === 0) continue;
  process.stderr.write(`assay: ${what} was not built; "${later}" does it.\n${stderr ?? ''}`);
  if (isMust) process.exitCode = 1;
}
