// Everything that is known and said of the prices of one source. In: parsed prices, silence, residuals. Out:
// records for the bus. It owns the book, the confidence and the venue's clock. Invariant: each record carries
// the confidence of its pair at that moment, and every price that was taken back is taken back on the bus
// too, once.
import type { Observation } from '@assay/kernel/resilience/health';
import type { Pair } from '../model/pair.ts';
import type { SourcePrice, Withdrawal, WithdrawalReason } from '../model/source-price.ts';
import type { SourceCounts } from '../model/source-status.ts';
import { Confidence, freshnessOf } from './confidence.ts';
import type { Parsed } from './define-source.ts';
import { LatencyWindow } from './latency-window.ts';
import { PriceBook } from './price-book.ts';
import { checkPrice, isInvalid, type Rejection } from './price-check.ts';
import { newSkew, observeSkew, skewMs } from './skew.ts';
import type { SourceMetrics } from './source-metrics.ts';

export type DeskOptions = {
  source: string;
  profile: string;
  pairs: readonly Pair[];
  metrics: SourceMetrics;
  publish: (records: readonly (SourcePrice | Withdrawal)[]) => void;
};

export type Arrival = {
  receivedAt: number;
  transport: 'stream' | 'poll';
  /** Neither on standby nor quarantined. */
  isAllowed: (pair: Pair) => boolean;
  /** A stream speaks of this pair: it stands over a poll that gives no time. */
  isStreamHeard: (pair: Pair) => boolean;
};

/** A streamed price older than this when it arrives is a snapshot of the past, not a slow message. */
const DELAY_MAX_MS = 30_000;

/**
 * News older than this, with nothing that vouches for it, loses freshness: a minute is long on any market
 * that matters.
 */
const NEWS_MS = 60_000;

/** Under this a venue counts as in step with us: it is less than the time on the way. */
const AHEAD_MINIMUM_MS = 250;

/** Scores are computed anew this often; between, records carry the last one. */
const SCORE_EVERY_MS = 1_000;

export class PriceDesk {
  readonly book: PriceBook = new PriceBook();
  readonly confidence: Confidence;
  readonly latencies: LatencyWindow = new LatencyWindow();
  readonly counts: SourceCounts = {
    published: 0,
    rejected: 0,
    errors: 0,
    reconnects: 0,
    sequenceGaps: 0,
    withdrawals: 0,
    quarantines: 0,
  };
  readonly #options: DeskOptions;
  #skew = newSkew();
  #aheadMs = 0;
  #scores = new Map<Pair, { score: number; at: number }>();

  constructor(options: DeskOptions) {
    this.#options = options;
    this.confidence = new Confidence(options.pairs);
  }

