// Measures HTTP servers by the processor time they spend, which other programs on the machine disturb far
// less than wall time. In: a server script that runs in a process of its own. Out: requests per CPU-second of
// that process.
//
// A server script calls `serveBench` with its address; it is asked for its CPU time over the process channel.
import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { AssayError } from '@assay/kernel/errors/assay-error';

const ROOT = resolve(import.meta.dirname, '..', '..');
const AUTOCANNON = join(ROOT, 'node_modules', 'autocannon', 'autocannon.js');

/** As in the peers' measurements (design, peers 6). */
const CONNECTIONS = 50;
/** A server that does not come up within this is broken, whatever else runs on the machine. */
const START_TIMEOUT_MS = 60_000;

export type BenchTarget = {
  url: string;
  headers?: Record<string, string>;
  method?: 'GET' | 'POST';
  body?: string;
};

export type BenchServer = {
  target: BenchTarget;
  /** User and system time of the whole process so far, seconds. */
  cpuSeconds(): Promise<number>;
  stop(): Promise<void>;
};

export type Load = { requests: number; cpuSeconds: number; perCpuSecond: number; p99Ms: number };

type Message = { target: BenchTarget } | { cpuSeconds: number };

/** Starts a script that calls `serveBench`; on core 0 unless told otherwise, so that the load has core 1. */
export async function startServer(
  script: string,
  options: { cwd?: string; args?: readonly string[]; isPinned?: boolean } = {},
): Promise<BenchServer> {
  const plain = [process.execPath, script, ...(options.args ?? [])];
  const command = options.isPinned === false ? plain : pinned(0, plain);
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await ended;
  };
  try {
    const { target } = (await nextMessage(child)) as { target: BenchTarget };
    const cpuSeconds = async (): Promise<number> => {
      child.send('cpu');
      return ((await nextMessage(child)) as { cpuSeconds: number }).cpuSeconds;
    };
    return { target, cpuSeconds, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Called by a server script: says where it listens, and from then on answers how much CPU time it has used.
 */
export function serveBench(target: BenchTarget): void {
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send!({ cpuSeconds: (user + system) / 1e6 } satisfies Message);
  });
  process.on('disconnect', () => process.exit(0));
  process.send!({ target } satisfies Message);
}

/** @throws AssayError ASSERTION_FAILED when an answer is not 2xx: a fast refusal is no measurement */
export async function load(server: BenchServer, seconds: number): Promise<Load> {
  const { url, headers = {}, method = 'GET', body } = server.target;
  const args = [
    ...['--json', '--no-progress', '-c', String(CONNECTIONS), '-d', String(seconds), '-m', method],
    ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}=${value}`]),
    ...(body === undefined ? [] : ['-b', body]),
    url,
  ];
  const before = await server.cpuSeconds();
  const result = JSON.parse(await outputOf(pinned(1, [process.execPath, AUTOCANNON, ...args]))) as {
    '2xx': number;
    non2xx: number;
    errors: number;
    latency: { p99: number };
  };
  const cpuSeconds = (await server.cpuSeconds()) - before;
  if (result.non2xx > 0 || result.errors > 0 || result['2xx'] === 0) {
    throw new AssayError(
      'ASSERTION_FAILED',
      `${url}: ${result['2xx']} good answers, ${result.non2xx} others, ${result.errors} errors`,
    );
  }
  const requests = result['2xx'];
  return { requests, cpuSeconds, perCpuSecond: requests / cpuSeconds, p99Ms: result.latency.p99 };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A command on one core, where the system can pin and there is more than one. */
export function pinned(core: number, command: readonly string[]): string[] {
  const canPin = process.platform === 'linux' && availableParallelism() > 1;
  return canPin ? ['taskset', '-c', String(core), ...command] : [...command];
}

function nextMessage(child: ChildProcess): Promise<Message> {
  return new Promise((done, failed) => {
    const fail = (reason: string): void => {
      end();
      failed(new AssayError('ASSERTION_FAILED', `a server under measurement ${reason}`));
    };
    const timer = setTimeout(() => fail('did not answer in time'), START_TIMEOUT_MS);
    const onMessage = (message: unknown): void => {
      end();
      done(message as Message);
    };
    const onExit = (code: number | null): void => fail(`ended with code ${code}`);
    const onError = (error: Error): void => fail(`did not start: ${error.message}`);
    const end = (): void => {
      clearTimeout(timer);
      child.off('error', onError);
      child.off('message', onMessage);
      child.off('exit', onExit);
    };
    child.once('message', onMessage);
    child.once('exit', onExit);
    child.once('error', onError);
  });
}

function outputOf(command: readonly string[]): Promise<string> {
  return new Promise((done, failed) => {
    const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    child.once('error', failed);
    child.once('close', (code) =>
      code === 0
        ? done(text)
        : failed(new AssayError('ASSERTION_FAILED', `the load generator ended with code ${code}`)),
    );
  });
}
