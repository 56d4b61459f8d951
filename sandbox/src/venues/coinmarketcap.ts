// CoinMarketCap: cryptocurrency/quotes/latest, versions 1 and 2. In and out: protocol.ts. A key is required;
// calls cost credits. Documentation: coinmarketcap.com/api/documentation/v1 (quotes latest, errors and rate
// limits).
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

type Coin = { id: number; name: string; asset: string; slug: string };

const COINS: readonly Coin[] = [
  { id: 1, name: 'Bitcoin', asset: 'BTC', slug: 'bitcoin' },
  { id: 2, name: 'Litecoin', asset: 'LTC', slug: 'litecoin' },
  { id: 52, name: 'XRP', asset: 'XRP', slug: 'xrp' },
  { id: 74, name: 'Dogecoin', asset: 'DOGE', slug: 'dogecoin' },
  { id: 825, name: 'Tether USDt', asset: 'USDT', slug: 'tether' },
  { id: 1027, name: 'Ethereum', asset: 'ETH', slug: 'ethereum' },
  { id: 1975, name: 'Chainlink', asset: 'LINK', slug: 'chainlink' },
  { id: 2010, name: 'Cardano', asset: 'ADA', slug: 'cardano' },
  { id: 3408, name: 'USDC', asset: 'USDC', slug: 'usd-coin' },
  { id: 5426, name: 'Solana', asset: 'SOL', slug: 'solana' },
  { id: 5805, name: 'Avalanche', asset: 'AVAX', slug: 'avalanche' },
  { id: 6636, name: 'Polkadot', asset: 'DOT', slug: 'polkadot-new' },
];

const CURRENCIES = new Set(['USD', 'EUR', 'BTC', 'ETH']);

/** Documented cache of the endpoint. */
const RECOMPUTED_EVERY_MS = 60_000;
/** A call costs one credit for each hundred coins begun. */
const COINS_PER_CREDIT = 100;

export const coinmarketcap: VenueDefinition = {
  id: 'coinmarketcap',
  name: 'CoinMarketCap',
  paths: { rest: '' },
  create: (board) => new CoinMarketCap(board),
};

class CoinMarketCap implements VenueProtocol {
  readonly #prices: PublishedPrices;
  readonly connect = NO_STREAM.connect;
  readonly message = NO_STREAM.message;
  readonly disconnect = NO_STREAM.disconnect;

  constructor(board: Board) {
    this.#prices = new PublishedPrices(board, RECOMPUTED_EVERY_MS);
  }

  http(request: VenueRequest, nowMs: number): VenueResponse {
    const version = /^\/v([12])\/cryptocurrency\/quotes\/latest$/.exec(request.path)?.[1];
    if (version === undefined) {
      const error = { statusCode: 404, error: 'Not Found', message: 'Not Found' };
      return jsonResponse(error, 404);
    }
    const key = request.headers['x-cmc_pro_api_key'] ?? request.query.get('CMC_PRO_API_KEY') ?? '';
    if (key === '') return problem(401, 1002, 'API key missing.', nowMs);
    const isBySymbol = request.query.has('symbol');
    const asked = (request.query.get('id') ?? request.query.get('symbol') ?? request.query.get('slug') ?? '')
      .split(',')
      .filter((name) => name !== '');
    if (asked.length === 0) {
      return problem(400, 400, '"value" must contain at least one of [id, symbol, slug]', nowMs);
    }
    const convert = (request.query.get('convert') ?? 'USD').split(',');
    const bad = convert.find((currency) => !CURRENCIES.has(currency));
    if (bad !== undefined) return problem(400, 400, `Invalid value for "convert": "${bad}"`, nowMs);
    const data: Record<string, unknown> = {};
    for (const name of asked) {
      const coin = COINS.find((one) => String(one.id) === name || one.asset === name || one.slug === name);
      if (coin === undefined) {
        const field = isBySymbol ? 'symbol' : request.query.has('id') ? 'id' : 'slug';
        // By symbol an unknown name is an empty list in version 2; by id it refuses the call.
        if (isBySymbol && version === '2') data[name] = [];
        else return problem(400, 400, `Invalid value for "${field}": "${name}"`, nowMs);
        continue;
      }
      const described = this.#describe(coin, convert);
      if (isBySymbol) data[name] = version === '2' ? [described] : described;
      else data[String(coin.id)] = described;
    }
    const credits = Math.ceil(asked.length / COINS_PER_CREDIT) * convert.length;
    return jsonResponse({ status: status(0, null, credits, nowMs), data });
  }

  advance({ nowMs }: VenueStep): void {
    this.#prices.advance(nowMs);
  }

  #describe(coin: Coin, convert: readonly string[]): unknown {
    const updated = new Date(this.#prices.publishedAt).toISOString();
    const quote: Record<string, unknown> = {};
    for (const currency of convert) {
      const price = this.#prices.price(coin.asset, currency);
      if (price === undefined) continue;
      quote[currency] = {
        price,
        volume_24h: price * 400_000,
        volume_change_24h: -0.152774,
        percent_change_1h: 0.12,
        percent_change_24h: 0.9,
        percent_change_7d: 2.1,
        percent_change_30d: 5.2,
        market_cap: price * 19_000_000,
        market_cap_dominance: 1,
        fully_diluted_market_cap: price * 21_000_000,
        last_updated: updated,
      };
    }
    return {
      id: coin.id,
      name: coin.name,
      symbol: coin.asset,
      slug: coin.slug,
      num_market_pairs: 331,
      date_added: '2013-04-28T00:00:00.000Z',
      tags: [],
      max_supply: 21_000_000,
      circulating_supply: 19_000_000,
      total_supply: 19_000_000,
      is_active: 1,
      platform: null,
      cmc_rank: coin.id,
      is_fiat: 0,
      self_reported_circulating_supply: null,
      self_reported_market_cap: null,
      last_updated: updated,
      quote,
    };
  }
}

function status(code: number, message: string | null, credits: number, nowMs: number): unknown {
  return {
    timestamp: new Date(nowMs).toISOString(),
    error_code: code,
    error_message: message,
    elapsed: 10,
    credit_count: credits,
    notice: null,
  };
}

function problem(httpStatus: number, code: number, message: string, nowMs: number): VenueResponse {
  return jsonResponse({ status: status(code, message, 0, nowMs) }, httpStatus);
}
