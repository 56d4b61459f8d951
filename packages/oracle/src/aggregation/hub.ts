// The hub: all prices between quote currencies and hub assets, checked together (ARCHITECTURE.md, points 2
// to 5). In: the slots at an instant. Out: verdicts on the slots, a RateTable and the Check record. Memory:
// the last rate of each currency that no single venue can move; it ties the next check to continuity, weakly
// and by value only.
import { type Fixed, formatFixed, parseFixed } from '@assay/kernel/money/fixed';
import type { Check, CheckRate, DecisionInput, Verdict } from '../model/decision.ts';
import { impliedPrice } from './implied-price.ts';
import { finishHash, type HashPair, hashToText } from './input-hash.ts';
import { capVenues, type Statements, solveLeastAbsolute } from './joint-check.ts';
import { outlierLimit } from './outlier-limit.ts';
import type { Plan } from './plan.ts';
import { emptyRateTable, type HubPrice, type RateSet, RateTable } from './rate-table.ts';
import { CBPS_PER_LN, type Slot, WEIGHT_ONE } from './slot.ts';

/** The last ok rate against one fresh source; BTC moves more between two checks than a currency does. */
const CONTINUITY_WEIGHT = 0.5;
const CONTINUITY_WEIGHT_BTC = 0.25;
/** An ok rate moves by no more than this when any one venue is removed. */
const RATE_LOSS_LIMIT = 0.004;
const RATE_DECIMALS = 12;

export type RateState = {
  state: CheckRate['state'];
  reason: string;
  /** Over the rate itself: by how much the interval reaches below and above. */
  lowFactor: number;
  highFactor: number;
};

