// One price from the survivors of a book, by the feed's method, in integers. In: a loaded book. Out: the
// price, the central half, or nothing. `weighted-median` is the default; the others exist for feeds whose
// contract names them.
import { type Fixed, mulDiv } from '@assay/kernel/money/fixed';
import type { FeedBook } from './feed-book.ts';
import { NO_VENUE_EXCLUDED, type Pick, pickMedian, pickQuantile } from './weighted-median.ts';

/** A quarter from each side: what is left is the central half, as in the interval. */
const TRIMMED_PART = 4;
/** Parts of a window: a part leaves as a whole. */
const WINDOW_PARTS = 60;
const WINDOW_DEFAULT_MS = 300_000;
/** Volumes are weights, kept in millionths. */
const VOLUME_UNITS = 1e6;
const VOLUME_MOST = 9e15;

export type FeedPrice = { price: Fixed; low: Fixed; high: Fixed };

/** Undefined: nothing that a venue said survived. */
export function medianOf(book: FeedBook): FeedPrice | undefined {
  if (!pickMedian(book, NO_VENUE_EXCLUDED, picked)) return undefined;
  const { main } = book.table;
  const lower = book.exact(picked.lower, main);
  const price =
    picked.lower === picked.upper
      ? lower
      : mulDiv(lower + book.exact(picked.upper, main), 1n, 2n, 'halfEven');
  if (book.count === 1) return { price, low: price, high: price };
  const low = book.exact(pickQuantile(book, 0.25, NO_VENUE_EXCLUDED), main);
  const high = book.exact(pickQuantile(book, 0.75, NO_VENUE_EXCLUDED), main);
  return { price, low: low < price ? low : price, high: high > price ? high : price };
}

export function plainMedian(book: FeedBook): Fixed {
  const { order, count, table } = book;
  const upper = book.exact(order[count >> 1]!, table.main);
  if (count % 2 === 1) return upper;
  return mulDiv(book.exact(order[(count >> 1) - 1]!, table.main) + upper, 1n, 2n, 'halfEven');
}

export function trimmedMean(book: FeedBook): Fixed {
  const cut = Math.floor(book.count / TRIMMED_PART);
  let sum = 0n;
  for (let at = cut; at < book.count - cut; at++) sum += book.exact(book.order[at]!, book.table.main);
  return mulDiv(sum, 1n, BigInt(book.count - 2 * cut), 'halfEven');
}

/** The converted price of one source, its direct pair first. Undefined: it has none that survived. */
export function singleSource(book: FeedBook, source: string | undefined): Fixed | undefined {
  let best = -1;
  for (let at = 0; at < book.count; at++) {
    const i = book.order[at]!;
    if (book.plan.inputs[i]!.slot.source !== source) continue;
    if (best < 0 || book.weights[i]! > book.weights[best]!) best = i;
  }
  return best < 0 ? undefined : book.exact(best, book.table.main);
}

/** Sums over a moving window in parts: volume times price for VWAP, time times price for TWAP. */
export class PriceWindow {
  readonly #windowMs: number;
  readonly #partMs: number;
  #parts: { number: number; weighted: bigint; weight: bigint }[] = [];
  readonly #takenOffsets: Map<number, number> = new Map();
  #lastPrice: Fixed | undefined;
  #lastAt = 0;

  constructor(windowMs: number | undefined) {
    this.#windowMs = windowMs ?? WINDOW_DEFAULT_MS;
    this.#partMs = Math.max(1, this.#windowMs / WINDOW_PARTS);
  }

  /** Takes in the news of the survivors. Undefined: no volume in the window. */
  volumeWeighted(book: FeedBook, at: number): Fixed | undefined {
    for (let o = 0; o < book.count; o++) {
      const i = book.order[o]!;
      const { slot } = book.plan.inputs[i]!;
      if (this.#takenOffsets.get(i) === slot.offset) continue;
      this.#takenOffsets.set(i, slot.offset);
      const volume = Number(slot.volume ?? Number.NaN) * VOLUME_UNITS;
      if (!(volume >= 1)) continue;
      const units = BigInt(Math.round(Math.min(volume, VOLUME_MOST)));
      this.#add(at, book.exact(i, book.table.main), units);
    }
    return this.#mean(at);
  }

  /** @param price the weighted median now: it stands until the next */
  timeWeighted(price: Fixed, at: number): Fixed {
    const from = Math.max(this.#lastAt, at - this.#windowMs);
    if (this.#lastPrice !== undefined && at > from) this.#add(at, this.#lastPrice, BigInt(at - from));
    this.#lastPrice = price;
    this.#lastAt = at;
    return this.#mean(at) ?? price;
  }

  #add(at: number, price: Fixed, weight: bigint): void {
    const number = Math.floor(at / this.#partMs);
    let part = this.#parts.at(-1);
    if (part?.number !== number) this.#parts.push((part = { number, weighted: 0n, weight: 0n }));
    part.weighted += price * weight;
    part.weight += weight;
  }

  #mean(at: number): Fixed | undefined {
    const first = Math.floor((at - this.#windowMs) / this.#partMs);
    this.#parts = this.#parts.filter((part) => part.number > first);
    let weighted = 0n;
    let weight = 0n;
    for (const part of this.#parts) {
      weighted += part.weighted;
      weight += part.weight;
    }
    return weight === 0n ? undefined : mulDiv(weighted, 1n, weight, 'halfEven');
  }
}

const picked: Pick = { lower: 0, upper: 0 };
