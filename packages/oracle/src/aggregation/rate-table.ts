// The exact rates of the hub currencies after a joint check. In: the prices that survived it, with weights.
// Out: for each currency its rate to the anchor (the dollar), with all venues and again without each venue in
// turn. A rate is the weighted median of direct prices (which count twice) and of those that one source's
// pair of prices implies (BTC/USD over BTC/USDT); a currency that has neither is converted through one that
// has a rate. Doubles order the candidates, integers compute.
import { FIXED_ONE, type Fixed, mulDiv } from '@assay/kernel/money/fixed';
import { venueCapOf } from './venue-cap.ts';
import { NO_VENUE_EXCLUDED, type Pick, pickMedian, pickQuantile, type Weighted } from './weighted-median.ts';

/** One surviving price of the hub. */
export type HubPrice = {
  source: string;
  venue: number;
  base: number;
  quote: number;
  value: number;
  fixed: Fixed;
  weight: number;
};

type RateFacts = { prices: readonly HubPrice[]; currencyCount: number; anchors: Int32Array };

type Candidate = {
  value: number;
  weight: number;
  venue: number;
  /** The price itself, or the two whose product leads to the anchor. */
  first: HubPrice;
  second: HubPrice | undefined;
};

export type RateSet = {
  /** Rate by currency; NaN: none. */
  values: Float64Array;
  /** Chosen candidates by currency (two at a tie); and for converted ones the currency in between. */
  chosen: (readonly Link[] | undefined)[];
  /** See RateTable.factorsTo. */
  factors: (Float64Array | undefined)[];
};
type Link = { candidate: Candidate; through: number };

export class RateTable {
  readonly main: RateSet;
  readonly #prices: readonly HubPrice[];
  readonly #currencyCount: number;
  /** Anchor by currency; -1: the check does not know the currency. */
  readonly anchors: Int32Array;
  readonly #candidates: (CandidateSet | undefined)[];
  readonly #without: Map<number, RateSet> = new Map();
  readonly #exact: Map<RateSet, (Fixed | undefined)[]> = new Map();

  /**
   * @param options.without rates without a venue that were computed from other survivors than `prices`
   * @param options.isMainOnly no rates without a venue are wanted
   */
  constructor(options: RateFacts & { without?: ReadonlyMap<number, RateSet>; isMainOnly?: boolean }) {
    this.#prices = options.prices;
    this.#currencyCount = options.currencyCount;
    this.anchors = options.anchors;
    this.#candidates = candidatesOf(options);
    this.main = this.#solve(NO_VENUE_EXCLUDED);
    if (options.isMainOnly === true) return;
    for (const venue of new Set(options.prices.map((price) => price.venue))) {
      if (venue >= 0 && options.without?.has(venue) !== true) this.#without.set(venue, this.#solve(venue));
    }
    for (const [venue, set] of options.without ?? []) this.#without.set(venue, set);
  }

  /** Venues whose absence can change a rate. */
  get venues(): IterableIterator<number> {
    return this.#without.keys();
  }

  without(venue: number): RateSet {
    return this.#without.get(venue) ?? this.main;
  }

  /** Factor from one currency to another as a double; NaN: there is none. */
  factor(set: RateSet, from: number, to: number): number {
    if (from === to) return 1;
    if (this.anchors[from] !== this.anchors[to]) return Number.NaN;
    return set.values[from]! / set.values[to]!;
  }

