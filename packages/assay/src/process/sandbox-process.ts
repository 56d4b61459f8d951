// The sandbox venues as a child process: real servers on loopback. It dies with us, however we die, because
// it ends when its standard input closes; if it dies alone it is started again on the same ports.
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';

const ENTRY = resolve(import.meta.dirname, '../../../../sandbox/src/main.ts');
/** Nine servers are up in well under a second; a loaded machine gets ten times that, and then some. */
const READY_WITHIN_MS = 20_000;
const RESTARTS_MAXIMUM = 10;
const RESTART_AFTER_MS = 1_000;

export type SandboxAddresses = { control: string; venues: Record<string, Record<string, string>> };
export type SandboxProcess = { addresses: SandboxAddresses; stop(): Promise<void> };
export type SandboxOptions = { seed: number; regime: string; clock: Clock; log: Log };

/** @throws AssayError SANDBOX_FAILED */
export async function startSandbox({ seed, regime, clock, log }: SandboxOptions): Promise<SandboxProcess> {
  const base = ['--seed', String(seed), '--regime', regime];
  let child = launch([...base, '--ports', '0'], log);
  const addresses = await ready(child, clock);
  const ports = JSON.stringify(portsOf(addresses));
  let isStopping = false;
  let restarts = 0;
  const watch = () =>
    child.once('exit', (code, signal) => {
      if (isStopping) return;
      restarts += 1;
      log.error('the sandbox venues ended by themselves', { code, signal, restarts });
      if (restarts > RESTARTS_MAXIMUM) return;
      clock.after(RESTART_AFTER_MS, () => {
        if (isStopping) return;
        child = launch([...base, '--ports', ports], log);
        watch();
      });
    });
  watch();
  return {
    addresses,
    stop: () => {
      isStopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
      return new Promise((done) => {
        const kill = clock.after(1_500, () => child.kill('SIGKILL'));
        child.once('exit', () => {
          kill();
          done();
        });
        child.stdin?.end();
      });
    },
  };
}

function launch(args: string[], log: Log): ChildProcess {
  // A group of its own: the terminal's Ctrl-C must reach us alone, so that we stop in order.
  const options = { stdio: ['pipe', 'pipe', 'pipe'] as ['pipe', 'pipe', 'pipe'], detached: true };
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ENTRY, ...args], options);
  child.stdin.on('error', () => {}); // it may be gone before its input is closed; its exit tells
  createInterface({ input: child.stderr }).on('line', (line) => log.warn('sandbox', { line }));
  return child;
}

function ready(child: ChildProcess, clock: Clock): Promise<SandboxAddresses> {
  return new Promise((resolveReady, reject) => {
    const fail = (why: string) =>
      reject(new AssayError('SANDBOX_FAILED', `the sandbox venues did not start: ${why}`));
    const cancel = clock.after(READY_WITHIN_MS, () => {
      child.kill('SIGKILL');
      fail(`not ready within ${READY_WITHIN_MS / 1000} s`);
    });
    child.once('exit', (code) => {
      cancel();
      fail(`they ended with code ${code}`);
    });
    createInterface({ input: child.stdout! }).once('line', (line) => {
      cancel();
      try {
        resolveReady(JSON.parse(line) as SandboxAddresses);
      } catch {
        fail(`"${line}" is not their addresses`);
      }
    });
  });
}

/** The ports of a first start, so that a second one takes the same. */
function portsOf(addresses: SandboxAddresses): Record<string, number> {
  const entries = Object.entries(addresses.venues).map(([id, roles]) => [
    id,
    Number(new URL(Object.values(roles)[0]!).port),
  ]);
  return { control: Number(new URL(addresses.control).port), ...Object.fromEntries(entries) };
}
