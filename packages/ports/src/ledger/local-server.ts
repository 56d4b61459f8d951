// A PostgreSQL of our own on loopback. In: a folder that nobody else uses at this moment. Out: its address,
// once it answers; its end, when it ends by itself.
//
// Invariants: a folder is either absent or complete (it is made beside and renamed); the secret is 0600 and
// never on a command line; a server left behind by a dead owner is stopped before a new one starts.
import type { ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { AssayError } from '@assay/kernel/errors/assay-error';
import { secureBytes } from '@assay/kernel/random/random';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import type { GuardedChildren } from './guarded-children.ts';
import { nativePrograms } from './native-package.ts';
import { stopOrphan } from './orphan.ts';

export type LocalServerOptions = {
  path: string;
  /** Taken when it is free: who knows the old address then needs no new one. */
  port?: number | undefined;
  children: GuardedChildren;
  clock: Clock;
  log: Log;
};

export type LocalServer = { url: string; port: number; ended: Promise<void> };

const USER = 'assay';
/** initdb takes 2 s on two busy cores and the start a tenth; a loaded machine gets ten times that. */
const READY_WITHIN_MS = 30_000;
const SECRET_BYTES = 24;
/** Lines of the server that an error repeats: the reason stands in the last ones. */
const LINES_SHOWN = 3;

/** Small, for one machine: about 20 MB over all its processes. Everything durable stays durable. */
const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '16MB',
  // Eight connections of each of a handful of processes.
  max_connections: '64',
  max_wal_size: '128MB',
  min_wal_size: '32MB',
  // Nobody replicates from it, and nothing in it is large enough for parallel workers or compiled queries.
  wal_level: 'minimal',
  max_wal_senders: '0',
  io_method: 'sync',
  jit: 'off',
  autovacuum_max_workers: '1',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
};

/** @throws AssayError LEDGER_UNAVAILABLE with what the server said */
export async function startLocalServer(options: LocalServerOptions): Promise<LocalServer> {
  const { path, children, clock } = options;
  const programs = nativePrograms(join(path, 'lib'));
  const secret = keptSecret(join(path, 'password'));
  const data = join(path, 'data');
  await stopOrphan(data, clock);
  const unsynced = `${data}.unsynced`;
  if (!existsSync(data)) {
    rmSync(`${data}.new`, { recursive: true, force: true });
    const args = ['-D', `${data}.new`, '--pwfile', join(path, 'password'), '--username', USER];
    args.push('--auth', 'scram-sha-256', '--locale', 'C', '--encoding', 'UTF8');
    // Small segments: the log of a few keys must not take 16 MB. Syncing follows below, when nobody waits.
    args.push('--wal-segsize', '4', '--no-sync');
    await finished(await children.spawn(programs.initdb, args, programs.environment), 'initdb');
    writeFileSync(unsynced, '');
    renameSync(`${data}.new`, data);
  }
  const port = await freePort(options.port);
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const args = ['-D', data, '-p', String(port), ...settings];
  const server = await children.spawn(programs.postgres, args, programs.environment);
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  await answering(server, options);
  if (existsSync(unsynced)) {
    const sync = await children.spawn(programs.initdb, ['-D', data, '--sync-only'], programs.environment);
    finished(sync, 'initdb --sync-only').then(
      () => rmSync(unsynced, { force: true }),
      (error) => options.log.debug('not synced yet', { reason: String(error) }), // the next start does it
    );
  }
  return { url: `postgres://${USER}:${secret}@127.0.0.1:${port}/postgres`, port, ended };
}

/** Ours alone; the server's user reads it by its one right. */
function keptSecret(file: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const secret = Buffer.from(secureBytes(SECRET_BYTES)).toString('base64url');
  writeFileSync(`${file}.new`, `${secret}\n`, { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
  return secret;
}

function finished(child: ChildProcess, name: string): Promise<void> {
  const lines: string[] = [];
  readLines(child, (line) => lines.push(line));
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(failed(name, cause.message, cause)));
    child.once('close', (code) => (code === 0 ? resolve() : reject(failed(name, lastOf(lines)))));
  });
}

function answering(server: ChildProcess, { clock, log }: LocalServerOptions): Promise<void> {
  const lines: string[] = [];
  return new Promise((resolve, reject) => {
    const cancel = clock.after(READY_WITHIN_MS, () => {
      server.kill('SIGKILL');
      reject(failed('postgres', `not ready within ${READY_WITHIN_MS / 1_000} s: ${lastOf(lines)}`));
    });
    readLines(server, (line) => {
      if (lines.push(line) > LINES_SHOWN) lines.shift();
      if (/\b(WARNING|ERROR|FATAL|PANIC):/.test(line)) log.warn('postgres', { line });
      else log.debug('postgres', { line });
      if (!line.includes('ready to accept connections')) return;
      cancel();
      resolve();
    });
    server.once('error', (cause) => {
      cancel();
      reject(failed('postgres', cause.message, cause));
    });
    server.once('close', () => {
      cancel();
      reject(failed('postgres', lastOf(lines)));
    });
  });
}

function readLines(child: ChildProcess, onLine: (line: string) => void): void {
  createInterface({ input: child.stderr! }).on('line', onLine);
}

function lastOf(lines: readonly string[]): string {
  return lines.slice(-LINES_SHOWN).join(' / ') || 'it said nothing';
}

function failed(program: string, why: string, cause?: unknown): AssayError {
  return new AssayError('LEDGER_UNAVAILABLE', `the embedded PostgreSQL (${program}) did not start: ${why}`, {
    cause,
    recovery: 'Correct what it says; `assay doctor` checks the rest. Or set ledger.url to a server.',
  });
}

/** The one asked for when it is free, else any. */
async function freePort(wanted: number | undefined): Promise<number> {
  if (wanted !== undefined && (await bound(wanted)) === wanted) return wanted;
  const found = await bound(0);
  if (found === undefined) throw failed('postgres', 'no port on 127.0.0.1 is free');
  return found;
}

function bound(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(undefined));
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
}
