// `npm test`: every test that needs nothing but this checkout, by Node's own runner. Tests that need
// recordings skip with one line where there are none; tests that need a browser or real servers
// (`*.browser.test.ts`, `*.infra.test.ts`) have scripts of their own.
// In: files or folders (default: all) and `--filter <pattern>` for titles. Out: the runner's report and its
// exit code.
import { spawn } from 'node:child_process';
import { existsSync, globSync, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

const CHECKOUT = resolve(import.meta.dirname, '..');
const PLACES = [
  'packages/*/src/**/*.test.ts',
  'sandbox/**/*.test.ts',
  'client/src/**/*.test.ts',
  'scripts/**/*.test.ts',
  'test/**/*.test.ts',
];
const LEFT_OUT = /\.(browser|infra)\.test\.ts$|\/node_modules\/|^test\/(tidy-fixture|bench\/peers)\//;
/** The promise is 8 minutes on two cores; the runner is stopped before it is broken silently. */
const LIMIT_MS = 8 * 60_000;
/** No single test is worth more than a fourth of that. */
const TEST_LIMIT_MS = 120_000;
/**
 * Most tests wait for sockets and disks now and then, so one file more than there are cores keeps both busy.
 */
const CONCURRENCY = 3;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const { places, filter } = parse(args);
  const files = places.length === 0 ? testsBelow(PLACES) : places.flatMap(testsAt);
  if (files.length === 0) {
    process.stderr.write(
      `No test file at ${places.join(' ') || 'all'}: name a *.test.ts file or a folder of them.\n`,
    );
    return 1;
  }
  const flags = [
    '--disable-warning=ExperimentalWarning',
    '--test',
    '--test-reporter=spec',
    `--test-concurrency=${CONCURRENCY}`,
    `--test-timeout=${TEST_LIMIT_MS}`,
    ...(filter === undefined ? [] : [`--test-name-pattern=${filter}`]),
  ];
  return run([...flags, ...files]);
}

function parse(args: readonly string[]): { places: string[]; filter: string | undefined } {
  const places: string[] = [];
  let filter: string | undefined;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '--filter') filter = args[++i];
    else if (arg.startsWith('--filter=')) filter = arg.slice('--filter='.length);
    else places.push(arg);
  }
  return { places, filter };
}

function testsAt(place: string): string[] {
  const path = resolve(process.env.INIT_CWD ?? process.cwd(), place);
  if (!existsSync(path)) return [];
  return statSync(path).isDirectory()
    ? globSync('**/*.test.ts', { cwd: path }).map((file) => join(path, file))
    : [path];
}

function testsBelow(patterns: string[]): string[] {
  const files = globSync(patterns, { cwd: CHECKOUT }).map((file) => file.replaceAll('\\', '/'));
  return files.filter((file) => !LEFT_OUT.test(file)).sort();
}

/**
 * The runner starts each file with its own `process.execPath`; PATH is for tests that start the program by
 * name.
 */
function run(args: readonly string[]): Promise<number> {
  const path = `${join(CHECKOUT, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}`;
  const child = spawn(process.execPath, args, {
    cwd: CHECKOUT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, PATH: path },
  });
  const stop = setTimeout(() => {
    process.stderr.write(`The tests took longer than ${LIMIT_MS / 60_000} minutes and were stopped.\n`);
    child.kill('SIGTERM');
  }, LIMIT_MS);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((done) => {
    child.on('error', (error) => {
      process.stderr.write(`The test runner could not start: ${error.message}\n`);
      done(1);
    });
    child.on('exit', (code) => {
      clearTimeout(stop);
      done(code ?? 1);
    });
  });
}
