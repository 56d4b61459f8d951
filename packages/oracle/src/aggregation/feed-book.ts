// The book of one feed at one instant: which of its source prices count, at what weight, what each is in the
// feed's currency, and what the answer would be without each venue in turn. In: slots, the hub's rates and
// verdicts. Out: positions in ascending order, medians, quantiles. Doubles choose positions; whoever wants a
// price converts that position exactly.
import { type Fixed, inverseOf } from '@assay/kernel/money/fixed';
import { VERDICTS, type Verdict } from '../model/decision.ts';
import type { Hub } from './hub.ts';
import { outlierLimit } from './outlier-limit.ts';
import type { FeedPlan } from './plan.ts';
import type { RateSet, RateTable } from './rate-table.ts';
import { CBPS_PER_LN, type Slot, WEIGHT_ONE } from './slot.ts';
import { NO_VENUE_EXCLUDED, type Pick, pickMedian, sortPositions, type Weighted } from './weighted-median.ts';

const code = (verdict: Verdict): number => VERDICTS.indexOf(verdict);
export const USED: number = code('used');
export const OUTLIER: number = code('outlier');
const STALE = code('stale');
const PENDING = code('pending');
const WITHDRAWN = code('withdrawn');
const UNCONVERTED = code('unconverted');
const MISSING = code('missing');
const UNWEIGHTED = code('unweighted');

/** The last ok answer against one fresh direct source (ARCHITECTURE.md, points 2 and 6). */
const CONTINUITY_WEIGHT = WEIGHT_ONE / 2;
/** Two doubles nearer than this may stand in the wrong order after conversion: integers decide. */
const NEARLY_EQUAL = 4e-15;

/**
 * The answer with one venue gone: positions under the rates without that venue. lower -1: no price of the
 * feed is left; then `value` is what the rest of the hub implies, or NaN.
 */
export type Loss = { venue: number; lower: number; upper: number; value: number; set: RateSet };

export class FeedBook implements Weighted {
  readonly plan: FeedPlan;
  readonly verdicts: Uint8Array;
  readonly residuals: Float64Array;
  readonly weights: Float64Array;
  readonly venues: Int32Array;
  readonly order: Int32Array;
  /** Survivors in `order`. */
  count = 0;
  /** In the feed's currency, as doubles. */
  keys: Float64Array;
  /** The first `lossCount` of them hold. */
  readonly losses: Loss[];
  lossCount = 0;
  /** More than half of the weight was judged to be outliers. */
  isHalfRemoved = false;
  hasForeign = false;
  /** The instant at which the first of the counted prices becomes stale. */
  freshUntil = 0;
  table!: RateTable;

  readonly #slots: Slot[];
  readonly #doubted: Int32Array;
  #doubtedCount = 0;
  readonly #keysWithout: Float64Array;
  readonly #orderWithout: Int32Array;
  readonly #venuesHere: number[];
  #hub: Hub | undefined;
  #lastOk: number = Number.NaN;

