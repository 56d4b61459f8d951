// Kraken spot. Streams (WebSocket v2): `ticker`, pushed on every trade; REST: the Ticker of all pairs in
// one request. In: v2 frames, whose prices are JSON numbers and are read as the text that stands there.
// Out: last prices of ticker and trade. Naming: v2 says BTC/USD; REST is asked for XBTUSD and answers
// XXBTZUSD, but USDTZUSD and SOLUSD.
import { baseOf, type Pair, quoteOf } from '../../model/pair.ts';
import {
  defineSource,
  type Frame,
  type Instrument,
  type Parsed,
  type SourceContext,
} from '../define-source.ts';
import {
  amountIn,
  batchesOf,
  type Fields,
  fieldsOf,
  isoIn,
  listOf,
  parseJson,
  parseJsonExact,
  priceIn,
  readInBatch,
  refusal,
  textIn,
  unknownFrame,
} from '../payload.ts';

// About 1 kB a message, the size of the venue's own examples times ten.
const SYMBOLS_PER_MESSAGE = 100;
// An address of about 1 kB.
const PAIRS_PER_REQUEST = 100;

/** Kraken's own names of two currencies, in REST only. */
const REST_NAMES: Record<string, string> = { BTC: 'XBT', DOGE: 'XDG' };
const OUR_NAMES: Record<string, string> = { XBT: 'BTC', XDG: 'DOGE' };
/**
 * Listed before Kraken dropped the prefixes: X for cryptocurrencies, Z for money (AssetPairs, 2021-04-17).
 */
const X_PREFIXED = new Set(['ETC', 'ETH', 'LTC', 'MLN', 'REP', 'XBT', 'XDG', 'XLM', 'XMR', 'XRP', 'ZEC']);
const Z_PREFIXED = new Set(['AUD', 'CAD', 'EUR', 'GBP', 'JPY', 'USD']);