  /** Factors from every currency to one, computed once per check. */
  factorsTo(set: RateSet, to: number): Float64Array {
    const known = set.factors[to];
    if (known !== undefined) return known;
    const factors = new Float64Array(this.#currencyCount);
    for (let from = 0; from < factors.length; from++) factors[from] = this.factor(set, from, to);
    set.factors[to] = factors;
    return factors;
  }

  /** An exact price converted; the two rates enter one rounding. */
  convert(set: RateSet, price: Fixed, from: number, to: number): Fixed {
    if (from === to) return price;
    return mulDiv(price, this.exact(set, from), this.exact(set, to), 'halfEven');
  }

  /** Exact rate of a currency that has one. */
  exact(set: RateSet, currency: number): Fixed {
    let known = this.#exact.get(set);
    if (known === undefined) this.#exact.set(set, (known = []));
    return (known[currency] ??= this.#compute(set, currency));
  }

  /** Distinct venues and sources that a currency's rate rests on, and its central half. */
  supportOf(currency: number): { venues: number[]; sources: string[]; low: number; high: number } {
    const set = this.#candidates[currency];
    const links = set === undefined ? [] : set.list;
    const venues = new Set(links.map((link) => link.venue).filter((venue) => venue >= 0));
    const sources = new Set(links.map((link) => link.first.source));
    const value = this.main.values[currency]!;
    if (set === undefined || set.list.length === 0) {
      for (const { candidate } of this.main.chosen[currency] ?? []) {
        sources.add(candidate.first.source);
        if (candidate.venue >= 0) venues.add(candidate.venue);
      }
      return { venues: [...venues].sort((a, b) => a - b), sources: [...sources], low: value, high: value };
    }
    return {
      venues: [...venues].sort((a, b) => a - b),
      sources: [...sources],
      low: set.list[pickQuantile(set, 0.25, NO_VENUE_EXCLUDED)]!.value,
      high: set.list[pickQuantile(set, 0.75, NO_VENUE_EXCLUDED)]!.value,
    };
  }

  #solve(withoutVenue: number): RateSet {
    const values = new Float64Array(this.#currencyCount).fill(Number.NaN);
    const chosen: (readonly Link[] | undefined)[] = [];
    for (let currency = 0; currency < this.#currencyCount; currency++) {
      if (this.anchors[currency] === currency) values[currency] = 1;
      const set = this.#candidates[currency];
      if (set === undefined || !pickMedian(set, withoutVenue, picked)) continue;
      const lower = set.list[picked.lower]!;
      const upper = set.list[picked.upper]!;
      values[currency] = lower === upper ? lower.value : (lower.value + upper.value) / 2;
      const anchor = this.anchors[currency]!;
      chosen[currency] =
        lower === upper
          ? [{ candidate: lower, through: anchor }]
          : [lower, upper].map((candidate) => ({ candidate, through: anchor }));
    }
    this.#solveConverted(values, chosen, withoutVenue);
    return { values, chosen, factors: [] };
  }

  /** Currencies without a direct or implied rate, through those that have one, ring by ring. */
  #solveConverted(values: Float64Array, chosen: (readonly Link[] | undefined)[], withoutVenue: number): void {
    for (let ring = 0; ring < this.#currencyCount; ring++) {
      const found: { currency: number; value: number; links: Link[] }[] = [];
      for (let currency = 0; currency < this.#currencyCount; currency++) {
        if (this.anchors[currency]! < 0 || !Number.isNaN(values[currency]!)) continue;
        const links = this.#linksThrough(currency, values, withoutVenue);
        const set = weightedOf(links.map((link) => link.candidate));
        if (!pickMedian(set, NO_VENUE_EXCLUDED, picked)) continue;
        const ends = picked.lower === picked.upper ? [picked.lower] : [picked.lower, picked.upper];
        const value = ends.reduce((sum, end) => sum + links[end]!.candidate.value, 0) / ends.length;
        found.push({ currency, value, links: ends.map((end) => links[end]!) });
      }
      if (found.length === 0) return;
      for (const { currency, value, links } of found) {
        values[currency] = value;
        chosen[currency] = links;
      }
    }
  }

  #linksThrough(currency: number, values: Float64Array, withoutVenue: number): Link[] {
    const links: Link[] = [];
    for (const price of this.#prices) {
      if (price.venue === withoutVenue || (price.base !== currency && price.quote !== currency)) continue;
      const through = price.base === currency ? price.quote : price.base;
      if (Number.isNaN(values[through]!)) continue;
      const value = stepValue(price, currency) * values[through]!;
      const { weight, venue } = price;
      links.push({ candidate: { value, weight, venue, first: price, second: undefined }, through });
    }
    return links;
  }

