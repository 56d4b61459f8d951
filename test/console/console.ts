// `npm run test:console`: the console in a real browser. In: files of test/console (default: all) and
// `--images <folder>` for the pictures (default: docs/images). Out: the test runner's report, its exit code,
// and one picture per page and state.
//
// Needs Debian's chromium, or any other Chromium on the PATH, and a console that is built.
import { spawn } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { findChromium } from './browser.ts';

const CHECKOUT = resolve(import.meta.dirname, '../..');

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { images: { type: 'string' }, filter: { type: 'string' } },
  });
  if (findChromium() === undefined) {
    process.stderr.write(
      'There is no chromium on the PATH: install it (apt-get install chromium) and try again.\n',
    );
    return 1;
  }
  if (!existsSync(join(CHECKOUT, 'console', 'dist', 'index.html'))) {
    process.stderr.write('The console is not built: run "npm run build" and try again.\n');
    return 1;
  }
  const all = globSync('*.browser.test.ts', { cwd: import.meta.dirname }).sort();
  const chosen = all.filter(
    (file) => positionals.length === 0 || positionals.some((name) => file.startsWith(name)),
  );
  // One file after the other: two browsers on two cores measure each other.
  const flags = [
    '--disable-warning=ExperimentalWarning',
    '--test',
    '--test-reporter=spec',
    '--test-concurrency=1',
  ];
  const filter = values.filter === undefined ? [] : [`--test-name-pattern=${values.filter}`];
  const files = chosen.map((file) => join(import.meta.dirname, file));
  const child = spawn(process.execPath, [...flags, ...filter, ...files], {
    cwd: CHECKOUT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      PATH: `${join(CHECKOUT, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}`,
      CONSOLE_IMAGES: resolve(values.images ?? join(CHECKOUT, 'docs', 'images')),
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((done) => {
    child.on('error', (error) => {
      process.stderr.write(`The test runner could not start: ${error.message}\n`);
      done(1);
    });
    child.on('exit', (code) => done(code ?? 1));
  });
}
