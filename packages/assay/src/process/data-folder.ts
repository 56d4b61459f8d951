// The data folder of one profile: `<data>/<profile>/`, stamped with profile and format, used by one instance
// of a service at a time. Locks are SQLite's own file locks, which the operating system releases when a
// process dies, however it dies.
import { existsSync, mkdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AssayError, messageOf } from '@assay/kernel/errors/assay-error';

const STAMP = 'assay.json';
const FORMAT = 1;
/** The smallest log, history and WAL files fit; below it the first minute would fail half-way. */
const FREE_BYTES_MINIMUM = 32 * 1024 * 1024;

export type DataFolder = { path: string; file(name: string): string; release(): void };

export function profileFolder(data: string, profile: string): string {
  return join(resolve(data), profile);
}

/**
 * Creates or opens the folder and locks it for the services. @throws AssayError DATA_FOLDER_UNUSABLE in one
 * sentence
 */
export function openDataFolder(data: string, profile: string, services: readonly string[]): DataFolder {
  const path = profileFolder(data, profile);
  const stamp = JSON.stringify({ profile, format: FORMAT });
  try {
    makeFolder(join(path, 'locks'));
    writeFileSync(join(path, 'locks', '.writable'), '');
  } catch (cause) {
    throw unusable(path, `cannot be written (${messageOf(cause)})`, cause);
  }
  checkStamp(path, profile, stamp);
  const disk = statfsSync(path);
  if (disk.bavail * disk.bsize < FREE_BYTES_MINIMUM) {
    throw unusable(
      path,
      `has ${Math.floor((disk.bavail * disk.bsize) / 1048576)} MB left on its disk; at least 32 MB are needed`,
    );
  }
  const locks: DatabaseSync[] = [];
  const release = () => {
    for (const lock of locks.splice(0)) lock.close();
  };
  for (const service of services) {
    try {
      locks.push(lockFile(join(path, 'locks', `${service}.lock`)));
    } catch (cause) {
      release();
      const holder = readText(join(path, 'locks', `${service}.pid`));
      throw unusable(
        path,
        `is in use: service "${service}" already runs on it${holder === '' ? '' : ` as process ${holder}`}`,
        cause,
      );
    }
    writeFileSync(join(path, 'locks', `${service}.pid`), String(process.pid));
  }
  return { path, file: (name) => join(path, name), release };
}

/** One by one: under a folder that takes none, such as /proc, Node's own recursion never ends. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another part of the program made it in between.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function checkStamp(path: string, profile: string, stamp: string): void {
  const file = join(path, STAMP);
  const found = readText(file);
  if (found === '') {
    writeFileSync(file, stamp);
    return;
  }
  let other: { profile?: unknown; format?: unknown };
  try {
    other = JSON.parse(found) as typeof other;
  } catch (cause) {
    throw unusable(path, `has an unreadable ${STAMP}`, cause);
  }
  if (other.profile !== profile)
    throw unusable(path, `belongs to profile ${String(other.profile)}, not ${profile}`);
  if (other.format !== FORMAT)
    throw unusable(path, `has data format ${String(other.format)}; this program writes ${FORMAT}`);
}

function lockFile(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = DELETE; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return database;
  } catch (cause) {
    database.close();
    throw cause;
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return ''; // absent: that is an answer too
  }
}

function unusable(path: string, what: string, cause?: unknown): AssayError {
  return new AssayError('DATA_FOLDER_UNUSABLE', `the data folder ${path} ${what}`, {
    context: { path },
    ...(cause === undefined ? {} : { cause }),
  });
}