export class Hub {
  table: RateTable;
  states: RateState[] = [];
  lastCheckAt: number = Number.NEGATIVE_INFINITY;
  /** Past this instant a price that the last check used is stale. */
  wakeAt: number = Number.POSITIVE_INFINITY;
  check: Check | null = null;
  /** Over the prices of the last check, ready to be added to others. */
  readonly hash: HashPair = { high: 0, low: 0 };
  readonly #plan: Plan;
  readonly #slots: Slot[];
  /** ln of the last ok rate by currency; NaN: none yet. */
  readonly #continuity: Float64Array;
  readonly #outliersWithout: Map<number, Set<Slot>> = new Map();

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#slots = plan.slots.filter((slot) => slot.isHub);
    this.#continuity = new Float64Array(plan.currencies.length).fill(Number.NaN);
    this.table = emptyRateTable(plan.currencies.length);
    finishHash(this.hash);
  }

  get isNeeded(): boolean {
    return this.#slots.length > 0;
  }

  /** Continuity of the currencies that are still there. */
  inherit(before: Hub): void {
    for (const [c, currency] of this.#plan.currencies.entries()) {
      const known = before.#plan.currencies.indexOf(currency);
      if (known >= 0) this.#continuity[c] = before.#continuity[known]!;
    }
  }

  /** Judges every hub price anew. */
  run(at: number): void {
    const live = this.#liveAt(at);
    const anchors = anchorsOf(this.#plan, live);
    const verdict = this.#judge(live, anchors);
    live.forEach(({ slot }, s) => {
      slot.judge(verdict.residuals[s]!, verdict.isOutlier[s] === 1);
    });
    const without = this.#judgeWithoutEach(live, anchors, verdict.isOutlier);
    const prices = live.filter(({ slot }) => !slot.isOutlier).map(hubPriceOf);
    this.table = new RateTable({ prices, currencyCount: anchors.length, anchors, without });
    this.#rate(verdict.isHalfRemoved);
    this.lastCheckAt = at;
    this.#record(at, live);
  }

  /**
   * Whether a slot is an outlier when a venue has no say in it, neither as a price nor as a judge of the
   * others.
   */
  isOutlierWithout(venue: number, slot: Slot): boolean {
    const judged = this.#outliersWithout.get(venue);
    return judged === undefined ? slot.isOutlier : judged.has(slot);
  }

  /**
   * Point 5, taken at its word: a venue that is removed must not have decided who else is out. Where nobody
   * but the venue itself was removed, its absence changes no verdict, and the rates without it follow from
   * the same survivors.
   */
  #judgeWithoutEach(live: readonly Live[], anchors: Int32Array, isOutlier: Uint8Array): Map<number, RateSet> {
    this.#outliersWithout.clear();
    const sets = new Map<number, RateSet>();
    if (!isOutlier.includes(1)) return sets;
    for (const venue of new Set(live.map(({ slot }) => slot.venue))) {
      if (venue < 0 || !live.some(({ slot }, s) => isOutlier[s] === 1 && slot.venue !== venue)) continue;
      const rest = live.filter(({ slot }) => slot.venue !== venue);
      const own = anchorsOf(this.#plan, rest);
      const verdict = this.#judge(rest, own);
      const outliers = new Set(rest.filter((_, s) => verdict.isOutlier[s] === 1).map(({ slot }) => slot));
      this.#outliersWithout.set(venue, outliers);
      // A currency that has another anchor now has no rate to the old one.
      const same = own.map((anchor, c) => (anchor === anchors[c] ? anchor : -1));
      const prices = rest.filter(({ slot }) => !outliers.has(slot)).map(hubPriceOf);
      const facts = { prices, currencyCount: same.length, anchors: same, isMainOnly: true };
      sets.set(venue, new RateTable(facts).main);
    }
    return sets;
  }

  #liveAt(at: number): Live[] {
    const live: Live[] = [];
    this.wakeAt = Number.POSITIVE_INFINITY;
    for (const slot of this.#slots) {
      slot.endPending();
      if (slot.offset < 0 || slot.withdrawal !== undefined) continue;
      const weight = slot.weightAt(at);
      if (weight <= 0) continue;
      if (slot.freshUntil < this.wakeAt) this.wakeAt = slot.freshUntil;
      live.push({ slot, weight });
    }
    return live;
  }

  /** Points 2 and 3. */
  #judge(live: readonly Live[], anchors: Int32Array): Judgement {
    const statements = this.#statementsOf(live, anchors);
    const x = solveLeastAbsolute(statements);
    const residuals = new Float64Array(live.length);
    for (let s = 0; s < live.length; s++) {
      const b = statements.base[s]!;
      const q = statements.quote[s]!;
      const said = (b < 0 ? 0 : x[b]!) - (q < 0 ? 0 : x[q]!);
      residuals[s] = Math.round((statements.ln[s]! - said) * CBPS_PER_LN);
    }
    let total = 0;
    let removed = 0;
    const usual = outlierLimit(residuals, residuals.length);
    const isOutlier = new Uint8Array(live.length);
    live.forEach(({ slot, weight }, s) => {
      total += weight;
      if (Math.abs(residuals[s]!) <= Math.max(usual, slot.floorCbps)) return;
      isOutlier[s] = 1;
      removed += weight;
    });
    return { residuals, isOutlier, isHalfRemoved: removed * 2 > total };
  }

  #statementsOf(live: readonly Live[], anchors: Int32Array): Statements {
    const unknownOf = new Int32Array(anchors.length).fill(-1);
    let unknowns = 0;
    for (let c = 0; c < anchors.length; c++) {
      if (anchors[c]! >= 0 && anchors[c] !== c) unknownOf[c] = unknowns++;
    }
    const size = live.length + unknowns;
    const statements: Statements = {
      base: new Int32Array(size),
      quote: new Int32Array(size),
      ln: new Float64Array(size),
      weight: new Float64Array(size),
      count: live.length,
      unknowns,
    };
    const venueOf = new Int32Array(live.length);
    live.forEach(({ slot, weight }, s) => {
      statements.base[s] = unknownOf[slot.base]!;
      statements.quote[s] = unknownOf[slot.quote]!;
      statements.ln[s] = Math.log(slot.value);
      statements.weight[s] = weight / WEIGHT_ONE;
      venueOf[s] = slot.venue;
    });
    const scale = capVenues(statements, venueOf, this.#plan.venues.length);
    for (let c = 0; c < anchors.length; c++) {
      if (unknownOf[c]! < 0 || Number.isNaN(this.#continuity[c]!) || anchors[c] !== this.#plan.dollar)
        continue;
      const s = statements.count++;
      statements.base[s] = unknownOf[c]!;
      statements.quote[s] = -1;
      statements.ln[s] = this.#continuity[c]!;
      const isBtc = this.#plan.currencies[c] === 'BTC';
      statements.weight[s] = scale * (isBtc ? CONTINUITY_WEIGHT_BTC : CONTINUITY_WEIGHT);
    }
    return statements;
  }

  /** Point 5 for the rates: a rate is ok only if it survives the loss of any one venue. */
  #rate(removedHalf: boolean): void {
    const { table } = this;
    this.states = this.#plan.currencies.map((currency, c) => {
      const anchor = table.anchors[c]!;
      const value = table.main.values[c]!;
      if (anchor < 0 || Number.isNaN(value)) return MISSING;
      if (anchor === c)
        return { state: 'ok', reason: 'the currency of account', lowFactor: 1, highFactor: 1 };
      const support = table.supportOf(c);
      let low = Math.min(support.low, value);
      let high = Math.max(support.high, value);
      const doubts: string[] = [];
      for (const venue of table.venues) {
        const without = table.without(venue).values[c]!;
        if (Number.isNaN(without)) doubts.push(`rests on ${this.#plan.venues[venue]!} alone`);
        else {
          if (Math.abs(without / value - 1) > RATE_LOSS_LIMIT)
            doubts.push(`moves without ${this.#plan.venues[venue]!}`);
          low = Math.min(low, without);
          high = Math.max(high, without);
        }
      }
      if (removedHalf) doubts.push('more than half of the weight was removed');
      const isOk = doubts.length === 0;
      if (isOk && anchor === this.#plan.dollar) this.#continuity[c] = Math.log(value);
      return {
        state: isOk ? 'ok' : 'degraded',
        reason: isOk ? `${currency} survives the loss of any venue` : `${currency} ${doubts.join(', ')}`,
        lowFactor: low / value,
        highFactor: high / value,
      };
    });
  }

  #record(at: number, live: readonly Live[]): void {
    this.hash.high = 0;
    this.hash.low = 0;
    for (const { slot } of live) slot.addHashTo(this.hash);
    const inputs = live.map(({ slot, weight }) => rawInput(slot, weight, at));
    this.check = new CheckRecord({
      at,
      inputs,
      table: this.table,
      states: this.states,
      plan: this.#plan,
      inputsHash: hashToText(this.hash),
    });
    finishHash(this.hash);
  }
}

