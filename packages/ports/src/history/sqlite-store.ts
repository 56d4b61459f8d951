// The writing half of the embedded history; runs in the writer's thread. In: rows. Out: nothing, once they
// are in the file.
//
// Invariant: an answer and the candles it is in are written by one transaction, and only the first time it
//   comes.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type Clock, systemClock } from '@assay/kernel/time/clock';
import { explainSqliteError, type FileKind, openForWriting } from '../sqlite-file.ts';
import { beginCandle, type CandleState, candleKeys, extendCandle, makesCandle } from './candles.ts';
import type { AnswerRow, PriceRow, ScoreRow } from './history.ts';

export const HISTORY_FILE: FileKind = {
  name: 'history',
  applicationId: 0x41534853, // "ASHS"
  schemaVersion: 1,
  unavailable: 'HISTORY_UNAVAILABLE',
  schema: `
    CREATE TABLE prices (
      pair TEXT NOT NULL, receivedAt INTEGER NOT NULL, offset INTEGER NOT NULL, source TEXT NOT NULL, price TEXT NOT NULL,
      observedAt INTEGER NOT NULL, PRIMARY KEY (pair, receivedAt, offset)
    ) WITHOUT ROWID;
    CREATE TABLE answers (
      feed TEXT NOT NULL, answeredAt INTEGER NOT NULL, offset INTEGER NOT NULL, price TEXT NOT NULL, state TEXT NOT NULL,
      record TEXT NOT NULL, PRIMARY KEY (feed, answeredAt, offset)
    ) WITHOUT ROWID;
    -- openAt to closeOffset: which answers opened and closed it, so that answers may come in any order.
    CREATE TABLE candles (
      feed TEXT NOT NULL, intervalMs INTEGER NOT NULL, startAt INTEGER NOT NULL, open TEXT NOT NULL, high TEXT NOT NULL,
      low TEXT NOT NULL, close TEXT NOT NULL, count INTEGER NOT NULL, openAt INTEGER NOT NULL, openOffset INTEGER NOT NULL,
      closeAt INTEGER NOT NULL, closeOffset INTEGER NOT NULL, PRIMARY KEY (feed, intervalMs, startAt)
    ) WITHOUT ROWID;
    CREATE TABLE scores (
      source TEXT NOT NULL, feed TEXT NOT NULL, savedAt INTEGER NOT NULL, state TEXT NOT NULL, PRIMARY KEY (source, feed)
    ) WITHOUT ROWID;`,
};

export type HistoryRetention = {
  /** Source prices are kept this long. */
  pricesMaxAgeMs: number;
  answersMaxAgeMs: number;
  /** Candles of a minute and five minutes; those of an hour and a day are kept for good. */
  shortCandlesMaxAgeMs: number;
  /** Above this size of the file the oldest source prices go first, then the oldest answers. */
  maxBytes: number;
};

// Rows deleted in one transaction: a few milliseconds of work.
const RETENTION_STEP_ROWS = 2_000;
const HOUR_MS = 3_600_000;
const SHORT_CANDLE_MAX_MS = 300_000;
// Another process that writes the same history holds the lock for milliseconds.
const LOCK_TIMEOUT_MS = 5_000;

export class HistoryStore {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #database: DatabaseSync;
  readonly #statements: Record<'price' | 'answer' | 'candle' | 'saveCandle' | 'score', StatementSync>;

  constructor(path: string, clock: Clock = systemClock) {
    this.#path = path;
    this.#clock = clock;
    // NORMAL survives the death of the process; after a power cut the missing rows are still in the event
    // log.
    this.#database = openForWriting(path, HISTORY_FILE, 'NORMAL');
    this.#database.exec(`PRAGMA busy_timeout = ${LOCK_TIMEOUT_MS}`);
    const prepare = (sql: string) => this.#database.prepare(sql);
    this.#statements = {
      price: prepare('INSERT OR IGNORE INTO prices VALUES (?, ?, ?, ?, ?, ?)'),
      answer: prepare('INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?, ?)'),
      candle: prepare('SELECT * FROM candles WHERE feed = ? AND intervalMs = ? AND startAt = ?'),
      saveCandle: prepare('INSERT OR REPLACE INTO candles VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
      score: prepare('INSERT OR REPLACE INTO scores VALUES (?, ?, ?, ?)'),
    };
  }

