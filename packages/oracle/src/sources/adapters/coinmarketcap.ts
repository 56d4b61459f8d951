// CoinMarketCap: prices that it makes from many exchanges, every minute. REST only, version 2 by id, with a
// key; a call costs a credit for each hundred coins, and the free plan takes one quote currency a call. In:
// the answer of quotes/latest, whose prices are JSON numbers and are read as the text that stands there.
// Out: one price a pair with the time of the last update.
import { baseOf, type Pair, quoteOf } from '../../model/pair.ts';
import { coinInstruments, titleIn } from '../coin-list.ts';
import { defineSource, type Parsed, type SourceContext } from '../define-source.ts';
import {
  batchesOf,
  type Fields,
  fieldsOf,
  isFields,
  isoIn,
  listOf,
  parseJsonExact,
  priceIn,
  readInBatch,
  refusal,
  textIn,
} from '../payload.ts';

/** Its numbers of the coins that feeds usually have; `options.ids` extends them. */
const IDS: Record<string, number> = {
  AAVE: 7278,
  ADA: 2010,
  AVAX: 5805,
  BCH: 1831,
  BNB: 1839,
  BTC: 1,
  DAI: 4943,
  DOGE: 74,
  DOT: 6636,
  ETC: 1321,
  ETH: 1027,
  LINK: 1975,
  LTC: 2,
  SOL: 5426,
  TRX: 1958,
  UNI: 7083,
  USDC: 3408,
  USDE: 29470,
  USDT: 825,
  WBTC: 3717,
  XLM: 512,
  XRP: 52,
};
const COINS_PER_CREDIT = 100;
const FRAME = 'quotes/latest';

export default defineSource({
  id: 'coinmarketcap',
  name: 'CoinMarketCap',
  homepage: 'https://coinmarketcap.com',
  documentation: 'https://coinmarketcap.com/api/documentation/v1/#operation/getV2CryptocurrencyQuotesLatest',
  checked: { by: 'recorded', version: 'API v2', on: '2026-11-21' },
  kind: 'aggregator',
  endpoints: { rest: 'https://pro-api.coinmarketcap.com' },
  credentials: [{ name: 'key', describe: 'API key of any plan (X-CMC_PRO_API_KEY)', isRequired: true }],
  symbol(pair, options) {
    const id = idOf(baseOf(pair), options);
    return id === undefined ? undefined : `${id}:${quoteOf(pair)}`;
  },
  // The free plan: 30 calls a minute and 10,000 credits a month.
  limits: {
    requests: { count: 30, windowMs: 60_000 },
    credits: { count: 10_000, periodMs: 30 * 86_400_000 },
  },
  http: {
    // Answers are renewed every minute; asking more often costs credits for the same numbers.
    intervalMs: 60_000,
    timeoutMs: 8000,
    requests(context) {
      const quotes = [...new Set(context.pairs.map(quoteOf))];
      return quotes.flatMap((quote) =>
        batchesOf(
          context.pairs.filter((pair) => quoteOf(pair) === quote),
          COINS_PER_CREDIT,
        ).map((pairs) => requestFor(pairs, quote, context)),
      );
    },
    parse(response, request, context) {
      const body = fieldsOf(parseJsonExact(response.body, FRAME), FRAME, 'body');
      refuseError(body);
      const data = fieldsOf(body.data, FRAME, 'data');
      const prices: Parsed[] = [];
      for (const pair of request.pairs) {
        const [id = ''] = context.symbolOf(pair).split(':');
        if (data[id] === undefined) continue;
        readInBatch(context, pair, () => prices.push(priceOf(pair, fieldsOf(data[id], FRAME, id))));
      }
      return prices;
    },
    explain(response) {
      const message = /"error_message"\s*:\s*"([^"]{1,400})"/.exec(response.body)?.[1];
      if (message === undefined) return undefined;
      if (response.status === 429) return { code: 'SOURCE_RATE_LIMITED', message };
      // 401 and 402 need another key or a payment, 403 another plan: it has nothing to do with the region.
      return response.status < 500 ? { code: 'SOURCE_REFUSED', message, isTransient: false } : undefined;
    },
  },
  instruments: {
    requests(context) {
      // By ticker, so that the others that share one are told as well.
      const tickers = [...new Set(context.pairs.map(baseOf))].map(encodeURIComponent).join(',');
      const url = `${context.endpoints.rest}/v1/cryptocurrency/map?symbol=${tickers}`;
      return tickers === '' ? [] : [{ url, headers: headersOf(context), pairs: context.pairs, credits: 1 }];
    },
    parse(response, _request, context) {
      const body = fieldsOf(parseJsonExact(response.body, 'map'), 'map', 'body');
      refuseError(body);
      const coins = listOf(body.data, 'map', 'data').map((item) => {
        const coin = fieldsOf(item, 'map', 'data');
        const isActive = coin.is_active === '1';
        const ticker = textIn(coin.symbol, 'map', 'symbol');
        return { id: textIn(coin.id, 'map', 'id'), ticker, title: titleIn(coin.name), isActive };
      });
      return coinInstruments(coins, context);
    },
  },
  examples: [
    {
      name: 'a coin, digits as they stand',
      transport: 'http',
      payload:
        '{"data":{"1":{"id":1,"name":"Bitcoin","symbol":"BTC","slug":"bitcoin","is_active":1,"quote":{"U' +
        'SD":{' +
        '"price":6602.60701122,"volume_24h":4314444687.5194,"last_updated":"2018-08-09T21:56:28.000Z"}}}},' +
        '"status":{"timestamp":"2024-06-26T08:00:37.500Z","error_code":0,"error_message":"","elapsed":10,' +
        '"credit_count":1,"notice":""}}',
      pairs: ['BTC/USD'],
      expect: {
        prices: [{ pair: 'BTC/USD', kind: 'index', price: '6602.60701122', observedAt: 1533851788000 }],
      },
      from: 'documentation, quotes latest v2',
    },
    {
      name: 'an error inside a 200',
      transport: 'http',
      payload:
        '{"status":{"timestamp":"2024-06-26T08:00:37.500Z","error_code":1008,"error_message":"You\'ve ex' +
        'ceeded ' +
        'your API Key\'s HTTP request rate limit. Rate limits reset every minute.","elapsed":10,"credit_' +
        'count":0}}',
      pairs: ['BTC/USD'],
      expect: { error: 'SOURCE_RATE_LIMITED' },
      from: 'documentation, errors and rate limits',
    },
    {
      name: 'a coin without a price in the currency that was asked for',
      transport: 'http',
      payload: '{"data":{"1":{"id":1,"quote":{}}},"status":{"error_code":0,"error_message":null}}',
      pairs: ['BTC/USD'],
      expect: { error: 'SOURCE_BAD_PAYLOAD' },
      from: 'constructed',
    },
  ],
});

