// How the prices that clients submit become one price. In: checked submissions. Out: for each pair the lower
// median of the newest submission of every client, at most one voice a client; and the submissions that will
// take no part.
//
// Invariants: the number of submissions of one client changes nothing, only its newest one counts; the price
// is one that a client really gave; clients per pair are bounded. What the one price is worth is not decided
// here: aggregation gives it half a weight and counts no venue for it.
import { type Fixed, parseFixed } from '@assay/kernel/money/fixed';
import type { Pair } from '../model/pair.ts';
import type { OfferedPrice } from '../model/submission.ts';

/** A submission has a voice for so long: the API takes nothing older either. */
export const VOICE_MS = 300_000;

/** Voices of one pair; past it the one heard from longest ago is forgotten. */
const CLIENTS_MAX = 1_000;

export type SubmittedPrice = { pair: Pair; price: string; observedAt: number; ids: string[] };
export type Unused = { pair: Pair; id: string; reason: string };

type Voice = { offered: OfferedPrice; value: Fixed };

export class SubmittedPrices {
  readonly #voices = new Map<Pair, Map<string, Voice>>();
  readonly #news = new Set<Pair>();

  /** Returns whoever lost its voice by it: the submission itself, or the one that it replaces. */
  take(offered: OfferedPrice): Unused | undefined {
    const voices = this.#voices.get(offered.pair) ?? new Map<string, Voice>();
    this.#voices.set(offered.pair, voices);
    const before = voices.get(offered.client);
    if (before?.offered.id === offered.id) return undefined;
    if (before !== undefined && before.offered.observedAt > offered.observedAt) {
      return unused(offered, `the same client has a newer price, ${before.offered.id}`);
    }
    voices.delete(offered.client);
    voices.set(offered.client, { offered, value: parseFixed(offered.price) });
    if (voices.size > CLIENTS_MAX) voices.delete(voices.keys().next().value!);
    const isUntold = this.#news.has(offered.pair);
    this.#news.add(offered.pair);
    // One that was told already keeps its fate.
    if (before === undefined || !isUntold) return undefined;
    return unused(before.offered, `the same client sent ${offered.id} before it could take part`);
  }

  /** The price of every pair for which there is news. */
  news(nowMs: number): SubmittedPrice[] {
    const prices = [...this.#news].flatMap((pair) => this.#median(pair, nowMs) ?? []);
    this.#news.clear();
    return prices;
  }

  /** How many clients have a voice now, by pair. */
  clientCounts(nowMs: number): Map<Pair, number> {
    const counts = new Map<Pair, number>();
    for (const pair of this.#voices.keys()) counts.set(pair, this.#current(pair, nowMs).length);
    return counts;
  }

  #median(pair: Pair, nowMs: number): SubmittedPrice | undefined {
    const voices = this.#current(pair, nowMs);
    if (voices.length === 0) return undefined;
    voices.sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
    const { price } = voices[Math.floor((voices.length - 1) / 2)]!.offered;
    const observedAt = Math.max(...voices.map(({ offered }) => offered.observedAt));
    return { pair, price, observedAt, ids: voices.map(({ offered }) => offered.id) };
  }

  #current(pair: Pair, nowMs: number): Voice[] {
    const voices = this.#voices.get(pair);
    if (voices === undefined) return [];
    for (const [client, { offered }] of voices) {
      if (nowMs - offered.observedAt > VOICE_MS) voices.delete(client);
    }
    return [...voices.values()];
  }
}

function unused({ pair, id }: OfferedPrice, reason: string): Unused {
  return { pair, id, reason };
}
