// Which pairs each venue lists, with the decimals of its prices. In: nothing. Out: a table of pairs by venue.
// The table follows what the real venues list (their instrument lists, recorded and documented): Binance and
// Bybit quote no US dollar, Coinbase keeps one book for USD and USDC, OKX has a dollar group in some regions
// only.

/**
 * Mean time between two trades of a base asset on a venue, ms: liquid assets trade about once a second here.
 */
const TRADE_EVERY_MS: Record<string, number> = {
  BTC: 700,
  ETH: 900,
  SOL: 1300,
  XRP: 1600,
  DOGE: 2000,
  LINK: 2500,
  ADA: 2500,
  LTC: 3000,
  AVAX: 3000,
  DOT: 3500,
  USDT: 2500,
  USDC: 2500,
  EUR: 3000,
  GBP: 3000,
  STETH: 4000,
  WBTC: 4000,
  USDE: 4000,
};

/** Pairs against the second-rank currencies trade half as often. */
const SECOND_RANK = new Set(['EUR', 'BTC', 'ETH', 'USDC']);

const majors = (quote: string): string =>
  'BTC:2 ETH:2 SOL:2 XRP:4 LINK:3 LTC:2 DOGE:5 ADA:4 AVAX:2 DOT:4'.replaceAll(':', `/${quote}:`);
const MAJORS_USD = majors('USD');
const MAJORS_USDT = majors('USDT');

