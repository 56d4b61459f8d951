// The embedded ledger passes the suite where it is hardest (as root under a 0700 folder with spaces in its
// path), shares one server between processes, and leaves none behind.
import { deepStrictEqual, match, ok, rejects, strictEqual } from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import { memoryLog } from '@assay/kernel/telemetry/log';
import { systemClock } from '@assay/kernel/time/clock';
import { createEmbeddedLedger } from './embedded.ts';
import { ledgerSuite } from './ledger.conformance.ts';
import type { Ledger } from './ledger.ts';

function closedFolder(): string {
  const home = mkdtempSync(join(tmpdir(), 'assay ledger é '));
  chmodSync(home, 0o700);
  return home;
}

const open = (home: string) =>
  createEmbeddedLedger({ path: join(home, 'postgres'), clock: systemClock, log: memoryLog() });

function serverPid(home: string): number {
  return Number(readFileSync(join(home, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function eventually(what: string, look: () => Promise<boolean> | boolean): Promise<void> {
  const endMs = systemClock.monotonic() + 20_000;
  while (!(await look())) {
    ok(systemClock.monotonic() < endMs, what);
    await systemClock.sleep(50);
  }
}

const answers = (ledger: Ledger) =>
  ledger.query('SELECT 1').then(
    () => true,
    () => false,
  );

ledgerSuite('embedded', async () => {
  const home = closedFolder();
  const [ledger, second] = [open(home), open(home)];
  await ledger.start();
  await second.start();
  return {
    ledger,
    second,
    close: async () => {
      await second.stop();
      await ledger.stop();
      rmSync(home, { recursive: true });
    },
  };
});

describe('the server behind the embedded ledger', () => {
  const home = closedFolder();
  let child: ChildProcess | undefined;
  before(async () => {
    const ledger = open(home);
    await ledger.start();
    await ledger.query('CREATE TABLE kept (n int)');
    await ledger.query('INSERT INTO kept VALUES (1)');
    strictEqual(new URL(ledger.address()).hostname, '127.0.0.1');
    const pid = serverPid(home);
    await ledger.stop();
    strictEqual(isAlive(pid), false);
  });
  after(() => {
    child?.kill('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  });

  const startOwner = async (): Promise<number> => {
    const script = join(import.meta.dirname, 'owning-process.ts');
    child = spawn(process.execPath, [script, join(home, 'postgres')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((ready) => createInterface({ input: child!.stdout! }).once('line', ready));
    return serverPid(home);
  };

  test('its secret can be read by its owner only, and is asked for', async () => {
    const ledger = open(home);
    await ledger.start();
    for (const file of ['password', 'address.json']) {
      strictEqual(statSync(join(home, 'postgres', file)).mode & 0o077, 0, file);
    }
    const { createPostgresLedger } = await import('./postgres.ts');
    const url = ledger.address().replace(/:[^:@]+@/, ':guessed@');
    const stranger = createPostgresLedger({ url, clock: systemClock });
    await rejects(stranger.start(), (error) => isAssayError(error, 'LEDGER_UNAVAILABLE'));
    await ledger.stop();
  });

  test('it ends with an owner that is killed, and another process carries it on', async () => {
    const pid = await startOwner();
    const other = open(home);
    await other.start();
    deepStrictEqual(await other.query('SELECT n FROM kept'), [{ n: 1 }]);
    child!.kill('SIGKILL');
    await eventually('the server of a killed owner ends', () => !isAlive(pid));
    await eventually('the other one serves', () => answers(other));
    deepStrictEqual(await other.query('SELECT n FROM kept'), [{ n: 1 }]);
    ok(serverPid(home) !== pid);
    await other.stop();
    strictEqual(isAlive(serverPidOr(home, pid)), false);
  });

  test('it is started again when it is killed itself', async () => {
    const ledger = open(home);
    await ledger.start();
    const pid = serverPid(home);
    process.kill(pid, 'SIGKILL');
    await eventually('it serves again', async () => !isAlive(pid) && (await answers(ledger)));
    deepStrictEqual(await ledger.query('SELECT n FROM kept'), [{ n: 1 }]);
    await ledger.stop();
  });

  test('an orphan is stopped before a new one starts', async () => {
    const { GuardedChildren } = await import('./guarded-children.ts');
    const { startLocalServer } = await import('./local-server.ts');
    // A server without the lock of an owner: what a system without parent-death signals leaves behind.
    const children = new GuardedChildren(systemClock);
    await startLocalServer({ path: join(home, 'postgres'), children, clock: systemClock, log: memoryLog() });
    const orphan = serverPid(home);
    const ledger = open(home);
    await ledger.start();
    strictEqual(isAlive(orphan), false);
    ok(await answers(ledger));
    await ledger.stop();
    await children.stopAll();
  });

  test('a folder that is not ours to write is one sentence', async () => {
    const ledger = createEmbeddedLedger({ path: '/dev/null/assay', clock: systemClock, log: memoryLog() });
    await rejects(ledger.start(), (error) => {
      ok(isAssayError(error, 'DATA_FOLDER_UNUSABLE'));
      match(error.message, /\/dev\/null\/assay/);
      return true;
    });
  });
});

function serverPidOr(home: string, fallback: number): number {
  try {
    return serverPid(home);
  } catch {
    return fallback;
  }
}
