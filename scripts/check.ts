// `npm run check`: everything that can be said about the code without running it. In: names of steps
// (default: all). Out: a line per step with its duration, every failure in full, exit code 1 on any. It
// changes nothing.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

type Step = {
  name: string;
  about: string;
  command: string[];
  /** Prints its output when it passes, too. */
  says?: boolean;
};

const CHECKOUT = resolve(import.meta.dirname, '..');
const require = createRequire(import.meta.url);

const STEPS: Step[] = [
  { name: 'types', about: 'TypeScript', command: [binOf('typescript', 'tsc'), '-p', '.'] },
  {
    name: 'published',
    about: 'TypeScript: what a release ships declares its types',
    command: [binOf('typescript', 'tsc'), '-p', 'tsconfig.published.json'],
  },
  {
    name: 'console',
    about: 'TypeScript: the console, for browsers',
    command: [binOf('typescript', 'tsc'), '-p', 'console'],
  },
  {
    name: 'browser',
    about: 'TypeScript: tests in a browser',
    command: [binOf('typescript', 'tsc'), '-p', 'test/console'],
  },
  {
    name: 'style',
    about: 'Biome: format and lint',
    command: [binOf('@biomejs/biome', 'biome'), 'check', '--error-on-warnings', '--max-diagnostics=200', '.'],
  },
  { name: 'dead', about: 'knip: nothing unused', command: [binOf('knip', 'knip'), '--no-progress'] },
  {
    name: 'structure',
    about: 'tidy: floors, purity, sizes, words, docs/reference',
    command: script('tidy.ts'),
  },
  { name: 'licences', about: 'what production installs', command: script('licences.ts'), says: true },
];

process.exitCode = await main(process.argv.slice(2));

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.find((name) => !STEPS.some((step) => step.name === name));
  if (unknown !== undefined) {
    process.stderr.write(`There is no check "${unknown}": ${STEPS.map((step) => step.name).join(', ')}.\n`);
    return 1;
  }
  const chosen = STEPS.filter((step) => names.length === 0 || names.includes(step.name));
  // All at once: they are few, short and wait for different things.
  const passed = await Promise.all(chosen.map(runStep));
  const failed = passed.filter((isPassed) => !isPassed).length;
  process.stdout.write(`check: ${passed.length - failed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

async function runStep(step: Step): Promise<boolean> {
  const startedAt = performance.now();
  const { code, output } = await run(step.command);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const line = `${code === 0 ? 'ok  ' : 'FAIL'} ${step.name.padEnd(10)} ${seconds.padStart(5)} s  ${step.about}\n`;
  const detail = code === 0 ? (step.says === true ? output : '') : output;
  process.stdout.write(
    line + (detail.trim() === '' ? '' : `${detail.trimEnd().replace(/^/gm, '       ')}\n`),
  );
  return code === 0;
}

function run(command: readonly string[]): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, command, { cwd: CHECKOUT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  return new Promise((done) => {
    child.on('error', (error) => done({ code: 1, output: error.message }));
    child.on('close', (code) => done({ code: code ?? 1, output }));
  });
}

function script(name: string): string[] {
  return ['--disable-warning=ExperimentalWarning', join(CHECKOUT, 'scripts', name)];
}

/** The file behind a package's command: run by our own Node, whatever `node` is on the PATH. */
function binOf(packageName: string, command: string): string {
  const manifestFile = join(CHECKOUT, 'node_modules', packageName, 'package.json');
  const { bin } = require(manifestFile) as { bin: string | Record<string, string> };
  return join(dirname(manifestFile), typeof bin === 'string' ? bin : bin[command]!);
}
