// The last price that was published of each pair of one source: what decides whether another one is news. In:
// checked prices, signs of life, silence. Out: the record to publish, or why there is none. Invariant: of one
// pair the published `observedAt` never goes back, and the same news is never published twice unless
// something new is known about it.
import type { Pair } from '../model/pair.ts';
import type { SourcePrice } from '../model/source-price.ts';
import { type CheckedPrice, type Rejection, sourcePriceOf } from './price-check.ts';

export type Stamp = { source: string; profile: string; transport: 'stream' | 'poll'; confidence: number };

/** A quiet price of an intact stream is confirmed this often: under the 10 s in which silence must show. */
export const RENEW_AFTER_MS = 8_000;

/** Arrivals of one source are not this far out of order unless our clock was set back. */
const SET_BACK_MS = 2_000;

type Entry = { last: SourcePrice; isWithdrawn: boolean };

export class PriceBook {
  readonly #entries = new Map<Pair, Entry>();

  last(pair: Pair): SourcePrice | undefined {
    return this.#entries.get(pair)?.last;
  }

  /** Published, and not taken back since. */
  isLive(pair: Pair): boolean {
    return this.#entries.get(pair)?.isWithdrawn === false;
  }

  /** Newest instant for which the source vouches, ms. */
  freshAt(pair: Pair): number | undefined {
    const last = this.last(pair);
    return last === undefined ? undefined : Math.max(last.observedAt, last.freshAt ?? 0);
  }

  /**
   * @param isStreamHeard a polled price without the venue's time proves nothing against a stream that speaks
   */
  offer(checked: CheckedPrice, stamp: Stamp, isStreamHeard: boolean): SourcePrice | Rejection {
    const entry = this.#entries.get(checked.pair);
    if (entry !== undefined) {
      const { last, isWithdrawn } = entry;
      // Times of ours from before our clock was set back prove nothing against times from after it.
      const isSetBack = checked.receivedAt < last.receivedAt - SET_BACK_MS;
      if (checked.observedAt < last.observedAt && !isSetBack) return 'older';
      if (!isWithdrawn) {
        if (checked.observedAt === last.observedAt && checked.price === last.price) return 'unchanged';
        const isOvertaking = stamp.transport === 'poll' && last.transport === 'stream' && isStreamHeard;
        if (isOvertaking && !checked.hasVenueTime) return 'unproven';
      }
    }
    const record = sourcePriceOf(checked, stamp);
    this.#entries.set(checked.pair, { last: record, isWithdrawn: false });
    return record;
  }

  /** The last streamed price again, vouched for up to `aliveAt`; undefined while it needs no renewal. */
  renew(pair: Pair, aliveAt: number, confidence: number): SourcePrice | undefined {
    const entry = this.#entries.get(pair);
    if (entry === undefined || entry.isWithdrawn || entry.last.transport !== 'stream') return undefined;
    const known = Math.max(entry.last.observedAt, entry.last.receivedAt, entry.last.freshAt ?? 0);
    if (aliveAt - known < RENEW_AFTER_MS) return undefined;
    const record: SourcePrice = { ...entry.last, freshAt: aliveAt, confidence };
    entry.last = record;
    return record;
  }

  /** Marks what must not be believed any more; returns the pairs for which that is news. */
  withdraw(pairs: readonly Pair[], transport?: SourcePrice['transport']): Pair[] {
    return pairs.filter((pair) => {
      const entry = this.#entries.get(pair);
      if (entry === undefined || entry.isWithdrawn) return false;
      if (transport !== undefined && entry.last.transport !== transport) return false;
      entry.isWithdrawn = true;
      return true;
    });
  }
}