export default defineSource({
  id: 'kraken',
  name: 'Kraken',
  homepage: 'https://www.kraken.com',
  documentation: 'https://docs.kraken.com/api/docs/websocket-v2/ticker',
  checked: { by: 'documented', version: 'WebSocket v2, REST 0', on: '2026-11-21' },
  kind: 'exchange',
  endpoints: { rest: 'https://api.kraken.com', stream: 'wss://ws.kraken.com/v2' },
  symbol: (pair) => pair,
  // Public endpoints: about one request a second and address.
  limits: { requests: { count: 1, windowMs: 1000 } },
  http: {
    intervalMs: 2000,
    timeoutMs: 4000,
    requests: (context) =>
      batchesOf(context.pairs, PAIRS_PER_REQUEST).map((pairs) => ({
        url: `${context.endpoints.rest}/0/public/Ticker?pair=${pairs.map(restName).join(',')}`,
        pairs,
      })),
    parse(response, request, context) {
      const body = fieldsOf(parseJson(response.body, 'Ticker'), 'Ticker', 'body');
      refuseErrors(listOf(body.error, 'Ticker', 'error'));
      const pairs = pairsByAnswerName(request.pairs);
      const prices: Parsed[] = [];
      for (const [name, item] of Object.entries(fieldsOf(body.result, 'Ticker', 'result'))) {
        const pair = pairs.get(name);
        if (pair === undefined) continue;
        readInBatch(context, pair, () => {
          const last = listOf(fieldsOf(item, 'Ticker', name).c, 'Ticker', `${name}.c`)[0];
          prices.push({ pair, kind: 'ticker', price: priceIn(last, 'Ticker', `${name}.c[0]`) });
        });
      }
      return prices;
    },
  },
  stream: {
    url: (context) => context.endpoints.stream ?? '',
    subscribe: (context) =>
      batchesOf(context.pairs, SYMBOLS_PER_MESSAGE).map((pairs, index) =>
        JSON.stringify({
          method: 'subscribe',
          params: { channel: 'ticker', symbol: pairs.map(context.symbolOf), snapshot: true },
          req_id: index + 1,
        }),
      ),
    parse: parseFrame,
    // The venue sends heartbeats each second without traffic; our own ping asks as well.
    keepAlive: { everyMs: 4000, message: '{"method":"ping"}' },
    // The venue's guide on reconnecting advises 5 s.
    silenceAfterMs: 5000,
    sequence: 'increasing',
    vouches: true,
    pairsPerConnection: 200,
    // The limit is not a documented number ("Exceeded msg rate" says when): one a second has been safe for
    // others.
    messagesPerSecond: 1,
  },
  instruments: {
    requests: (context) => [{ url: `${context.endpoints.rest}/0/public/AssetPairs`, pairs: context.pairs }],
    parse(response) {
      const body = fieldsOf(parseJson(response.body, 'AssetPairs'), 'AssetPairs', 'body');
      refuseErrors(listOf(body.error, 'AssetPairs', 'error'));
      return Object.entries(fieldsOf(body.result, 'AssetPairs', 'result')).flatMap(([name, item]) =>
        instrumentIn(fieldsOf(item, 'AssetPairs', name)),
      );
    },
  },
  examples: [
    {
      name: 'a ticker, numbers with trailing zeros kept',
      transport: 'stream',
      payload:
        '{"channel":"ticker","type":"snapshot","data":[{"symbol":"BTC/USD","bid":105944.20,"bid_qty":2.5,' +
        '"ask":105944.30,"ask_qty":3.2,"last":105899.40,"volume":163.28908096,"vwap":105904.39279,' +
        '"low":104711.00,"high":106613.10,"change":250.00,"change_pct":0.24,' +
        '"timestamp":"2022-12-25T09:30:59.123456Z"}]}',
      pairs: ['BTC/USD'],
      expect: {
        prices: [
          {
            pair: 'BTC/USD',
            kind: 'ticker',
            price: '105899.40',
            observedAt: 1671960659123,
            venueAt: 1671960659123,
          },
        ],
      },
      from: 'documentation, ticker channel',
    },
    {
      name: 'trades',
      transport: 'stream',
      payload:
        '{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":105944.20,' +
        '"qty":0.00027625,"ord_type":"limit","trade_id":10218208,"timestamp":"2023-10-06T17:35:55.440295' +
        'Z"}]}',
      pairs: ['BTC/USD'],
      expect: {
        prices: [
          {
            pair: 'BTC/USD',
            kind: 'trade',
            price: '105944.20',
            observedAt: 1696613755440,
            venueAt: 1696613755440,
            volume: '0.00027625',
          },
        ],
      },
      from: 'documentation, trade channel',
    },
    {
      name: 'a heartbeat',
      transport: 'stream',
      payload: '{"channel":"heartbeat"}',
      pairs: ['BTC/USD'],
      expect: { control: 'heartbeat' },
      from: 'documentation, heartbeat channel',
    },
    {
      name: 'a symbol that the venue does not have',
      transport: 'stream',
      payload:
        '{"error":"Currency pair not supported ABC/USD","method":"subscribe","success":false,' +
        '"symbol":"ABC/USD","time_in":"2023-09-25T09:04:31.742599Z","time_out":"2023-09-25T09:04:31.7426' +
        '48Z"}',
      pairs: ['BTC/USD'],
      expect: { error: 'SOURCE_REFUSED' },
      from: 'documentation, ticker channel, subscribe acknowledgement with success false',
    },
    {
      name: 'an old and a new name by REST',
      transport: 'http',
      payload:
        '{"error":[],"result":{"XXBTZUSD":{"a":["64587.50000","2","2.000"],"b":["64587.40000","11","11.0' +
        '00"],' +
        '"c":["64587.40000","0.01026127"]},"USDTZUSD":{"c":["1.00012000","25.0"]},"SOLUSD":{"c":["171.25' +
        '","1.5"]}}}',
      pairs: ['BTC/USD', 'USDT/USD', 'SOL/USD'],
      expect: {
        prices: [
          { pair: 'BTC/USD', kind: 'ticker', price: '64587.40000' },
          { pair: 'USDT/USD', kind: 'ticker', price: '1.00012000' },
          { pair: 'SOL/USD', kind: 'ticker', price: '171.25' },
        ],
      },
      from: 'documentation, get ticker information; names from a recorded AssetPairs',
    },
    {
      name: 'an error inside a 200',
      transport: 'http',
      payload: '{"error":["EGeneral:Temporary lockout"]}',
      pairs: ['BTC/USD'],
      expect: { error: 'SOURCE_RATE_LIMITED' },
      from: 'recorded error string',
    },
  ],
});

