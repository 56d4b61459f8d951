// The cache in a file that the processes of one machine share: what one replica counts, the others see. In:
// texts with a time to live. Out: the texts, while they live and are not evicted.
//
// A call is one short statement on a file that is never synced, tens of microseconds; a process that holds it
// longer than BUSY_MS costs CACHE_UNAVAILABLE, not a request. What is in it may vanish: a damaged file is
// made anew. Invariant: never more than `entriesMax` and a tenth; what was written longest ago goes first.
import { rmSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { Clock } from '@assay/kernel/time/clock';
import { explainSqliteError, type FileKind, openForWriting } from '../sqlite-file.ts';
import type { Cache } from './cache.ts';
import { checkEntry, checkTtl, notCountable } from './entry-check.ts';

export type SqliteCacheOptions = {
  path: string;
  clock: Clock;
  /** Default 50,000, as in memory. */
  entriesMax?: number;
};

export function createSqliteCache(options: SqliteCacheOptions): Cache {
  return new SqliteCache(options);
}

const KIND: FileKind = {
  name: 'cache',
  applicationId: 0x41_53_43_41, // "ASCA"
  schemaVersion: 1,
  schema: `CREATE TABLE entries (
    key TEXT PRIMARY KEY, value TEXT NOT NULL, until_ms INTEGER NOT NULL
  ) WITHOUT ROWID; CREATE INDEX entries_by_end ON entries (until_ms);`,
  unavailable: 'CACHE_UNAVAILABLE',
};
/** Waiting stops everything else in this process. */
const BUSY_MS = 100;
/** Clearing away what has ended costs a scan of its index. */
const SWEEP_EVERY = 1_000;

type Statements = Record<'get' | 'set' | 'add' | 'remove' | 'sweep' | 'count' | 'evict', StatementSync>;

const SQL: Record<keyof Statements, string> = {
  get: 'SELECT value FROM entries WHERE key = ? AND until_ms > ?',
  set: 'INSERT OR REPLACE INTO entries (key, value, until_ms) VALUES (?, ?, ?)',
  // An entry that has ended counts from nothing and begins a new time; its value is a number or is refused.
  add: `INSERT INTO entries (key, value, until_ms) VALUES (:key, :by, :until)
    ON CONFLICT (key) DO UPDATE SET
      value = CASE WHEN until_ms > :now THEN CAST(CAST(value AS INTEGER) + :by AS TEXT) ELSE :by END,
      until_ms = CASE WHEN until_ms > :now THEN until_ms ELSE :until END
    WHERE until_ms <= :now OR value = CAST(CAST(value AS INTEGER) AS TEXT)
    RETURNING value`,
  remove: 'DELETE FROM entries WHERE key = ?',
  sweep: 'DELETE FROM entries WHERE until_ms <= ?',
  count: 'SELECT count(*) AS n FROM entries',
  evict: 'DELETE FROM entries WHERE key IN (SELECT key FROM entries ORDER BY until_ms LIMIT ?)',
};

class SqliteCache implements Cache {
  readonly #options: SqliteCacheOptions;
  #database: DatabaseSync | undefined;
  #statements: Statements | undefined;
  #writes = 0;

  constructor(options: SqliteCacheOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { path } = this.#options;
    try {
      this.#database = openForWriting(path, KIND, 'NORMAL');
    } catch (error) {
      if (!(error instanceof AssayError) || error.code !== 'DATA_FILE_INVALID') throw error;
      for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
      this.#database = openForWriting(path, KIND, 'NORMAL');
    }
    const database = this.#database;
    database.exec(`PRAGMA synchronous = OFF; PRAGMA busy_timeout = ${BUSY_MS}`);
    const entries = Object.entries(SQL).map(([name, sql]) => [name, database.prepare(sql)]);
    this.#statements = Object.fromEntries(entries) as Statements;
  }

  async stop(): Promise<void> {
    this.#statements = undefined;
    this.#database?.close();
    this.#database = undefined;
  }

  async get(key: string): Promise<string | undefined> {
    const row = this.#run(({ get }) => get.get(key, this.#options.clock.now()));
    return row?.value as string | undefined;
  }

  async getMany(keys: readonly string[]): Promise<(string | undefined)[]> {
    return await Promise.all(keys.map((key) => this.get(key)));
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    checkEntry(key, value);
    const untilMs = this.#until(ttlMs);
    this.#run(({ set }) => set.run(key, value, untilMs));
    this.#tidyUp();
  }

  async increment(key: string, by: number, ttlMs: number): Promise<number> {
    const until = this.#until(ttlMs);
    if (!Number.isSafeInteger(by)) throw notCountable(key);
    checkEntry(key, String(by));
    const now = this.#options.clock.now();
    const row = this.#run(({ add }) => add.get({ key, by: String(by), until, now }));
    if (row === undefined) throw notCountable(key);
    this.#tidyUp();
    return Number(row.value);
  }

  async delete(key: string): Promise<void> {
    this.#run(({ remove }) => remove.run(key));
  }

  #until(ttlMs: number): number {
    return Math.ceil(this.#options.clock.now() + checkTtl(ttlMs));
  }

  #tidyUp(): void {
    this.#writes += 1;
    const { clock, entriesMax = 50_000 } = this.#options;
    const every = Math.min(SWEEP_EVERY, Math.ceil(entriesMax / 10));
    if (this.#writes % every !== 0) return;
    this.#run(({ sweep, count, evict }) => {
      sweep.run(clock.now());
      const surplus = Number(count.get()!.n) - entriesMax;
      if (surplus > 0) evict.run(surplus);
    });
  }

  #run<T>(use: (statements: Statements) => T): T {
    if (this.#statements === undefined) {
      throw new AssayError('CACHE_UNAVAILABLE', 'the cache is not started');
    }
    try {
      return use(this.#statements);
    } catch (error) {
      throw explainSqliteError(error, this.#options.path, KIND);
    }
  }
}
