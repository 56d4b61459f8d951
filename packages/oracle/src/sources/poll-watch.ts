// Which polled prices have gone unanswered. In: answers, changes of pace, the passing of time. Out: the pairs
// whose source has not answered for two intervals and a timeout. Invariant: after a change of pace the first
// poll at the new one has its chance before anybody is called silent at that pace.
import type { Pair } from '../model/pair.ts';
import type { PriceBook } from './price-book.ts';

/** A poll that is hurried begins within this. */
const HURRY_MS = 250;

/** Somebody looks this often: one look earlier is within the limit, one later is not. */
const LOOK_EVERY_MS = 250;

export class PollWatch {
  readonly #timeoutMs: number;
  readonly #answeredAt = new Map<Pair, number>();
  #startedAt = 0;
  #paceChangedAt = 0;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  start(at: number): void {
    this.#startedAt = at;
  }

  answered(pair: Pair, at: number): void {
    this.#answeredAt.set(pair, at);
  }

  paceChanged(at: number): void {
    this.#paceChangedAt = at;
  }

  /** Longest time between two answers that is no silence, ms. */
  limitMs(intervalMs: number): number {
    return 2 * intervalMs + this.#timeoutMs;
  }

  /** Live pairs that are silent at the pace of now. */
  silent(pairs: readonly Pair[], book: PriceBook, intervalMs: number, now: number): Pair[] {
    if (now < this.#paceChangedAt + this.#timeoutMs + HURRY_MS) return [];
    return this.unanswered(pairs, book, intervalMs, now);
  }

  /** Live pairs without an answer within the limit of that interval, whatever the pace was. */
  unanswered(pairs: readonly Pair[], book: PriceBook, intervalMs: number, now: number): Pair[] {
    return pairs.filter((pair) => {
      const answeredAt = Math.max(this.#answeredAt.get(pair) ?? 0, this.#startedAt);
      return book.isLive(pair) && now - answeredAt >= this.limitMs(intervalMs) - LOOK_EVERY_MS;
    });
  }
}