type Live = { slot: Slot; weight: number };
type Judgement = {
  residuals: Float64Array;
  isOutlier: Uint8Array;
  /** What had to be removed is more than half of the weight. */
  isHalfRemoved: boolean;
};

const MISSING: RateState = { state: 'missing', reason: 'no path to the dollar', lowFactor: 1, highFactor: 1 };

function hubPriceOf({ slot, weight }: Live): HubPrice {
  const { source, venue, base, quote, value } = slot;
  return { source, venue, base, quote, value, fixed: slot.fixed, weight };
}

/**
 * Anchor of each currency: the dollar where a path leads to it, else the most quoted currency of its part.
 * -1: unheard.
 */
function anchorsOf(plan: Plan, live: readonly Live[]): Int32Array {
  const parent = Int32Array.from(plan.currencies, (_, c) => c);
  const find = (c: number): number => {
    let root = c;
    while (parent[root] !== root) root = parent[root]!;
    parent[c] = root;
    return root;
  };
  const quotedCount = new Int32Array(parent.length);
  for (const { slot } of live) {
    quotedCount[slot.quote]!++;
    const [a, b] = [find(slot.base), find(slot.quote)];
    // The smaller index becomes the root, so that the order of the prices means nothing.
    if (a < b) parent[b] = a;
    else parent[a] = b;
  }
  const anchorOfRoot = new Map<number, number>();
  const heard = new Set(live.flatMap(({ slot }) => [slot.base, slot.quote]));
  for (const c of [...heard].sort((a, b) => a - b)) {
    const best = anchorOfRoot.get(find(c));
    const isBetter = best === undefined || (best !== plan.dollar && quotedCount[c]! > quotedCount[best]!);
    if (c === plan.dollar || isBetter) anchorOfRoot.set(find(c), c);
  }
  return Int32Array.from(plan.currencies, (_, c) => (heard.has(c) ? anchorOfRoot.get(find(c))! : -1));
}

