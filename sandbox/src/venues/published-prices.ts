// What an aggregator publishes: one price an asset, recomputed now and then from the whole market. In: a
// board (for its market, its faults) and the venue's time. Out: prices in any currency the market knows.
// Invariant: between two recomputations the same numbers stand, with the time of the first.
import type { Board } from '../board.ts';
import { REFERENCE_USD } from '../regimes.ts';

export class PublishedPrices {
  readonly #board: Board;
  readonly #everyMs: number;
  #dollars = new Map<string, number>();
  #factor = 1;
  publishedAt = 0;

  constructor(board: Board, everyMs: number) {
    this.#board = board;
    this.#everyMs = everyMs;
  }

  advance(nowMs: number): void {
    if (this.#board.isFrozen && this.publishedAt > 0) return;
    const hasNewFault = this.#factor !== this.#board.priceFactor;
    const isDue = Math.abs(nowMs - this.publishedAt) >= this.#everyMs;
    // A market in which nobody trades gives nothing to recompute from.
    if ((!isDue && !hasNewFault) || (this.#board.market.isHalted && this.publishedAt > 0)) return;
    this.#factor = this.#board.priceFactor;
    this.publishedAt = nowMs;
    for (const asset of Object.keys(REFERENCE_USD)) {
      const dollars = this.#board.market.dollars(asset);
      if (dollars !== undefined) this.#dollars.set(asset, dollars);
    }
  }

  price(asset: string, currency: string): number | undefined {
    const dollars = this.#dollars.get(asset);
    const unit = currency === 'USD' ? 1 : this.#dollars.get(currency);
    if (dollars === undefined || unit === undefined) return undefined;
    return (dollars / unit) * this.#factor;
  }
}
