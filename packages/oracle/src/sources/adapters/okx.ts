// OKX spot, API v5. Streams: `tickers`; REST: the tickers of all spot instruments in one request. In:
// frames with `arg` and `data`. Out: last prices of tickers and trades, best prices of bbo-tbt and of the
// five-level book, index prices.
import { baseOf, quoteOf } from '../../model/pair.ts';
import {
  defineSource,
  type Frame,
  type Instrument,
  type Parsed,
  type SourceContext,
} from '../define-source.ts';
import {
  amountIn,
  badPayload,
  batchesOf,
  type Fields,
  fieldsOf,
  listOf,
  msIn,
  parseJson,
  priceIn,
  readInBatch,
  refusal,
  textIn,
  unknownFrame,
} from '../payload.ts';

// 100 arguments are about 5 kB; the venue takes 64 kB in all channels of a request.
const ARGUMENTS_PER_MESSAGE = 100;

export default defineSource({
  id: 'okx',
  name: 'OKX',
  homepage: 'https://www.okx.com',
  documentation: 'https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-tickers-channel',
  checked: { by: 'recorded', version: 'API v5', on: '2026-11-21' },
  kind: 'exchange',
  endpoints: { rest: 'https://www.okx.com', stream: 'wss://ws.okx.com:8443/ws/v5/public' },
  symbol: (pair) => `${baseOf(pair)}-${quoteOf(pair)}`,
  // GET /market/tickers: 20 requests in 2 seconds and address.
  limits: { requests: { count: 20, windowMs: 2000 } },
  http: {
    // All spot instruments in one answer of some 300 kB: often enough behind a stream.
    intervalMs: 2000,
    timeoutMs: 4000,
    requests: (context) => [
      { url: `${context.endpoints.rest}/api/v5/market/tickers?instType=SPOT`, pairs: context.pairs },
    ],
    parse(response, _request, context) {
      const body = fieldsOf(parseJson(response.body, 'market/tickers'), 'market/tickers', 'body');
      if (body.code !== '0') throw refusalOf(body, 'market/tickers');
      const prices: Parsed[] = [];
      for (const item of listOf(body.data, 'market/tickers', 'data'))
        readTicker(fieldsOf(item, 'market/tickers', 'data'), context, prices);
      return prices;
    },
    explain(response) {
      // 50011: requests too frequent, answered with status 429 or 400.
      const message = /"msg"\s*:\s*"([^"]{1,400})"/.exec(response.body)?.[1];
      if (message === undefined) return undefined;
      if (response.body.includes('"50011"')) return { code: 'SOURCE_RATE_LIMITED', message };
      return response.status === 400 ? { code: 'SOURCE_REFUSED', message, isTransient: false } : undefined;
    },
  },
  stream: {
    url: (context) => context.endpoints.stream ?? '',
    subscribe: (context) =>
      batchesOf(context.pairs, ARGUMENTS_PER_MESSAGE).map((pairs) =>
        JSON.stringify({
          op: 'subscribe',
          args: pairs.map((pair) => ({ channel: 'tickers', instId: context.symbolOf(pair) })),
        }),
      ),
    parse: parseFrame,
    // The venue closes after 30 s without traffic; asking every 4 s also shows within 10 s that it is gone.
    keepAlive: { everyMs: 4000, message: 'ping' },
    silenceAfterMs: 10_000,
    sequence: 'increasing',
    // `tickers` pushes on every trade and every change of the best prices.
    vouches: true,
    pairsPerConnection: 200,
    // 480 subscriptions an hour and connection, 3 connections a second.
    messagesPerSecond: 2,
  },
  instruments: {
    requests: (context) => [
      { url: `${context.endpoints.rest}/api/v5/public/instruments?instType=SPOT`, pairs: context.pairs },
    ],
    parse(response) {
      const body = fieldsOf(parseJson(response.body, 'instruments'), 'instruments', 'body');
      if (body.code !== '0') throw refusalOf(body, 'instruments');
      return listOf(body.data, 'instruments', 'data').map((item) =>
        instrumentOf(fieldsOf(item, 'instruments', 'data')),
      );
    },
  },
  examples: [
    {
      name: 'a ticker',
      transport: 'stream',
      payload:
        '{"arg":{"channel":"tickers","instId":"BTC-USDT"},"data":[{"instType":"SPOT","instId":"BTC-USDT",' +
        '"last":"9999.99","lastSz":"0.1","askPx":"9999.99","askSz":"11","bidPx":"8888.88","bidSz":"5",' +
        '"open24h":"9000","high24h":"10000","low24h":"8888.88","volCcy24h":"2222","vol24h":"2222",' +
        '"sodUtc0":"2222","sodUtc8":"2222","ts":"1597026383085"}]}',
      pairs: ['BTC/USDT'],
      expect: {
        prices: [
          {
            pair: 'BTC/USDT',
            kind: 'ticker',
            price: '9999.99',
            observedAt: 1597026383085,
            venueAt: 1597026383085,
          },
        ],
      },
      from: 'documentation, tickers channel',
    },
    {
      name: 'a trade',
      transport: 'stream',
      payload:
        '{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT",' +
        '"tradeId":"674510826","px":"95634.9","sz":"0.00011186","side":"buy","ts":"1740394561685","count' +
        '":"1"}]}',
      pairs: ['BTC/USDT'],
      expect: {
        prices: [
          {
            pair: 'BTC/USDT',
            kind: 'trade',
            price: '95634.9',
            observedAt: 1740394561685,
            venueAt: 1740394561685,
            volume: '0.00011186',
          },
        ],
      },
      from: 'recorded 2025-02-24',
    },
    {
      name: 'the best prices',
      transport: 'stream',
      payload:
        '{"arg":{"channel":"bbo-tbt","instId":"BTC-USDT"},"data":[{"asks":[["8476.98","415","0","13"]],' +
        '"bids":[["8476.97","256","0","12"]],"ts":"1597026383085","seqId":123456}]}',
      pairs: ['BTC/USDT'],
      expect: {
        prices: [
          {
            pair: 'BTC/USDT',
            kind: 'book',
            bid: '8476.97',
            ask: '8476.98',
            observedAt: 1597026383085,
            venueAt: 1597026383085,
          },
        ],
      },
      from: 'documentation, order book channel',
    },
    {
      name: 'the answer to our keepalive',
      transport: 'stream',
      payload: 'pong',
      pairs: ['BTC/USDT'],
      expect: { control: 'pong' },
      from: 'documentation, connect',
    },
    {
      name: 'the venue announces that it closes the connection',
      transport: 'stream',
      payload:
        '{"event":"notice","code":"64008","msg":"The connection will soon be closed for a service upgrade. ' +
        'Please reconnect.","connId":"a4d3ae55"}',
      pairs: ['BTC/USDT'],
      expect: { control: 'notice' },
      from: 'documentation, notification',
    },
    {
      name: 'a channel that does not exist',
      transport: 'stream',
      payload:
        '{"event":"error","code":"60012","msg":"Invalid request: {\\"op\\": \\"subscribe\\"}","connId":"' +
        'a4d3ae55"}',
      pairs: ['BTC/USDT'],
      expect: { error: 'SOURCE_REFUSED' },
      from: 'documentation, tickers channel, failure response',
    },
    {
      name: 'all spot tickers by REST',
      transport: 'http',
      payload:
        '{"code":"0","msg":"","data":[{"instType":"SPOT","instId":"LTC-USDT","last":"9999.99","lastSz":"' +
        '0.1",' +
        '"askPx":"9999.99","askSz":"11","bidPx":"8888.88","bidSz":"5","ts":"1597026383085"}]}',
      pairs: ['LTC/USDT'],
      expect: {
        prices: [
          {
            pair: 'LTC/USDT',
            kind: 'ticker',
            price: '9999.99',
            observedAt: 1597026383085,
            venueAt: 1597026383085,
          },
        ],
      },
      from: 'documentation, GET / tickers',
    },
  ],
});

