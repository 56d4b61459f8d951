// The writing half of the embedded event log: everything here runs in the writer's thread, inside write
// transactions that the processes of one machine take in turn. In: groups of appends and positions. Out:
// their offsets and their one instant.
//
// Invariant: a commit is on disk (synchronous=FULL) before its offsets are returned; `at` of a commit is one
// value, larger than the last one of each partition that it touches.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { AssayError } from '@assay/kernel/errors/assay-error';
import { type Clock, systemClock } from '@assay/kernel/time/clock';
import { explainSqliteError, openForWriting } from '../sqlite-file.ts';
import { type ConsumerPosition, LogConsumers } from './sqlite-consumers.ts';
import { firstRowId, LOG_FILE, type PartitionName } from './sqlite-log.ts';

export type Append = { partitionId: number; count: number; records: string };
export type CommitRequest = {
  appends: readonly Append[];
  positions: readonly ConsumerPosition[];
  /** Only from a bus on another clock than the system's: its wall time. */
  nowMs?: number;
};
export type CommitResult = {
  at: number;
  /** Offset of the first record of each append. */
  baseOffsets: number[];
  /** Positions that came too late: their partition belongs to another member by now. */
  fenced: ConsumerPosition[];
};
export type RetentionLimits = { maxAgeMs?: number; maxBytes?: number };

type Head = { nextOffset: number; at: number; total: number };

// Other processes hold the lock for one commit, some milliseconds; longer than this means that one of them
// hangs.
const LOCK_TIMEOUT_MS = 5_000;
const LOCK_PAUSE_MS = 0.2;
// Commits of one partition need distinct milliseconds. A clock that was set back is not waited for.
const DISTINCT_WAIT_MAX_MS = 2;
// Rows deleted in one transaction: with 1,000 commits a second a quarter of a second of log, about a
// millisecond of work.
const RETENTION_STEP_ROWS = 256;
// The same for large rows: their pages are freed one by one.
const RETENTION_STEP_LENGTH = 4 * 1024 * 1024;

// After about so much the write-ahead file is moved into the database (sqlite-checkpointer.ts). At 32 MiB
// pages written again and again are moved once.
const CHECKPOINT_PAGES = 8_192;
const PAGE_LENGTH = 4_096;
// Pages that a commit writes for an append beside its text: the leaf and its parents, in part again.
const PAGES_PER_APPEND = 3;
// Nobody moved it: then a commit does, and is held up by it.
const CHECKPOINT_PAGES_OVERDUE = 4 * CHECKPOINT_PAGES;

const pauseCell = new Int32Array(new SharedArrayBuffer(4));

export class LogStore {
  readonly consumers: LogConsumers;
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #insert: StatementSync;
  readonly #first: StatementSync;
  readonly #last: StatementSync;
  readonly #dataVersion: StatementSync;
  readonly #expire: StatementSync;
  /** Ends of partitions as of the last transaction of this process; void once another process has written. */
  #heads = new Map<number, Head>();
  #seenVersion = -1;
  #hasForeignNews = false;
  #pagesWritten = 0;

  constructor(path: string, clock: Clock = systemClock) {
    this.#path = path;
    this.#clock = clock;
    this.#database = openForWriting(path, LOG_FILE, 'FULL');
    // SQLite's own waiting doubles up to 100 ms; ours looks again soon (see #lock).
    this.#database.exec(`PRAGMA busy_timeout = 0; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES_OVERDUE}`);
    this.#insert = this.#database.prepare('INSERT INTO instants VALUES (?, ?, ?, ?, ?)');
    const row = 'SELECT id, at, count, total FROM instants WHERE id >= ? AND id < ? ORDER BY id';
    this.#first = this.#database.prepare(`${row} LIMIT 1`);
    this.#last = this.#database.prepare(`${row} DESC LIMIT 1`);
    this.#dataVersion = this.#database.prepare('PRAGMA data_version');
    this.#expire = this.#database.prepare(
      `DELETE FROM instants WHERE id IN (
         SELECT id FROM instants WHERE id >= ? AND id < ? AND (at < ? OR total <= ?) AND total <= ?
         ORDER BY id LIMIT ${RETENTION_STEP_ROWS})`,
    );
    this.consumers = new LogConsumers(this.#database, (partitionId) => this.range(partitionId));
  }

