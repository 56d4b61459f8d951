// A venue's instrument list held against the pairs that we ask it for. In: the list, the pairs, the venue's
// spelling of them. Out: what the list says of each pair, and which others it would offer. Invariant: a pair
// is `listed` only when exactly the instrument that we would ask for has its base and quote and is trading.
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { Listing, ListingReport } from '../model/listing.ts';
import { baseOf, type Pair, quoteOf } from '../model/pair.ts';
import type { Instrument } from './define-source.ts';

export type ListingQuestion = {
  source: string;
  /** Configured pairs with the venue's spelling; pairs without one are left out. */
  symbols: ReadonlyMap<Pair, string>;
  instruments: readonly Instrument[];
  /** Bases of the feeds and the currencies they can be converted from. */
  wanted: { bases: ReadonlySet<string>; quotes: ReadonlySet<string> };
  now: number;
};

/** A list without most of what the venue gave us until now is a broken list, not a day of many delistings. */
const MISSING_MAX_SHARE = 0.5;
/** One or two pairs may all be gone at once. */
const BELIEVED_ANYWAY = 2;
/** More is no help to whoever reads it. */
const OFFERS_MAX = 100;

/** @throws AssayError SOURCE_BAD_PAYLOAD when the list cannot be meant */
export function reportOf({ source, symbols, instruments, wanted, now }: ListingQuestion): ListingReport {
  const bySymbol = new Map(instruments.map((instrument) => [instrument.symbol, instrument]));
  const byPair = new Map<Pair, Instrument[]>();
  for (const instrument of instruments) {
    const pair = pairOf(instrument);
    byPair.set(pair, [...(byPair.get(pair) ?? []), instrument]);
  }
  const listings = new Map<Pair, Listing>();
  for (const [pair, symbol] of symbols) {
    listings.set(pair, listingOf(pair, symbol, bySymbol.get(symbol), byPair.get(pair) ?? []));
  }
  const missing = [...listings.values()].filter(({ state }) => state === 'unlisted').length;
  if (missing > Math.max(BELIEVED_ANYWAY, MISSING_MAX_SHARE * symbols.size)) {
    throw new AssayError(
      'SOURCE_BAD_PAYLOAD',
      `the instrument list of ${source} has ${instruments.length} lines and lacks ${missing} of our ${symbols.size} pairs`,
      { context: { source, frame: 'instruments' } },
    );
  }
  const offers = [...byPair]
    .filter(([pair, some]) => !symbols.has(pair) && some.some(({ isTrading }) => isTrading))
    .map(([pair]) => pair)
    .filter((pair) => wanted.bases.has(baseOf(pair)) && wanted.quotes.has(quoteOf(pair)))
    .sort()
    .slice(0, OFFERS_MAX);
  return { readAt: now, listings, offers };
}

function listingOf(
  pair: Pair,
  symbol: string,
  found: Instrument | undefined,
  ofPair: readonly Instrument[],
): Listing {
  if (found === undefined) {
    const elsewhere = ofPair[0];
    if (elsewhere === undefined) return { state: 'unlisted', detail: `"${symbol}" is not in its list` };
    return {
      state: 'collision',
      detail: `"${symbol}" is not in its list, which calls ${pair} "${elsewhere.symbol}"`,
    };
  }
  const named = pairOf(found);
  if (named !== pair) {
    return { state: 'collision', detail: `"${symbol}" is ${titled(found, named)} there, not ${pair}` };
  }
  // Found by its own id, so the others of that ticker cannot be confused with it.
  if (!found.isTrading) return { state: 'halted', detail: `"${symbol}" is listed, but does not trade now` };
  return { state: 'listed', detail: '' };
}

function titled({ title }: Instrument, pair: Pair): string {
  return title === undefined ? pair : `${pair} (${title})`;
}

function pairOf({ base, quote }: Instrument): Pair {
  return `${base}/${quote}`;
}