function parseFrame(raw: string | Uint8Array, context: SourceContext): Frame {
  if (raw === 'pong') return { kind: 'control', name: 'pong', action: 'alive' };
  const frame = fieldsOf(parseJson(raw, 'frame'), 'frame', 'frame');
  if (frame.event !== undefined) return parseEvent(frame, raw);
  const arg = fieldsOf(frame.arg, 'frame', 'arg');
  const channel = textIn(arg.channel, 'frame', 'arg.channel');
  // `candle1m`, `books`, `books50-l2-tbt` and the like: known, and no prices of ours.
  if (/^(?:candle|mark-price-candle|index-candle)/.test(channel)) return { kind: 'ignored', name: 'candle' };
  if (/^(?:books|books-l2-tbt|books50-l2-tbt|books-elp)$/.test(channel))
    return { kind: 'ignored', name: channel };
  const read = CHANNELS.get(channel);
  if (read === undefined) throw unknownFrame(channel, raw);
  const prices: Parsed[] = [];
  for (const item of listOf(frame.data, channel, 'data'))
    read(fieldsOf(item, channel, 'data'), context, prices, channel, arg);
  return { kind: 'prices', name: channel, prices };
}

function parseEvent(frame: Fields, raw: unknown): Frame {
  switch (frame.event) {
    case 'subscribe':
    case 'unsubscribe':
    case 'channel-conn-count':
      return { kind: 'control', name: frame.event };
    case 'notice':
      return { kind: 'control', name: 'notice', action: 'reconnect' };
    case 'error':
    case 'channel-conn-count-error':
      throw refusalOf(frame, frame.event);
    default:
      throw unknownFrame(frame.event, raw);
  }
}