  /** The venue's clock minus ours, ms. */
  get skewMs(): number | undefined {
    return skewMs(this.#skew);
  }

  /** Publishes what is news; returns the pairs whose price was sound and those whose price was malformed. */
  take(prices: readonly Parsed[], arrival: Arrival): { sound: Pair[]; malformed: Pair[] } {
    const records: SourcePrice[] = [];
    const sound: Pair[] = [];
    const malformed: Pair[] = [];
    for (const parsed of prices) {
      if (!arrival.isAllowed(parsed.pair)) {
        this.#reject('quarantined');
        continue;
      }
      const record = this.#recordOf(parsed, arrival);
      if (typeof record !== 'string') records.push(record);
      else this.#reject(record);
      if (typeof record === 'string' && isInvalid(record)) malformed.push(parsed.pair);
      else sound.push(parsed.pair);
    }
    this.#publish(records);
    return { sound, malformed };
  }

  /** Takes the prices of these pairs back, those that came by `transport` when one is named. */
  withdraw(
    pairs: readonly Pair[],
    cause: { reason: WithdrawalReason; detail: string; at: number; transport?: 'stream' | 'poll' },
  ): void {
    const { source, metrics } = this.#options;
    const affected = this.book.withdraw(pairs, cause.transport);
    if (affected.length === 0) return;
    const came = transportOf(cause);
    const base: Withdrawal = {
      type: 'withdrawal',
      source,
      reason: cause.reason,
      detail: cause.detail,
      receivedAt: cause.at,
    };
    const isLeft = (pair: Pair) =>
      this.book.isLive(pair) &&
      (cause.transport === undefined || this.book.last(pair)?.transport === cause.transport);
    const isWhole = !this.#options.pairs.some(isLeft);
    const records = isWhole ? [{ ...base, ...came }] : affected.map((pair) => ({ ...base, pair, ...came }));
    this.counts.withdrawals += records.length;
    metrics.withdrawals.add({ source, reason: cause.reason }, records.length);
    this.#options.publish(records);
  }

  /** Publishes again what a stream still vouches for. */
  renew(pairs: readonly Pair[], aliveAt: (pair: Pair) => number | undefined): void {
    const records: SourcePrice[] = [];
    for (const pair of pairs) {
      const at = aliveAt(pair);
      const record = at === undefined ? undefined : this.book.renew(pair, at, this.score(pair, at));
      if (record !== undefined) records.push(record);
    }
    this.#publish(records);
  }

  /** Lets the freshness of each pair follow the age of its newest news. */
  watchFreshness(pairs: readonly Pair[], pollLimitMs: number, now: number): void {
    for (const pair of pairs) {
      const last = this.book.last(pair);
      if (last === undefined) continue;
      const wayMs = last.transport === 'poll' ? pollLimitMs : 0;
      const expectedMs = Math.max(NEWS_MS, wayMs, last.intervalMs ?? 0);
      const ageMs = now - Math.max(last.observedAt, last.freshAt ?? 0);
      const value = this.book.isLive(pair) ? freshnessOf(ageMs, expectedMs) : 0;
      this.confidence.observe(pair, { kind: 'freshness', value }, now);
    }
  }

  observe(pairs: readonly Pair[], observation: Observation, now: number): void {
    if (observation.kind === 'success' && observation.latencyMs !== undefined) {
      this.latencies.add(observation.latencyMs);
    }
    for (const pair of pairs) this.confidence.observe(pair, observation, now);
  }

  /** Learns how far the venue's clock is from ours. */
  observeClock(venueAt: number, receivedAt: number): void {
    this.#skew = observeSkew(this.#skew, venueAt, receivedAt);
    const skew = this.skewMs;
    if (skew === undefined) return;
    const ahead = skew > AHEAD_MINIMUM_MS ? Math.round(skew) : 0;
    // Corrected in steps, so that two prices of one second are not put in another order by a correction.
    if (Math.abs(ahead - this.#aheadMs) > AHEAD_MINIMUM_MS) this.#aheadMs = ahead;
  }

  score(pair: Pair, now: number): number {
    const known = this.#scores.get(pair);
    if (known !== undefined && now - known.at < SCORE_EVERY_MS && now >= known.at) return known.score;
    const score = this.confidence.score(pair, now);
    this.#scores.set(pair, { score, at: now });
    return score;
  }

  #recordOf(parsed: Parsed, arrival: Arrival): SourcePrice | Rejection {
    const { source, profile, metrics } = this.#options;
    const { pair } = parsed;
    const { receivedAt, transport } = arrival;
    const checked = checkPrice(parsed, receivedAt, this.#aheadMs);
    if (typeof checked === 'string') return checked;
    if (transport === 'stream') {
      const delayMs = parsed.venueAt === undefined ? undefined : this.#delayMs(parsed.venueAt, receivedAt);
      if (delayMs !== undefined) {
        metrics.latency.observe(delayMs / 1_000, { source, transport });
        this.latencies.add(delayMs);
      }
      const latency = delayMs === undefined ? {} : { latencyMs: delayMs };
      this.confidence.observe(pair, { kind: 'success', ...latency }, receivedAt);
    }
    const stamp = { source, profile, transport, confidence: this.score(pair, receivedAt) };
    return this.book.offer(checked, stamp, arrival.isStreamHeard(pair));
  }

  /** How long a message was on the way beyond the fastest one, ms. */
  #delayMs(venueAt: number, receivedAt: number): number | undefined {
    const skew = this.skewMs;
    if (skew === undefined) return undefined;
    const delayMs = Math.max(0, receivedAt - venueAt + skew);
    return delayMs <= DELAY_MAX_MS ? delayMs : undefined;
  }

  #publish(records: readonly SourcePrice[]): void {
    if (records.length === 0) return;
    const { source, metrics, publish } = this.#options;
    this.counts.published += records.length;
    metrics.published.add({ source, transport: records[0]!.transport }, records.length);
    publish(records);
  }

  #reject(reason: Rejection): void {
    this.counts.rejected++;
    this.#options.metrics.rejected.add({ source: this.#options.source, reason });
  }
}

function transportOf(cause: { transport?: 'stream' | 'poll' }): { transport?: 'stream' | 'poll' } {
  return cause.transport === undefined ? {} : { transport: cause.transport };
}