type RawInput = { slot: Slot; offset: number; text: string; weight: number; residualCbps: number } & {
  isOutlier: boolean;
  ageMs: number;
  confidence: number;
};

function rawInput(slot: Slot, weight: number, at: number): RawInput {
  const { offset, text, residualCbps, isOutlier, confidence } = slot;
  return { slot, offset, text, weight, residualCbps, isOutlier, ageMs: at - slot.freshAt, confidence };
}

/** A Check that spells itself out only when it is read: most are replaced before anybody asks. */
class CheckRecord implements Check {
  readonly at: number;
  readonly id: string;
  readonly inputsHash: string;
  readonly #facts: { inputs: RawInput[]; table: RateTable; states: RateState[]; plan: Plan };

  constructor(facts: {
    at: number;
    inputsHash: string;
    inputs: RawInput[];
    table: RateTable;
    states: RateState[];
    plan: Plan;
  }) {
    this.at = facts.at;
    this.id = `hub@${facts.at}`;
    this.inputsHash = facts.inputsHash;
    this.#facts = facts;
  }

  get rates(): CheckRate[] {
    const { table, states, plan } = this.#facts;
    const rates: CheckRate[] = [];
    for (let c = 0; c < plan.currencies.length; c++) {
      if (table.anchors[c]! < 0 || c === plan.dollar) continue;
      const { state, reason, lowFactor, highFactor } = states[c]!;
      const support = table.supportOf(c);
      const rate: CheckRate = {
        currency: plan.currencies[c]!,
        state: table.anchors[c] === plan.dollar ? state : 'missing',
        reason: table.anchors[c] === plan.dollar ? reason : MISSING.reason,
        sourcesUsed: support.sources.length,
        venues: support.venues.map((venue) => plan.venues[venue]!),
      };
      if (rate.state !== 'missing') {
        const exact = table.exact(table.main, c);
        rate.price = formatFixed(exact, RATE_DECIMALS, 'halfEven');
        rate.low = formatFixed(scaled(exact, lowFactor), RATE_DECIMALS, 'floor');
        rate.high = formatFixed(scaled(exact, highFactor), RATE_DECIMALS, 'ceiling');
      }
      rates.push(rate);
    }
    return rates;
  }

  get inputs(): DecisionInput[] {
    return this.#facts.inputs.map((input) => {
      const verdict: Verdict = input.isOutlier ? 'outlier' : 'used';
      const { offset, residualCbps, ageMs, confidence } = input;
      const { source, pair } = input.slot;
      const weightPpm = input.weight;
      const told: DecisionInput = {
        source,
        pair,
        offset,
        verdict,
        weightPpm,
        residualCbps,
        ageMs,
        confidence,
      };
      if (input.isOutlier) told.implied = impliedPrice(parseFixed(input.text), residualCbps);
      return told;
    });
  }
}

/** A factor near 1 as an exact ratio, so that the product is an integer's. */
export function scaled(value: Fixed, factor: number): Fixed {
  return (value * BigInt(Math.round(factor * 1e12))) / 1_000_000_000_000n;
}
