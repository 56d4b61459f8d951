// The simulated market: true dollar prices as a function of a seed and of time. In: the last state,
// milliseconds, a seeded generator. Out: the next state. Invariant: the same seed and the same steps give the
// same prices; no price is ever zero, negative or not a number.
import type { Random } from '@assay/kernel/random/random';
import type { Listing } from './listings.ts';
import {
  isWickAt,
  paceOf,
  pullOf,
  REFERENCE_USD,
  type Regime,
  spreadFactorOf,
  WICK_FACTOR,
} from './regimes.ts';

/** What one venue's board asks of a market, simulated or recorded. */
export interface Market {
  /** Moves on to `nowMs`. */
  advance(nowMs: number): void;
  /** What one unit of `base` costs in `quote` at this venue now; undefined when it is not priced there. */
  rate(venue: string, base: string, quote: string): MarketRate | undefined;
  /** Dollars for one unit over all venues, as aggregators see it. */
  dollars(asset: string): number | undefined;
  /** The pairs it prices at a venue, where they are not the venue's usual ones. */
  listings?(venue: string): Listing[];
  readonly isHalted: boolean;
  /** Half the distance of bid and ask, against a calm market's. */
  readonly spreadFactor: number;
  /** Trades in the same time, against a calm market's. */
  readonly pace: number;
}

export type MarketRate = {
  price: number;
  /**
   * Absent: the board draws trades around the price. Set: the board trades exactly this, once for each new
   * number.
   */
  news?: number;
};

export type MarketState = {
  /** Dollars by asset. */
  prices: Record<string, number>;
  regime: Regime;
  regimeSinceMs: number;
  nowMs: number;
  /** Venue on which the wick of this regime stands. */
  wickVenue: string;
};

/** The state after `dtMs`; pure but for the generator, which is handed in. */
export function stepMarket(state: MarketState, dtMs: number, random: Random): MarketState {
  const seconds = dtMs / 1000;
  const prices: Record<string, number> = { USD: 1 };
  // Half of what moves a crypto asset moves all of them.
  const together = random.normal();
  for (const [asset, price] of Object.entries(state.prices)) {
    if (asset === 'USD') continue;
    const pull = pullOf(state.regime, asset);
    const own = random.normal();
    const shock = pull.deviationPerRootS * Math.sqrt(seconds) * Math.SQRT1_2 * (together + own);
    const distance = Math.log((REFERENCE_USD[asset]! * pull.towards) / price);
    const drawn = Number.isFinite(pull.withinMs) ? distance * (1 - Math.exp(-dtMs / pull.withinMs)) : 0;
    prices[asset] = price * Math.exp(drawn + pull.driftPerS * seconds + shock);
  }
  return { ...state, prices, nowMs: state.nowMs + dtMs };
}

/** A large gap is walked in steps of this length, so that one long sleep is no jump of the market. */
const STEP_MAX_MS = 1_000;
/** After a gap beyond this (a suspended machine) the market continues where it was. */
const GAP_MAX_MS = 600_000;

export class SimulatedMarket implements Market {
  #state: MarketState;
  readonly #random: Random;
  readonly #venues: readonly string[];

  constructor(options: { random: Random; nowMs: number; regime: Regime; venues: readonly string[] }) {
    this.#random = options.random;
    this.#venues = options.venues;
    this.#state = {
      prices: { ...REFERENCE_USD },
      regime: options.regime,
      regimeSinceMs: options.nowMs,
      nowMs: options.nowMs,
      wickVenue: this.#drawVenue(),
    };
  }

  get state(): MarketState {
    return this.#state;
  }

  get regime(): Regime {
    return this.#state.regime;
  }

  get isHalted(): boolean {
    return this.#state.regime === 'halt';
  }

  get spreadFactor(): number {
    return spreadFactorOf(this.#state.regime);
  }

  get pace(): number {
    return paceOf(this.#state.regime);
  }

  setRegime(regime: Regime, nowMs: number, wickVenue: string = this.#drawVenue()): void {
    this.#state = { ...this.#state, regime, regimeSinceMs: nowMs, wickVenue };
  }

  advance(nowMs: number): void {
    if (nowMs - this.#state.nowMs > GAP_MAX_MS) this.#state = { ...this.#state, nowMs };
    while (this.#state.nowMs < nowMs) {
      const dtMs = Math.min(STEP_MAX_MS, nowMs - this.#state.nowMs);
      this.#state = stepMarket(this.#state, dtMs, this.#random);
    }
  }

  rate(venue: string, base: string, quote: string): MarketRate | undefined {
    const price = this.#state.prices[base];
    const unit = this.#state.prices[quote];
    if (price === undefined || unit === undefined) return undefined;
    const { regime, regimeSinceMs, nowMs, wickVenue } = this.#state;
    const isWick = regime === 'wick' && venue === wickVenue && isWickAt(nowMs - regimeSinceMs);
    return { price: (price / unit) * (isWick ? WICK_FACTOR : 1) };
  }

  dollars(asset: string): number | undefined {
    return this.#state.prices[asset];
  }

  #drawVenue(): string {
    return this.#venues[this.#random.integer(this.#venues.length)] ?? '';
  }
}
