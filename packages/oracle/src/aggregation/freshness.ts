// How old a source price may be, and what its age costs. In: the times of a source's own news. Out: limit and half-life of
// the age, and a factor of the weight. Bars: three intervals, half-life one. Everything else: ten of the source's own median
// intervals between news within 60 to 300 s, half-life a third: thin assets trade rarely, and one limit for all would leave
// them without witnesses, or busy ones with dead ones.

const BAR_LIMIT_INTERVALS = 3;
const NEWS_LIMIT_INTERVALS = 10;
const LIMIT_LEAST_MS = 60_000;
const LIMIT_MOST_MS = 300_000;
/** News remembered for the median; odd, so that it is one of them. */
const NEWS_KEPT = 15;
/** With fewer intervals known the median says nothing yet, and the widest limit applies. */
const NEWS_NEEDED = 3;
/** The median is taken again after so many news: it moves slowly, sorting is not free. */
const NEWS_PER_MEDIAN = 4;

export const WEIGHT_ONE = 1_000_000;

export class Freshness {
  limitMs: number = LIMIT_MOST_MS;
  halfLifeMs: number = LIMIT_MOST_MS / 3;
  readonly #intervals: number[] = [];
  #count = 0;

  /** A bar says its own interval. */
  onBar(intervalMs: number): void {
    this.limitMs = BAR_LIMIT_INTERVALS * intervalMs;
    this.halfLifeMs = intervalMs;
  }

  /** @param intervalMs time since the news before, above 0 */
  onNews(intervalMs: number): void {
    this.#intervals[this.#count % NEWS_KEPT] = intervalMs;
    this.#count++;
    if (this.#count < NEWS_NEEDED) return;
    if (this.#count > NEWS_NEEDED && this.#count % NEWS_PER_MEDIAN !== 0) return;
    const sorted = this.#intervals.slice().sort((a, b) => a - b);
    const median = sorted[sorted.length >> 1]!;
    this.limitMs = Math.min(LIMIT_MOST_MS, Math.max(LIMIT_LEAST_MS, NEWS_LIMIT_INTERVALS * median));
    this.halfLifeMs = this.limitMs / 3;
  }
}

/** Millionths of the weight of a fresh price; 0 beyond the limit. */
export function ageWeight(ageMs: number, freshness: Freshness): number {
  if (ageMs <= 0) return WEIGHT_ONE;
  if (ageMs > freshness.limitMs) return 0;
  return Math.round(WEIGHT_ONE * 2 ** (-ageMs / freshness.halfLifeMs));
}
