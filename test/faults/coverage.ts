// What must happen when venues die, computed from the coverage table alone: which sources price which pairs.
// In: the configuration, the dead. Out: for each feed the state it must show. No code of the aggregation is
//   used here.
//
//   ok        at least its minimum of independent venues remain whose prices reach the feed's quote
//             currency without resting on one venue's word, and no single venue's loss would leave none
//   stale     no venue's word remains that reaches the feed's quote currency: aggregators repeat what venues
//             say, and neither a price nor a rate of theirs alone makes an answer
//   degraded  everything between
import type { AggregationConfig, FeedDefinition } from '@assay/oracle/model/feed';
import { baseOf, quoteOf } from '@assay/oracle/model/pair';

export type ExpectedState = 'ok' | 'degraded' | 'stale';
export type Expectation = { feed: string; state: ExpectedState; venues: number; minimum: number };

type Edge = { source: string; venue: string | undefined; base: string; quote: string };

export class Coverage {
  readonly #config: AggregationConfig;
  readonly #edges: Edge[];

  constructor(config: AggregationConfig) {
    this.#config = config;
    const traits = new Map(config.sources.map((source) => [source.source, source]));
    this.#edges = config.feeds.flatMap((feed) =>
      feed.sources.map(({ source, pair }): Edge => {
        const its = traits.get(source);
        const isWitness = its?.kind === 'exchange' || its?.kind === 'pool';
        return { source, venue: isWitness ? its.venue : undefined, base: baseOf(pair), quote: quoteOf(pair) };
      }),
    );
  }

  expect(dead: ReadonlySet<string>): Expectation[] {
    const witnesses = this.#edges.filter((edge) => edge.venue !== undefined && !dead.has(edge.source));
    return this.#config.feeds.map((feed) => {
      const sound = venuesOf(feed, witnesses, (quote) => isSound(witnesses, quote, quoteOf(feed.feed)));
      const answering = venuesOf(feed, witnesses, (quote) => reaches(witnesses, quote, quoteOf(feed.feed)));
      const survives = [...sound].every((venue) => isPricedWithout(feed, witnesses, venue));
      const minimum = feed.minimumVenues;
      const isOk = sound.size >= minimum && survives;
      const state = isOk ? 'ok' : answering.size > 0 ? 'degraded' : 'stale';
      return { feed: feed.feed, state, venues: sound.size, minimum };
    });
  }

  /** The table: which sources price which feed, by pair. */
  rows(): { feed: string; minimum: number; sources: string[] }[] {
    return this.#config.feeds.map((feed) => ({
      feed: feed.feed,
      minimum: feed.minimumVenues,
      sources: feed.sources.map(({ source, pair }) => (pair === feed.feed ? source : `${source} (${pair})`)),
    }));
  }
}

function venuesOf(
  feed: FeedDefinition,
  edges: readonly Edge[],
  counts: (quote: string) => boolean,
): Set<string> {
  const found = new Set<string>();
  for (const { source, pair } of feed.sources) {
    const edge = edges.find(
      (one) => one.source === source && one.base === baseOf(pair) && one.quote === quoteOf(pair),
    );
    if (edge?.venue !== undefined && counts(edge.quote)) found.add(edge.venue);
  }
  return found;
}

/** A rate is sound when no single venue's loss cuts it off. */
function isSound(edges: readonly Edge[], from: string, to: string): boolean {
  if (from === to) return true;
  const venues = new Set(edges.map((edge) => edge.venue));
  return [...venues].every((venue) =>
    reaches(
      edges.filter((edge) => edge.venue !== venue),
      from,
      to,
    ),
  );
}

function isPricedWithout(feed: FeedDefinition, edges: readonly Edge[], venue: string): boolean {
  const left = edges.filter((edge) => edge.venue !== venue);
  return venuesOf(feed, left, (quote) => reaches(left, quote, quoteOf(feed.feed))).size > 0;
}

/** Whether pairs of these sources lead from one currency to another. */
function reaches(edges: readonly Edge[], from: string, to: string): boolean {
  const seen = new Set([from]);
  const ahead = [from];
  for (let at = ahead.pop(); at !== undefined; at = ahead.pop()) {
    if (at === to) return true;
    for (const { base, quote } of edges) {
      const next = base === at ? quote : quote === at ? base : undefined;
      if (next === undefined || seen.has(next)) continue;
      seen.add(next);
      ahead.push(next);
    }
  }
  return false;
}

/** All ways to choose `count` of `items`, in order. */
export function choices<T>(items: readonly T[], count: number): T[][] {
  if (count === 0) return [[]];
  return items.flatMap((item, index) =>
    choices(items.slice(index + 1), count - 1).map((rest) => [item, ...rest]),
  );
}
