// CryptoCompare (CoinDesk Data): CCCAGG, prices that it makes from many exchanges. REST only, with a key;
// many coins in many currencies in one request. In: the RAW part of pricemultifull, whose prices are JSON
// numbers and are read as the text that stands there. Out: one price a pair with the time of the last update.
// Its stream wants the key in the address, where it would stand in logs, so it is not used.
import { baseOf, type Pair, quoteOf } from '../../model/pair.ts';
import { coinInstruments, titleIn } from '../coin-list.ts';
import { defineSource, type Parsed, type SourceContext } from '../define-source.ts';
import {
  badPayload,
  batchesOf,
  type Fields,
  fieldsOf,
  isFields,
  parseJson,
  parseJsonExact,
  priceIn,
  readInBatch,
  refusal,
  secondsIn,
} from '../payload.ts';

/**
 * Coins whose name there is their usual ticker. It gives each name once, so a coin that came later is called
 * otherwise (its USDE is another one): others are named by `options.ids`.
 */
const NAMES = new Set(
  'AAVE ADA AVAX BCH BNB BTC DAI DOGE DOT ETC ETH LINK LTC SOL TRX UNI USDC USDT WBTC XLM XRP'.split(' '),
);
/** Currencies that CCCAGG is made in. */
const QUOTES = new Set(['AUD', 'BTC', 'CAD', 'CHF', 'ETH', 'EUR', 'GBP', 'JPY', 'KRW', 'USD']);
// An address of about 300 characters: names have up to six and a comma.
const COINS_PER_REQUEST = 40;
const FRAME = 'pricemultifull';

