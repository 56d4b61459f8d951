// How old a source price may be, and what its age costs. In: the times of a source's own news. Out: limit and
// half-life of the age, and a factor of the weight. Bars: three intervals, half-life one. Everything else:
// ten of the source's own median intervals between news within 60 to 300 s, half-life a third: thin assets
// trade rarely, and one limit for all would leave them without witnesses, or busy ones with dead ones.

const BAR_LIMIT_INTERVALS = 3;
const NEWS_LIMIT_INTERVALS = 10;
const LIMIT_LEAST_MS = 60_000;
const LIMIT_MOST_MS = 300_000;
/** Up to this median interval the least limit holds. */
const SLOW_MS = LIMIT_LEAST_MS / NEWS_LIMIT_INTERVALS;
/** News remembered for the median; odd, so that it is one of them. */
const NEWS_KEPT = 15;
/** With fewer intervals known the median says nothing yet, and the widest limit applies. */
const NEWS_NEEDED = 3;

export const WEIGHT_ONE = 1_000_000;

export class Freshness {
  limitMs: number = LIMIT_MOST_MS;
  halfLifeMs: number = LIMIT_MOST_MS / 3;
  #count = 0;
  /** The long ones among the intervals kept; nearly every source has none, and then nothing is stored. */
  #slow: { number: number; intervalMs: number }[] | undefined;

  /** A bar says its own interval. */
  onBar(intervalMs: number): void {
    this.limitMs = BAR_LIMIT_INTERVALS * intervalMs;
    this.halfLifeMs = intervalMs;
  }

  /** @param intervalMs time since the news before, above 0 */
  onNews(intervalMs: number): void {
    const number = ++this.#count;
    if (intervalMs > SLOW_MS) (this.#slow ??= []).push({ number, intervalMs });
    if (number < NEWS_NEEDED) return;
    const medianMs = this.#slow === undefined ? SLOW_MS : this.#medianOf(this.#slow);
    this.limitMs = Math.min(LIMIT_MOST_MS, NEWS_LIMIT_INTERVALS * medianMs);
    this.halfLifeMs = this.limitMs / 3;
  }

  /**
   * The upper median of the intervals kept, of which the quick ones count as SLOW_MS: below it nothing
   * depends on them.
   */
  #medianOf(slow: { number: number; intervalMs: number }[]): number {
    while (slow.length > 0 && slow[0]!.number <= this.#count - NEWS_KEPT) slow.shift();
    if (slow.length === 0) this.#slow = undefined;
    const kept = Math.min(NEWS_KEPT, this.#count);
    const at = (kept >> 1) - (kept - slow.length);
    if (at < 0) return SLOW_MS;
    return slow.map((each) => each.intervalMs).sort((a, b) => a - b)[at]!;
  }
}

/** Millionths of the weight of a fresh price; 0 beyond the limit. */
export function ageWeight(ageMs: number, limitMs: number, halfLifeMs: number): number {
  if (ageMs <= 0) return WEIGHT_ONE;
  if (ageMs > limitMs) return 0;
  if (limitMs !== LIMIT_LEAST_MS || halfLifeMs !== LIMIT_LEAST_MS / 3) return agedWeight(ageMs, halfLifeMs);
  return (weightAtAge[ageMs] ||= agedWeight(ageMs, halfLifeMs));
}

function agedWeight(ageMs: number, halfLifeMs: number): number {
  return Math.round(WEIGHT_ONE * 2 ** (-ageMs / halfLifeMs));
}

/**
 * By whole milliseconds under the least limit, which nearly every price has; 0: not yet computed. A power
 * takes 90 ns, which was a tenth of an aggregation.
 */
const weightAtAge = new Uint32Array(LIMIT_LEAST_MS + 1);
