// What is known of one pair of one source: its last price, how fresh it is, whether it may be believed. In:
// price records and withdrawals in the order of instants. Out: a weight at an instant and the verdict of the
// last joint check.
import { doubleOfPlainDecimal, type Fixed, parseFixed } from '@assay/kernel/money/fixed';
import type { Pair } from '../model/pair.ts';
import type { SourcePrice, Withdrawal } from '../model/source-price.ts';
import { ageWeight, Freshness, WEIGHT_ONE } from './freshness.ts';
import { addHash, finishHash, type HashPair, hashNumber, hashText } from './input-hash.ts';
import {
  CONFIDENCE,
  FEED,
  FLOOR_CBPS,
  FRESH_AT,
  HALF_LIFE_MS,
  HASH_HIGH,
  HASH_LOW,
  IS_HUB,
  IS_OUTLIER,
  IS_PENDING,
  IS_WITHDRAWN,
  JUDGED,
  LIMIT_MS,
  OBSERVED_AT,
  OFFSET,
  RESIDUAL_CBPS,
  SHARE,
  SlotTable,
  SOURCE,
  STAGED_OFFSET,
  STAGED_VALUE,
  VALUE,
  VENUE,
} from './slot-table.ts';

/** Residuals are compared in hundredths of a basis point: ln in units of 1e-6. */
export const CBPS_PER_LN = 1_000_000;