export default defineSource({
  id: 'cryptocompare',
  name: 'CryptoCompare',
  homepage: 'https://www.cryptocompare.com',
  documentation: 'https://min-api.cryptocompare.com/documentation',
  checked: { by: 'recorded', version: 'min-api', on: '2026-11-21' },
  kind: 'aggregator',
  endpoints: { rest: 'https://min-api.cryptocompare.com' },
  credentials: [
    { name: 'key', describe: 'API key of any plan (Authorization: Apikey ...)', isRequired: true },
  ],
  symbol(pair, options) {
    const name = nameOf(baseOf(pair), options);
    return name === undefined || !QUOTES.has(quoteOf(pair)) ? undefined : `${name}:${quoteOf(pair)}`;
  },
  // An answer of the free plan told its limits: 20 a second, 300 a minute, 3,000 an hour, 75,000 a month.
  limits: {
    requests: { count: 300, windowMs: 60_000 },
    credits: { count: 75_000, periodMs: 30 * 86_400_000 },
  },
  http: {
    // Answers are kept for 10 s; one a minute is two thirds of the month's calls.
    intervalMs: 60_000,
    timeoutMs: 8000,
    requests(context) {
      const names = [...new Set(context.pairs.map((pair) => nameIn(pair, context)))];
      return batchesOf(names, COINS_PER_REQUEST).map((batch) => {
        const pairs = context.pairs.filter((pair) => batch.includes(nameIn(pair, context)));
        const quotes = [...new Set(pairs.map(quoteOf))].join(',');
        const coins = batch.map(encodeURIComponent).join(',');
        return {
          url: `${context.endpoints.rest}/data/pricemultifull?fsyms=${coins}&tsyms=${quotes}`,
          headers: headersOf(context),
          pairs,
        };
      });
    },
    parse(response, request, context) {
      const body = fieldsOf(parseJsonExact(response.body, FRAME), FRAME, 'body');
      refuseError(body);
      const raw = fieldsOf(body.RAW, FRAME, 'RAW');
      const prices: Parsed[] = [];
      for (const pair of request.pairs) {
        const coin = raw[nameIn(pair, context)];
        const quote = isFields(coin) ? coin[quoteOf(pair)] : undefined;
        // What it cannot price is left out of the answer without a word.
        if (quote === undefined) continue;
        readInBatch(context, pair, () => prices.push(priceOf(pair, fieldsOf(quote, FRAME, 'quote'))));
      }
      return prices;
    },
    explain(response) {
      const message = /"[Mm]essage"\s*:\s*"([^"]{1,300})"/.exec(response.body)?.[1];
      if (message === undefined) return undefined;
      if (response.status === 429 || /rate limit/i.test(message))
        return { code: 'SOURCE_RATE_LIMITED', message };
      // 401 and 403 need another key or plan; that has nothing to do with the region.
      return response.status < 500 ? { code: 'SOURCE_REFUSED', message, isTransient: false } : undefined;
    },
  },
  instruments: {
    requests: (context) => [
      {
        url: `${context.endpoints.rest}/data/all/coinlist?summary=true`,
        headers: headersOf(context),
        pairs: context.pairs,
      },
    ],
    parse(response, _request, context) {
      const body = fieldsOf(parseJson(response.body, 'coinlist'), 'coinlist', 'body');
      refuseError(body);
      const ours = new Map(context.pairs.map((pair) => [nameIn(pair, context), baseOf(pair)]));
      const coins = Object.entries(fieldsOf(body.Data, 'coinlist', 'Data')).map(([name, item]) => ({
        id: name,
        // The name is the ticker there, or what stands for it in our options.
        ticker: ours.get(name) ?? name,
        title: titleIn(fieldsOf(item, 'coinlist', name).FullName),
        isActive: true,
      }));
      return coinInstruments(coins, context);
    },
  },
  examples: [
    {
      name: 'a coin, digits as they stand',
      transport: 'http',
      payload:
        '{"RAW":{"ETH":{"USD":{"TYPE":"5","MARKET":"CCCAGG","FROMSYMBOL":"ETH","TOSYMBOL":"USD",' +
        '"PRICE":1276.75,"LASTUPDATE":1666357726,"MEDIAN":1276.59,"CHANGE24HOUR":-21.279999999999973,' +
        '"CONVERSIONTYPE":"direct","CONVERSIONSYMBOL":""}}}}',
      pairs: ['ETH/USD'],
      expect: {
        prices: [{ pair: 'ETH/USD', kind: 'index', price: '1276.75', observedAt: 1666357726000 }],
      },
      from: 'recorded 2022-10-21, shortened',
    },
    {
      name: 'a price that it computed through another currency',
      transport: 'http',
      payload:
        '{"RAW":{"DOGE":{"CHF":{"PRICE":0.061,"LASTUPDATE":1666357726,"CONVERSIONTYPE":"multiply",' +
        '"CONVERSIONSYMBOL":"BTC"}}}}',
      pairs: ['DOGE/CHF'],
      expect: { error: 'SOURCE_BAD_PAYLOAD' },
      from: 'constructed on the recorded shape',
    },
    {
      name: 'the limit inside a 200',
      transport: 'http',
      payload:
        '{"Response":"Error","Message":"You are over your rate limit please upgrade your account!",' +
        '"HasWarning":false,"Type":99,"RateLimit":{"calls_made":{"second":5,"minute":5,"hour":955,' +
        '"day":10004,"month":15146},"max_calls":{"second":20,"minute":300,"hour":3000,"day":10000,' +
        '"month":75000}},"Data":{}}',
      pairs: ['BTC/USD'],
      expect: { error: 'SOURCE_RATE_LIMITED' },
      from: 'recorded body, chainlink core test data',
    },
    {
      name: 'a key that is not valid, inside a 200',
      transport: 'http',
      payload:
        '{"Response":"Error","Message":"You need a valid auth key or api key to access this endpoint",' +
        '"HasWarning":false,"Type":1,"RateLimit":{},"Data":{}}',
      pairs: ['BTC/USD'],
      expect: { error: 'SOURCE_REFUSED' },
      from: 'recorded body',
    },
  ],
});

function headersOf(context: SourceContext): Record<string, string> {
  return { accept: 'application/json', authorization: `Apikey ${context.credentials.key ?? ''}` };
}

function priceOf(pair: Pair, quote: Fields): Parsed {
  // Otherwise it multiplied two prices, of which we know neither.
  const conversion = quote.CONVERSIONTYPE;
  if (conversion !== undefined && conversion !== 'direct')
    throw badPayload(FRAME, 'CONVERSIONTYPE', conversion, 'a direct price');
  const price = priceIn(quote.PRICE, FRAME, 'PRICE');
  return { pair, kind: 'index', price, observedAt: secondsIn(quote.LASTUPDATE, FRAME, 'LASTUPDATE') };
}

function refuseError(body: Fields): void {
  if (body.Response !== 'Error') return;
  const message = String(body.Message);
  if (/rate limit/i.test(message)) throw refusal('SOURCE_RATE_LIMITED', message, { frame: FRAME });
  // Without a key that it knows it never answers otherwise.
  const isKey = /\b(?:auth|api) key\b/i.test(message);
  throw refusal('SOURCE_REFUSED', message, { frame: FRAME, ...(isKey ? { isTransient: false } : {}) });
}

function nameIn(pair: Pair, context: SourceContext): string {
  return context.symbolOf(pair).split(':')[0] ?? '';
}

function nameOf(base: string, options: Record<string, unknown>): string | undefined {
  const own = isFields(options.ids) ? options.ids[base] : undefined;
  return typeof own === 'string' && own !== '' ? own : NAMES.has(base) ? base : undefined;
}
