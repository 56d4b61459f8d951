// Opens a file of SQLite that is ours, or says in one sentence why not. In: a path and what must be in the
// file. Out: a connection with the settings on which durability and sharing rest.
//
// Invariant: nothing is written to a file that another program made.
import { DatabaseSync } from 'node:sqlite';
import { AssayError, messageOf } from '@assay/kernel/errors/assay-error';
import type { ErrorCode } from '@assay/kernel/errors/codes';

export type FileKind = {
  /** For messages: "event log", "history". */
  name: string;
  /** Stamped into the file (`PRAGMA application_id`), so that a foreign file is known by its first page. */
  applicationId: number;
  schemaVersion: number;
  /** Statements that make the tables of an empty file. */
  schema: string;
  /** The code for "cannot write now, may later". */
  unavailable: ErrorCode;
};

// Another process may hold the write lock while it makes the tables or moves the log; both take milliseconds.
const OPEN_TIMEOUT_MS = 5_000;

const SQLITE_FULL = 13;
const SQLITE_IOERR_SHMSIZE = 4874;

/** @throws AssayError DATA_FILE_INVALID, DATA_FOLDER_UNUSABLE */
export function openForWriting(path: string, kind: FileKind, synchronous: 'FULL' | 'NORMAL'): DatabaseSync {
  return guarded(path, kind, () => {
    const database = new DatabaseSync(path, { timeout: OPEN_TIMEOUT_MS });
    try {
      checkStamp(database, path, kind);
      database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}`);
      database.exec('BEGIN IMMEDIATE');
      if (stampOf(database).applicationId === 0) {
        database.exec(kind.schema);
        database.exec(`PRAGMA application_id = ${kind.applicationId}`);
        database.exec(`PRAGMA user_version = ${kind.schemaVersion}`);
      }
      database.exec('COMMIT');
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/**
 * A connection that cannot write. `isQuiet` promises that nobody has the file open: then not even a lock is
 * taken and no file appears beside it.
 * @throws AssayError DATA_FILE_INVALID, DATA_FOLDER_UNUSABLE
 */
export function openForReading(path: string, kind: FileKind, isQuiet = false): DatabaseSync {
  return guarded(path, kind, () => {
    const name = isQuiet ? `file:${encodeURI(path).replace(/[?#]/g, encodeURIComponent)}?immutable=1` : path;
    const database = new DatabaseSync(name, { readOnly: true, timeout: OPEN_TIMEOUT_MS });
    try {
      checkStamp(database, path, kind);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/** What an error of SQLite means to a caller. An AssayError stays what it is. */
export function explainSqliteError(error: unknown, path: string, kind: FileKind): AssayError {
  if (error instanceof AssayError) return error;
  const code = (error as { errcode?: number }).errcode ?? 0;
  // The shared index of a write-ahead file could not grow: on a full disk this comes before SQLITE_FULL.
  const primary = code === SQLITE_IOERR_SHMSIZE ? SQLITE_FULL : code & 0xff;
  const context = { path, sqlite: messageOf(error) };
  switch (primary) {
    case 11: // SQLITE_CORRUPT
    case 26: // SQLITE_NOTADB
      return invalidFile(path, kind, `it is damaged or not a database (${messageOf(error)})`, error);
    case 8: // SQLITE_READONLY
    case 14: // SQLITE_CANTOPEN
      return new AssayError(
        'DATA_FOLDER_UNUSABLE',
        `the ${kind.name} ${path} cannot be opened for writing: ${messageOf(error)}`,
        { context, cause: error },
      );
    case SQLITE_FULL:
      return new AssayError(kind.unavailable, `no room is left on the disk of the ${kind.name} ${path}`, {
        context: { ...context, reason: 'disk full' },
        cause: error,
      });
    default:
      return new AssayError(kind.unavailable, `the ${kind.name} ${path} failed: ${messageOf(error)}`, {
        context,
        cause: error,
      });
  }
}

function guarded<T>(path: string, kind: FileKind, open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw explainSqliteError(error, path, kind);
  }
}

function stampOf(database: DatabaseSync): {
  applicationId: number;
  schemaVersion: number;
  tableCount: number;
} {
  const one = (sql: string) => Number(Object.values(database.prepare(sql).get()!)[0]);
  return {
    applicationId: one('PRAGMA application_id'),
    schemaVersion: one('PRAGMA user_version'),
    tableCount: one('SELECT count(*) FROM sqlite_schema'),
  };
}

function checkStamp(database: DatabaseSync, path: string, kind: FileKind): void {
  const { applicationId, schemaVersion, tableCount } = stampOf(database);
  if (applicationId === 0 && tableCount === 0) return;
  if (applicationId !== kind.applicationId) {
    throw invalidFile(path, kind, 'it belongs to another program');
  }
  if (schemaVersion !== kind.schemaVersion) {
    throw invalidFile(
      path,
      kind,
      `it has format ${schemaVersion}, and this program writes format ${kind.schemaVersion}`,
    );
  }
}

function invalidFile(path: string, kind: FileKind, problem: string, cause?: unknown): AssayError {
  return new AssayError('DATA_FILE_INVALID', `${path} cannot be used as ${kind.name}: ${problem}`, {
    context: { path, problem },
    cause,
  });
}
