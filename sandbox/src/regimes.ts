// Regimes of the simulated market: what the true prices are drawn towards, how nervously, and whether anybody
// trades.
// In: nothing. Out: a table, and for each asset its pull. Invariant: `calm` draws every price back to its
// reference level, so that a crash or a depeg is over some time after the regime is.

export const REGIMES = ['calm', 'trend', 'crash', 'depeg', 'wick', 'halt'] as const;
export type Regime = (typeof REGIMES)[number];

/**
 * Reference levels in US dollars: near enough to reality that a reader sees at once whether a price is
 * plausible.
 */
export const REFERENCE_USD: Record<string, number> = {
  BTC: 67_000,
  ETH: 3_500,
  SOL: 160,
  XRP: 0.62,
  LINK: 15.2,
  LTC: 84,
  DOGE: 0.145,
  ADA: 0.46,
  AVAX: 33,
  DOT: 6.4,
  USDT: 1.0004,
  USDC: 0.9999,
  // Staked, wrapped and synthetic: each has a market of its own beside what it stands for.
  USDE: 0.9993,
  STETH: 3_496,
  WBTC: 66_960,
  EUR: 1.085,
  GBP: 1.27,
  JPY: 0.0066,
  KRW: 0.00072,
  USD: 1,
};

const STATE_CURRENCIES = new Set(['EUR', 'GBP', 'JPY', 'KRW']);
const PEGGED = new Set(['USDT', 'USDC', 'USDE']);

export type Pull = {
  /** Level that the price is drawn to, as a multiple of the reference. */
  towards: number;
  /** Time in which two thirds of the distance are gone. */
  withinMs: number;
  /** Steady growth, parts per second; 0 in all regimes but `trend`. */
  driftPerS: number;
  /** Deviation of the price after one second, parts. */
  deviationPerRootS: number;
};

// 1 bp after a second is about 56 % a year, an ordinary month of BTC; currencies move a tenth of that.
const CRYPTO_DEVIATION = 1e-4;
const CURRENCY_DEVIATION = 1e-5;
const PEG_DEVIATION = 5e-6;

/** What `regime` does to `asset`. */
export function pullOf(regime: Regime, asset: string): Pull {
  if (PEGGED.has(asset)) return pegPull(regime, asset);
  if (STATE_CURRENCIES.has(asset)) {
    return { towards: 1, withinMs: 900_000, driftPerS: 0, deviationPerRootS: CURRENCY_DEVIATION };
  }
  switch (regime) {
    // A third lost, most of it in the first half minute: 5 % within four seconds, as on 10 October 2025.
    case 'crash':
      return {
        towards: 0.67,
        withinMs: 25_000,
        driftPerS: 0,
        deviationPerRootS: 6 * CRYPTO_DEVIATION,
      };
    // 4 bps a second is 2.4 % a minute: fast, and still under the 5 % that a feed confirms first.
    case 'trend':
      return { towards: 1, withinMs: Infinity, driftPerS: 4e-4, deviationPerRootS: 2 * CRYPTO_DEVIATION };
    case 'depeg':
      return { towards: 1.01, withinMs: 120_000, driftPerS: 0, deviationPerRootS: 2 * CRYPTO_DEVIATION };
    default:
      return { towards: 1, withinMs: 900_000, driftPerS: 0, deviationPerRootS: CRYPTO_DEVIATION };
  }
}

function pegPull(regime: Regime, asset: string): Pull {
  // USDC fell to 0.88 and USDT rose to 1.01 in March 2023; here it takes half a minute instead of a night.
  const towards = regime === 'depeg' ? (asset === 'USDC' ? 0.88 : 1.008) : 1;
  const deviationPerRootS = (regime === 'depeg' ? 40 : 1) * PEG_DEVIATION;
  return { towards, withinMs: 12_000, driftPerS: 0, deviationPerRootS };
}

/** Half the distance between bid and ask widens by this. */
export function spreadFactorOf(regime: Regime): number {
  return regime === 'crash' ? 4 : regime === 'depeg' ? 2 : 1;
}

/** Frightened markets trade so many times as often. */
export function paceOf(regime: Regime): number {
  return regime === 'crash' || regime === 'depeg' ? 3 : 1;
}

// A wick stands for four seconds of every twenty: long enough for several frames, short enough to pass by
// itself.
const WICK_EVERY_MS = 20_000;
const WICK_LASTS_MS = 4_000;
/** A fifth below the market, like the wick to 31,000 beside 27,000 and the other way round in March 2023. */
export const WICK_FACTOR = 0.8;

/**
 * Whether the wick stands at this time since the regime began; it stands at once, so that it can be shown.
 */
export function isWickAt(sinceMs: number): boolean {
  return sinceMs % WICK_EVERY_MS < WICK_LASTS_MS;
}
