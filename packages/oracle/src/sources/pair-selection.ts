// Which pairs a source is asked for now. In: those that its feeds want, those that the venue has a name for,
// what the venue's own list says. Out: the active pairs, and why each of the others is not one. Invariant:
// what is active was wanted, can be spelled, and is not known to be something else there.
import { isAsked, type ListingReport, NO_REPORT } from '../model/listing.ts';
import type { Pair } from '../model/pair.ts';

export type GonePair = { pair: Pair; detail: string };

const NONE_TRADED = 'its own list has none of the pairs it is asked for';

export class PairSelection {
  active: readonly Pair[];
  /** Why nothing is asked for, when nothing is. */
  reason = '';
  listed: ListingReport = NO_REPORT;
  readonly #servable: ReadonlySet<Pair>;
  #wanted: readonly Pair[];
  #wantedReason = '';
  #activeSet: ReadonlySet<Pair>;

  constructor(servable: readonly Pair[]) {
    this.active = servable;
    this.#wanted = servable;
    this.#servable = new Set(servable);
    this.#activeSet = this.#servable;
  }

  isServable(pair: Pair): boolean {
    return this.#servable.has(pair);
  }

  isActive(pair: Pair): boolean {
    return this.#activeSet.has(pair);
  }

  /** What is no longer active, with the reason; undefined when nothing changed. */
  want(wanted: readonly Pair[], reason: string): GonePair[] | undefined {
    this.#wanted = wanted;
    this.#wantedReason = reason;
    const pairs = wanted.filter(
      (pair) => this.#servable.has(pair) && isAsked(this.listed.listings.get(pair)),
    );
    this.reason = pairs.length === 0 && wanted.length > 0 ? NONE_TRADED : reason;
    if (pairs.join(' ') === this.active.join(' ')) return undefined;
    const gone = this.active.filter((pair) => !pairs.includes(pair));
    this.active = pairs;
    this.#activeSet = new Set(pairs);
    return gone.map((pair) => {
      const untraded = wanted.includes(pair) ? this.listed.listings.get(pair)?.detail : undefined;
      return { pair, detail: untraded ?? `on standby: ${reason}` };
    });
  }

  followList(report: ListingReport): GonePair[] | undefined {
    this.listed = report;
    return this.want(this.#wanted, this.#wantedReason);
  }
}