  appendPrices(rows: readonly PriceRow[]): void {
    this.#transaction(() => {
      for (const { pair, receivedAt, offset, source, price, observedAt } of rows) {
        this.#statements.price.run(pair, receivedAt, offset, source, price, observedAt);
      }
    });
  }

  appendAnswers(rows: readonly AnswerRow[]): void {
    this.#transaction(() => {
      const touched = new Map<string, CandleState>();
      for (const row of rows) {
        const { feed, answeredAt, offset, price, state, record } = row;
        const { changes } = this.#statements.answer.run(feed, answeredAt, offset, price, state, record);
        if (Number(changes) === 1 && makesCandle(row)) this.#roll(row, touched);
      }
      for (const c of touched.values()) {
        const prices = [c.open, c.high, c.low, c.close] as const;
        const moments = [c.openAt, c.openOffset, c.closeAt, c.closeOffset] as const;
        this.#statements.saveCandle.run(c.feed, c.intervalMs, c.startAt, ...prices, c.count, ...moments);
      }
    });
  }

  saveScores(rows: readonly ScoreRow[]): void {
    this.#transaction(() => {
      for (const { source, feed, savedAt, state } of rows) {
        this.#statements.score.run(source, feed, savedAt, state);
      }
    });
  }

  /** One step of retention. True when more is due. */
  expire(limits: HistoryRetention): boolean {
    const nowMs = this.#clock.now();
    let hasMore = this.#expireTable('prices', 'pair', 'receivedAt', nowMs - limits.pricesMaxAgeMs);
    hasMore = this.#expireTable('answers', 'feed', 'answeredAt', nowMs - limits.answersMaxAgeMs) || hasMore;
    hasMore = this.#expireCandles(nowMs - limits.shortCandlesMaxAgeMs) || hasMore;
    if (this.#usedBytes() <= limits.maxBytes) return hasMore;
    // An hour at a time, oldest first, over all pairs alike.
    const oldestAt = this.#oldestPriceAt();
    if (oldestAt === undefined) {
      return this.#expireTable('answers', 'feed', 'answeredAt', nowMs - HOUR_MS) || hasMore;
    }
    this.#expireTable('prices', 'pair', 'receivedAt', oldestAt + HOUR_MS);
    return true;
  }

  close(): void {
    this.#database.close();
  }

  #roll(row: AnswerRow, touched: Map<string, CandleState>): void {
    for (const key of candleKeys(row)) {
      const id = `${key.feed} ${key.intervalMs} ${key.startAt}`;
      const candle =
        touched.get(id) ??
        (this.#statements.candle.get(key.feed, key.intervalMs, key.startAt) as CandleState | undefined);
      if (candle === undefined) {
        touched.set(id, beginCandle(key, row));
      } else {
        extendCandle(candle, row);
        touched.set(id, candle);
      }
    }
  }

  #expireTable(
    table: 'prices' | 'answers',
    keyColumn: string,
    timeColumn: string,
    beforeAt: number,
  ): boolean {
    let left = RETENTION_STEP_ROWS;
    for (const key of this.#keysOf(table, keyColumn)) {
      const remove = this.#database.prepare(
        `DELETE FROM ${table} WHERE (${keyColumn}, ${timeColumn}, offset) IN
           (SELECT ${keyColumn}, ${timeColumn}, offset FROM ${table}
            WHERE ${keyColumn} = ? AND ${timeColumn} < ? ORDER BY ${timeColumn}, offset LIMIT ?)`,
      );
      left -= Number(this.#transaction(() => remove.run(key, beforeAt, left).changes));
      if (left <= 0) return true;
    }
    return false;
  }

  #expireCandles(beforeAt: number): boolean {
    const remove = this.#database.prepare(
      `DELETE FROM candles WHERE (feed, intervalMs, startAt) IN
         (SELECT feed, intervalMs, startAt FROM candles WHERE intervalMs <= ${SHORT_CANDLE_MAX_MS} AND startAt < ?
          LIMIT ${RETENTION_STEP_ROWS})`,
    );
    return Number(this.#transaction(() => remove.run(beforeAt).changes)) === RETENTION_STEP_ROWS;
  }

  /**
   * The distinct keys by skipping from one to the next: as many look-ups as keys, however long the table is.
   */
  #keysOf(table: 'prices' | 'answers', keyColumn: string): string[] {
    const next = this.#database.prepare(
      `SELECT min(${keyColumn}) AS key FROM ${table} WHERE ${keyColumn} > ?`,
    );
    const keys: string[] = [];
    for (let key: string | null = ''; ; ) {
      key = (next.get(key) as { key: string | null }).key;
      if (key === null) return keys;
      keys.push(key);
    }
  }

  #oldestPriceAt(): number | undefined {
    const first = this.#database.prepare('SELECT min(receivedAt) AS at FROM prices WHERE pair = ?');
    const times = this.#keysOf('prices', 'pair').map((pair) => Number(first.get(pair)!.at));
    return times.length === 0 ? undefined : Math.min(...times);
  }

  #usedBytes(): number {
    const one = (name: string) => Number(Object.values(this.#database.prepare(`PRAGMA ${name}`).get()!)[0]);
    return (one('page_count') - one('freelist_count')) * one('page_size');
  }

  #transaction<T>(work: () => T): T {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw explainSqliteError(error, this.#path, HISTORY_FILE);
    }
  }
}
