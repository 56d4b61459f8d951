// `prepare` of the root: after `npm ci` the documentation site is built, so that the first start serves it. Written
// for Node 20, because that is what a bare machine has. What cannot be built is said and left out: an install
// without development packages is still an install, and `npm run docs` builds it later.
const { spawnSync } = require('node:child_process');
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');

const STEPS = [
  {
    what: 'the documentation site',
    needs: 'vitepress/package.json',
    command: [join(__dirname, 'generate.ts'), '--site'],
    later: 'npm run docs',
  },
];

for (const { what, needs, command, later } of STEPS) {
  if (!existsSync(join(root, 'node_modules', needs))) continue;
  // The Node that npm put first in PATH: the pinned one, where its package was installed.
  const { status, stderr } = spawnSync('node', command, { cwd: root, encoding: 'utf8' });
  if (status === 0) continue;
  process.stderr.write(`assay: ${what} was not built; "${later}" does it.\n${stderr ?? ''}`);
}
