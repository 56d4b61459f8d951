// The markets of `tick-to-client`: 1,000 feeds of ten or thirty sources, the first of them the crosses on
// which conversion rests. Known to the pipeline that reads it and the venue that plays it.
import { defaultFeedParameters } from '@assay/oracle/model/default-feed-parameters';
import type { FeedDefinition } from '@assay/oracle/model/feed';

const FEEDS = 1_000;

/** How many of the sources quote dollars; the rest quote USDT, and every move of USDT moves all feeds. */
export const MARKETS = {
  dollars: { sources: 10, dollars: 10 },
  mixed: { sources: 10, dollars: 7 },
  wide: { sources: 30, dollars: 30 },
} as const;
export type Market = keyof typeof MARKETS;

export function sourceIds(market: Market): string[] {
  return Array.from({ length: MARKETS[market].sources }, (_, i) => `venue${i}`);
}

/** How many instruments are traded: one of each feed at each source. */
export function instrumentCount(market: Market): number {
  return FEEDS * MARKETS[market].sources;
}

const CROSSES = ['USDT', 'USDC', 'EUR', 'BTC', 'ETH'];
const BASES = [...CROSSES, ...Array.from({ length: FEEDS - CROSSES.length }, (_, i) => `A${i}`)];
/** Places about which prices move, dollars; USDT a little under one, so that conversion is not by one. */
const LEVELS: Record<string, number> = { USDT: 0.9995, USDC: 1, EUR: 1.08, BTC: 67_000, ETH: 3_000 };

export function feedsOfBench(market: Market): FeedDefinition[] {
  return BASES.map((base) => ({
    feed: `${base}/USD`,
    ...defaultFeedParameters(`${base}/USD`, { venueCount: MARKETS[market].sources }),
    sources: sourceIds(market).map((source, index) => ({
      source,
      pair: pairOf(base, index, market),
      weight: 1,
    })),
  }));
}

export function pairsOfSource(source: string, market: Market): string[] {
  const index = sourceIds(market).indexOf(source);
  return BASES.map((base) => pairOf(base, index, market));
}

/** A dollar venue of USDT itself is one; the others quote everything but USDT in USDT. */
function pairOf(base: string, source: number, market: Market): string {
  return source < MARKETS[market].dollars || base === 'USDT' ? `${base}/USD` : `${base}/USDT`;
}

/**
 * Symbol as the venue spells it, and a price near its level whose digits change from one trade to the next.
 */
export function tradeOf(turn: number, market: Market): { source: string; symbol: string; price: string } {
  const base = BASES[turn % FEEDS]!;
  const source = Math.floor(turn / FEEDS) % MARKETS[market].sources;
  const [, quote] = pairOf(base, source, market).split('/');
  const level = (LEVELS[base] ?? 10 + (turn % FEEDS)) / (quote === 'USDT' ? LEVELS.USDT! : 1);
  // Half a basis point either way: venues agree, and no two prices in a row are the same.
  const wobble = 1 + (((turn * 7_919) % 101) - 50) / 1e6;
  return { source: `venue${source}`, symbol: `${base}${quote}`, price: (level * wobble).toFixed(8) };
}