function requestFor(pairs: readonly Pair[], quote: string, context: SourceContext) {
  const ids = [...new Set(pairs.map((pair) => context.symbolOf(pair).split(':')[0]))];
  return {
    url: `${context.endpoints.rest}/v2/cryptocurrency/quotes/latest?id=${ids.join(',')}&convert=${quote}`,
    headers: headersOf(context),
    pairs,
    credits: Math.ceil(ids.length / COINS_PER_CREDIT),
  };
}

function headersOf(context: SourceContext): Record<string, string> {
  return { accept: 'application/json', 'X-CMC_PRO_API_KEY': context.credentials.key ?? '' };
}

function priceOf(pair: Pair, coin: Fields): Parsed {
  const quotes = fieldsOf(coin.quote, FRAME, 'quote');
  const quote = fieldsOf(quotes[quoteOf(pair)], FRAME, `quote.${quoteOf(pair)}`);
  const price = priceIn(quote.price, FRAME, 'price');
  const observedAt = isoIn(quote.last_updated, FRAME, 'last_updated');
  return { pair, kind: 'index', price, observedAt };
}

function refuseError(body: Fields): void {
  const status = fieldsOf(body.status, FRAME, 'status');
  const code = Number(status.error_code);
  if (code === 0) return;
  // 1008 to 1011: the limits of a minute, a day, a month, and of the address.
  const isLimit = code >= 1008 && code <= 1011;
  throw refusal(
    isLimit ? 'SOURCE_RATE_LIMITED' : 'SOURCE_REFUSED',
    `${code} ${String(status.error_message)}`,
    {
      frame: FRAME,
      // 1001 to 1007: the key or the plan.
      ...(code >= 1001 && code <= 1007 ? { isTransient: false } : {}),
    },
  );
}

function idOf(base: string, options: Record<string, unknown>): string | undefined {
  const own = isFields(options.ids) ? options.ids[base] : undefined;
  if (typeof own === 'number' || (typeof own === 'string' && /^\d+$/.test(own))) return String(own);
  return Object.hasOwn(IDS, base) ? String(IDS[base]) : undefined;
}