  #compute(set: RateSet, currency: number): Fixed {
    if (this.anchors[currency] === currency) return FIXED_ONE;
    const exact = (set.chosen[currency] ?? []).map(({ candidate, through }) => {
      let rate = stepExact(candidate.first, currency, FIXED_ONE);
      let at = otherEnd(candidate.first, currency);
      if (candidate.second !== undefined) {
        rate = stepExact(candidate.second, at, rate);
        at = otherEnd(candidate.second, at);
      }
      return at === through && this.anchors[currency] !== through
        ? mulDiv(rate, this.exact(set, through), FIXED_ONE, 'halfEven')
        : rate;
    });
    return exact.length === 2 ? mulDiv(exact[0]! + exact[1]!, 1n, 2n, 'halfEven') : exact[0]!;
  }
}

/** A table that knows no currency: nothing can be converted. */
export function emptyRateTable(currencyCount: number): RateTable {
  return new RateTable({ prices: [], currencyCount, anchors: new Int32Array(currencyCount).fill(-1) });
}

type CandidateSet = Weighted & { list: Candidate[] };
const picked: Pick = { lower: 0, upper: 0 };

/** Direct prices and one source's pairs, by currency. */
function candidatesOf(options: RateFacts): (CandidateSet | undefined)[] {
  const { prices, currencyCount, anchors } = options;
  const lists: Candidate[][] = Array.from({ length: currencyCount }, () => []);
  for (const first of prices) {
    for (const currency of [first.base, first.quote]) {
      const anchor = anchors[currency]!;
      if (anchor < 0 || anchor === currency) continue;
      const middle = otherEnd(first, currency);
      const value = stepValue(first, currency);
      if (middle === anchor) {
        const weight = first.weight * 2;
        lists[currency]!.push({ value, weight, venue: first.venue, first, second: undefined });
        continue;
      }
      for (const second of prices) {
        if (second.source !== first.source || second === first) continue;
        const leads =
          (second.base === middle && second.quote === anchor) ||
          (second.quote === middle && second.base === anchor);
        if (!leads) continue;
        lists[currency]!.push({
          value: value * stepValue(second, middle),
          weight: Math.min(first.weight, second.weight),
          venue: first.venue,
          first,
          second,
        });
      }
    }
  }
  for (const list of lists) capCandidates(list);
  return lists.map((list) => (list.length === 0 ? undefined : { list, ...weightedOf(list) }));
}

/** A venue with many pairs has many voices for one currency: together they count as one venue's. */
function capCandidates(list: readonly Candidate[]): void {
  const sums = new Map<number, number>();
  for (const { venue, weight } of list) sums.set(venue, (sums.get(venue) ?? 0) + weight);
  const cap = venueCapOf([...sums.values()]);
  for (const candidate of list) {
    const sum = sums.get(candidate.venue)!;
    if (sum > cap) candidate.weight = Math.round((candidate.weight * cap) / sum);
  }
}

function weightedOf(list: readonly Candidate[]): Weighted {
  const positions = list.map((_, position) => position);
  positions.sort((a, b) => compareCandidates(list[a]!, list[b]!));
  return {
    order: Int32Array.from(positions),
    count: list.length,
    weights: Float64Array.from(list, (candidate) => candidate.weight),
    venues: Int32Array.from(list, (candidate) => candidate.venue),
  };
}

/** Prices come in the order of their slots, so a stable sort is enough for equal values. */
function compareCandidates(a: Candidate, b: Candidate): number {
  return a.value - b.value;
}

function otherEnd(price: HubPrice, currency: number): number {
  return price.base === currency ? price.quote : price.base;
}

/** One unit of `currency` in the other currency of this price. */
function stepValue(price: HubPrice, currency: number): number {
  return price.base === currency ? price.value : 1 / price.value;
}

function stepExact(price: HubPrice, currency: number, amount: Fixed): Fixed {
  return price.base === currency
    ? mulDiv(amount, price.fixed, FIXED_ONE, 'halfEven')
    : mulDiv(amount, FIXED_ONE, price.fixed, 'halfEven');
}
