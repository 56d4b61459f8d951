// Prices in ascending order with the sums of their weights, so that the median without any one venue is found
// without going through all of them: thirty venues of thirty prices would be a thousand steps for each feed.
// In: positions in order, whole weights. Out: positions. The answers are those of pickMedian.
import type { Pick, Weighted } from './weighted-median.ts';

export class SortedPrices implements Weighted {
  readonly order: Int32Array;
  count = 0;
  /** In the feed's currency, as doubles, by input. */
  readonly keys: Float64Array;
  readonly weights: Float64Array;
  readonly venues: Int32Array;
  /** Of the weights up to and with each place in the order. */
  readonly #sums: Float64Array;
  /** Place in the order by input; -1: it is not there. */
  readonly #places: Int32Array;
  #witnessCount = 0;

  constructor(weights: Float64Array, venues: Int32Array) {
    const size = weights.length;
    this.order = new Int32Array(size);
    this.keys = new Float64Array(size);
    this.weights = weights;
    this.venues = venues;
    this.#sums = new Float64Array(size);
    this.#places = new Int32Array(size);
  }

  /** To be called when the order is complete, before `pickWithout`. */
  addUp(): void {
    this.#places.fill(-1);
    this.#witnessCount = 0;
    let sum = 0;
    for (let at = 0; at < this.count; at++) {
      const i = this.order[at]!;
      sum += this.weights[i]!;
      this.#sums[at] = sum;
      this.#places[i] = at;
      if (this.venues[i]! >= 0) this.#witnessCount++;
    }
  }

  /** The weighted median without the inputs of a venue, as pickMedian finds it. */
  pickWithout(inputs: readonly number[], into: Pick): boolean {
    let own = 0;
    let ownCount = 0;
    for (const i of inputs) {
      if (this.#places[i]! < 0) continue;
      own += this.weights[i]!;
      ownCount++;
    }
    const total = this.count === 0 ? 0 : this.#sums[this.count - 1]! - own;
    if (total <= 0 || this.#witnessCount === ownCount) return false;
    let from = 0;
    let to = this.count - 1;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#sumWithout(inputs, middle) * 2 < total) from = middle + 1;
      else to = middle;
    }
    into.lower = this.order[from]!;
    into.upper = into.lower;
    if (this.#sumWithout(inputs, from) * 2 === total) into.upper = this.#nextOf(inputs, from + 1, into.lower);
    return true;
  }

  #sumWithout(inputs: readonly number[], at: number): number {
    let sum = this.#sums[at]!;
    for (const i of inputs) {
      const place = this.#places[i]!;
      if (place >= 0 && place <= at) sum -= this.weights[i]!;
    }
    return sum;
  }

  #nextOf(inputs: readonly number[], from: number, otherwise: number): number {
    for (let at = from; at < this.count; at++) {
      const i = this.order[at]!;
      if (!inputs.includes(i) && this.weights[i]! > 0) return i;
    }
    return otherwise;
  }
}
