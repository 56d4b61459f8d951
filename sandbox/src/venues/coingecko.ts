// CoinGecko: simple/price and ping. In and out: protocol.ts. Prices are JSON numbers, recomputed every few
//   seconds.
// Documentation: docs.coingecko.com/reference/simple-price.
import type { Board } from '../board.ts';
import {
  jsonResponse,
  NO_STREAM,
  type VenueDefinition,
  type VenueProtocol,
  type VenueRequest,
  type VenueResponse,
  type VenueStep,
} from '../protocol.ts';
import { PublishedPrices } from './published-prices.ts';

const COINS: Record<string, string> = {
  bitcoin: 'BTC',
  ethereum: 'ETH',
  solana: 'SOL',
  ripple: 'XRP',
  chainlink: 'LINK',
  litecoin: 'LTC',
  dogecoin: 'DOGE',
  cardano: 'ADA',
  'avalanche-2': 'AVAX',
  polkadot: 'DOT',
  tether: 'USDT',
  'usd-coin': 'USDC',
};

const CURRENCIES: Record<string, string> = { usd: 'USD', eur: 'EUR', btc: 'BTC', eth: 'ETH' };

/** The free interface recomputes once a minute; twenty seconds is what its paying users see. */
const RECOMPUTED_EVERY_MS = 20_000;

export const coingecko: VenueDefinition = {
  id: 'coingecko',
  name: 'CoinGecko',
  paths: { rest: '/api/v3' },
  create: (board) => new CoinGecko(board),
};

class CoinGecko implements VenueProtocol {
  readonly #prices: PublishedPrices;
  readonly connect = NO_STREAM.connect;
  readonly message = NO_STREAM.message;
  readonly disconnect = NO_STREAM.disconnect;

  constructor(board: Board) {
    this.#prices = new PublishedPrices(board, RECOMPUTED_EVERY_MS);
  }

  http(request: VenueRequest): VenueResponse {
    if (request.path === '/api/v3/ping') return jsonResponse({ gecko_says: '(V3) To the Moon!' });
    if (request.path !== '/api/v3/simple/price') {
      return jsonResponse({ error: 'Incorrect path. Please check https://www.coingecko.com/api/' }, 404);
    }
    const ids = request.query.get('ids');
    const currencies = request.query.get('vs_currencies');
    if (currencies === null) return jsonResponse({ error: 'Missing parameter vs_currencies' }, 422);
    if (ids === null) return jsonResponse({ error: 'Missing parameter ids' }, 422);
    const answer: Record<string, Record<string, number>> = {};
    // Unknown coins and currencies are left out without a word.
    for (const id of ids.split(',')) {
      const coin = COINS[id.trim()];
      if (coin !== undefined) answer[id.trim()] = this.#coin(coin, currencies, request.query);
    }
    return jsonResponse(answer);
  }

  advance({ nowMs }: VenueStep): void {
    this.#prices.advance(nowMs);
  }

  #coin(coin: string, currencies: string, query: URLSearchParams): Record<string, number> {
    const precision = query.get('precision');
    const answer: Record<string, number> = {};
    for (const name of currencies.toLowerCase().split(',')) {
      const currency = CURRENCIES[name.trim()];
      const price = currency === undefined ? undefined : this.#prices.price(coin, currency);
      if (price === undefined) continue;
      answer[name.trim()] = roundedTo(price, precision);
      if (query.get('include_24hr_vol') === 'true') answer[`${name.trim()}_24h_vol`] = price * 300_000;
    }
    if (query.get('include_last_updated_at') === 'true') {
      answer.last_updated_at = Math.floor(this.#prices.publishedAt / 1000);
    }
    return answer;
  }
}

/** `full` gives every digit, a number that many decimals, nothing as many as a page shows. */
function roundedTo(price: number, precision: string | null): number {
  if (precision === 'full') return price;
  const decimals = precision === null || precision === '' ? (price >= 1 ? 2 : 6) : Number(precision);
  return Number(price.toFixed(Number.isInteger(decimals) ? Math.min(18, Math.max(0, decimals)) : 2));
}
