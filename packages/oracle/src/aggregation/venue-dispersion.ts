// By how much the venues of a feed normally differ, over the last day. In: the distances of survivors from
// answers, at most once a minute. Out: the limit for the loss of a venue: 40 bps, or 100 where venues
// normally differ by more than 10.
import type { FeedBook } from './feed-book.ts';

const LIMIT_BPS = 40;
const LIMIT_WIDE_BPS = 100;
const WIDE_ABOVE_BPS = 10;
/** Of two venues one may be the liar, and nobody can say what is normal. */
const VENUES_NEEDED = 3;
const EVERY_MS = 60_000;
const HOUR_MS = 3_600_000;
const HOURS_KEPT = 24;
/**
 * Before nearly a day is known nothing is "normally": a liar who drifts away spends half a day between 10 and
 * 40.
 */
const HOURS_NEEDED = 20;

export class VenueDispersion {
  #hours: { hour: number; sum: number; count: number }[] = [];
  #lastAt: number = Number.NEGATIVE_INFINITY;
  #isWide = false;

  get limitBps(): number {
    return this.#isWide ? LIMIT_WIDE_BPS : LIMIT_BPS;
  }

  observe(at: number, value: number, book: FeedBook): void {
    if (at - this.#lastAt < EVERY_MS || book.countVenues() < VENUES_NEEDED) return;
    this.#lastAt = at;
    const distances: number[] = [];
    for (let o = 0; o < book.count; o++)
      distances.push(Math.abs(book.keys[book.order[o]!]! / value - 1) * 10_000);
    distances.sort((a, b) => a - b);
    // The nearest quarter of the others: a liar who keeps within the floor, and the crosses that he disturbs,
    // must not widen the limit that holds him.
    const near = distances[1 + ((distances.length - 2) >> 2)]!;
    this.#add(Math.floor(at / HOUR_MS), Math.round(near * 100) / 100);
  }

  #add(hour: number, bps: number): void {
    const last = this.#hours.at(-1);
    if (last?.hour === hour) {
      last.sum += bps;
      last.count++;
      return;
    }
    this.#hours.push({ hour, sum: bps, count: 1 });
    this.#hours = this.#hours.filter((known) => known.hour > hour - HOURS_KEPT);
    if (this.#hours.length < HOURS_NEEDED) {
      this.#isWide = false;
      return;
    }
    // Three quarters of the hours: a bad morning is not what is normal.
    const means = this.#hours.map((known) => known.sum / known.count).sort((a, b) => a - b);
    this.#isWide = means[means.length >> 2]! > WIDE_ABOVE_BPS;
  }
}
