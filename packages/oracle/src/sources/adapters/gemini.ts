// Gemini spot. Streams: every trade of the current WebSocket API (2026), which replaces Market Data v2; REST:
// the last trade of each pair. In: frames of the current API (`s`, prices as texts, nanoseconds) and of v2
// (`type`), which recordings hold. Out: prices of trades, best prices of bookTicker. Naming: btcusd; answers
// and v2 say BTCUSD, so names are compared in lower case.
import { baseOf, quoteOf } from '../../model/pair.ts';
import {
  defineSource,
  type Frame,
  type Instrument,
  type Parsed,
  type SourceContext,
  type SourceRequest,
  type SourceResponse,
} from '../define-source.ts';
import {
  amountIn,
  type Fields,
  fieldsOf,
  isFields,
  listOf,
  msIn,
  nanosecondsIn,
  parseJson,
  priceIn,
  refusal,
  textIn,
  unknownFrame,
} from '../payload.ts';

/** Quotes that a name may end in; longer ones first, so that `btcusdt` is not read as BTCUS/DT. */
const QUOTES = [
  'gusd',
  'usdt',
  'usdc',
  'rlusd',
  'usd',
  'eur',
  'gbp',
  'sgd',
  'dai',
  'btc',
  'eth',
  'ltc',
  'bch',
];

