// What a configuration means in numbers: currencies, venues and slots with indices, in an order that does not
// depend on the order of the configuration, so that permuting sources changes nothing. In: AggregationConfig.
// Out: Plan.
import type { AggregationConfig, FeedDefinition, SourceTraits } from '../model/feed.ts';
import { baseOf, type Pair, quoteOf } from '../model/pair.ts';
import { Slot } from './slot.ts';

/** What only repeats others (aggregators, submissions) weighs half and is no venue. */
const REPEATED_SHARE = 0.5;
export const DOLLAR = 'USD';
/** A cross in dollars rests on at least so many venues when its feed says nothing else. */
export const CROSS_MINIMUM_VENUES = 2;

export type FeedInput = {
  slot: Slot;
  weight: number;
  isDirect: boolean;
  /** A pair that ends with the feed's base (USDT/KRW in KRW/USD): one over its price counts. */
  isInverse: boolean;
  /** What its price, or one over it, is counted in. */
  from: number;
};

export type FeedPlan = {
  definition: FeedDefinition;
  base: number;
  quote: number;
  /** Base and quote stand in the hub: the joint check judges its prices. */
  isHub: boolean;
  inputs: FeedInput[];
  /** Submissions do not count before somebody has submitted. */
  sourceCount: number;
  /** What clients submit, when the feed takes it. */
  submitted: Slot | undefined;
  /** Currencies that its prices must be converted from; empty: all are direct. */
  foreign: number[];
};

export type Plan = {
  profile: string;
  currencies: string[];
  isHubCurrency: boolean[];
  dollar: number;
  venues: string[];
  slots: Slot[];
  /** By pair, then source. */
  slotOf: Map<Pair, Map<string, Slot>>;
  slotsOfSource: Map<string, Slot[]>;
  feeds: FeedPlan[];
  names: Map<string, string>;
  checkIntervalMs: number;
  /** Venues that a currency's dollar rate wants, by currency. */
  minimumVenues: number[];
};

export function planOf(config: AggregationConfig, profile: string): Plan {
  const traits = new Map(config.sources.map((source) => [source.source, source]));
  const currencies = currenciesOf(config);
  const indexOf = new Map(currencies.map((currency, index) => [currency, index]));
  const hub = hubOf(config);
  const venues = [...new Set(config.sources.filter(isWitness).map((source) => source.venue))].sort();
  const plan: Plan = {
    profile,
    currencies,
    isHubCurrency: currencies.map((currency) => hub.has(currency)),
    dollar: indexOf.get(DOLLAR) ?? -1,
    venues,
    slots: [],
    slotOf: new Map(),
    slotsOfSource: new Map(),
    feeds: [],
    names: new Map(config.sources.map((source) => [source.source, source.name])),
    checkIntervalMs: config.checkIntervalMs,
    minimumVenues: currencies.map(() => CROSS_MINIMUM_VENUES),
  };
  for (const { source, pair } of uniquePairs(config)) addSlot(plan, { source, pair, traits, indexOf });
  for (const definition of config.feeds) addFeed(plan, definition, indexOf);
  return plan;
}

function addSlot(
  plan: Plan,
  options: { source: string; pair: Pair; traits: Map<string, SourceTraits>; indexOf: Map<string, number> },
): void {
  const { source, pair, indexOf } = options;
  const traits = options.traits.get(source);
  const base = indexOf.get(baseOf(pair))!;
  const quote = indexOf.get(quoteOf(pair))!;
  const isVenue = traits !== undefined && isWitness(traits);
  const slot = new Slot({
    index: plan.slots.length,
    source,
    pair,
    base,
    quote,
    venue: isVenue ? plan.venues.indexOf(traits.venue) : -1,
    share: isVenue ? 1 : REPEATED_SHARE,
    isSubmitted: traits?.kind === 'submitted',
    isHub: plan.isHubCurrency[base]! && plan.isHubCurrency[quote]!,
  });
  plan.slots.push(slot);
  const ofPair = plan.slotOf.get(pair) ?? new Map<string, Slot>();
  plan.slotOf.set(pair, ofPair.set(source, slot));
  const ofSource = plan.slotsOfSource.get(source) ?? [];
  ofSource.push(slot);
  plan.slotsOfSource.set(source, ofSource);
}

function addFeed(plan: Plan, definition: FeedDefinition, indexOf: Map<string, number>): void {
  const index = plan.feeds.length;
  const base = indexOf.get(baseOf(definition.feed))!;
  const quote = indexOf.get(quoteOf(definition.feed))!;
  const inputs: FeedInput[] = [];
  const foreign = new Set<number>();
  for (const { source, pair, weight } of definition.sources) {
    const slot = plan.slotOf.get(pair)?.get(source);
    if (slot === undefined || inputs.some((input) => input.slot === slot)) continue;
    const isInverse = slot.base !== base;
    if (isInverse && slot.quote !== base) continue;
    const from = isInverse ? slot.base : slot.quote;
    inputs.push({ slot, weight, isDirect: from === quote, isInverse, from });
    slot.feeds.push(index);
    slot.floorCbps = Math.max(slot.floorCbps, Math.round(definition.outlierFloorBps * 100));
    if (from !== quote) foreign.add(from);
  }
  inputs.sort((a, b) => a.slot.index - b.slot.index);
  const others = inputs.filter((input) => !input.slot.isSubmitted);
  if (quote === plan.dollar) plan.minimumVenues[base] = definition.minimumVenues;
  plan.feeds.push({
    definition,
    base,
    quote,
    isHub: plan.isHubCurrency[base]! && plan.isHubCurrency[quote]!,
    inputs,
    sourceCount: new Set(others.map((input) => input.slot.source)).size,
    submitted: inputs.find((input) => input.slot.isSubmitted)?.slot,
    foreign: [...foreign].sort((a, b) => a - b),
  });
}

function isWitness(traits: SourceTraits): boolean {
  return traits.kind === 'exchange' || traits.kind === 'pool';
}

/**
 * The configured hub, what feeds are quoted in, and what their sources are quoted in: all of it must be
 * priced jointly.
 */
function hubOf(config: AggregationConfig): Set<string> {
  const hub = new Set(config.hub);
  for (const feed of config.feeds) {
    hub.add(quoteOf(feed.feed));
    for (const { pair } of feed.sources) hub.add(quoteOf(pair));
  }
  return hub;
}

function currenciesOf(config: AggregationConfig): string[] {
  const currencies = hubOf(config).add(DOLLAR);
  for (const feed of config.feeds) {
    currencies.add(baseOf(feed.feed));
    for (const { pair } of feed.sources) currencies.add(baseOf(pair));
  }
  return [...currencies].sort();
}

function uniquePairs(config: AggregationConfig): { source: string; pair: Pair }[] {
  const found = new Map<string, { source: string; pair: Pair }>();
  for (const feed of config.feeds) {
    for (const { source, pair } of feed.sources) found.set(`${source} ${pair}`, { source, pair });
  }
  return [...found.keys()].sort().map((key) => found.get(key)!);
}