function parseFrame(raw: string | Uint8Array, context: SourceContext): Frame {
  const frame = fieldsOf(parseJsonExact(raw, 'frame'), 'frame', 'frame');
  const { channel } = frame;
  switch (channel) {
    case 'ticker':
      return { kind: 'prices', name: 'ticker', prices: pricesIn(frame, 'ticker', context) };
    case 'trade':
      return { kind: 'prices', name: 'trade', prices: pricesIn(frame, 'trade', context) };
    case 'heartbeat':
      return { kind: 'control', name: 'heartbeat', action: 'alive' };
    case 'status':
      return { kind: 'control', name: 'status' };
    case 'book':
    case 'ohlc':
    case 'instrument':
    case 'level3':
      return { kind: 'ignored', name: channel };
    case undefined:
      return answerTo(frame, raw);
    default:
      throw unknownFrame(channel, raw);
  }
}

/** Answers to what we sent carry a `method`. */
function answerTo(frame: Fields, raw: unknown): Frame {
  if (frame.error !== undefined) {
    const message = String(frame.error);
    const isLimit = /msg rate|rate limit/i.test(message);
    throw refusal(isLimit ? 'SOURCE_RATE_LIMITED' : 'SOURCE_REFUSED', message, { frame: 'error' });
  }
  switch (frame.method) {
    case 'pong':
      return { kind: 'control', name: 'pong', action: 'alive' };
    case 'subscribe':
    case 'unsubscribe':
      return { kind: 'control', name: frame.method };
    default:
      throw unknownFrame(frame.method, raw);
  }
}

function pricesIn(frame: Fields, name: 'ticker' | 'trade', context: SourceContext): Parsed[] {
  const prices: Parsed[] = [];
  for (const item of listOf(frame.data, name, 'data')) {
    const fields = fieldsOf(item, name, 'data');
    const pair = context.pairOf(textIn(fields.symbol, name, 'symbol'));
    if (pair === undefined) continue;
    // `last` is only promised for pairs that traded within a day.
    readInBatch(context, pair, () => prices.push(priceOf(fields, name, pair)));
  }
  return prices;
}

function priceOf(fields: Fields, name: 'ticker' | 'trade', pair: Pair): Parsed {
  const field = name === 'ticker' ? 'last' : 'price';
  const parsed: Parsed = { pair, kind: name, price: priceIn(fields[field], name, field) };
  // Tickers carry a time since 2025 only.
  if (fields.timestamp !== undefined || name === 'trade') {
    parsed.observedAt = isoIn(fields.timestamp, name, 'timestamp');
    parsed.venueAt = parsed.observedAt;
  }
  if (name === 'trade') parsed.volume = amountIn(fields.qty, name, 'qty');
  return parsed;
}

/** Errors start with E, warnings with W; both come with status 200. */
function refuseErrors(errors: unknown[]): void {
  const error = errors.map(String).find((text) => !text.startsWith('W'));
  if (error === undefined) return;
  if (/rate limit|lockout|too many|throttled/i.test(error))
    throw refusal('SOURCE_RATE_LIMITED', error, { frame: 'Ticker' });
  throw refusal('SOURCE_REFUSED', error, { frame: 'Ticker', isTransient: !error.startsWith('EQuery') });
}

function restName(pair: Pair): string {
  return currencyInRest(baseOf(pair)) + currencyInRest(quoteOf(pair));
}

function currencyInRest(currency: string): string {
  return REST_NAMES[currency] ?? currency;
}

/** Every name under which an answer may hold a pair: each side with or without its old prefix. */
function pairsByAnswerName(pairs: readonly Pair[]): Map<string, Pair> {
  const names = new Map<string, Pair>();
  for (const pair of pairs)
    for (const base of answerNames(baseOf(pair)))
      for (const quote of answerNames(quoteOf(pair))) names.set(base + quote, pair);
  return names;
}

function answerNames(currency: string): string[] {
  const name = currencyInRest(currency);
  if (X_PREFIXED.has(name)) return [name, `X${name}`];
  return Z_PREFIXED.has(name) ? [name, `Z${name}`] : [name];
}

/** `wsname` is BASE/QUOTE in the old names (XBT/USD), which v2 of the socket has replaced. */
function instrumentIn(line: Fields): Instrument[] {
  // Dark pools have no name on the socket.
  if (line.wsname === undefined) return [];
  const [base = '', quote = ''] = textIn(line.wsname, 'AssetPairs', 'wsname')
    .split('/')
    .map((currency) => OUR_NAMES[currency] ?? currency);
  // Older lists have no status.
  const isTrading = line.status === undefined || line.status === 'online' || line.status === 'limit_only';
  return [{ symbol: `${base}/${quote}`, base, quote, isTrading }];
}
