// CoinPaprika: prices that it makes from many exchanges. REST only; the tickers of all coins in one request.
// In: the answer of tickers, whose prices are JSON numbers and are read as the text that stands there. Out:
// one price a pair with the time of the last update. Several coins share a ticker there (two are called BTC),
// so a coin is called by its id, which `options.ids` extends.
import { baseOf, type Pair, quoteOf } from '../../model/pair.ts';
import { coinInstruments, titleIn } from '../coin-list.ts';
import { defineSource, type Parsed, type SourceContext } from '../define-source.ts';
import {
  type Fields,
  fieldsOf,
  isFields,
  isoIn,
  listOf,
  parseJson,
  parseJsonExact,
  priceIn,
  readInBatch,
  refusal,
  textIn,
} from '../payload.ts';

/** Its ids of the coins that feeds usually have. */
const IDS: Record<string, string> = {
  AAVE: 'aave-new',
  ADA: 'ada-cardano',
  AVAX: 'avax-avalanche',
  BCH: 'bch-bitcoin-cash',
  BNB: 'bnb-binance-coin',
  BTC: 'btc-bitcoin',
  DAI: 'dai-dai',
  DOGE: 'doge-dogecoin',
  DOT: 'dot-polkadot',
  ETC: 'etc-ethereum-classic',
  ETH: 'eth-ethereum',
  LINK: 'link-chainlink',
  LTC: 'ltc-litecoin',
  SOL: 'sol-solana',
  TRX: 'trx-tron',
  UNI: 'uni-uniswap',
  USDC: 'usdc-usd-coin',
  USDT: 'usdt-tether',
  WBTC: 'wbtc-wrapped-bitcoin',
  XLM: 'xlm-stellar',
  XRP: 'xrp-xrp',
};
/** Currencies that it quotes in and feeds are quoted in; a stablecoin is not among them. */
const QUOTES = new Set(['AUD', 'BTC', 'CAD', 'CHF', 'ETH', 'EUR', 'GBP', 'JPY', 'KRW', 'USD']);
const FRAME = 'tickers';

