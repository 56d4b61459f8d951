// The book of one feed at one instant: which of its source prices count, at what weight, what each is in the
// feed's currency, and what the answer would be without each venue in turn. In: slots, the hub's rates and
// verdicts. Out: positions in ascending order, medians, quantiles. Doubles choose positions; whoever wants a
// price converts that position exactly.
import { type Fixed, inverseOf } from '@assay/kernel/money/fixed';
import { VERDICTS, type Verdict } from '../model/decision.ts';
import { ConvertedOrders } from './converted-orders.ts';
import type { Hub } from './hub.ts';
import { outlierLimit } from './outlier-limit.ts';
import type { FeedPlan, Plan } from './plan.ts';
import type { RateSet, RateTable } from './rate-table.ts';
import { CBPS_PER_LN, WEIGHT_ONE, weightOfRow } from './slot.ts';
import {
  FLOOR_CBPS,
  FRESH_AT,
  IS_HUB,
  IS_OUTLIER,
  IS_PENDING,
  IS_WITHDRAWN,
  LIMIT_MS,
  OFFSET,
  RESIDUAL_CBPS,
  type SlotTable,
  VALUE,
  VENUE,
} from './slot-table.ts';
import { SortedPrices } from './sorted-prices.ts';
import {
  NO_VENUE_EXCLUDED,
  type Pick,
  pickMedian,
  sortByKey,
  sortPositions,
  type Weighted,
} from './weighted-median.ts';

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
  /** The feed that it is loaded with. */
  plan!: FeedPlan;
  /** By input, as everything of `size`. */
  readonly verdicts: Uint8Array;
  readonly residuals: Float64Array;
  readonly weights: Float64Array;
  readonly venues: Int32Array;
  readonly order: Int32Array;
  /** Survivors in `order`. */
  count = 0;
  /** In the feed's currency, as doubles. */
  readonly keys: Float64Array;
  /** The first `lossCount` of them hold. */
  readonly losses: Loss[] = [];
  lossCount = 0;
  /** More than half of the weight was judged to be outliers. */
  isHalfRemoved = false;
  hasForeign = false;
  /** The instant at which the first of the counted prices becomes stale. */
  freshUntil = 0;
  table!: RateTable;

  readonly slots: SlotTable;
  readonly #numbers: Float64Array;
  readonly #doubted: Int32Array;
  #doubtedCount = 0;
  /** Who survives without a venue whose word put others out. */
  readonly #judged: SortedPrices;
  readonly #converted: ConvertedOrders;
  readonly #distances: Float64Array;
  #hub: Hub | undefined;
  #lastOk: number = Number.NaN;

  constructor(plan: Plan) {
    const most = plan.feeds.reduce((size, feed) => Math.max(size, feed.inputs.length), 0);
    const size = most + 1; // one more for continuity
    this.slots = plan.table;
    this.#numbers = plan.table.numbers;
    this.verdicts = new Uint8Array(size);
    this.residuals = new Float64Array(size);
    this.weights = new Float64Array(size);
    this.keys = new Float64Array(size);
    this.venues = new Int32Array(size);
    this.order = new Int32Array(size);
    this.#doubted = new Int32Array(size);
    this.#judged = new SortedPrices(this.weights, this.venues);
    this.#converted = new ConvertedOrders(this);
    this.#distances = new Float64Array(size);
  }

  /** Reads all slots of a feed. `lastOk` NaN: the feed has no ok answer yet. */
  load(plan: FeedPlan, at: number, hub: Hub, lastOk: number): void {
    this.plan = plan;
    this.table = hub.table;
    this.#hub = hub;
    this.#lastOk = lastOk;
    this.freshUntil = Number.POSITIVE_INFINITY;
    this.hasForeign = false;
    this.#doubtedCount = 0;
    this.lossCount = 0;
    this.#converted.forget();
    const { rows, quote } = plan;
    const factors = this.table.factorsTo(this.table.main, quote);
    let count = 0;
    let total = 0;
    for (let i = 0; i < rows.length; i++) {
      const verdict = this.#admit(i, at, factors);
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
    const { rows, froms, inverses, quote } = this.plan;
    const said = this.slots.fixed(rows[position]!);
    const price = inverses?.[position] === 1 ? inverseOf(said) : said;
    return this.table.convert(set, price, froms[position]!, quote);
  }

  /** Point 5: the median without each venue that could matter. */
  loseVenues(): void {
    this.lossCount = 0;
    const here = this.plan.venues;
    for (let v = 0; v < here.length; v++) this.#lose(here[v]!, this.plan.inputsOfVenue[v]!);
    if (!this.hasForeign) return;
    for (const venue of this.table.venues) if (!here.includes(venue)) this.#lose(venue, NO_INPUTS);
  }

  /** Median of what was judged an outlier, without a venue; NaN: none. It is what the doubted say. */
  doubtedValue(withoutVenue: number): number {
    const { weights, venues } = this;
    const set = { order: this.#doubted, count: this.#doubtedCount, weights, venues };
    sortPositions(this.#doubted, this.#doubtedCount, this.#isBefore);
    if (!pickMedian(set, withoutVenue, picked)) return Number.NaN;
    return (this.keys[picked.lower]! + this.keys[picked.upper]!) / 2;
  }

  #admit(i: number, at: number, factors: Float64Array): number {
    const numbers = this.#numbers;
    const { rows, quote, weights, froms } = this.plan;
    const row = rows[i]!;
    this.weights[i] = 0;
    this.residuals[i] = Number.NaN;
    this.venues[i] = numbers[row + VENUE]!;
    if (numbers[row + IS_WITHDRAWN] === 1) return WITHDRAWN;
    if (numbers[row + OFFSET]! < 0) return MISSING;
    const aged = weightOfRow(numbers, row, at);
    const freshUntil = numbers[row + FRESH_AT]! + numbers[row + LIMIT_MS]!;
    if (aged <= 0) return at - numbers[row + FRESH_AT]! > numbers[row + LIMIT_MS]! ? STALE : UNWEIGHTED;
    if (freshUntil < this.freshUntil) this.freshUntil = freshUntil;
    if (numbers[row + IS_PENDING] === 1) return PENDING;
    const from = froms[i]!;
    const isDirect = from === quote;
    let key = this.valueOf(i);
    if (!isDirect) {
      const factor = factors[from]!;
      if (!(factor > 0)) return UNCONVERTED;
      key *= factor;
      this.hasForeign = true;
    }
    this.keys[i] = key;
    // Direct prices count twice: a conversion adds the doubt of its cross.
    const whole = isDirect ? aged * 2 : aged;
    const weight = weights === undefined ? whole : Math.round(whole * weights[i]!);
    this.weights[i] = weight;
    if (weight === 0) return UNWEIGHTED;
    if (numbers[row + IS_HUB] === 0) return USED;
    this.residuals[i] = numbers[row + RESIDUAL_CBPS]!;
    return numbers[row + IS_OUTLIER] === 1 ? OUTLIER : USED;
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
      residuals[i] = this.#distances[at]!;
      if (Math.abs(residuals[i]!) > Math.max(usual, this.#floorOf(i))) {
        verdicts[i] = OUTLIER;
        this.#doubted[this.#doubtedCount++] = i;
      } else order[this.count++] = i;
    }
  }

  /** Notes the distance of each position from the centre. Returns the limit beyond which it is an outlier. */
  #measure({ order, keys, count }: Ordered, centre: number): number {
    for (let at = 0; at < count; at++) {
      this.#distances[at] = Math.round(Math.log(keys[order[at]!]! / centre) * CBPS_PER_LN);
    }
    return outlierLimit(this.#distances, count);
  }

  #centre({ order, keys, count }: Ordered): number {
    const extra = this.plan.rows.length;
    let size = count;
    if (this.#lastOk > 0) {
      keys[extra] = this.#lastOk;
      this.weights[extra] = CONTINUITY_WEIGHT;
      this.venues[extra] = -1;
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

  #lose(venue: number, inputs: readonly number[]): void {
    const set = this.table.without(venue);
    const isHere = this.#isAmongSurvivors(venue);
    const isRateChanged = this.hasForeign && this.#hasOtherRates(set);
    if (!isHere && !isRateChanged) return;
    const loss = this.#nextLoss(venue, set);
    if (this.#medianWithout(loss, isRateChanged, inputs)) return;
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

  #medianWithout(loss: Loss, isRateChanged: boolean, inputs: readonly number[]): boolean {
    const { venue, set } = loss;
    let prices = this.#judged;
    if (this.#hasOtherDoubts(venue)) {
      this.#judgeWithout(venue, set, prices);
      if (!pickMedian(prices, venue, picked)) return false;
    } else {
      prices = isRateChanged ? this.#converted.by(set) : this.#converted.own();
      if (!prices.pickWithout(inputs, picked)) return false;
    }
    loss.lower = picked.lower;
    loss.upper = picked.upper;
    loss.value = (prices.keys[picked.lower]! + prices.keys[picked.upper]!) / 2;
    return true;
  }

  /** Whether prices of other venues were left out: without this one they might be in. */
  #hasOtherDoubts(venue: number): boolean {
    for (let d = 0; d < this.#doubtedCount; d++) if (this.venues[this.#doubted[d]!] !== venue) return true;
    return false;
  }

  /** Who survives when a venue has no say: in a leaf feed the outlier rule is applied anew. */
  #judgeWithout(venue: number, set: RateSet, to: SortedPrices): void {
    const { inputs, isHub, quote, rows, froms } = this.plan;
    const factors = this.table.factorsTo(set, quote);
    const numbers = this.#numbers;
    to.count = 0;
    // The order of the survivors is nearly theirs; the doubted stand behind and find their place.
    for (let at = 0; at < this.count + this.#doubtedCount; at++) {
      const i = at < this.count ? this.order[at]! : this.#doubted[at - this.count]!;
      if (this.venues[i] === venue) continue;
      const isJudged = numbers[rows[i]! + IS_HUB] === 1;
      if (isJudged && this.#hub!.isOutlierWithout(venue, inputs[i]!.slot)) continue;
      const key = this.valueOf(i) * factors[froms[i]!]!;
      to.keys[i] = key;
      if (key > 0) to.order[to.count++] = i;
    }
    sortByKey(to.order, to.count, to.keys);
    if (isHub || to.count < 2) return;
    const centre = this.#centre(to);
    const usual = this.#measure(to, centre);
    let kept = 0;
    for (let at = 0; at < to.count; at++) {
      const i = to.order[at]!;
      if (Math.abs(this.#distances[at]!) <= Math.max(usual, this.#floorOf(i))) to.order[kept++] = i;
    }
    to.count = kept;
  }

  /** What an input says of the feed's base, in the currency that it counts in. */
  valueOf(i: number): number {
    const { rows, inverses } = this.plan;
    const said = this.#numbers[rows[i]! + VALUE]!;
    return inverses?.[i] === 1 ? 1 / said : said;
  }

  #floorOf(i: number): number {
    return this.#numbers[this.plan.rows[i]! + FLOOR_CBPS]!;
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

  #isBeforeExactly(a: number, b: number, set: RateSet): boolean {
    const { slots } = this;
    const { rows, froms } = this.plan;
    if (froms[a] === froms[b] && slots.text(rows[a]!) === slots.text(rows[b]!)) return a < b;
    const left = this.exact(a, set);
    const right = this.exact(b, set);
    return left === right ? a < b : left < right;
  }
}

const NO_INPUTS: readonly number[] = [];
type Ordered = { order: Int32Array; keys: Float64Array; count: number };
const picked: Pick = { lower: 0, upper: 0 };
