// What is known of one pair of one source: its last price, how fresh it is, whether it may be believed. In:
// price records and withdrawals in the order of instants. Out: a weight at an instant and the verdict of the
// last joint check.
import { doubleOfPlainDecimal, type Fixed, parseFixed } from '@assay/kernel/money/fixed';
import type { Pair } from '../model/pair.ts';
import type { SourcePrice, Withdrawal } from '../model/source-price.ts';
import { ageWeight, Freshness, WEIGHT_ONE } from './freshness.ts';
import { type HashPair, hashNumber, hashText } from './input-hash.ts';

/** Residuals are compared in hundredths of a basis point: ln in units of 1e-6. */
export const CBPS_PER_LN = 1_000_000;

export type SlotIdentity = {
  index: number;
  source: string;
  pair: Pair;
  /** Indices of the currencies. */
  base: number;
  quote: number;
  /** Index of the venue; -1: no witness (aggregators, submissions). */
  venue: number;
  /** 1, or a half for what only repeats others. */
  share: number;
  /** What clients submit. */
  isSubmitted: boolean;
  /** Takes part in the joint check. */
  isHub: boolean;
};

export class Slot {
  readonly index: number;
  readonly source: string;
  readonly pair: Pair;
  readonly base: number;
  readonly quote: number;
  readonly venue: number;
  readonly share: number;
  readonly isSubmitted: boolean;
  readonly isHub: boolean;
  /** A residual under this is never an outlier. */
  floorCbps = 0;
  /** Indices of the feeds that it takes part in. */
  readonly feeds: number[] = [];

  /** -1: never heard. */
  offset = -1;
  transport: SourcePrice['transport'] | undefined;
  volume: string | undefined;
  text = '';
  value: number = Number.NaN;
  observedAt = 0;
  /** The source vouches for the price up to here. */
  freshAt = 0;
  confidence = 0;
  freshness: Freshness = new Freshness();
  hash: HashPair = { high: 0, low: 0 };
  withdrawal: Withdrawal | undefined;

  /** Jumped away from what the last joint check saw: does not count until the next. */
  isPending = false;
  isOutlier = false;
  residualCbps = 0;
  /** Value at the last joint check that took it in; NaN: none yet. */
  judged: number = Number.NaN;

  /** Candidate of the instant that is being taken in. */
  staged: SourcePrice | undefined;
  stagedOffset = -1;
  stagedValue: number = Number.NaN;

  readonly #identity: HashPair = { high: 0, low: 0 };
  #fixed: Fixed | undefined;

  constructor(identity: SlotIdentity) {
    this.index = identity.index;
    this.source = identity.source;
    this.pair = identity.pair;
    this.base = identity.base;
    this.quote = identity.quote;
    this.venue = identity.venue;
    this.share = identity.share;
    this.isSubmitted = identity.isSubmitted;
    this.isHub = identity.isHub;
    hashText(`${identity.source} ${identity.pair}`, { high: 0, low: 0 }, this.#identity);
  }

  /** Takes over what was known of the same pair of the same source under another configuration. */
  inherit(before: Slot): void {
    this.offset = before.offset;
    this.transport = before.transport;
    this.volume = before.volume;
    this.text = before.text;
    this.value = before.value;
    this.observedAt = before.observedAt;
    this.freshAt = before.freshAt;
    this.confidence = before.confidence;
    this.freshness = before.freshness;
    this.hash = before.hash;
    this.withdrawal = before.withdrawal;
    this.isPending = before.isPending;
    this.isOutlier = before.isOutlier;
    this.residualCbps = before.residualCbps;
    this.judged = before.judged;
    this.#fixed = before.#fixed;
  }

  /** The exact price; computed when somebody needs it. */
  get fixed(): Fixed {
    this.#fixed ??= parseFixed(this.text);
    return this.#fixed;
  }

  /** Remembers the newest of the instant's records for this slot. True: it is the first one. */
  stage(price: SourcePrice, offset: number, value: number): boolean {
    const isFirst = this.staged === undefined;
    if (isFirst || isNewer(price, offset, value, this)) {
      this.staged = price;
      this.stagedOffset = offset;
      this.stagedValue = value;
    }
    return isFirst;
  }

  /** Takes the staged price in. False: it is older than what is known. */
  commit(at: number): boolean {
    const price = this.staged!;
    this.staged = undefined;
    // A venue clock ahead of ours must not make a price fresh for longer, nor hide what comes after it.
    const observedAt = Math.min(price.observedAt, at);
    if (this.offset >= 0 && observedAt < this.observedAt) return false;
    if (price.intervalMs !== undefined && price.intervalMs > 0) this.freshness.onBar(price.intervalMs);
    else if (this.offset >= 0 && observedAt > this.observedAt) {
      this.freshness.onNews(observedAt - this.observedAt);
    }
    if (price.price !== this.text) {
      this.text = price.price;
      this.#fixed = undefined;
      this.value = this.stagedValue;
    }
    this.transport = price.transport;
    this.volume = price.volume;
    this.offset = this.stagedOffset;
    this.observedAt = observedAt;
    this.freshAt = Math.min(at, Math.max(observedAt, price.freshAt ?? observedAt));
    this.confidence = price.confidence;
    this.#hashPrice(price);
    if (this.isHub) this.isPending = this.#isJump();
    return true;
  }

  /** Millionths; 0 when it is stale. Age is counted from what the source vouches for. */
  weightAt(at: number): number {
    const aged = ageWeight(at - this.freshAt, this.freshness);
    return this.confidence === 1 && this.share === 1 ? aged : Math.round(aged * this.confidence * this.share);
  }

  isStaleAt(at: number): boolean {
    return at - this.freshAt > this.freshness.limitMs;
  }

  /** The last instant at which it is fresh. */
  get freshUntil(): number {
    return this.freshAt + this.freshness.limitMs;
  }

  #isJump(): boolean {
    if (Number.isNaN(this.judged)) return true;
    if (this.value === this.judged) return false;
    return Math.abs(Math.log(this.value / this.judged)) * CBPS_PER_LN > this.floorCbps;
  }

  #hashPrice(price: SourcePrice): void {
    hashText(price.price, this.#identity, this.hash);
    hashNumber(price.observedAt, this.hash);
    hashNumber(price.freshAt ?? 0, this.hash);
    hashNumber(Math.round(price.confidence * 1000), this.hash);
  }
}

/** The double of a price text; NaN when it cannot be used as a price. */
export function usableValue(text: string): number {
  const plain = doubleOfPlainDecimal(text);
  if (plain > 0) return plain;
  if (plain === 0) return Number.NaN;
  try {
    const fixed = parseFixed(text);
    return fixed > 0n ? Number(fixed) / 1e18 : Number.NaN;
  } catch {
    return Number.NaN;
  }
}

/** A total order of the records of one slot in one instant, so that their order of arrival means nothing. */
function isNewer(price: SourcePrice, offset: number, value: number, slot: Slot): boolean {
  const known = slot.staged!;
  if (price.observedAt !== known.observedAt) return price.observedAt > known.observedAt;
  if (value !== slot.stagedValue) return value > slot.stagedValue;
  if (price.price !== known.price) return price.price > known.price;
  const fresh = (price.freshAt ?? 0) - (known.freshAt ?? 0);
  if (fresh !== 0) return fresh > 0;
  if (price.receivedAt !== known.receivedAt) return price.receivedAt > known.receivedAt;
  if (price.confidence !== known.confidence) return price.confidence > known.confidence;
  return offset > slot.stagedOffset;
}

export { WEIGHT_ONE };
