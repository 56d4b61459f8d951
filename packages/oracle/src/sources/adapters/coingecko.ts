// CoinGecko: prices that it makes from many exchanges, every minute or so. REST only; all coins in one
// request. In: the answer of simple/price, whose prices are JSON numbers and are read as the text that
// stands there. Out: one price a pair with the time of CoinGecko's last update. Coins are called by its own
// ids, which `options.ids` extends.
import { baseOf, type Pair, quoteOf } from '../../model/pair.ts';
import { coinInstruments, titleIn } from '../coin-list.ts';
import { defineSource, type Parsed, type SourceContext } from '../define-source.ts';
import {
  batchesOf,
  type Fields,
  fieldsOf,
  isFields,
  listOf,
  parseJson,
  parseJsonExact,
  priceIn,
  readInBatch,
  refusal,
  secondsIn,
  textIn,
} from '../payload.ts';

/** Its ids of the coins that feeds usually have; several coins share a ticker, an id is one coin. */
const IDS: Record<string, string> = {
  AAVE: 'aave',
  ADA: 'cardano',
  AVAX: 'avalanche-2',
  BCH: 'bitcoin-cash',
  BNB: 'binancecoin',
  BTC: 'bitcoin',
  DAI: 'dai',
  DOGE: 'dogecoin',
  DOT: 'polkadot',
  ETC: 'ethereum-classic',
  ETH: 'ethereum',
  LINK: 'chainlink',
  LTC: 'litecoin',
  SOL: 'solana',
  TRX: 'tron',
  UNI: 'uniswap',
  USDC: 'usd-coin',
  USDE: 'ethena-usde',
  USDT: 'tether',
  WBTC: 'wrapped-bitcoin',
  XLM: 'stellar',
  XRP: 'ripple',
};
/** Currencies that it quotes in; a stablecoin is not among them. */
const QUOTES = new Set(['AUD', 'BTC', 'CAD', 'CHF', 'ETH', 'EUR', 'GBP', 'JPY', 'USD']);
// An address of about 1 kB.
const COINS_PER_REQUEST = 100;

