// The survivors of a book by the rates that hold without one venue or another. In: a loaded book, sets of
// rates. Out: the survivors sorted by those rates. Nearly always the sets have two or three different rates,
// so a book is sorted that often, and not for each of its venues.
import type { FeedPlan } from './plan.ts';
import type { RateSet, RateTable } from './rate-table.ts';
import { SortedPrices } from './sorted-prices.ts';
import { sortByKey, type Weighted } from './weighted-median.ts';

/** What is read of a FeedBook. */
type Book = Weighted & {
  plan: FeedPlan;
  keys: Float64Array;
  table: RateTable;
  valueOf(i: number): number;
};

type Variant = { factors: Float64Array; prices: SortedPrices };

export class ConvertedOrders {
  readonly #book: Book;
  readonly #own: SortedPrices;
  #isOwnKnown = false;
  /** The first `variantCount` of them hold. */
  readonly #variants: Variant[] = [];
  #variantCount = 0;

  constructor(book: Book) {
    this.#book = book;
    this.#own = new SortedPrices(book.weights, book.venues);
  }

  /** The book was loaded anew. */
  forget(): void {
    this.#isOwnKnown = false;
    this.#variantCount = 0;
  }

  /** In the order of the book itself. */
  own(): SortedPrices {
    if (this.#isOwnKnown) return this.#own;
    this.#isOwnKnown = true;
    const { order, keys, count } = this.#book;
    this.#own.order.set(order);
    this.#own.keys.set(keys);
    this.#own.count = count;
    this.#own.addUp();
    return this.#own;
  }

  by(set: RateSet): SortedPrices {
    const { table, plan, weights, venues } = this.#book;
    const factors = table.factorsTo(set, plan.quote);
    for (let v = 0; v < this.#variantCount; v++) {
      const known = this.#variants[v]!;
      if (plan.foreign.every((currency) => known.factors[currency] === factors[currency]))
        return known.prices;
    }
    const variant = (this.#variants[this.#variantCount++] ??= {
      factors,
      prices: new SortedPrices(weights, venues),
    });
    variant.factors = factors;
    this.#sort(variant);
    return variant.prices;
  }

  #sort({ factors, prices }: Variant): void {
    const { order, count, plan } = this.#book;
    prices.count = 0;
    for (let at = 0; at < count; at++) {
      const i = order[at]!;
      const key = this.#book.valueOf(i) * factors[plan.froms[i]!]!;
      prices.keys[i] = key;
      if (key > 0) prices.order[prices.count++] = i;
    }
    sortByKey(prices.order, prices.count, prices.keys);
    prices.addUp();
  }
}