const PAIRS: Record<string, string> = {
  binance: `${MAJORS_USDT} BTC/USDC:2 ETH/USDC:2 SOL/USDC:2 XRP/USDC:4 DOGE/USDC:5 USDC/USDT:4 EUR/USDT:4
    EUR/USDC:4 BTC/EUR:2 ETH/EUR:2 SOL/EUR:2 XRP/EUR:4 ETH/BTC:5 SOL/BTC:7 XRP/BTC:8 LINK/BTC:7
    LTC/BTC:6 ADA/BTC:8 WBTC/USDT:2 WBTC/BTC:4`,
  coinbase: `${MAJORS_USD} USDT/USD:5 USDT/USDC:5 USDT/EUR:4 USDC/EUR:4 BTC/USDT:2 ETH/USDT:2 SOL/USDT:2
    XRP/USDT:4 BTC/EUR:2 ETH/EUR:2 SOL/EUR:2 XRP/EUR:4 LINK/EUR:3 LTC/EUR:2 DOGE/EUR:5 ETH/BTC:5
    LTC/BTC:6 BTC/GBP:2 ETH/GBP:2`,
  kraken: `${MAJORS_USD} USDT/USD:5 USDC/USD:4 EUR/USD:5 USDC/USDT:4 USDT/EUR:4 USDC/EUR:4 BTC/USDT:1
    ETH/USDT:2 SOL/USDT:2 XRP/USDT:5 LINK/USDT:5 LTC/USDT:2 DOGE/USDT:7 ADA/USDT:6 BTC/USDC:2
    ETH/USDC:2 BTC/EUR:1 ETH/EUR:2 SOL/EUR:2 XRP/EUR:5 LINK/EUR:5 LTC/EUR:2 DOGE/EUR:7 ADA/EUR:6
    ETH/BTC:5 WBTC/USD:2 WBTC/BTC:5 GBP/USD:5 USDT/GBP:4 USDC/GBP:4 USD/JPY:3 USDT/JPY:2`,
  okx: `${MAJORS_USDT} BTC/USDC:1 ETH/USDC:2 SOL/USDC:2 XRP/USDC:4 LTC/USDC:2 DOGE/USDC:5 USDC/USDT:4
    BTC/EUR:1 ETH/EUR:2 SOL/EUR:2 XRP/EUR:4 ETH/BTC:5 USDT/USD:4 USDC/USD:4 WBTC/USDT:1 STETH/USDT:1`,
  bybit: `${MAJORS_USDT} BTC/USDC:2 ETH/USDC:2 SOL/USDC:2 XRP/USDC:4 LTC/USDC:2 DOGE/USDC:5 USDC/USDT:4
    BTC/EUR:2 ETH/EUR:2 SOL/EUR:2 XRP/EUR:4 ETH/BTC:6 SOL/BTC:7 XRP/BTC:8 STETH/USDT:2 USDE/USDT:4`,
  bitstamp: `${MAJORS_USD} USDT/USD:5 USDC/USD:5 EUR/USD:5 USDC/USDT:5 USDT/EUR:5 USDC/EUR:5 BTC/USDT:0
    ETH/USDT:1 XRP/USDT:5 BTC/USDC:0 ETH/USDC:1 BTC/EUR:0 ETH/EUR:1 SOL/EUR:2 XRP/EUR:5 LINK/EUR:4
    LTC/EUR:2 DOGE/EUR:5 ADA/EUR:5 ETH/BTC:8 XRP/BTC:8 LTC/BTC:8 GBP/USD:5`,
  coingecko: '',
  coinmarketcap: '',
  // Pools, by what one unit of the first asset costs in the second; decimals serve the wick and the control
  // answers only.
  uniswap_v3: 'ETH/USDC:6 ETH/USDT:6 BTC/USDC:6 BTC/USDT:6 BTC/ETH:8 LINK/ETH:10 USDC/USDT:8 USDE/USDT:8',
  kucoin: `${MAJORS_USDT} BTC/USDC:1 ETH/USDC:2 SOL/USDC:3 USDC/USDT:4 USDT/USDC:4 ETH/BTC:5 BTC/EUR:1 ETH/EUR:2
    USDT/EUR:4`,
  gate: `${MAJORS_USDT} BTC/USDC:1 ETH/USDC:2 SOL/USDC:3 USDC/USDT:4 ETH/BTC:5 LTC/BTC:6 WBTC/USDT:1 STETH/USDT:2 USDE/USDT:4`,
  htx: `${MAJORS_USDT} BTC/USDC:2 ETH/USDC:2 USDC/USDT:4 ETH/BTC:6 LTC/BTC:6`,
  upbit: `BTC/KRW:0 ETH/KRW:0 SOL/KRW:0 XRP/KRW:1 LINK/KRW:0 DOGE/KRW:2 ADA/KRW:1 AVAX/KRW:0 DOT/KRW:0 USDT/KRW:1
    USDC/KRW:1 ETH/BTC:8 XRP/BTC:8`,
  bithumb: `BTC/KRW:0 ETH/KRW:0 SOL/KRW:0 XRP/KRW:1 LINK/KRW:0 DOGE/KRW:2 ADA/KRW:1 USDT/KRW:1 USDC/KRW:1`,
  bitfinex: `BTC/USD:0 ETH/USD:1 SOL/USD:2 XRP/USD:4 LTC/USD:2 LINK/USD:3 DOGE/USD:5 ADA/USD:4 USDT/USD:5 USDC/USD:5
    BTC/USDT:0 ETH/USDT:1 SOL/USDT:2 XRP/USDT:4 ETH/BTC:6 BTC/EUR:0 ETH/EUR:1
    BTC/JPY:0 ETH/JPY:0`,
};

export const VENUE_IDS: readonly string[] = Object.keys(PAIRS);

export type Listing = {
  base: string;
  quote: string;
  decimals: number;
  /** Mean time between two trades. */
  everyMs: number;
};

/** The pairs of a venue; aggregators list none, they publish one dollar price an asset. */
export function listingsOf(venue: string): Listing[] {
  return (PAIRS[venue] ?? '')
    .split(/\s+/)
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [base = '', quote = '', decimals = ''] = entry.split(/[/:]/);
      const everyMs = (TRADE_EVERY_MS[base] ?? 3000) * (SECOND_RANK.has(quote) ? 2 : 1);
      return { base, quote, decimals: Number(decimals), everyMs };
    });
}
