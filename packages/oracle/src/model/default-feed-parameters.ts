// The parameters of a feed that says nothing else. In: the pair and how many venues it has. Out: numbers,
// each with a reason.
import type { FeedDefinition } from './feed.ts';
import { baseOf, type Pair, quoteOf } from './pair.ts';

/** What prices are quoted in, and what stands in the middle between them: checked jointly. */
export const DEFAULT_HUB: readonly string[] = ['USD', 'USDT', 'USDC', 'EUR', 'BTC', 'ETH'];
/** Currencies among themselves have few direct markets. */
const CURRENCIES: readonly string[] = ['USD', 'USDT', 'USDC', 'EUR', 'GBP', 'DAI'];

export const DEFAULT_CHECK_INTERVAL_MS = 100;

export type FeedParameters = Omit<FeedDefinition, 'feed' | 'sources'>;

/**
 * @param venueCount independent venues that are configured for the feed; absent: as many as wanted. A feed
 *   wants 3, a cross 2, but never more than what is left when one venue fails.
 */
export function defaultFeedParameters(feed: Pair, options: { venueCount?: number } = {}): FeedParameters {
  const isCross = CURRENCIES.includes(baseOf(feed)) && CURRENCIES.includes(quoteOf(feed));
  const wanted = isCross ? 2 : 3;
  const survivable = Math.max(1, (options.venueCount ?? wanted + 1) - 1);
  return {
    decimals: 8,
    // A consumer's contract sees a price at least hourly, and any move of half a per cent at once.
    heartbeatMs: 3_600_000,
    deviationThresholdPpb: 5_000_000,
    method: 'weighted-median',
    minimumVenues: Math.min(wanted, survivable),
    // Venues of one asset differ by less than this in 99.9 % of the recorded minutes outside a crisis.
    outlierFloorBps: 60,
    // More than 5 % in a minute has been an error more often than news.
    maximumMoveBps: 500,
    // The longest that a single source price may be fresh: after it nothing can have been heard.
    staleAfterMs: 300_000,
  };
}
