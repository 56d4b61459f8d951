// Prices that were: at an instant, over a range, as candles. In: questions. Out: records as every door shows
// them. Cache first, then history: a page whose range is over never changes, so it is kept as text for a
// while.
//
// Invariant: without a cache, or with one that fails, the answers are the same.
import type { Log } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import { type PriceRecord, priceRecordOf } from '@assay/oracle/model/answer';
import type { Cache } from '@assay/ports/cache/cache';
import type { Candle, History, RangeQuery } from '@assay/ports/history/history';
import { decodeAnswer } from '../views/answer-log.ts';
import type { CurrentPrice } from '../views/current-price.ts';

export type PastAnswersOptions = { history: History; cache: Cache | undefined; clock: Clock; log: Log };

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

  constructor(options: PastAnswersOptions) {
    this.#options = options;
  }

  /** What was served at an instant; undefined when nothing was. */
  async at(current: CurrentPrice, atMs: number): Promise<PriceRecord | undefined> {
    const nowMs = this.#options.clock.now();
    // The newest answer may not have reached the history yet.
    const newest = current.answer;
    if (newest !== undefined && newest.answeredAt <= atMs) return priceRecordOf(newest, nowMs);
    const row = await this.#options.history.answerAt(current.definition.feed, atMs);
    const answer = row === undefined ? undefined : decodeAnswer(row.record);
    return answer === undefined ? undefined : priceRecordOf(answer, nowMs);
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

  async candles(
    feed: string,
    interval: { name: string; ms: number },
    query: RangeQuery,
  ): Promise<CandlePage> {
    const isOver = query.toMs !== undefined && query.toMs < this.#options.clock.now() - SETTLED_AFTER_MS;
    const name = ['candles', feed, interval.ms, query.fromMs, query.toMs, query.limit, query.cursor];
    const key = [...name, query.newestFirst === true].map((part) => part ?? '').join('|');
    const cached = isOver ? await this.#cached(key) : undefined;
    if (cached !== undefined) return JSON.parse(cached) as CandlePage;
    const { rows, nextCursor } = await this.#options.history.candles(feed, interval.ms, query);
    const candles = rows.map(({ intervalMs: _, startAt, ...rest }) => ({
      ...rest,
      startAt: new Date(startAt).toISOString(),
      interval: interval.name,
    }));
    const page = { candles, nextCursor: nextCursor ?? null };
    if (isOver) await this.#keep(key, JSON.stringify(page));
    return page;
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