  commit({ appends, positions, nowMs }: CommitRequest): CommitResult {
    if (nowMs === undefined) this.#awaitNextInstant(appends);
    return this.transaction(() => {
      const heads = appends.map(({ partitionId }) => this.#head(partitionId));
      const at = Math.max(nowMs ?? this.#clock.now(), ...heads.map((head) => head.at + 1));
      const baseOffsets = appends.map(({ partitionId, count, records }, i) => {
        const { nextOffset, total } = heads[i]!;
        const newTotal = total + records.length;
        this.#pagesWritten += PAGES_PER_APPEND + records.length / PAGE_LENGTH;
        this.#insert.run(firstRowId(partitionId) + nextOffset, at, count, newTotal, records);
        this.#heads.set(partitionId, { nextOffset: nextOffset + count, at, total: newTotal });
        return nextOffset;
      });
      return { at, baseOffsets, fenced: this.consumers.savePositions(positions) };
    });
  }

  /** The partitions of a topic, made when they do not exist. The count that the file knows stands. */
  topic(topic: string, partitionCount: number): PartitionName[] {
    const select = this.#database.prepare(
      'SELECT id, topic, partition FROM partitions WHERE topic = ? ORDER BY partition',
    );
    return this.transaction(() => {
      const known = select.all(topic) as PartitionName[];
      if (known.length > 0) return known;
      const insert = this.#database.prepare('INSERT INTO partitions (topic, partition) VALUES (?, ?)');
      for (let partition = 0; partition < partitionCount; partition++) insert.run(topic, partition);
      return select.all(topic) as PartitionName[];
    });
  }

  partitions(): PartitionName[] {
    return this.#database.prepare('SELECT id, topic, partition FROM partitions').all() as PartitionName[];
  }

  range(partitionId: number): { firstOffset: number; nextOffset: number } {
    const start = firstRowId(partitionId);
    const first = this.#first.get(start, firstRowId(partitionId + 1)) as { id: number } | undefined;
    const { nextOffset } = this.#head(partitionId);
    return { firstOffset: first === undefined ? 0 : first.id - start, nextOffset };
  }

  /** One step of retention. True when more of this partition is due. */
  expire(partitionId: number, { maxAgeMs, maxBytes }: RetentionLimits): boolean {
    const start = firstRowId(partitionId);
    const head = this.#head(partitionId);
    if (head.nextOffset === 0) return false;
    const bornBefore = maxAgeMs === undefined ? -1 : this.#clock.now() - maxAgeMs;
    const totalUpTo = maxBytes === undefined ? -1 : head.total - maxBytes;
    const first = this.#first.get(start, firstRowId(partitionId + 1)) as
      | { at: number; total: number }
      | undefined;
    if (first === undefined || (first.at >= bornBefore && first.total > totalUpTo)) return false;
    const last = this.#last.get(start, firstRowId(partitionId + 1)) as { id: number };
    const { changes } = this.transaction(() =>
      this.#expire.run(start, last.id, bornBefore, totalUpTo, first.total + RETENTION_STEP_LENGTH),
    );
    return Number(changes) > 0;
  }

  /** True once after about as much was written as should be moved at once. */
  isCheckpointDue(): boolean {
    const isDue = this.#pagesWritten >= CHECKPOINT_PAGES;
    if (isDue) this.#pagesWritten = 0;
    return isDue;
  }

  /** True once after another process has committed. */
  hasForeignNews(): boolean {
    this.#lookForForeign();
    const hasNews = this.#hasForeignNews;
    this.#hasForeignNews = false;
    return hasNews;
  }

  /** Runs `work` alone among all processes; nothing of it stays when it throws. */
  transaction<T>(work: () => T): T {
    try {
      this.#lock();
      this.#lookForForeign();
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      this.#heads.clear();
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw explainSqliteError(error, this.#path, LOG_FILE);
    }
  }

  close(): void {
    this.#database.close();
  }

  #lock(): void {
    const giveUpAt = this.#clock.monotonic() + LOCK_TIMEOUT_MS;
    for (;;) {
      try {
        this.#database.exec('BEGIN IMMEDIATE');
        return;
      } catch (error) {
        if (((error as { errcode?: number }).errcode ?? 0) % 256 !== 5) throw error; // SQLITE_BUSY
        if (this.#clock.monotonic() > giveUpAt) {
          throw new AssayError(
            'BUS_UNAVAILABLE',
            `another process has held the event log ${this.#path} for ${LOCK_TIMEOUT_MS} ms`,
            { context: { path: this.#path, reason: 'locked' }, cause: error },
          );
        }
        Atomics.wait(pauseCell, 0, 0, LOCK_PAUSE_MS);
      }
    }
  }

  /** `data_version` changes on this connection exactly when another one has committed. */
  #lookForForeign(): void {
    const version = Number((this.#dataVersion.get() as { data_version: number }).data_version);
    if (version === this.#seenVersion) return;
    this.#hasForeignNews ||= this.#seenVersion !== -1;
    this.#seenVersion = version;
    this.#heads.clear();
  }

  #head(partitionId: number): Head {
    const known = this.#heads.get(partitionId);
    if (known !== undefined) return known;
    const start = firstRowId(partitionId);
    const row = this.#last.get(start, firstRowId(partitionId + 1)) as
      | { id: number; at: number; count: number; total: number }
      | undefined;
    const head =
      row === undefined
        ? { nextOffset: 0, at: 0, total: 0 }
        : { nextOffset: row.id - start + row.count, at: row.at, total: row.total };
    this.#heads.set(partitionId, head);
    return head;
  }

  #awaitNextInstant(appends: readonly Append[]): void {
    const lastAt = Math.max(0, ...appends.map(({ partitionId }) => this.#heads.get(partitionId)?.at ?? 0));
    const giveUpAt = this.#clock.monotonic() + DISTINCT_WAIT_MAX_MS;
    while (this.#clock.now() <= lastAt && this.#clock.monotonic() < giveUpAt) {
      Atomics.wait(pauseCell, 0, 0, 0.1);
    }
  }
}