export default defineSource({
  id: 'coinpaprika',
  name: 'CoinPaprika',
  homepage: 'https://coinpaprika.com',
  documentation: 'https://docs.coinpaprika.com/api-reference/tickers/get-tickers-for-all-active-coins',
  checked: { by: 'recorded', version: 'API v1', on: '2026-11-21' },
  kind: 'aggregator',
  endpoints: { rest: 'https://api.coinpaprika.com/v1' },
  credentials: [
    {
      name: 'key',
      describe: 'API key; for a paid one set endpoints.rest to https://api-pro.coinpaprika.com/v1 as well',
      isRequired: false,
    },
  ],
  symbol(pair, options) {
    const id = idOf(baseOf(pair), options);
    return id === undefined || !QUOTES.has(quoteOf(pair)) ? undefined : `${id}:${quoteOf(pair)}`;
  },
  // 10 requests a second and address; the free plan has 20,000 a month.
  limits: {
    requests: { count: 10, windowMs: 1000 },
    credits: { count: 20_000, periodMs: 30 * 86_400_000 },
  },
  http: {
    // A coin a request would use the free plan up at one price in half an hour; all coins in one answer of
    // about 1.5 MB allow one in 130 s.
    intervalMs: 150_000,
    timeoutMs: 10_000,
    requests: (context) =>
      context.pairs.length === 0
        ? []
        : [
            {
              url: `${context.endpoints.rest}/tickers?quotes=${quotesOf(context)}`,
              headers: headersOf(context),
              pairs: context.pairs,
            },
          ],
    parse(response, request, context) {
      const body = parseJsonExact(response.body, FRAME);
      if (isFields(body) && body.error !== undefined) throw refusalOf(body);
      const pairs = pairsById(request.pairs, context);
      const prices: Parsed[] = [];
      // One coin is asked for by its id, all of them without.
      for (const item of Array.isArray(body) ? body : [fieldsOf(body, FRAME, 'body')]) {
        const coin = fieldsOf(item, FRAME, 'item');
        for (const pair of pairs.get(textIn(coin.id, FRAME, 'id')) ?? [])
          readInBatch(context, pair, () => prices.push(priceOf(pair, coin)));
      }
      return prices;
    },
    explain(response) {
      const message = /"error"\s*:\s*"([^"]{1,300})"/.exec(response.body)?.[1];
      if (message === undefined) return undefined;
      if (response.status === 429) return { code: 'SOURCE_RATE_LIMITED', message };
      // 402 and 403 are about the plan and the key; that has nothing to do with the region.
      return response.status < 500 ? { code: 'SOURCE_REFUSED', message, isTransient: false } : undefined;
    },
  },
  instruments: {
    requests: (context) => [
      {
        url: `${context.endpoints.rest}/coins`,
        headers: headersOf(context),
        pairs: context.pairs,
      },
    ],
    parse: (response, _request, context) =>
      coinInstruments(
        listOf(parseJson(response.body, 'coins'), 'coins', 'body').map((item) => {
          const coin = fieldsOf(item, 'coins', 'item');
          return {
            id: textIn(coin.id, 'coins', 'id'),
            ticker: textIn(coin.symbol, 'coins', 'symbol'),
            title: titleIn(coin.name),
            isActive: coin.is_active === true,
          };
        }),
        context,
      ),
  },
  examples: [
    {
      name: 'two coins that share a ticker: the id decides',
      transport: 'http',
      payload:
        '[{"id":"btc-bitcoin","name":"Bitcoin","symbol":"BTC","rank":1,' +
        '"last_updated":"2021-10-22T18:11:05Z","quotes":{"USD":{"price":40000.2425813062,' +
        '"volume_24h":24136641726.138}}},{"id":"fake-btc-bitcoin","name":"Fakecoin","symbol":"BTC",' +
        '"rank":2,"last_updated":"2021-10-22T18:11:05Z","quotes":{"USD":{"price":0.11,' +
        '"volume_24h":24136641726.138}}}]',
      pairs: ['BTC/USD'],
      expect: {
        prices: [{ pair: 'BTC/USD', kind: 'index', price: '40000.2425813062', observedAt: 1634926265000 }],
      },
      from: 'external-adapters-js test data on the recorded shape, shortened',
    },
    {
      name: 'one coin by its id, in two currencies',
      transport: 'http',
      payload:
        '{"id":"eth-ethereum","name":"Ethereum","symbol":"ETH","rank":2,"max_supply":0,' +
        '"last_updated":"2021-10-22T18:11:05Z","quotes":{"USD":{"price":3949.2425813062,' +
        '"volume_24h":24136641726.138},"BTC":{"price":0.06475}}}',
      pairs: ['ETH/USD', 'ETH/BTC'],
      expect: {
        prices: [
          { pair: 'ETH/USD', kind: 'index', price: '3949.2425813062', observedAt: 1634926265000 },
          { pair: 'ETH/BTC', kind: 'index', price: '0.06475', observedAt: 1634926265000 },
        ],
      },
      from: 'recorded 2021-10-22, shortened; the second currency added',
    },
    {
      name: 'an id that it does not know',
      transport: 'http',
      payload: '{"error":"id not found"}',
      pairs: ['BTC/USD'],
      expect: { error: 'SOURCE_REFUSED' },
      from: 'as others read it',
    },
  ],
});

function quotesOf(context: SourceContext): string {
  return [...new Set(context.pairs.map(quoteOf))].join(',');
}

function headersOf(context: SourceContext): Record<string, string> {
  const { key } = context.credentials;
  return { accept: 'application/json', ...(key === undefined ? {} : { authorization: key }) };
}

function pairsById(pairs: readonly Pair[], context: SourceContext): Map<string, Pair[]> {
  const byId = new Map<string, Pair[]>();
  for (const pair of pairs) {
    const [id = ''] = context.symbolOf(pair).split(':');
    byId.set(id, [...(byId.get(id) ?? []), pair]);
  }
  return byId;
}

function priceOf(pair: Pair, coin: Fields): Parsed {
  const quotes = fieldsOf(coin.quotes, FRAME, 'quotes');
  const quote = fieldsOf(quotes[quoteOf(pair)], FRAME, `quotes.${quoteOf(pair)}`);
  const price = priceIn(quote.price, FRAME, 'price');
  return { pair, kind: 'index', price, observedAt: isoIn(coin.last_updated, FRAME, 'last_updated') };
}

function refusalOf(body: Fields): Error {
  const message = String(body.error);
  const isLimit = /too many|rate limit/i.test(message);
  return refusal(isLimit ? 'SOURCE_RATE_LIMITED' : 'SOURCE_REFUSED', message, { frame: FRAME });
}

function idOf(base: string, options: Record<string, unknown>): string | undefined {
  const own = isFields(options.ids) ? options.ids[base] : undefined;
  return typeof own === 'string' && own !== '' ? own : Object.hasOwn(IDS, base) ? IDS[base] : undefined;
}