export default defineSource({
  id: 'gemini',
  name: 'Gemini',
  homepage: 'https://www.gemini.com',
  documentation: 'https://developer.gemini.com/websocket/streams',
  checked: { by: 'documented', version: 'WebSocket API 0.10.7, REST v1', on: '2026-11-21' },
  kind: 'exchange',
  endpoints: { rest: 'https://api.gemini.com', stream: 'wss://ws.gemini.com' },
  symbol: (pair) => `${baseOf(pair)}${quoteOf(pair)}`.toLowerCase(),
  // Public endpoints: 120 requests a minute, and the advice to stay under one a second.
  limits: { requests: { count: 60, windowMs: 60_000 } },
  http: {
    // One pair a request: 15 of them are half of the advised rate.
    intervalMs: 30_000,
    timeoutMs: 4000,
    requests: (context) =>
      context.pairs.map((pair) => ({
        url: `${context.endpoints.rest}/v1/trades/${encodeURIComponent(context.symbolOf(pair))}?limit_trades=1`,
        pairs: [pair],
      })),
    parse: lastPrice,
    explain(response) {
      const reason = /"reason"\s*:\s*"([^"]{1,100})"/.exec(response.body)?.[1];
      if (reason === undefined) return undefined;
      const message = `${reason} ${/"message"\s*:\s*"([^"]{1,300})"/.exec(response.body)?.[1] ?? ''}`.trim();
      if (/rate ?limit/i.test(reason)) return { code: 'SOURCE_RATE_LIMITED', message };
      if (response.status !== 400 && response.status !== 404) return undefined;
      return { code: 'SOURCE_REFUSED', message, isTransient: false };
    },
  },
  stream: {
    url: (context) => context.endpoints.stream ?? '',
    // A message a pair: one name that the venue does not know makes it refuse the whole message.
    subscribe: (context) =>
      context.pairs.map((pair, index) =>
        JSON.stringify({ id: index + 1, method: 'subscribe', params: [`${context.symbolOf(pair)}@trade`] }),
      ),
    parse: parseFrame,
    // The venue pings every 20 s by itself.
    keepAlive: { everyMs: 4000, message: '{"id":"ping","method":"ping"}' },
    silenceAfterMs: 10_000,
    // Every trade is pushed.
    vouches: true,
    // No limit is published; others have had 347 streams on one connection.
    pairsPerConnection: 100,
    // `conninfo` tells of 7,000 a connection in 10 s: this is for politeness.
    messagesPerSecond: 10,
  },
  instruments: {
    requests: (context) => [{ url: `${context.endpoints.rest}/v1/symbols`, pairs: context.pairs }],
    parse: (response, _request, context) => instrumentsIn(response, context),
  },
  examples: [
    {
      name: 'a trade',
      transport: 'stream',
      payload:
        '{"E":1759873803503023900,"s":"btcusd","t":2840140956529623,"p":"120649.97000","q":"0.0046190900","m":true}',
      pairs: ['BTC/USD'],
      expect: {
        prices: [
          {
            pair: 'BTC/USD',
            kind: 'trade',
            price: '120649.97000',
            observedAt: 1759873803503,
            venueAt: 1759873803503,
            volume: '0.0046190900',
          },
        ],
      },
      from: 'documentation, streams, trade stream',
    },
    {
      name: 'the best prices',
      transport: 'stream',
      payload:
        '{"u":1751505576085,"E":1751508438600117161,"s":"btcusd","b":"45000.50","B":"1.25000000",' +
        '"a":"45001.00","A":"0.75000000"}',
      pairs: ['BTC/USD'],
      expect: {
        prices: [
          {
            pair: 'BTC/USD',
            kind: 'book',
            bid: '45000.50',
            ask: '45001.00',
            observedAt: 1751508438600,
            venueAt: 1751508438600,
          },
        ],
      },
      from: 'documentation, streams, book ticker',
    },
    {
      name: 'a change of the book',
      transport: 'stream',
      payload:
        '{"e":"depthUpdate","E":1751508260659505382,"s":"btcusd","U":12345677,"u":12345678,' +
        '"b":[["45000.50","1.25000000"],["45000.25","0.00000000"]],"a":[["45001.00","0.75000000"]]}',
      pairs: ['BTC/USD'],
      expect: { ignored: 'depthUpdate' },
      from: 'documentation, streams, L2 differential depth streams',
    },
    {
      name: 'the answer to our keepalive',
      transport: 'stream',
      payload: '{"id":"ping","status":200}',
      pairs: ['BTC/USD'],
      expect: { control: 'pong' },
      from: 'documentation, playground, ping',
    },
    {
      name: 'a subscription is acknowledged',
      transport: 'stream',
      payload: '{"id":1,"status":200}',
      pairs: ['BTC/USD'],
      expect: { control: 'answer' },
      from: 'documentation, message format',
    },
    {
      name: 'a symbol that the venue does not have',
      transport: 'stream',
      payload: '{"id":4,"status":400,"error":{"code":-1013,"msg":"Invalid stream name: nosuchusd@trade"}}',
      pairs: ['BTC/USD'],
      expect: { error: 'SOURCE_REFUSED' },
      from: 'documentation, message format, error response',
    },
    {
      name: 'a trade of Market Data v2',
      transport: 'stream',
      payload:
        '{"type":"trade","symbol":"ANKRUSD","event_id":45465818387,"timestamp":1624493670759,' +
        '"price":"0.07946","quantity":"1020.482111","side":"buy"}',
      pairs: ['ANKR/USD'],
      expect: {
        prices: [
          {
            pair: 'ANKR/USD',
            kind: 'trade',
            price: '0.07946',
            observedAt: 1624493670759,
            venueAt: 1624493670759,
            volume: '1020.482111',
          },
        ],
      },
      from: 'recorded 2021-06-24',
    },
    {
      name: 'a heartbeat of Market Data v2',
      transport: 'stream',
      payload: '{"type":"heartbeat","timestamp":1624493666869}',
      pairs: ['BTC/USD'],
      expect: { control: 'heartbeat' },
      from: 'recorded 2021-06-24',
    },
    {
      name: 'the last trade by REST',
      transport: 'http',
      payload:
        '[{"timestamp":1565662735,"timestampms":1565662735226,"tid":7756154092,"price":"11410.49",' +
        '"amount":"0.03","exchange":"gemini","type":"sell"}]',
      pairs: ['BTC/USD'],
      expect: {
        prices: [
          {
            pair: 'BTC/USD',
            kind: 'trade',
            price: '11410.49',
            observedAt: 1565662735226,
            volume: '0.03',
          },
        ],
      },
      from: 'recorded 2019-08-13',
    },
    {
      name: 'an error by REST',
      transport: 'http',
      payload:
        '{"result":"error","reason":"Bad Request","message":"Supplied value \'bla\' is not a valid symbol."}',
      pairs: ['BTC/USD'],
      expect: { error: 'SOURCE_REFUSED' },
      from: 'recorded, shortened',
    },
  ],
});

