// What a configuration means in numbers: currencies, venues and slots with indices, in an order that does not
// depend on the order of the configuration, so that permuting sources changes nothing. In: AggregationConfig.
// Out: Plan.
import type { AggregationConfig, FeedDefinition, SourceTraits } from '../model/feed.ts';
import { baseOf, type Pair, quoteOf } from '../model/pair.ts';
import { Slot } from './slot.ts';
import { SlotTable } from './slot-table.ts';

/** What only repeats others (aggregators, submissions) weighs half and is no venue. */
const REPEATED_SHARE = 0.5;
export const DOLLAR = 'USD';
/** A cross in dollars rests on at least so many venues when its feed says nothing else. */
export const CROSS_MINIMUM_VENUES = 2;

export type FeedInput = {
  slot: Slot;
  weight: number;
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
  /** The places of their rows in the table of slots. */
  rows: Int32Array;
  /** `from` of each input. */
  froms: Int32Array;
  /** 1: one over the price of the input counts; undefined: of none. */
  inverses: Uint8Array | undefined;
  /** Of each input; undefined: all are 1. */
  weights: Float64Array | undefined;
  /** Of its inputs, each once. */
  venues: number[];
  /** For each of `venues`. */
  inputsOfVenue: number[][];
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
  table: SlotTable;
  /**
   * By source, then pair: the few sources stay in the cache of the processor, thousands of pairs would not.
   */
  slotOf: Map<string, Map<Pair, Slot>>;
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
  const pairs = uniquePairs(config);
  const plan: Plan = {
    profile,
    currencies,
    isHubCurrency: currencies.map((currency) => hub.has(currency)),
    dollar: indexOf.get(DOLLAR) ?? -1,
    venues,
    slots: [],
    table: new SlotTable(pairs.length),
    slotOf: new Map(),
    feeds: [],
    names: new Map(config.sources.map((source) => [source.source, source.name])),
    checkIntervalMs: config.checkIntervalMs,
    minimumVenues: currencies.map(() => CROSS_MINIMUM_VENUES),
  };
  for (const each of pairs) addSlot(plan, { ...each, traits, indexOf });
  for (const definition of config.feeds) addFeed(plan, definition, indexOf);
  return plan;
}

function addSlot(
  plan: Plan,
  options: SourcePair & { traits: Map<string, SourceTraits>; indexOf: Map<string, number> },
): void {
  const { source, pair, row, indexOf } = options;
  const traits = options.traits.get(source);
  const base = indexOf.get(baseOf(pair))!;
  const quote = indexOf.get(quoteOf(pair))!;
  const isVenue = traits !== undefined && isWitness(traits);
  const isKnown = plan.slotOf.has(source);
  const slot = new Slot(plan.table, {
    index: plan.slots.length,
    row,
    // Slots are added in the order of their sources.
    sourceNumber: isKnown ? plan.slotOf.size - 1 : plan.slotOf.size,
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
  const ofSource = plan.slotOf.get(source) ?? new Map<Pair, Slot>();
  plan.slotOf.set(source, ofSource.set(pair, slot));
}

function addFeed(plan: Plan, definition: FeedDefinition, indexOf: Map<string, number>): void {
  const index = plan.feeds.length;
  const base = indexOf.get(baseOf(definition.feed))!;
  const quote = indexOf.get(quoteOf(definition.feed))!;
  const inputs: FeedInput[] = [];
  const foreign = new Set<number>();
  for (const { source, pair, weight } of definition.sources) {
    const slot = plan.slotOf.get(source)?.get(pair);
    if (slot === undefined || inputs.some((input) => input.slot === slot)) continue;
    const isInverse = slot.base !== base;
    if (isInverse && slot.quote !== base) continue;
    const from = isInverse ? slot.base : slot.quote;
    inputs.push({ slot, weight, isInverse, from });
    slot.joinFeed(index);
    slot.floorCbps = Math.max(slot.floorCbps, Math.round(definition.outlierFloorBps * 100));
    if (from !== quote) foreign.add(from);
  }
  inputs.sort((a, b) => a.slot.index - b.slot.index);
  const others = inputs.filter((input) => !input.slot.isSubmitted);
  if (quote === plan.dollar) plan.minimumVenues[base] = definition.minimumVenues;
  const venues = [...new Set(inputs.map((input) => input.slot.venue))].filter((venue) => venue >= 0);
  plan.feeds.push({
    definition,
    base,
    quote,
    isHub: plan.isHubCurrency[base]! && plan.isHubCurrency[quote]!,
    inputs,
    rows: Int32Array.from(inputs, (input) => input.slot.at),
    froms: Int32Array.from(inputs, (input) => input.from),
    inverses: inputs.some((input) => input.isInverse)
      ? Uint8Array.from(inputs, (input) => (input.isInverse ? 1 : 0))
      : undefined,
    weights: inputs.every((input) => input.weight === 1)
      ? undefined
      : Float64Array.from(inputs, (input) => input.weight),
    venues,
    inputsOfVenue: venues.map((venue) =>
      inputs.flatMap((input, i) => (input.slot.venue === venue ? [i] : [])),
    ),
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

type SourcePair = { source: string; pair: Pair; row: number };

/** In the order of their names; rows are given in the order of the feeds, which read them. */
function uniquePairs(config: AggregationConfig): SourcePair[] {
  const found = new Map<string, SourcePair>();
  for (const feed of config.feeds) {
    for (const { source, pair } of feed.sources) {
      const key = `${source} ${pair}`;
      if (!found.has(key)) found.set(key, { source, pair, row: found.size });
    }
  }
  return [...found.keys()].sort().map((key) => found.get(key)!);
}
