// The embedded history: one SQLite file, written by one thread per process, readable by every process of the
// machine. In: rows with their log positions. Out: pages in order of time (`receivedAt` for source prices,
// `answeredAt` for answers).
//
// Long pages are read in pieces, so that nobody else of the process waits for more than a few milliseconds.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { AssayError } from '@assay/kernel/errors/assay-error';
import { type Log, silentLog } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import { explainSqliteError, openForReading } from '../sqlite-file.ts';
import { WriterThread } from '../writer-thread.ts';
import type { AnswerRow, Candle, History, Page, PriceRow, RangeQuery, ScoreRow } from './history.ts';
import { boundsOf, cursorOf, type PageBounds, type Place } from './page.ts';
import { HISTORY_FILE, type HistoryRetention } from './sqlite-store.ts';
import type { HistoryWriterSettings } from './sqlite-writer.ts';

export type SqliteHistoryOptions = {
  path: string;
  clock: Clock;
  retention?: Partial<HistoryRetention>;
  log?: Log;
};

const DAY_MS = 86_400_000;
/**
 * Two days of source prices explain any recent answer; a month of answers and a year of short candles draw
 * any chart.
 */
export const DEFAULT_HISTORY_RETENTION: HistoryRetention = {
  pricesMaxAgeMs: 2 * DAY_MS,
  answersMaxAgeMs: 30 * DAY_MS,
  shortCandlesMaxAgeMs: 365 * DAY_MS,
  maxBytes: 8 * 1024 ** 3,
};

// About a millisecond of reading.
const PIECE_ROWS = 500;

export function createSqliteHistory(options: SqliteHistoryOptions): History {
  return new SqliteHistory(options);
}

type Table = { name: string; columns: string; where: string; time: string; tieBreak: string };

class SqliteHistory implements History {
  readonly #path: string;
  readonly #thread: WriterThread;
  #database: DatabaseSync | undefined;