export default defineSource({
  id: 'coingecko',
  name: 'CoinGecko',
  homepage: 'https://www.coingecko.com',
  documentation: 'https://docs.coingecko.com/reference/simple-price',
  checked: { by: 'recorded', version: 'API v3', on: '2026-11-21' },
  kind: 'aggregator',
  endpoints: { rest: 'https://api.coingecko.com/api/v3' },
  credentials: [
    {
      name: 'key',
      describe: 'API key; for a paid one set endpoints.rest to https://pro-api.coingecko.com/api/v3 as well',
      isRequired: false,
    },
  ],
  symbol(pair, options) {
    const id = idOf(baseOf(pair), options);
    return id === undefined || !QUOTES.has(quoteOf(pair))
      ? undefined
      : `${id}:${quoteOf(pair).toLowerCase()}`;
  },
  // The free plan: 30 calls a minute and 10,000 a month.
  limits: {
    requests: { count: 30, windowMs: 60_000 },
    credits: { count: 10_000, periodMs: 30 * 86_400_000 },
  },
  http: {
    // Free answers are renewed every minute.
    intervalMs: 60_000,
    timeoutMs: 8000,
    requests: (context) =>
      batchesOf(context.pairs, COINS_PER_REQUEST).map((pairs) => requestFor(pairs, context)),
    parse(response, request, context) {
      const body = fieldsOf(parseJsonExact(response.body, 'simple/price'), 'simple/price', 'body');
      refuseError(body);
      const prices: Parsed[] = [];
      for (const pair of request.pairs) {
        const [id = '', quote = ''] = context.symbolOf(pair).split(':');
        const coin = body[id];
        // Coins that it does not know are left out of the answer without a word.
        if (coin === undefined) continue;
        readInBatch(context, pair, () =>
          prices.push(priceOf(pair, fieldsOf(coin, 'simple/price', id), quote)),
        );
      }
      return prices;
    },
    explain(response) {
      const message = /"error(?:_message)?"\s*:\s*"([^"]{1,400})"/.exec(response.body)?.[1];
      if (message === undefined) return undefined;
      if (response.status === 429) return { code: 'SOURCE_RATE_LIMITED', message };
      // A wrong or exhausted key stays one.
      return response.status < 500 ? { code: 'SOURCE_REFUSED', message, isTransient: false } : undefined;
    },
  },
  instruments: {
    requests: (context) => [
      { url: `${context.endpoints.rest}/coins/list`, headers: headersOf(context), pairs: context.pairs },
    ],
    // The list has only coins that are active.
    parse: (response, _request, context) =>
      coinInstruments(
        listOf(parseJson(response.body, 'coins/list'), 'coins/list', 'body').map((item) => {
          const coin = fieldsOf(item, 'coins/list', 'item');
          const id = textIn(coin.id, 'coins/list', 'id');
          return { id, ticker: String(coin.symbol), title: titleIn(coin.name), isActive: true };
        }),
        context,
      ),
  },
  examples: [
    {
      name: 'two coins, digits as they stand',
      transport: 'http',
      payload:
        '{"bitcoin":{"usd":67187.3358936566,"eur":61823.61,"last_updated_at":1711356300},' +
        '"dai":{"usd":1.0,"eur":9.2e-1,"last_updated_at":1711356290}}',
      pairs: ['BTC/USD', 'DAI/EUR'],
      expect: {
        prices: [
          { pair: 'BTC/USD', kind: 'index', price: '67187.3358936566', observedAt: 1711356300000 },
          { pair: 'DAI/EUR', kind: 'index', price: '9.2e-1', observedAt: 1711356290000 },
        ],
      },
      from: 'documentation, coin price by ids; the second coin written with an exponent',
    },
    {
      name: 'a price without the time of its update',
      transport: 'http',
      payload: '{"ethereum":{"usd":4226.71}}',
      pairs: ['ETH/USD'],
      expect: { prices: [{ pair: 'ETH/USD', kind: 'index', price: '4226.71' }] },
      from: 'recorded 2021-10',
    },
    {
      name: 'an error inside a 200',
      transport: 'http',
      payload:
        '{"status":{"error_code":429,"error_message":"You\'ve exceeded the Rate Limit. Please visit ' +
        'https://www.coingecko.com/en/api/pricing to subscribe to our API plans for higher rate limits."}}',
      pairs: ['BTC/USD'],
      expect: { error: 'SOURCE_RATE_LIMITED' },
      from: 'recorded body',
    },
  ],
});

function requestFor(pairs: readonly Pair[], context: SourceContext) {
  const symbols = pairs.map((pair) => context.symbolOf(pair).split(':'));
  const ids = [...new Set(symbols.map(([id = '']) => id))].map(encodeURIComponent).join(',');
  const quotes = [...new Set(symbols.map(([, quote = '']) => quote))].join(',');
  return {
    url:
      `${context.endpoints.rest}/simple/price?ids=${ids}&vs_currencies=${quotes}` +
      '&precision=full&include_last_updated_at=true',
    headers: headersOf(context),
    pairs,
  };
}

function headersOf(context: SourceContext): Record<string, string> {
  const { key } = context.credentials;
  const isPro = context.endpoints.rest?.includes('//pro-api.') === true;
  return {
    accept: 'application/json',
    ...(key === undefined ? {} : { [isPro ? 'x-cg-pro-api-key' : 'x-cg-demo-api-key']: key }),
  };
}

function priceOf(pair: Pair, coin: Fields, quote: string): Parsed {
  const price = priceIn(coin[quote], 'simple/price', quote);
  if (coin.last_updated_at === undefined) return { pair, kind: 'index', price };
  const observedAt = secondsIn(coin.last_updated_at, 'simple/price', 'last_updated_at');
  return { pair, kind: 'index', price, observedAt };
}

function refuseError(body: Fields): void {
  const status = isFields(body.status) && body.status.error_code !== undefined ? body.status : undefined;
  const message = status?.error_message ?? body.error;
  if (message === undefined) return;
  const isLimit = String(status?.error_code) === '429';
  throw refusal(isLimit ? 'SOURCE_RATE_LIMITED' : 'SOURCE_REFUSED', String(message), {
    frame: 'simple/price',
  });
}

function idOf(base: string, options: Record<string, unknown>): string | undefined {
  const own = isFields(options.ids) ? options.ids[base] : undefined;
  return typeof own === 'string' && own !== '' ? own : Object.hasOwn(IDS, base) ? IDS[base] : undefined;
}
