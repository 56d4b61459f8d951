// Weighted medians and quantiles by position. In: positions in ascending order of price, whole weights,
// optionally a venue left out. Out: the position (two at an exact tie of weights). Weights are whole numbers,
// so sums are exact in doubles.

export type Pick = { lower: number; upper: number };

export type Weighted = {
  /** Positions into the arrays below, ascending by price. */
  order: Int32Array;
  count: number;
  weights: Float64Array;
  venues: Int32Array;
};

/** A venue index that nothing has. */
export const NO_VENUE_EXCLUDED = -2;

/**
 * The weighted median. At an exact tie both middle positions are returned and the mean of their prices is the
 * median.
 * False: there is no weight, or none that belongs to a venue (index under 0: no witness).
 */
export function pickMedian(set: Weighted, withoutVenue: number, into: Pick): boolean {
  const total = totalWeight(set, withoutVenue);
  if (total <= 0) return false;
  const { order, count, weights, venues } = set;
  let sum = 0;
  for (let at = 0; at < count; at++) {
    const position = order[at]!;
    if (venues[position] === withoutVenue) continue;
    sum += weights[position]!;
    if (sum * 2 < total) continue;
    into.lower = position;
    into.upper = position;
    if (sum * 2 === total) into.upper = nextOf(set, at + 1, withoutVenue, position);
    return true;
  }
  return false;
}

/** Position at which the sum of weights first reaches `share` of the total (0 to 1). -1: no weight. */
export function pickQuantile(set: Weighted, share: number, withoutVenue: number): number {
  const total = totalWeight(set, withoutVenue);
  let sum = 0;
  for (let at = 0; at < set.count; at++) {
    const position = set.order[at]!;
    if (set.venues[position] === withoutVenue) continue;
    sum += set.weights[position]!;
    if (sum > 0 && sum >= share * total) return position;
  }
  return -1;
}

/** Puts `order` into ascending order. Books are short, and nearly sorted from one instant to the next. */
export function sortPositions(order: Int32Array, count: number, isBefore: IsBefore): void {
  for (let at = 1; at < count; at++) {
    const moving = order[at]!;
    let gap = at;
    while (gap > 0 && isBefore(moving, order[gap - 1]!)) {
      order[gap] = order[gap - 1]!;
      gap--;
    }
    order[gap] = moving;
  }
}

/**
 * The same by ascending key, equal ones by position. Without a call for every comparison: a third of the
 * time.
 */
export function sortByKey(order: Int32Array, count: number, keys: Float64Array): void {
  for (let at = 1; at < count; at++) {
    const moving = order[at]!;
    const key = keys[moving]!;
    let gap = at;
    while (gap > 0) {
      const before = order[gap - 1]!;
      const other = keys[before]!;
      if (other < key || (other === key && before < moving)) break;
      order[gap] = before;
      gap--;
    }
    order[gap] = moving;
  }
}

export type IsBefore = (a: number, b: number) => boolean;

function totalWeight(set: Weighted, withoutVenue: number): number {
  let total = 0;
  let hasWitness = false;
  for (let at = 0; at < set.count; at++) {
    const position = set.order[at]!;
    const venue = set.venues[position]!;
    if (venue === withoutVenue) continue;
    total += set.weights[position]!;
    if (venue >= 0) hasWitness = true;
  }
  return hasWitness ? total : 0;
}

function nextOf(set: Weighted, from: number, withoutVenue: number, otherwise: number): number {
  for (let at = from; at < set.count; at++) {
    const position = set.order[at]!;
    if (set.venues[position] !== withoutVenue && set.weights[position]! > 0) return position;
  }
  return otherwise;
}
