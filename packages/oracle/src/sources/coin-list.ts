// The lists of coins that aggregators publish, as lines of an instrument list. In: coins by the aggregator's
// own ids, the pairs that are asked for. Out: for each coin of ours, and each other one under a ticker of
// ours, a line per currency that we have it quoted in. Invariant: a ticker is what the list says, never what
// we believe, so an id that means another coin is found.

import { baseOf, quoteOf } from '../model/pair.ts';
import type { Instrument, SourceContext } from './define-source.ts';

export type ListedCoin = {
  /** As it stands before the colon in what `symbol` of the adapter gives. */
  id: string;
  ticker: string;
  title: string | undefined;
  isActive: boolean;
};

/** A list has tens of thousands of coins; the others are left out here, so that it costs no memory. */
export function coinInstruments(coins: Iterable<ListedCoin>, context: SourceContext): Instrument[] {
  const ids = new Set<string>();
  const bases = new Set<string>();
  const quotes = new Map<string, string>();
  for (const pair of context.pairs) {
    const spelling = context.symbolOf(pair);
    const seam = spelling.lastIndexOf(':');
    ids.add(spelling.slice(0, seam));
    bases.add(baseOf(pair));
    quotes.set(spelling.slice(seam + 1), quoteOf(pair));
  }
  const instruments: Instrument[] = [];
  for (const { id, ticker, title, isActive } of coins) {
    const base = ticker.toUpperCase();
    if (!ids.has(id) && !bases.has(base)) continue;
    for (const [suffix, quote] of quotes) {
      const titled = title === undefined ? {} : { title };
      instruments.push({ symbol: `${id}:${suffix}`, base, quote, isTrading: isActive, ...titled });
    }
  }
  return instruments;
}

/** A name that may be absent. */
export function titleIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
