// Which source serves which feed now, and why not where it does not. In: the feeds, the status of every
// source. Out: a row for each feed and source that serves it or could. Invariant: a pair is `live` only when
// its source says so of this very pair, and whatever is not live has a reason in words.
import type { FeedDefinition } from '@assay/oracle/model/feed';
import { baseOf, type Pair } from '@assay/oracle/model/pair';
import type { ShownSource } from './sources.ts';

export type Coverage = {
  feed: Pair;
  source: string;
  /** The pair of the source that serves, or could serve, the feed. */
  pair: Pair;
  isLive: boolean;
  /** False: the venue trades it, but nobody has put it under this feed. */
  isConfigured: boolean;
  /** In words: since when live, or why not. */
  reason: string;
};

export function coverageOf(feeds: readonly FeedDefinition[], sources: readonly ShownSource[]): Coverage[] {
  return feeds.flatMap(({ feed, sources: its }) => [
    ...its.map(({ source, pair }) => {
      const shown = sources.find((one) => one.source === source);
      return { feed, source, pair, isConfigured: true, ...verdictOf(shown, pair) };
    }),
    ...sources.flatMap(({ source, offers = [] }) =>
      offers
        .filter((pair) => baseOf(pair) === baseOf(feed))
        .filter((pair) => !its.some((one) => one.source === source && one.pair === pair))
        .map((pair) => ({
          feed,
          source,
          pair,
          isLive: false,
          isConfigured: false,
          reason: 'the venue trades it; it is not configured',
        })),
    ),
  ]);
}

/** States in which single pairs may be live. */
const GIVES_PRICES: readonly string[] = ['live', 'degraded'];

function verdictOf(shown: ShownSource | undefined, pair: Pair): { isLive: boolean; reason: string } {
  if (shown === undefined) return { isLive: false, reason: 'there is no such source' };
  const status = shown.pairs?.find((one) => one.pair === pair);
  if (status === undefined) return { isLive: false, reason: shown.sentence };
  const { isLive, ageMs, listing, quarantinedUntil } = status;
  const isKnown = GIVES_PRICES.includes(shown.state);
  if (isLive && isKnown) return { isLive, reason: `live, ${ageText(ageMs ?? 0)} old` };
  // The gravest first: what the venue does not trade needs the operator, the rest passes.
  if (listing?.detail) return { isLive: false, reason: `${listing.state}: ${listing.detail}` };
  if (quarantinedUntil !== null) {
    const until = new Date(quarantinedUntil).toISOString();
    return { isLive: false, reason: `left out by ourselves until ${until}: it disagrees or cannot be read` };
  }
  if (!isKnown) return { isLive: false, reason: shown.sentence };
  if (ageMs === null) return { isLive: false, reason: 'asked for; no price of it has come yet' };
  return { isLive: false, reason: `silent: the last price of it is ${ageText(ageMs)} old` };
}

function ageText(ms: number): string {
  return ms < 100_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}