function parseFrame(raw: string | Uint8Array, context: SourceContext): Frame {
  const frame = fieldsOf(parseJson(raw, 'frame'), 'frame', 'frame');
  if (frame.type !== undefined || frame.result === 'error') return parseV2(frame, context, raw);
  // Of these only depthUpdate and its like carry their name; the others are told apart by their fields.
  if (frame.e === 'depthUpdate' || frame.e === 'markPrice' || frame.e === 'fundingAmount')
    return { kind: 'ignored', name: frame.e };
  if (frame.lastUpdateId !== undefined) return { kind: 'ignored', name: 'partialDepth' };
  if (frame.status !== undefined && frame.id !== undefined) return answer(frame);
  if (frame.p !== undefined && frame.q !== undefined)
    return { kind: 'prices', name: 'trade', prices: trade(frame, context) };
  if (frame.b !== undefined && frame.a !== undefined)
    return { kind: 'prices', name: 'bookTicker', prices: bestPrice(frame, context) };
  throw unknownFrame(frame.e, raw);
}

function answer(frame: Fields): Frame {
  if (frame.status === 200)
    return frame.id === 'ping'
      ? { kind: 'control', name: 'pong', action: 'alive' }
      : { kind: 'control', name: 'answer' };
  const error = isFields(frame.error) ? frame.error : {};
  // -1003: too many requests.
  const isLimit = frame.status === 429 || error.code === -1003;
  const words = `${String(error.code ?? frame.status)} ${String(error.msg ?? '')}`.trim();
  throw refusal(isLimit ? 'SOURCE_RATE_LIMITED' : 'SOURCE_REFUSED', words, { frame: 'error' });
}

function trade(frame: Fields, context: SourceContext): Parsed[] {
  const pair = context.pairOf(textIn(frame.s, 'trade', 's').toLowerCase());
  if (pair === undefined) return [];
  const observedAt = nanosecondsIn(frame.E, 'trade', 'E');
  const price = priceIn(frame.p, 'trade', 'p');
  const volume = amountIn(frame.q, 'trade', 'q');
  // `t` names the trade; that it only grows is not promised, so it is no sequence.
  return [{ pair, kind: 'trade', price, observedAt, venueAt: observedAt, volume }];
}

function bestPrice(frame: Fields, context: SourceContext): Parsed[] {
  const pair = context.pairOf(textIn(frame.s, 'bookTicker', 's').toLowerCase());
  // An empty side is written as an empty text: then there is no best price.
  if (pair === undefined || (frame.b === '' && frame.B === '') || (frame.a === '' && frame.A === ''))
    return [];
  const observedAt = nanosecondsIn(frame.E, 'bookTicker', 'E');
  const bid = priceIn(frame.b, 'bookTicker', 'b');
  const ask = priceIn(frame.a, 'bookTicker', 'a');
  return [{ pair, kind: 'book', bid, ask, observedAt, venueAt: observedAt }];
}

function parseV2(frame: Fields, context: SourceContext, raw: unknown): Frame {
  const { type } = frame;
  if (frame.result === 'error')
    throw refusal('SOURCE_REFUSED', `${String(frame.reason)} ${String(frame.message ?? '')}`.trim(), {
      frame: 'error',
    });
  if (type === 'trade') return { kind: 'prices', name: type, prices: tradeOfV2(frame, context) };
  if (type === 'heartbeat')
    return {
      kind: 'control',
      name: type,
      action: 'alive',
      venueAt: msIn(frame.timestamp, type, 'timestamp'),
    };
  if (type === 'l2_updates') {
    // The first one of a symbol brings its last trades, the newest first.
    const newest = Array.isArray(frame.trades) ? frame.trades[0] : undefined;
    if (newest === undefined) return { kind: 'ignored', name: type };
    return {
      kind: 'prices',
      name: 'l2_updates with trades',
      prices: tradeOfV2(fieldsOf(newest, type, 'trades'), context),
    };
  }
  if (typeof type === 'string' && /^(?:candles_\w+|mark_price|funding_amount)_updates$/.test(type))
    return { kind: 'ignored', name: type };
  if (type === 'block_trade' || (typeof type === 'string' && /^auction_\w+$/.test(type)))
    return { kind: 'ignored', name: type };
  throw unknownFrame(type, raw);
}

