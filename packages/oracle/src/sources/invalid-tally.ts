// Unreadable answers and malformed prices in a row, by transport and by pair. In: what came, good or bad.
// Out: whether it was one too many. Invariant: anything good in between begins the row anew.
import type { Pair } from '../model/pair.ts';
import type { Transport } from './blocks.ts';

/** So many in a row are no accident. */
export const INVALID_MAX = 5;

export class InvalidTally {
  readonly #byTransport = { stream: 0, poll: 0 };
  readonly #byPair = new Map<Pair, number>();

  /** An answer or frame could be read. */
  readable(transport: Transport): void {
    this.#byTransport[transport] = 0;
  }

  /** True when the row is full; it begins anew then. */
  unreadable(transport: Transport): boolean {
    if (++this.#byTransport[transport] < INVALID_MAX) return false;
    this.#byTransport[transport] = 0;
    return true;
  }

  sound(pair: Pair): void {
    if (this.#byPair.size > 0) this.#byPair.delete(pair);
  }

  /** True when the row of this pair is full; it begins anew then. */
  malformed(pair: Pair): boolean {
    const count = (this.#byPair.get(pair) ?? 0) + 1;
    if (count < INVALID_MAX) this.#byPair.set(pair, count);
    else this.#byPair.delete(pair);
    return count >= INVALID_MAX;
  }

  forget(): void {
    this.#byTransport.stream = 0;
    this.#byTransport.poll = 0;
    this.#byPair.clear();
  }
}
