// The history: append-only by feed and time, written by `archive` (or the Kafka connector), read by api and
// replay.
//
// Order: reads are in ascending time unless said (`receivedAt`, `answeredAt`, `startAt`); rows of one
//   millisecond are in the order of their offsets.
// Idempotence: every row carries the log position it came from (`offset`); appending it twice keeps one.
// Durability: `append*` resolves when the rows survive the death of the process.
// Bounds: one read returns at most 10,000 rows; a cursor continues it.
import type { Startable } from '@assay/kernel/lifecycle/startable';

export type PriceRow = {
  source: string;
  pair: string;
  price: string;
  observedAt: number;
  receivedAt: number;
  offset: number;
};

export type AnswerRow = {
  feed: string;
  answeredAt: number;
  offset: number;
  /** Decimal text at the feed's decimals. */
  price: string;
  state: string;
  /** The whole answer record, JSON. */
  record: string;
};

export type Candle = {
  feed: string;
  /** Start of the interval, ms since the epoch. */
  startAt: number;
  intervalMs: number;
  open: string;
  high: string;
  low: string;
  close: string;
  /** Answers in the interval. */
  count: number;
};

/** Candles are rolled up at these intervals: 1 minute, 5 minutes, 1 hour, 1 day. */
export const CANDLE_INTERVALS_MS = [60_000, 300_000, 3_600_000, 86_400_000] as const;

export type ScoreRow = { source: string; feed: string; savedAt: number; state: string };

export type RangeQuery = {
  /** Inclusive. */
  fromMs?: number;
  /** Exclusive. */
  toMs?: number;
  /** At most 10,000; default 1,000. */
  limit?: number;
  /** Opaque; from the page before. */
  cursor?: string;
  newestFirst?: boolean;
};
export type Page<T> = { rows: T[]; nextCursor: string | undefined };

export interface History extends Startable {
  appendPrices(rows: readonly PriceRow[]): Promise<void>;
  /** Stores answers and rolls them into candles, in one transaction. Rows of state `stale` make no candle. */
  appendAnswers(rows: readonly AnswerRow[]): Promise<void>;
  prices(pair: string, source: string | undefined, query: RangeQuery): Promise<Page<PriceRow>>;
  answers(feed: string, query: RangeQuery): Promise<Page<AnswerRow>>;
  /** The newest answer at or before an instant. */
  answerAt(feed: string, atMs: number): Promise<AnswerRow | undefined>;
  candles(feed: string, intervalMs: number, query: RangeQuery): Promise<Page<Candle>>;
  saveScores(rows: readonly ScoreRow[]): Promise<void>;
  loadScores(): Promise<ScoreRow[]>;
}