export type SlotIdentity = {
  index: number;
  row: number;
  /** The same for all slots of a source. */
  sourceNumber: number;
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
  readonly isSubmitted: boolean;
  readonly isHub: boolean;
  /** Indices of the feeds that it takes part in. */
  readonly feeds: number[] = [];

  transport: SourcePrice['transport'] | undefined;
  volume: string | undefined;
  freshness: Freshness = new Freshness();

  /** Candidate of the instant that is being taken in. */
  staged: SourcePrice | undefined;

  /** The place of its row. */
  readonly at: number;
  readonly #table: SlotTable;
  readonly #numbers: Float64Array;
  readonly #identity: HashPair = { high: 0, low: 0 };
  #withdrawal: Withdrawal | undefined;

  constructor(table: SlotTable, identity: SlotIdentity) {
    this.#table = table;
    this.#numbers = table.numbers;
    this.at = SlotTable.placeOf(identity.row);
    this.index = identity.index;
    this.source = identity.source;
    this.pair = identity.pair;
    this.base = identity.base;
    this.quote = identity.quote;
    this.venue = identity.venue;
    this.isSubmitted = identity.isSubmitted;
    this.isHub = identity.isHub;
    hashText(`${identity.source} ${identity.pair}`, { high: 0, low: 0 }, this.#identity);
    this.#set(OFFSET, -1);
    this.#set(VALUE, Number.NaN);
    this.#set(JUDGED, Number.NaN);
    this.#set(FEED, -1);
    this.#set(IS_HUB, identity.isHub ? 1 : 0);
    this.#set(VENUE, identity.venue);
    this.#set(SHARE, identity.share);
    this.#set(SOURCE, identity.sourceNumber);
    this.#setFreshness(this.freshness);
  }

  /** -1: never heard. */
  get offset(): number {
    return this.#get(OFFSET);
  }

  get value(): number {
    return this.#get(VALUE);
  }

  get text(): string {
    return this.#table.text(this.at);
  }

  /** The exact price; computed when somebody needs it. */
  get fixed(): Fixed {
    return this.#table.fixed(this.at);
  }

  get freshAt(): number {
    return this.#get(FRESH_AT);
  }

  get observedAt(): number {
    return this.#get(OBSERVED_AT);
  }

  get confidence(): number {
    return this.#get(CONFIDENCE);
  }

  /** A residual under this is never an outlier. */
  get floorCbps(): number {
    return this.#get(FLOOR_CBPS);
  }

  set floorCbps(cbps: number) {
    this.#set(FLOOR_CBPS, cbps);
  }

  get residualCbps(): number {
    return this.#get(RESIDUAL_CBPS);
  }

  get isOutlier(): boolean {
    return this.#get(IS_OUTLIER) === 1;
  }

  get withdrawal(): Withdrawal | undefined {
    return this.#withdrawal;
  }

  set withdrawal(withdrawal: Withdrawal | undefined) {
    this.#withdrawal = withdrawal;
    this.#set(IS_WITHDRAWN, withdrawal === undefined ? 0 : 1);
  }

  /** What the joint check says of the price that it has taken in. */
  judge(residualCbps: number, isOutlier: boolean): void {
    this.#set(RESIDUAL_CBPS, residualCbps);
    this.#set(IS_OUTLIER, isOutlier ? 1 : 0);
    this.#set(JUDGED, this.value);
  }

  /** A joint check looks at it now. */
  endPending(): void {
    this.#set(IS_PENDING, 0);
  }

  /** Takes over what was known of the same pair of the same source under another configuration. */
  inherit(before: Slot): void {
    for (const column of LEARNED) this.#set(column, before.#get(column));
    this.#table.setText(this.at, before.text);
    this.transport = before.transport;
    this.volume = before.volume;
    this.freshness = before.freshness;
    this.withdrawal = before.withdrawal;
  }

  /** Remembers the newest of the instant's records for this slot. True: it is the first one. */
  stage(price: SourcePrice, offset: number, value: number): boolean {
    const known = this.staged;
    if (known === undefined || this.#isNewer(known, price, offset, value)) {
      this.staged = price;
      this.#set(STAGED_OFFSET, offset);
      this.#set(STAGED_VALUE, value);
    }
    return known === undefined;
  }

  /** Takes the staged price in. False: it is older than what is known. */
  commit(at: number): boolean {
    const price = this.staged!;
    this.staged = undefined;
    // A venue clock ahead of ours must not make a price fresh for longer, nor hide what comes after it.
    const observedAt = Math.min(price.observedAt, at);
    const isFirst = this.offset < 0;
    if (!isFirst && observedAt < this.observedAt) return false;
    if (price.intervalMs !== undefined && price.intervalMs > 0) {
      this.freshness.onBar(price.intervalMs);
      this.#setFreshness(this.freshness);
    } else if (!isFirst && observedAt > this.observedAt) {
      this.freshness.onNews(observedAt - this.observedAt);
      this.#setFreshness(this.freshness);
    }
    const value = this.#get(STAGED_VALUE);
    // Another value is another text; two texts need comparing only when it is the same.
    if (value !== this.value || price.price !== this.text) {
      this.#table.setText(this.at, price.price);
      this.#set(VALUE, value);
    }
    this.transport = price.transport;
    this.volume = price.volume;
    this.#set(OFFSET, this.#get(STAGED_OFFSET));
    this.#set(OBSERVED_AT, observedAt);
    this.#set(FRESH_AT, Math.min(at, Math.max(observedAt, price.freshAt ?? observedAt)));
    this.#set(CONFIDENCE, price.confidence);
    this.#hashPrice(price);
    if (this.isHub) this.#set(IS_PENDING, this.#isJump() ? 1 : 0);
    return true;
  }

  /** Millionths; 0 when it is stale. Age is counted from what the source vouches for. */
  weightAt(at: number): number {
    return weightOfRow(this.#numbers, this.at, at);
  }

  /** The last instant at which it is fresh. */
  get freshUntil(): number {
    return this.freshAt + this.#get(LIMIT_MS);
  }

  joinFeed(index: number): void {
    this.feeds.push(index);
    this.#set(FEED, this.feeds.length === 1 ? index : -1);
  }

  /** The only feed that it takes part in; -1: there are none or several. */
  get onlyFeed(): number {
    return this.#get(FEED);
  }

  addHashTo(sum: HashPair): void {
    addHash(sum, this.#get(HASH_HIGH), this.#get(HASH_LOW));
  }

  #get(column: number): number {
    return this.#numbers[this.at + column]!;
  }

  #set(column: number, value: number): void {
    this.#numbers[this.at + column] = value;
  }

  #setFreshness({ limitMs, halfLifeMs }: Freshness): void {
    this.#set(LIMIT_MS, limitMs);
    this.#set(HALF_LIFE_MS, halfLifeMs);
  }

  #isJump(): boolean {
    const judged = this.#get(JUDGED);
    if (Number.isNaN(judged)) return true;
    if (this.value === judged) return false;
    return Math.abs(Math.log(this.value / judged)) * CBPS_PER_LN > this.floorCbps;
  }

  #hashPrice(price: SourcePrice): void {
    hashText(price.price, this.#identity, hash);
    hashNumber(price.observedAt, hash);
    hashNumber(price.freshAt ?? 0, hash);
    hashNumber(Math.round(price.confidence * 1000), hash);
    finishHash(hash);
    this.#set(HASH_HIGH, hash.high);
    this.#set(HASH_LOW, hash.low);
  }

  /** A total order of the records of one slot in one instant: their order of arrival means nothing. */
  #isNewer(known: SourcePrice, price: SourcePrice, offset: number, value: number): boolean {
    if (price.observedAt !== known.observedAt) return price.observedAt > known.observedAt;
    const knownValue = this.#get(STAGED_VALUE);
    if (value !== knownValue) return value > knownValue;
    if (price.price !== known.price) return price.price > known.price;
    const fresh = (price.freshAt ?? 0) - (known.freshAt ?? 0);
    if (fresh !== 0) return fresh > 0;
    if (price.receivedAt !== known.receivedAt) return price.receivedAt > known.receivedAt;
    if (price.confidence !== known.confidence) return price.confidence > known.confidence;
    return offset > this.#get(STAGED_OFFSET);
  }
}

/** What a slot has learned, which another configuration does not change. */
const LEARNED = [
  OFFSET,
  VALUE,
  FRESH_AT,
  LIMIT_MS,
  HALF_LIFE_MS,
  CONFIDENCE,
  IS_PENDING,
  IS_OUTLIER,
  RESIDUAL_CBPS,
  HASH_HIGH,
  HASH_LOW,
  OBSERVED_AT,
  JUDGED,
] as const;
const hash: HashPair = { high: 0, low: 0 };

/** Millionths; 0 when it is stale. */
export function weightOfRow(numbers: Float64Array, row: number, at: number): number {
  const aged = ageWeight(
    at - numbers[row + FRESH_AT]!,
    numbers[row + LIMIT_MS]!,
    numbers[row + HALF_LIFE_MS]!,
  );
  return Math.round(aged * numbers[row + CONFIDENCE]! * numbers[row + SHARE]!);
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

export { WEIGHT_ONE };
