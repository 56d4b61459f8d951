// A PostgreSQL server as Debian packages it, for the time of a test run: its own folder, a free port, ended
// by us. In: nothing. Out: its address; or a sentence about what is missing.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const VERSIONS = '/usr/lib/postgresql';
/** PostgreSQL does not run as root; "nobody" is on every Linux. */
const NOBODY = 65_534;
const READY_WITHIN_MS = 30_000;

export type DebianPostgres = { url: string; version: string; stop(): Promise<void> };

/** The oldest version that is installed, from 15 on: what runs there runs on newer ones. */
export async function startDebianPostgres(): Promise<DebianPostgres | string> {
  const found = existsSync(VERSIONS) ? readdirSync(VERSIONS).map(Number) : [];
  const version = found.filter((each) => each >= 15).sort((a, b) => a - b)[0];
  const bin = `${VERSIONS}/${version}/bin`;
  if (version === undefined || !existsSync(`${bin}/initdb`)) {
    return 'no PostgreSQL server is installed: apt-get install postgresql-15';
  }
  const folder = mkdtempSync(join(tmpdir(), 'assay-debian-postgres-'));
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(folder, NOBODY, NOBODY);
  chmodSync(folder, 0o700);
  const as = { ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}), env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' } };
  const data = join(folder, 'data');
  // On loopback, in a folder of its own, for a minute: it asks for no password.
  execFileSync(`${bin}/initdb`, ['-D', data, '-U', 'assay', '--auth', 'trust', '--no-sync'], as);
  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off'];
  const server = spawn(
    `${bin}/postgres`,
    ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    { ...as, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const end = (): void => void server.kill('SIGINT');
  process.once('exit', end);
  await ready(server);
  return {
    url: `postgres://assay@127.0.0.1:${port}/postgres`,
    version: String(version),
    stop: async () => {
      process.off('exit', end);
      const ended = new Promise((done) => server.once('exit', done));
      server.kill('SIGINT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function ready(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let last = '';
    const late = setTimeout(() => server.kill('SIGKILL'), READY_WITHIN_MS);
    createInterface({ input: server.stderr! }).on('line', (line) => {
      last = line;
      if (!line.includes('ready to accept connections')) return;
      clearTimeout(late);
      resolve();
    });
    server.once('exit', () => {
      clearTimeout(late);
      reject(new TypeError(`PostgreSQL did not start: ${last}`));
    });
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}
