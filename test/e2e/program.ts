// Starts the real program for a test: free ports, its own data folder, ended with the test.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const LAUNCHER = resolve(import.meta.dirname, '../../scripts/launch.cjs');
const FREE_PORTS = ['--api-port', '0', '--metrics-port', '0', '--health-port', '0'];

export type RunFacts = { pid: number; api: string; metrics: string; health: string; sandboxControl: string };
export type RunningProgram = {
  child: ChildProcess;
  facts: RunFacts;
  data: string;
  key: string;
  output(): string;
  get(path: string): Promise<Response>;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
};

export function temporaryFolder(name: string): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), `assay ${name} `));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Runs one command to its end. */
export function runAssay(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; out: string; error: string }> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [LAUNCHER, ...args], { env: { ...process.env, ...env } });
    let out = '';
    let error = '';
    child.stdout.on('data', (chunk) => (out += chunk));
    child.stderr.on('data', (chunk) => (error += chunk));
    child.on('exit', (code) => done({ code, out, error }));
  });
}

/** `args`: services, then flags. */
export async function startAssay(data: string, args: string[] = []): Promise<RunningProgram> {
  const child = spawn(
    process.execPath,
    [LAUNCHER, 'start', ...args, '--json', '--data', data, ...FREE_PORTS],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += chunk));
  const facts = await new Promise<RunFacts>((ready, fail) => {
    child.stdout.on('data', (chunk) => {
      output += chunk;
      const line = output.split('\n').find((each) => each.startsWith('{'));
      if (line !== undefined && output.includes('\n')) ready(JSON.parse(line) as RunFacts);
    });
    child.on('exit', (code) => fail(new TypeError(`assay start ended with ${code}: ${errors}`)));
  });
  const key = readFileSync(join(data, 'sandbox', 'api-key'), 'utf8').trim();
  return {
    child,
    facts,
    data,
    key,
    output: () => output + errors,
    get: (path) => fetch(`${facts.api}${path}`, { headers: { 'x-api-key': key } }),
    stop: (signal = 'SIGINT') =>
      new Promise((done) => {
        if (child.exitCode !== null || child.signalCode !== null) return done(child.exitCode);
        child.once('exit', (code) => done(code));
        child.kill(signal);
      }),
  };
}

/** Of the embedded ledger that serves a data folder. */
export function postgresPid(data: string): number {
  const file = join(data, 'sandbox', 'postgres', 'data', 'postmaster.pid');
  return Number(readFileSync(file, 'utf8').split('\n', 1)[0]);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Asks again and again until it holds; says what it last saw when it never does. */
export async function eventually<T>(
  what: string,
  withinMs: number,
  look: () => Promise<T | undefined>,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new TypeError(`${what}: not within ${withinMs} ms`);
    await new Promise((next) => setTimeout(next, 100));
  }
}
