// Small markets for the tests of this folder: a configuration and instants from a few lines. Nothing here is
// random.
import { defaultFeedParameters } from '../model/default-feed-parameters.ts';
import type { AggregationConfig, FeedDefinition } from '../model/feed.ts';
import type { Instant } from '../model/instant.ts';
import { baseOf, type Pair } from '../model/pair.ts';
import type { SourcePrice, SourceRecord } from '../model/source-price.ts';

export const START_AT = 1_700_000_000_000;

/** One line of a market: source, pair, price. */
export type Line = readonly [source: string, pair: Pair, price: string];

export function configOf(
  feeds: readonly Pair[],
  lines: readonly Line[],
  changes: Partial<FeedDefinition> = {},
): AggregationConfig {
  const sources = [...new Set(lines.map(([source]) => source))];
  return {
    feeds: feeds.map((feed) => ({
      feed,
      ...defaultFeedParameters(feed),
      sources: lines
        .filter(([, pair]) => baseOf(pair) === baseOf(feed))
        .map(([source, pair]) => ({ source, pair, weight: 1 })),
      ...changes,
    })),
    sources: sources.map((source) => ({ source, name: source, venue: source, kind: 'exchange' })),
    hub: ['USD', 'USDT', 'USDC', 'EUR', 'BTC', 'ETH'],
    checkIntervalMs: 100,
  };
}

export function startOf(config: AggregationConfig): Instant {
  const record: SourceRecord = { type: 'start', profile: 'test', config };
  return { at: START_AT, records: [{ offset: 0, record }] };
}

/** All lines said at one instant, some milliseconds after the start. */
export function instantOf(
  afterMs: number,
  lines: readonly Line[],
  changes: Partial<SourcePrice> = {},
): Instant {
  const at = START_AT + afterMs;
  return {
    at,
    records: lines.map(([source, pair, price], index) => ({
      offset: afterMs * 1000 + index + 1,
      record: {
        type: 'price',
        source,
        pair,
        price,
        kind: 'ticker',
        observedAt: at,
        receivedAt: at,
        confidence: 1,
        transport: 'stream',
        profile: 'test',
        ...changes,
      },
    })),
  };
}