function tradeOfV2(fields: Fields, context: SourceContext): Parsed[] {
  const symbol = textIn(fields.symbol, 'trade', 'symbol');
  // Sessions of this version were asked for in upper case.
  const pair = context.pairOf(symbol) ?? context.pairOf(symbol.toLowerCase());
  if (pair === undefined) return [];
  const observedAt = msIn(fields.timestamp, 'trade', 'timestamp');
  const price = priceIn(fields.price, 'trade', 'price');
  const volume = amountIn(fields.quantity, 'trade', 'quantity');
  return [{ pair, kind: 'trade', price, observedAt, venueAt: observedAt, volume }];
}

/** The list of trades that is asked for; or one of the two tickers, which do not say when they traded. */
function lastPrice(response: SourceResponse, request: SourceRequest): Parsed[] {
  const body = parseJson(response.body, 'trades');
  // The body does not name its pair: the request does.
  const pair = request.pairs[0];
  if (isFields(body)) {
    if (body.result === 'error')
      throw refusal(
        /rate ?limit/i.test(String(body.reason)) ? 'SOURCE_RATE_LIMITED' : 'SOURCE_REFUSED',
        `${String(body.reason)} ${String(body.message ?? '')}`.trim(),
        { frame: 'trades' },
      );
    const price = priceIn(body.last ?? body.close, 'ticker', 'last');
    return pair === undefined ? [] : [{ pair, kind: 'ticker', price }];
  }
  // A pair that has not traded for a week has no trades.
  const newest = listOf(body, 'trades', 'body')[0];
  if (newest === undefined || pair === undefined) return [];
  const fields = fieldsOf(newest, 'trades', 'item');
  if (fields.broken === true) return [];
  return [
    {
      pair,
      kind: 'trade',
      price: priceIn(fields.price, 'trades', 'price'),
      observedAt: msIn(fields.timestampms, 'trades', 'timestampms'),
      volume: amountIn(fields.amount, 'trades', 'amount'),
    },
  ];
}

/** `/v1/symbols` is names without a seam; the seam of ours we know, that of others follows from the list. */
function instrumentsIn(response: SourceResponse, context: SourceContext): Instrument[] {
  const names = listOf(parseJson(response.body, 'symbols'), 'symbols', 'body').map((name) =>
    textIn(name, 'symbols', 'item').toLowerCase(),
  );
  const listed = new Set(names);
  return names.flatMap((symbol) => {
    const pair = context.pairOf(symbol);
    const seam = pair === undefined ? seamOf(symbol, listed) : baseOf(pair).length;
    // Perpetuals (btcgusdperp) and event contracts end in no currency.
    if (seam === undefined) return [];
    const name = symbol.toUpperCase();
    return [{ symbol, base: name.slice(0, seam), quote: name.slice(seam), isTrading: true }];
  });
}

/** `btcgusd` is BTC in GUSD, because BTC is listed in dollars; `paxgusd` is PAXG in dollars. */
function seamOf(symbol: string, listed: ReadonlySet<string>): number | undefined {
  if (!/^[a-z0-9]+$/.test(symbol)) return undefined;
  const quote = QUOTES.find((one) => {
    if (!symbol.endsWith(one) || symbol.length === one.length) return false;
    const base = symbol.slice(0, -one.length);
    return one.length === 3 || one === 'usdt' || one === 'usdc' || listed.has(`${base}usd`);
  });
  return quote === undefined ? undefined : symbol.length - quote.length;
}