  constructor(plan: FeedPlan) {
    const size = plan.inputs.length + 1; // one more for continuity
    this.plan = plan;
    this.#slots = plan.inputs.map((input) => input.slot);
    this.verdicts = new Uint8Array(size);
    this.residuals = new Float64Array(size);
    this.weights = new Float64Array(size);
    this.keys = new Float64Array(size);
    this.venues = Int32Array.from({ length: size }, (_, i) => this.#slots[i]?.venue ?? -1);
    this.order = new Int32Array(size);
    this.#doubted = new Int32Array(size);
    this.#keysWithout = new Float64Array(size);
    this.#orderWithout = new Int32Array(size);
    this.losses = [];
    this.#venuesHere = [...new Set(this.#slots.map((slot) => slot.venue))].filter((venue) => venue >= 0);
  }

  /** Reads all slots anew. `lastOk` NaN: the feed has no ok answer yet. */
  load(at: number, hub: Hub, lastOk: number): void {
    this.table = hub.table;
    this.#hub = hub;
    this.#lastOk = lastOk;
    this.freshUntil = Number.POSITIVE_INFINITY;
    this.hasForeign = false;
    this.#doubtedCount = 0;
    let count = 0;
    let total = 0;
    for (let i = 0; i < this.#slots.length; i++) {
      const verdict = this.#admit(i, at);
      this.verdicts[i] = verdict;
      if (verdict === USED) this.order[count++] = i;
      else if (verdict === OUTLIER) this.#doubted[this.#doubtedCount++] = i;
      if (verdict === USED || verdict === OUTLIER) total += this.weights[i]!;
    }
    this.count = count;
    sortPositions(this.order, count, this.#isBefore);
    if (!this.plan.isHub && count > 1) this.#removeOutliers();
    let removed = 0;
    for (let d = 0; d < this.#doubtedCount; d++) removed += this.weights[this.#doubted[d]!]!;
    this.isHalfRemoved = removed * 2 > total;
  }

  /**
   * Whether the price of an input has to do with the answer: everything but what is stale, withdrawn or
   * missing.
   */
  isTakenIn(i: number): boolean {
    const verdict = this.verdicts[i]!;
    return verdict !== STALE && verdict !== WITHDRAWN && verdict !== MISSING;
  }

  /** The exact price of a position in the feed's currency. */
  exact(position: number, set: RateSet): Fixed {
    const { slot, isInverse, from } = this.plan.inputs[position]!;
    return this.table.convert(set, isInverse ? inverseOf(slot.fixed) : slot.fixed, from, this.plan.quote);
  }

  /** Point 5: the median without each venue that could matter. */
  loseVenues(): void {
    this.lossCount = 0;
    for (const venue of this.#venuesHere) this.#lose(venue);
    if (!this.hasForeign) return;
    for (const venue of this.table.venues) if (!this.#venuesHere.includes(venue)) this.#lose(venue);
  }

  /** Median of what was judged an outlier, without a venue; NaN: none. It is what the doubted say. */
  doubtedValue(withoutVenue: number): number {
    const { weights, venues } = this;
    const set = { order: this.#doubted, count: this.#doubtedCount, weights, venues };
    sortPositions(this.#doubted, this.#doubtedCount, this.#isBefore);
    if (!pickMedian(set, withoutVenue, picked)) return Number.NaN;
    return (this.keys[picked.lower]! + this.keys[picked.upper]!) / 2;
  }

  #admit(i: number, at: number): number {
    const slot = this.#slots[i]!;
    this.weights[i] = 0;
    this.residuals[i] = Number.NaN;
    if (slot.withdrawal !== undefined) return WITHDRAWN;
    if (slot.offset < 0) return MISSING;
    const { weight, isDirect, isInverse, from } = this.plan.inputs[i]!;
    const aged = slot.weightAt(at);
    if (aged <= 0) return slot.isStaleAt(at) ? STALE : UNWEIGHTED;
    if (slot.freshUntil < this.freshUntil) this.freshUntil = slot.freshUntil;
    if (slot.isPending) return PENDING;
    let key = isInverse ? 1 / slot.value : slot.value;
    if (!isDirect) {
      const factor = this.table.factorsTo(this.table.main, this.plan.quote)[from]!;
      if (!(factor > 0)) return UNCONVERTED;
      key *= factor;
      this.hasForeign = true;
    }
    this.keys[i] = key;
    // Direct prices count twice: a conversion adds the doubt of its cross.
    const whole = isDirect ? aged * 2 : aged;
    this.weights[i] = weight === 1 ? whole : Math.round(whole * weight);
    if (this.weights[i] === 0) return UNWEIGHTED;
    if (!slot.isHub) return USED;
    this.residuals[i] = slot.residualCbps;
    return slot.isOutlier ? OUTLIER : USED;
  }

  /**
   * Points 3 and 6: around the weighted median of the feed's own prices, tied weakly to its last ok answer.
   */
  #removeOutliers(): void {
    const { order, keys, count, residuals, verdicts } = this;
    const centre = this.#centre({ order, keys, count });
    const usual = this.#measure({ order, keys, count }, centre);
    this.count = 0;
    for (let at = 0; at < count; at++) {
      const i = order[at]!;
      residuals[i] = distances[at]!;
      if (Math.abs(residuals[i]!) > Math.max(usual, this.#slots[i]!.floorCbps)) {
        verdicts[i] = OUTLIER;
        this.#doubted[this.#doubtedCount++] = i;
      } else order[this.count++] = i;
    }
  }

  /** Notes the distance of each position from the centre. Returns the limit beyond which it is an outlier. */
  #measure({ order, keys, count }: Ordered, centre: number): number {
    for (let at = 0; at < count; at++) {
      distances[at] = Math.round(Math.log(keys[order[at]!]! / centre) * CBPS_PER_LN);
    }
    return outlierLimit(distances, count);
  }

  #centre({ order, keys, count }: Ordered): number {
    const extra = this.#slots.length;
    let size = count;
    if (this.#lastOk > 0) {
      keys[extra] = this.#lastOk;
      this.weights[extra] = CONTINUITY_WEIGHT;
      let gap = size++;
      while (gap > 0 && keys[order[gap - 1]!]! > this.#lastOk) {
        order[gap] = order[gap - 1]!;
        gap--;
      }
      order[gap] = extra;
    }
    const set = { order, count: size, weights: this.weights, venues: this.venues };
    // Without a witness (all from aggregators) the middle by position has to do.
    if (!pickMedian(set, NO_VENUE_EXCLUDED, picked)) picked.lower = picked.upper = order[size >> 1]!;
    const centre = (keys[picked.lower]! + keys[picked.upper]!) / 2;
    if (size > count) {
      for (let at = 0, to = 0; at < size; at++) if (order[at] !== extra) order[to++] = order[at]!;
    }
    return centre;
  }

  #lose(venue: number): void {
    const set = this.table.without(venue);
    const isHere = this.#isAmongSurvivors(venue);
    const isRateChanged = this.hasForeign && this.#hasOtherRates(set);
    if (!isHere && !isRateChanged) return;
    const loss = this.#nextLoss(venue, set);
    if (this.#medianWithout(loss, isRateChanged)) return;
    // No price of the feed itself is left, but in the hub the other pairs imply one.
    if (this.plan.isHub) loss.value = this.table.factor(set, this.plan.base, this.plan.quote);
  }

  /** Losses are used again from instant to instant. */
  #nextLoss(venue: number, set: RateSet): Loss {
    const loss = (this.losses[this.lossCount++] ??= { venue, lower: -1, upper: -1, value: Number.NaN, set });
    loss.venue = venue;
    loss.lower = -1;
    loss.upper = -1;
    loss.value = Number.NaN;
    loss.set = set;
    return loss;
  }

  #medianWithout(loss: Loss, isRateChanged: boolean): boolean {
    const { venue, set } = loss;
    const { weights, venues } = this;
    if (!isRateChanged && !this.#hasOtherDoubts(venue)) {
      if (!pickMedian(this, venue, picked)) return false;
      loss.value = (this.keys[picked.lower]! + this.keys[picked.upper]!) / 2;
    } else {
      const keys = this.#keysWithout;
      const order = this.#orderWithout;
      const count = this.#survivorsWithout(venue, set);
      if (!pickMedian({ order, count, weights, venues }, venue, picked)) return false;
      loss.value = (keys[picked.lower]! + keys[picked.upper]!) / 2;
    }
    loss.lower = picked.lower;
    loss.upper = picked.upper;
    return true;
  }

  /** Whether prices of other venues were left out: without this one they might be in. */
  #hasOtherDoubts(venue: number): boolean {
    for (let d = 0; d < this.#doubtedCount; d++) if (this.venues[this.#doubted[d]!] !== venue) return true;
    return false;
  }

  /**
   * Survivors when a venue has no say, sorted into the second order; in a leaf feed the outlier rule is
   * applied anew.
   */
  #survivorsWithout(venue: number, set: RateSet): number {
    const factors = this.table.factorsTo(set, this.plan.quote);
    const keys = this.#keysWithout;
    const order = this.#orderWithout;
    const isJudgedAnew = this.#hasOtherDoubts(venue);
    let count = 0;
    // The order of the survivors is nearly theirs; the doubted stand behind and find their place.
    for (let at = 0; at < this.count + (isJudgedAnew ? this.#doubtedCount : 0); at++) {
      const i = at < this.count ? this.order[at]! : this.#doubted[at - this.count]!;
      const slot = this.#slots[i]!;
      if (slot.venue === venue) continue;
      if (isJudgedAnew && slot.isHub && this.#hub!.isOutlierWithout(venue, slot)) continue;
      const { isInverse, from } = this.plan.inputs[i]!;
      keys[i] = (isInverse ? 1 / slot.value : slot.value) * factors[from]!;
      if (keys[i]! > 0) order[count++] = i;
    }
    sortPositions(order, count, this.#isBeforeWithout);
    if (!isJudgedAnew || this.plan.isHub || count < 2) return count;
    const centre = this.#centre({ order, keys, count });
    const usual = this.#measure({ order, keys, count }, centre);
    let kept = 0;
    for (let at = 0; at < count; at++) {
      const i = order[at]!;
      if (Math.abs(distances[at]!) <= Math.max(usual, this.#slots[i]!.floorCbps)) order[kept++] = i;
    }
    return kept;
  }

  /** Distinct venues of the survivors. */
  countVenues(): number {
    let venues = 0;
    for (let at = 0; at < this.count; at++) {
      const venue = this.venues[this.order[at]!]!;
      if (venue < 0) continue;
      let isFirst = true;
      for (let before = 0; before < at && isFirst; before++) {
        isFirst = this.venues[this.order[before]!] !== venue;
      }
      if (isFirst) venues++;
    }
    return venues;
  }

  #isAmongSurvivors(venue: number): boolean {
    for (let at = 0; at < this.count; at++) if (this.venues[this.order[at]!] === venue) return true;
    return false;
  }

  #hasOtherRates(set: RateSet): boolean {
    const { main } = this.table;
    if (set === main) return false;
    const { quote, foreign } = this.plan;
    if (set.values[quote] !== main.values[quote]) return true;
    for (const currency of foreign) if (set.values[currency] !== main.values[currency]) return true;
    return false;
  }

  readonly #isBefore = (a: number, b: number): boolean => {
    const left = this.keys[a]!;
    const right = this.keys[b]!;
    if (Math.abs(left - right) > NEARLY_EQUAL * right) return left < right;
    return this.#isBeforeExactly(a, b, this.table.main);
  };

  readonly #isBeforeWithout = (a: number, b: number): boolean => {
    const left = this.#keysWithout[a]!;
    const right = this.#keysWithout[b]!;
    return left === right ? a < b : left < right;
  };

  #isBeforeExactly(a: number, b: number, set: RateSet): boolean {
    const first = this.#slots[a]!;
    const second = this.#slots[b]!;
    if (first.quote === second.quote && first.text === second.text) return a < b;
    const left = this.exact(a, set);
    const right = this.exact(b, set);
    return left === right ? a < b : left < right;
  }
}

type Ordered = { order: Int32Array; keys: Float64Array; count: number };
const picked: Pick = { lower: 0, upper: 0 };
const distances = new Float64Array(1024);