type Read = (item: Fields, context: SourceContext, prices: Parsed[], channel: string, arg: Fields) => void;

const CHANNELS = new Map<string, Read>([
  ['tickers', readTicker],
  ['trades', readTrade],
  ['trades-all', readTrade],
  ['bbo-tbt', readBook],
  ['books5', readBook],
  ['index-tickers', readIndex],
]);

function readTicker(item: Fields, context: SourceContext, prices: Parsed[]): void {
  const pair = context.pairOf(textIn(item.instId, 'tickers', 'instId'));
  if (pair === undefined) return;
  readInBatch(context, pair, () => {
    const observedAt = msIn(item.ts, 'tickers', 'ts');
    const price = priceIn(item.last, 'tickers', 'last');
    prices.push({ pair, kind: 'ticker', price, observedAt, venueAt: observedAt });
  });
}

function readTrade(item: Fields, context: SourceContext, prices: Parsed[], channel: string): void {
  const pair = context.pairOf(textIn(item.instId, channel, 'instId'));
  if (pair === undefined) return;
  const observedAt = msIn(item.ts, channel, 'ts');
  prices.push({
    pair,
    kind: 'trade',
    price: priceIn(item.px, channel, 'px'),
    observedAt,
    venueAt: observedAt,
    volume: amountIn(item.sz, channel, 'sz'),
  });
}

function readBook(
  item: Fields,
  context: SourceContext,
  prices: Parsed[],
  channel: string,
  arg: Fields,
): void {
  const pair = context.pairOf(textIn(item.instId ?? arg.instId, channel, 'instId'));
  if (pair === undefined) return;
  const observedAt = msIn(item.ts, channel, 'ts');
  const bid = bestOf(item.bids, channel, 'bids');
  const ask = bestOf(item.asks, channel, 'asks');
  prices.push({ pair, kind: 'book', bid, ask, observedAt, venueAt: observedAt });
}

function readIndex(item: Fields, context: SourceContext, prices: Parsed[], channel: string): void {
  const pair = context.pairOf(textIn(item.instId, channel, 'instId'));
  if (pair === undefined) return;
  const observedAt = msIn(item.ts, channel, 'ts');
  const price = priceIn(item.idxPx, channel, 'idxPx');
  prices.push({ pair, kind: 'index', price, observedAt, venueAt: observedAt });
}

/** Price of the first level; a side without levels has no best price. */
function bestOf(levels: unknown, channel: string, field: string): string {
  const [first] = listOf(levels, channel, field);
  if (first === undefined) throw badPayload(channel, field, levels, 'a side with at least one level');
  return priceIn(listOf(first, channel, field)[0], channel, field);
}

function refusalOf(body: Fields, frame: string): Error {
  // 50011 and 60014: requests too frequent.
  const isLimit = body.code === '50011' || body.code === '60014';
  return refusal(
    isLimit ? 'SOURCE_RATE_LIMITED' : 'SOURCE_REFUSED',
    `${String(body.code)} ${String(body.msg)}`,
    {
      frame,
    },
  );
}

function instrumentOf(line: Fields): Instrument {
  return {
    symbol: textIn(line.instId, 'instruments', 'instId'),
    base: textIn(line.baseCcy, 'instruments', 'baseCcy'),
    quote: textIn(line.quoteCcy, 'instruments', 'quoteCcy'),
    isTrading: line.state === 'live',
  };
}
