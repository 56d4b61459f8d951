// Whether a new price may be served at once: bounds, and the largest move within a minute. In: candidate
// prices in the order of instants. Out: nothing, or why the feed halts. A halt ends when the price comes back
// within the limit of what was served before, or when fresh news of the wanted number of venues confirm the
// move.
import { type Fixed, parseFixed } from '@assay/kernel/money/fixed';
import type { FeedDefinition } from '../model/feed.ts';
import type { FeedBook } from './feed-book.ts';

/** "Within a minute". */
const MOVE_WINDOW_MS = 60_000;
/** Served prices remembered within the window; one per 10 s is enough to see a move by steps. */
const REFERENCE_EVERY_MS = 10_000;
const MINIMUM_CONFIRMING_VENUES = 1;

type Reference = { at: number; price: number };

export class PriceGuard {
  readonly #minimum: Fixed | undefined;
  readonly #maximum: Fixed | undefined;
  readonly #maximumMove: number;
  readonly #venuesWanted: number;
  #references: Reference[] = [];
  #isHalted = false;

  constructor(definition: FeedDefinition) {
    const { minimumPrice, maximumPrice } = definition;
    this.#minimum = minimumPrice === undefined ? undefined : parseFixed(minimumPrice);
    this.#maximum = maximumPrice === undefined ? undefined : parseFixed(maximumPrice);
    this.#maximumMove = definition.maximumMoveBps / 10_000;
    this.#venuesWanted = Math.max(MINIMUM_CONFIRMING_VENUES, definition.minimumVenues);
  }

  /** What was served before still is the reference for the next move. */
  inherit(before: PriceGuard): void {
    this.#references = before.#references;
    this.#isHalted = before.#isHalted;
  }

  /** Undefined: serve it. Otherwise the cause of the halt. */
  judge(at: number, candidate: Fixed, value: number, book: FeedBook): string | undefined {
    if (this.#minimum !== undefined && candidate < this.#minimum) return 'bounds:minimum';
    if (this.#maximum !== undefined && candidate > this.#maximum) return 'bounds:maximum';
    const reference = this.#referenceAt(at);
    if (reference !== undefined) {
      const move = value / reference.price - 1;
      if (Math.abs(move) > this.#maximumMove && !this.#isConfirmed(reference, value, book)) {
        this.#isHalted = true;
        return `move:${Math.round(move * 10_000)}bps`;
      }
      if (Math.abs(move) > this.#maximumMove) this.#references = [];
    }
    this.#isHalted = false;
    this.#remember(at, value);
    return undefined;
  }

  /**
   * While halted the reference stays what it was: otherwise every halt would end by itself after a minute.
   */
  #referenceAt(at: number): Reference | undefined {
    if (this.#isHalted) return this.#references[0];
    let old = 0;
    while (old < this.#references.length && this.#references[old]!.at < at - MOVE_WINDOW_MS) old++;
    if (old > 0) this.#references.splice(0, old);
    return this.#references[0];
  }

  #remember(at: number, price: number): void {
    const last = this.#references.at(-1);
    if (last === undefined || at - last.at >= REFERENCE_EVERY_MS) this.#references.push({ at, price });
    else if (at === last.at) last.price = price;
  }

  /**
   * News since the reference, nearer to the new price than to the old one, from as many venues as the feed
   * wants.
   */
  #isConfirmed(reference: Reference, value: number, book: FeedBook): boolean {
    const venues = new Set<number>();
    for (let o = 0; o < book.count; o++) {
      const i = book.order[o]!;
      const { slot } = book.plan.inputs[i]!;
      const key = book.keys[i]!;
      const isWithIt = Math.abs(key - value) < Math.abs(key - reference.price);
      if (slot.venue >= 0 && slot.observedAt > reference.at && isWithIt) venues.add(slot.venue);
    }
    return venues.size >= this.#venuesWanted;
  }
}
