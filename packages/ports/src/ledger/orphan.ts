// A PostgreSQL whose owner died. In: its data folder, which we alone hold now. Out: nobody uses that folder.
// Invariant: only a process whose command line names this folder is ended.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { Clock } from '@assay/kernel/time/clock';

/** In this order, each after the one before had its time: fast, immediate (recovery follows), by force. */
const WAYS = [
  { signal: 'SIGINT', withinMs: 5_000 },
  { signal: 'SIGQUIT', withinMs: 3_000 },
  { signal: 'SIGKILL', withinMs: 3_000 },
] as const;
const LOOK_EVERY_MS = 50;

/** @throws AssayError LEDGER_UNAVAILABLE when it cannot be ended */
export async function stopOrphan(data: string, clock: Clock): Promise<void> {
  const pid = pidIn(join(data, 'postmaster.pid'));
  if (pid === undefined) return;
  for (const { signal, withinMs } of WAYS) {
    if (!(await isServerOf(pid, data))) return;
    signalTo(pid, signal);
    const endMs = clock.monotonic() + withinMs;
    while (clock.monotonic() < endMs) {
      if (!isAlive(pid)) return;
      await clock.sleep(LOOK_EVERY_MS);
    }
  }
  throw new AssayError(
    'LEDGER_UNAVAILABLE',
    `process ${pid} is a PostgreSQL on ${data} that cannot be ended`,
    {
      recovery: 'End it by hand, then start again.',
    },
  );
}

function pidIn(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8').split('\n', 1)[0]);
    return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined; // it stopped in order, or never ran
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone meanwhile, or another user's: the next look tells
  }
}

/** The number may have been given to another program since. */
async function isServerOf(pid: number, data: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  try {
    const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return line.includes(data);
  } catch {
    return await new Promise((resolve) => {
      execFile('ps', ['-p', String(pid), '-o', 'command='], (_, out) => resolve(out.includes(data)));
    });
  }
}
