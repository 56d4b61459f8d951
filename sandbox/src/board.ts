// The board of one venue: for each of its instruments the last trade, best prices and the day's figures. In:
// the market and the venue's time. Out: the rows that traded. Invariant: a row never shows a price that was
// not drawn from the market at the time it bears; bid < price-side spread < ask.
import type { Random } from '@assay/kernel/random/random';
import type { Listing } from './listings.ts';
import type { Market } from './market.ts';

export type Row = {
  readonly listing: Listing;
  readonly pair: string;
  /** 0 until the first trade: such a row is not shown. */
  tradeId: number;
  sequence: number;
  price: number;
  bid: number;
  ask: number;
  size: number;
  side: 'buy' | 'sell';
  /** Venue time of the last trade, ms. */
  tradedAt: number;
  open24h: number;
  high24h: number;
  low24h: number;
  volume24h: number;
  /** Slow difference of this venue from the market, parts. */
  lean: number;
  news: number;
};

// Recorded venues differ by about 2 bps in the median (data README 3): leans of 1.5 bps, noise of 0.5 bps a
// trade.
const LEAN_DEVIATION = 1.5e-4;
const LEAN_WITHIN_MS = 20_000;
const NOISE_DEVIATION = 5e-5;
/** Half the distance of bid and ask, parts; at least one unit of the last decimal. */
const HALF_SPREAD = 1e-4;
/** A trade is worth some two thousand dollars in the mean. */
const TRADE_DOLLARS = 2_000;
/** Traded per day and instrument at the start, in trades. */
const DAY_TRADES = 20_000;

export class Board {
  readonly rows: readonly Row[];
  readonly #byPair: Map<string, Row>;
  readonly #venue: string;
  readonly #market: Market;
  readonly #random: Random;
  /** Multiplies every price that is drawn: the fault `wrong-price`. */
  priceFactor = 1;
  /** Nothing new is drawn; what was said is said again: the fault `stale`. */
  isFrozen = false;
  #isRepricing = true;
  #drawnAt = 0;

  constructor(options: { venue: string; listings: readonly Listing[]; market: Market; random: Random }) {
    this.#venue = options.venue;
    this.#market = options.market;
    this.#random = options.random;
    this.rows = options.listings.map((listing) => newRow(listing, options.random));
    this.#byPair = new Map(this.rows.map((row) => [row.pair, row]));
  }

  get market(): Market {
    return this.#market;
  }

  row(pair: string): Row | undefined {
    const row = this.#byPair.get(pair);
    return row !== undefined && row.tradeId > 0 ? row : undefined;
  }

  /** Rows that have traded at least once. */
  listed(): Row[] {
    return this.rows.filter((row) => row.tradeId > 0);
  }

  /** The time that frames bear as the time of their news: a frozen board repeats the old one. */
  newsTime(nowMs: number): number {
    return this.isFrozen ? this.#drawnAt : nowMs;
  }

  /** Everything trades at the next step: after a fault begins or ends its price shows at once. */
  reprice(): void {
    this.#isRepricing = true;
  }

  /** Draws the trades of the last `dtMs`; `nowMs` is the venue's own time. */
  advance(nowMs: number, dtMs: number): Row[] {
    if (!this.isFrozen) this.#drawnAt = nowMs;
    if (this.#market.isHalted && !this.#isRepricing) return [];
    const all = this.#isRepricing;
    this.#isRepricing = false;
    const traded: Row[] = [];
    for (const row of this.rows) {
      const rate = this.#market.rate(this.#venue, row.listing.base, row.listing.quote);
      if (rate === undefined) continue;
      const isExact = rate.news !== undefined;
      const isDue = isExact
        ? rate.news !== row.news
        : this.#random.next() < 1 - Math.exp((-dtMs * this.#market.pace) / row.listing.everyMs);
      if (!isDue && !all) continue;
      if (!this.isFrozen) this.#trade(row, rate.price, isExact, nowMs, dtMs);
      row.news = rate.news ?? 0;
      if (row.tradeId > 0) traded.push(row);
    }
    return traded;
  }

  #trade(row: Row, price: number, isExact: boolean, nowMs: number, dtMs: number): void {
    const random = this.#random;
    const unit = 10 ** -row.listing.decimals;
    const half = Math.max(unit, HALF_SPREAD * this.#market.spreadFactor * price);
    const isBuy = random.next() < 0.5;
    const keep = Math.exp(-dtMs / LEAN_WITHIN_MS);
    row.lean = row.lean * keep + LEAN_DEVIATION * Math.sqrt(1 - keep * keep) * random.normal();
    const middle = isExact ? price : price * (1 + row.lean + NOISE_DEVIATION * random.normal());
    const traded = (isExact ? middle : middle + (isBuy ? half : -half) / 2) * this.priceFactor;
    row.price = round(traded, row.listing.decimals);
    row.bid = round(middle * this.priceFactor - half, row.listing.decimals);
    row.ask = round(middle * this.priceFactor + half, row.listing.decimals);
    row.side = isBuy ? 'buy' : 'sell';
    const dollars = this.#market.dollars(row.listing.base) ?? 1;
    row.size = (-Math.log(1 - random.next()) * TRADE_DOLLARS) / dollars;
    row.tradedAt = nowMs;
    row.sequence += 1 + random.integer(20);
    if (row.tradeId === 0) startDay(row, random);
    row.tradeId += 1;
    row.high24h = Math.max(row.high24h, row.price);
    row.low24h = Math.min(row.low24h, row.price);
    row.volume24h += row.size;
  }
}

/** A price in the instrument's own digits. */
export function digits(row: Row, price: number): string {
  return price.toFixed(row.listing.decimals);
}

function newRow(listing: Listing, random: Random): Row {
  return {
    listing,
    pair: `${listing.base}/${listing.quote}`,
    tradeId: 0,
    sequence: 1_000_000 + random.integer(1e9),
    price: 0,
    bid: 0,
    ask: 0,
    size: 0,
    side: 'buy',
    tradedAt: 0,
    open24h: 0,
    high24h: 0,
    low24h: Infinity,
    volume24h: 0,
    lean: LEAN_DEVIATION * random.normal(),
    news: 0,
  };
}

function startDay(row: Row, random: Random): void {
  row.tradeId = 100_000 + random.integer(1e8);
  row.open24h = round(row.price * (1 + 0.01 * random.normal()), row.listing.decimals);
  row.high24h = row.open24h;
  row.low24h = row.open24h;
  row.volume24h = row.size * DAY_TRADES;
}

function round(price: number, decimals: number): number {
  const unit = 10 ** decimals;
  return Math.max(1, Math.round(price * unit)) / unit;
}
