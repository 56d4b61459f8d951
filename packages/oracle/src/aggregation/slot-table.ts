// The numbers of all slots, a row each, side by side in one array. In: what slots take in. Out: the same to
// whoever goes through the slots of a feed, whose rows stand one after the other.
//
// As fields of 10,000 objects they lay wherever the heap had put them, every double behind a pointer of its
// own; reading them took more than half of the time of an aggregation (docs: `npm run bench -- aggregation`).
import { type Fixed, parseFixed } from '@assay/kernel/money/fixed';

/** Position on the log of the price known; -1: never heard. */
export const OFFSET = 0;
export const VALUE = 1;
/** The source vouches for the price up to here. */
export const FRESH_AT = 2;
/** See Freshness. */
export const LIMIT_MS = 3;
export const HALF_LIFE_MS = 4;
export const CONFIDENCE = 5;
/** 1: a withdrawal stands. */
export const IS_WITHDRAWN = 6;
/** 1: jumped away from what the last joint check saw, and does not count until the next. */
export const IS_PENDING = 7;
/** 1: takes part in the joint check. */
export const IS_HUB = 8;
/** Index of the venue; -1: no witness (aggregators, submissions). */
export const VENUE = 9;
/** 1, or a half for what only repeats others. */
export const SHARE = 10;
/** A residual under this is never an outlier. */
export const FLOOR_CBPS = 11;
/** 1: the last joint check said so. */
export const IS_OUTLIER = 12;
export const RESIDUAL_CBPS = 13;
/** Hash of the price, ready to be added to others. */
export const HASH_HIGH = 14;
export const HASH_LOW = 15;
export const OBSERVED_AT = 16;
/** Value at the last joint check that took it in; NaN: none yet. */
export const JUDGED = 17;
/** Candidate of the instant that is being taken in. */
export const STAGED_VALUE = 18;
export const STAGED_OFFSET = 19;
/** The same number for all slots of a source, ascending with its name. */
export const SOURCE = 20;
/** Index of the feed that the slot takes part in; -1: of none or of several (see Slot.feeds). */
export const FEED = 21;
/** A whole number of lines of the processor's cache (64 bytes), what is read together in one of them. */
const ROW = 24;

export class SlotTable {
  readonly numbers: Float64Array;
  /** Of the last price, by row. */
  readonly #texts: string[];
  readonly #fixed: (Fixed | undefined)[];

  constructor(slotCount: number) {
    this.numbers = new Float64Array(slotCount * ROW);
    this.#texts = new Array<string>(slotCount).fill('');
    this.#fixed = new Array<Fixed | undefined>(slotCount).fill(undefined);
  }

  /** Where the columns of a row begin: every `at` below is such a place. */
  static placeOf(row: number): number {
    return row * ROW;
  }

  text(at: number): string {
    return this.#texts[at / ROW]!;
  }

  setText(at: number, text: string): void {
    this.#texts[at / ROW] = text;
    this.#fixed[at / ROW] = undefined;
  }

  /** The exact price; computed when somebody needs it. */
  fixed(at: number): Fixed {
    return (this.#fixed[at / ROW] ??= parseFixed(this.text(at)));
  }
}