  constructor({ path, clock, retention, log = silentLog }: SqliteHistoryOptions) {
    this.#path = path;
    const settings: HistoryWriterSettings = {
      path,
      retention: { ...DEFAULT_HISTORY_RETENTION, ...retention },
    };
    this.#thread = new WriterThread({
      script: new URL('./sqlite-writer.ts', import.meta.url),
      settings,
      clock,
      unavailable: 'HISTORY_UNAVAILABLE',
      onNotice: (notice) => log.warn('retention of the history failed', { problem: notice }),
    });
  }

  async start(): Promise<void> {
    await this.#thread.start();
    try {
      this.#database = openForReading(this.#path, HISTORY_FILE);
    } catch (error) {
      await this.#thread.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    // The writer closes last: only a connection that may write moves the write-ahead file into the database.
    this.#database?.close();
    this.#database = undefined;
    await this.#thread.stop();
  }

  async appendPrices(rows: readonly PriceRow[]): Promise<void> {
    if (rows.length > 0) await this.#thread.call('prices', rows);
  }

  async appendAnswers(rows: readonly AnswerRow[]): Promise<void> {
    if (rows.length > 0) await this.#thread.call('answers', rows);
  }

  async saveScores(rows: readonly ScoreRow[]): Promise<void> {
    if (rows.length > 0) await this.#thread.call('scores', rows);
  }

  async prices(pair: string, source: string | undefined, query: RangeQuery): Promise<Page<PriceRow>> {
    const table: Table = {
      name: 'prices',
      columns: 'source, pair, price, observedAt, receivedAt, offset',
      where: source === undefined ? 'pair = ?' : 'pair = ? AND source = ?',
      time: 'receivedAt',
      tieBreak: 'offset',
    };
    const keys = source === undefined ? [pair] : [pair, source];
    return this.#page<PriceRow>(table, keys, query, (row) => ({ at: row.receivedAt, offset: row.offset }));
  }

  async answers(feed: string, query: RangeQuery): Promise<Page<AnswerRow>> {
    const columns = 'feed, answeredAt, offset, price, state, record';
    const table: Table = {
      name: 'answers',
      columns,
      where: 'feed = ?',
      time: 'answeredAt',
      tieBreak: 'offset',
    };
    return this.#page<AnswerRow>(table, [feed], query, (row) => ({ at: row.answeredAt, offset: row.offset }));
  }

  async answerAt(feed: string, atMs: number): Promise<AnswerRow | undefined> {
    return this.#all<AnswerRow>(
      `SELECT feed, answeredAt, offset, price, state, record FROM answers WHERE feed = ? AND answeredAt <= ?
       ORDER BY answeredAt DESC, offset DESC LIMIT 1`,
      [feed, atMs],
    )[0];
  }

  async candles(feed: string, intervalMs: number, query: RangeQuery): Promise<Page<Candle>> {
    const table: Table = {
      name: 'candles',
      columns: 'feed, startAt, intervalMs, open, high, low, close, count',
      where: 'feed = ? AND intervalMs = ?',
      time: 'startAt',
      tieBreak: '0',
    };
    return this.#page<Candle>(table, [feed, intervalMs], query, (row) => ({ at: row.startAt, offset: 0 }));
  }

  async loadScores(): Promise<ScoreRow[]> {
    return this.#all<ScoreRow>('SELECT source, feed, savedAt, state FROM scores ORDER BY source, feed', []);
  }

  async #page<T>(
    table: Table,
    keys: readonly SQLInputValue[],
    query: RangeQuery,
    placeOf: (row: T) => Place,
  ): Promise<Page<T>> {
    const bounds = boundsOf(query);
    const rows: T[] = [];
    let after = bounds.after;
    while (rows.length < bounds.limit) {
      const wanted = Math.min(PIECE_ROWS, bounds.limit - rows.length);
      const piece = this.#piece<T>(table, keys, { ...bounds, after, limit: wanted });
      for (const row of piece) rows.push(row);
      if (piece.length < wanted) return { rows, nextCursor: undefined };
      after = placeOf(piece[piece.length - 1]!);
      if (rows.length < bounds.limit) await new Promise((resolve) => setImmediate(resolve));
    }
    const isLast = this.#piece<T>(table, keys, { ...bounds, after, limit: 1 }).length === 0;
    return { rows, nextCursor: isLast || after === undefined ? undefined : cursorOf(after) };
  }

  #piece<T>(table: Table, keys: readonly SQLInputValue[], bounds: PageBounds): T[] {
    const { name, columns, where, time, tieBreak } = table;
    const { fromMs, toMs, after, limit, newestFirst } = bounds;
    const direction = newestFirst ? 'DESC' : 'ASC';
    const beyond = after === undefined ? '' : `AND (${time}, ${tieBreak}) ${newestFirst ? '<' : '>'} (?, ?)`;
    const order =
      tieBreak === '0' ? `${time} ${direction}` : `${time} ${direction}, ${tieBreak} ${direction}`;
    const sql = `SELECT ${columns} FROM ${name} WHERE ${where} AND ${time} >= ? AND ${time} < ? ${beyond}
                 ORDER BY ${order} LIMIT ?`;
    const place = after === undefined ? [] : [after.at, after.offset];
    return this.#all<T>(sql, [...keys, fromMs, toMs, ...place, limit]);
  }

  #all<T>(sql: string, values: readonly SQLInputValue[]): T[] {
    if (this.#database === undefined) {
      throw new AssayError(
        'HISTORY_UNAVAILABLE',
        `the history ${this.#path} is not started, or is stopping`,
        {
          isTransient: false,
        },
      );
    }
    try {
      // Rows of SQLite have no prototype; ours compare like any other object.
      return this.#database
        .prepare(sql)
        .all(...values)
        .map((row) => ({ ...row }) as T);
    } catch (error) {
      throw explainSqliteError(error, this.#path, HISTORY_FILE);
    }
  }
}
