// Prices that were: at an instant, over a range, as candles. In: questions. Out: records as every door shows
// them. Cache first, then history: a page whose range is over never changes, so it is kept as text for a
// while.
//
// Invariant: without a cache, or with one that fails, the answers are the same.
import type { Log } from '@assay/kernel/telemetry/log';
import { type Counter, type Metrics, memoryMetrics } from '@assay/kernel/telemetry/metrics';
import type { Clock } from '@assay/kernel/time/clock';
import { type PriceRecord, priceRecordOf } from '@assay/oracle/model/answer';
import type { Cache } from '@assay/ports/cache/cache';
import type { Candle, History, RangeQuery } from '@assay/ports/history/history';
import { decodeAnswer } from '../views/answer-log.ts';
import type { CurrentPrice } from '../views/current-price.ts';
import { type MomentRange, type Moments, momentsOf } from './past-moments.ts';

export type PastAnswersOptions = {
  history: History;
  cache: Cache | undefined;
  clock: Clock;
  log: Log;
  metrics?: Metrics;
};

/** Rows reach the history within seconds; a range that ended this long ago is over. */
const SETTLED_AFTER_MS = 60_000;
const CACHED_FOR_MS = 300_000;
/** A cached value is at most 1 MiB; larger pages are read again. */
const CACHED_MAX_LENGTH = 1_000_000;

export type AnswerPage = { prices: PriceRecord[]; nextCursor: string | null };
export type CandlePage = { candles: ShownCandle[]; nextCursor: string | null };
export type ShownCandle = Omit<Candle, 'startAt' | 'intervalMs'> & { startAt: string; interval: string };

export class PastAnswers {
  readonly #options: PastAnswersOptions;
  readonly #lookups: Counter;

  constructor(options: PastAnswersOptions) {
    this.#options = options;
    this.#lookups = (options.metrics ?? memoryMetrics()).counter({
      name: 'assay_price_lookups_total',
      help: 'Questions for past prices, candles and moments, by where the answer was: memory, cache, history, nowhere.',
      labels: ['what', 'from'],
    });
  }

  /** What was served at an instant; undefined when nothing was. */
  async at(current: CurrentPrice, atMs: number): Promise<PriceRecord | undefined> {
    const nowMs = this.#options.clock.now();
    // The newest answer may not have reached the history yet.
    const newest = current.answer;
    if (newest !== undefined && newest.answeredAt <= atMs) {
      this.#count('price', 'memory');
      return priceRecordOf(newest, nowMs);
    }
    const text = await this.#answerAt(current.definition.feed, atMs, nowMs);
    const answer = text === undefined ? undefined : decodeAnswer(text);
    return answer === undefined ? undefined : priceRecordOf(answer, nowMs);
  }

  /** What was served at an instant that is over does not change any more. */
  async #answerAt(feed: string, atMs: number, nowMs: number): Promise<string | undefined> {
    const isOver = atMs < nowMs - SETTLED_AFTER_MS;
    const key = `answer|${feed}|${atMs}`;
    const cached = isOver ? await this.#cached(key) : undefined;
    if (cached !== undefined) {
      this.#count('price', 'cache');
      return cached;
    }
    const row = await this.#options.history.answerAt(feed, atMs);
    this.#count('price', row === undefined ? 'nowhere' : 'history');
    if (isOver && row !== undefined) await this.#keep(key, row.record);
    return row?.record;
  }

  async page(feed: string, query: RangeQuery): Promise<AnswerPage> {
    const { history, clock } = this.#options;
    const { rows, nextCursor } = await history.answers(feed, query);
    const nowMs = clock.now();
    const prices = rows.flatMap(({ record }) => {
      const answer = decodeAnswer(record);
      return answer === undefined ? [] : [priceRecordOf(answer, nowMs)];
    });
    return { prices, nextCursor: nextCursor ?? null };
  }

  /** At regular instants; see `past-moments.ts`. */
  async moments(range: MomentRange): Promise<Moments> {
    this.#count('moments', 'history');
    return await momentsOf(this.#options.history, range);
  }

  async candles(
    feed: string,
    interval: { name: string; ms: number },
    query: RangeQuery,
  ): Promise<CandlePage> {
    const isOver = query.toMs !== undefined && query.toMs < this.#options.clock.now() - SETTLED_AFTER_MS;
    const name = ['candles', feed, interval.ms, query.fromMs, query.toMs, query.limit, query.cursor];
    const key = [...name, query.newestFirst === true].map((part) => part ?? '').join('|');
    const cached = isOver ? await this.#cached(key) : undefined;
    if (cached !== undefined) {
      this.#count('candles', 'cache');
      return JSON.parse(cached) as CandlePage;
    }
    const { rows, nextCursor } = await this.#options.history.candles(feed, interval.ms, query);
    this.#count('candles', rows.length === 0 ? 'nowhere' : 'history');
    const candles = rows.map(({ intervalMs: _, startAt, ...rest }) => ({
      ...rest,
      startAt: new Date(startAt).toISOString(),
      interval: interval.name,
    }));
    const page = { candles, nextCursor: nextCursor ?? null };
    if (isOver) await this.#keep(key, JSON.stringify(page));
    return page;
  }

  #count(what: string, from: string): void {
    this.#lookups.add({ what, from });
  }

  async #cached(key: string): Promise<string | undefined> {
    return await this.#options.cache?.get(key).catch(() => undefined);
  }

  async #keep(key: string, text: string): Promise<void> {
    if (text.length > CACHED_MAX_LENGTH) return;
    await this.#options.cache?.set(key, text, CACHED_FOR_MS).catch((error: unknown) => {
      this.#options.log.debug('a page was not cached', { error });
    });
  }
}
