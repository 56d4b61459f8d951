// How far answers are from the truth, minute by minute. The truth of a feed is the midpoint of its direct
// venues with news in that minute; where a recording has several direct venues, at least two of them must
// have news. In: prices by minute and the answers in force at the end of each. Out: one row of the table.
import type { AnswerState } from '@assay/oracle/model/answer';
import type { RecordedSeries } from '@assay/oracle/recording/recorded-prices';

export const MINUTE_MS = 60_000;

/** Reference by minute end. */
export type Reference = Map<number, number>;
export type Score = {
  /** With an answer in force, of any state. */
  minutes: number;
  states: Record<AnswerState | 'silent', number>;
  /** Of the minutes with a reference. */
  okShare: number;
  referenceMinutes: number;
  p50: number;
  p99: number;
  p999: number;
  max: number;
  /** The same over answers of every state. */
  all: { p50: number; p99: number; p999: number; max: number };
  worst: { at: string; why: string };
  /** Lowest and highest price of an ok answer. */
  lowest: number;
  highest: number;
};

export type Served = { price: number; state: AnswerState };

export class Scorer {
  readonly #reference: Reference;
  readonly #ok: number[] = [];
  readonly #all: number[] = [];
  readonly #states: Score['states'] = { ok: 0, degraded: 0, stale: 0, halted: 0, silent: 0 };
  #minutes = 0;
  #referenceMinutes = 0;
  #worst = { at: 0, error: -1, why: '' };
  #lowest = Number.POSITIVE_INFINITY;
  #highest = Number.NEGATIVE_INFINITY;

  constructor(reference: Reference) {
    this.#reference = reference;
  }

  /** @param why asked only for the worst minute so far */
  minute(at: number, served: Served | undefined, why: () => string): void {
    const truth = this.#reference.get(at);
    if (truth !== undefined) this.#referenceMinutes++;
    if (served === undefined) {
      this.#states.silent++;
      return;
    }
    this.#minutes++;
    this.#states[served.state]++;
    const isOk = served.state === 'ok';
    if (isOk && served.price < this.#lowest) this.#lowest = served.price;
    if (isOk && served.price > this.#highest) this.#highest = served.price;
    if (truth === undefined) return;
    const error = Math.abs(served.price / truth - 1) * 10_000;
    this.#all.push(error);
    if (!isOk) return;
    this.#ok.push(error);
    if (error > this.#worst.error) this.#worst = { at, error, why: why() };
  }

  result(): Score {
    const { at, why } = this.#worst;
    return {
      minutes: this.#minutes,
      states: this.#states,
      okShare: this.#referenceMinutes === 0 ? 0 : this.#ok.length / this.#referenceMinutes,
      referenceMinutes: this.#referenceMinutes,
      ...quantiles(this.#ok),
      all: quantiles(this.#all),
      worst: { at: at === 0 ? '' : new Date(at).toISOString(), why },
      lowest: this.#lowest,
      highest: this.#highest,
    };
  }
}

export function referenceOf(direct: readonly RecordedSeries[]): Reference {
  const byMinute = new Map<number, number[]>();
  for (const series of direct) {
    const last = new Map<number, number>();
    for (const { at, price } of series.prices) last.set(minuteEnd(at), Number(price));
    for (const [minute, price] of last) {
      const prices = byMinute.get(minute);
      if (prices === undefined) byMinute.set(minute, [price]);
      else prices.push(price);
    }
  }
  const needed = Math.min(2, direct.length);
  const reference: Reference = new Map();
  for (const [minute, prices] of byMinute) {
    if (prices.length < needed) continue;
    // The midpoint of two; of more, their median: one liar among the references must not be the truth.
    prices.sort((a, b) => a - b);
    const half = prices.length >> 1;
    reference.set(minute, prices.length % 2 === 1 ? prices[half]! : (prices[half - 1]! + prices[half]!) / 2);
  }
  return reference;
}

export function minuteEnd(at: number): number {
  return Math.ceil(at / MINUTE_MS) * MINUTE_MS;
}

function quantiles(errors: number[]): { p50: number; p99: number; p999: number; max: number } {
  const sorted = Float64Array.from(errors).sort();
  const at = (share: number): number => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
    return value === undefined ? 0 : Math.round(value * 100) / 100;
  };
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
}
