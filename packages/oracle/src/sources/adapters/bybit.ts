// Bybit spot, API v5. Streams: `tickers`, whole snapshots on every change; REST: the tickers of all spot
// symbols in one request. In: frames with a `topic`. Out: last prices of tickers and publicTrade, best
// prices of the one-level book. A delta of a contract's ticker that does not mention the price is no news
// of it.
import { baseOf, quoteOf } from '../../model/pair.ts';
import {
  defineSource,
  type Frame,
  type Instrument,
  type Parsed,
  type SourceContext,
  type SourceResponse,
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

// Documented for spot: at most 10 topics a request.
const TOPICS_PER_MESSAGE = 10;
// "access too frequent": wait for at least ten minutes.
const BAN_MS = 600_000;

export default defineSource({
  id: 'bybit',
  name: 'Bybit',
  homepage: 'https://www.bybit.com',
  documentation: 'https://bybit-exchange.github.io/docs/v5/websocket/public/ticker',
  checked: { by: 'documented', version: 'API v5', on: '2026-11-21' },
  kind: 'exchange',
  endpoints: { rest: 'https://api.bybit.com', stream: 'wss://stream.bybit.com/v5/public/spot' },
  symbol: (pair) => `${baseOf(pair)}${quoteOf(pair)}`,
  // 600 requests in 5 seconds and address.
  limits: { requests: { count: 600, windowMs: 5000 } },
  http: {
    // All spot symbols in one answer of some 250 kB: often enough behind a stream.
    intervalMs: 2000,
    timeoutMs: 4000,
    requests: (context) => [
      { url: `${context.endpoints.rest}/v5/market/tickers?category=spot`, pairs: context.pairs },
    ],
    parse(response, _request, context) {
      const body = fieldsOf(parseJson(response.body, 'market/tickers'), 'market/tickers', 'body');
      if (body.retCode !== 0) throw refusalOf(body);
      const venueAt = msIn(body.time, 'market/tickers', 'time');
      const result = fieldsOf(body.result, 'market/tickers', 'result');
      const prices: Parsed[] = [];
      for (const item of listOf(result.list, 'market/tickers', 'list')) {
        const ticker = fieldsOf(item, 'market/tickers', 'list');
        const pair = context.pairOf(textIn(ticker.symbol, 'market/tickers', 'symbol'));
        if (pair === undefined) continue;
        readInBatch(context, pair, () => {
          const price = priceIn(ticker.lastPrice, 'market/tickers', 'lastPrice');
          prices.push({ pair, kind: 'ticker', price, venueAt });
        });
      }
      return prices;
    },
    explain(response) {
      if (response.status !== 403 || !/access too frequent/i.test(response.body)) return undefined;
      return { code: 'SOURCE_RATE_LIMITED', message: 'access too frequent', retryAfterMs: BAN_MS };
    },
  },
  stream: {
    url: (context) => context.endpoints.stream ?? '',
    subscribe: (context) =>
      batchesOf(context.pairs, TOPICS_PER_MESSAGE).map((pairs, index) =>
        JSON.stringify({
          req_id: String(index + 1),
          op: 'subscribe',
          args: pairs.map((pair) => `tickers.${context.symbolOf(pair)}`),
        }),
      ),
    parse: parseFrame,
    // The venue advises every 20 s; every 4 s also shows within 10 s that it is gone.
    keepAlive: { everyMs: 4000, message: '{"op":"ping"}' },
    silenceAfterMs: 10_000,
    vouches: true,
    pairsPerConnection: 100,
    // No limit is documented for messages; twenty requests of ten topics take four seconds.
    messagesPerSecond: 5,
  },
  instruments: {
    // Spot is answered whole, and has only what trades.
    requests: (context) => [
      { url: `${context.endpoints.rest}/v5/market/instruments-info?category=spot`, pairs: context.pairs },
    ],
    parse: instrumentsIn,
  },
  examples: [
    {
      name: 'a ticker',
      transport: 'stream',
      payload:
        '{"topic":"tickers.BTCUSDT","type":"snapshot","ts":1715742949283,"cs":2588407389,"data":{' +
        '"symbol":"BTCUSDT","lastPrice":"21109.77","highPrice24h":"21426.99","lowPrice24h":"20575",' +
        '"prevPrice24h":"20704.93","volume24h":"6780.866843","turnover24h":"141946527.22907118",' +
        '"price24hPcnt":"0.0196","usdIndexPrice":"21120.2400136"}}',
      pairs: ['BTC/USDT'],
      expect: {
        prices: [
          {
            pair: 'BTC/USDT',
            kind: 'ticker',
            price: '21109.77',
            observedAt: 1715742949283,
            venueAt: 1715742949283,
          },
        ],
      },
      from: 'documentation, public ticker, spot',
    },
    {
      name: 'a trade',
      transport: 'stream',
      payload:
        '{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1672304486868,"data":[{"T":1672304486865,' +
        '"s":"BTCUSDT","S":"Buy","v":"0.001","p":"16578.50","L":"PlusTick",' +
        '"i":"20f43950-d8dd-5b31-9112-a178eb6023af","BT":false}]}',
      pairs: ['BTC/USDT'],
      expect: {
        prices: [
          {
            pair: 'BTC/USDT',
            kind: 'trade',
            price: '16578.50',
            observedAt: 1672304486865,
            venueAt: 1672304486868,
            volume: '0.001',
          },
        ],
      },
      from: 'documentation, public trade',
    },
    {
      name: 'the answer to our keepalive',
      transport: 'stream',
      payload:
        '{"success":true,"ret_msg":"pong","conn_id":"0970e817-426e-429a-a679-ff7f55e0b16a","op":"ping"}',
      pairs: ['BTC/USDT'],
      expect: { control: 'pong' },
      from: 'documentation, connect',
    },
    {
      name: 'a topic that does not exist',
      transport: 'stream',
      payload:
        '{"success":false,"ret_msg":"Invalid topic: invalid.topic.BTCUSDT","conn_id":"cejreaspqfm9se7usb' +
        'rg-2xh",' +
        '"op":"subscribe"}',
      pairs: ['BTC/USDT'],
      expect: { error: 'SOURCE_REFUSED' },
      from: 'documentation, connect',
    },
    {
      name: 'all spot tickers by REST',
      transport: 'http',
      payload:
        '{"retCode":0,"retMsg":"OK","result":{"category":"spot","list":[{"symbol":"BTCUSDT",' +
        '"bid1Price":"20517.96","bid1Size":"2","ask1Price":"20527.77","ask1Size":"1.862172",' +
        '"lastPrice":"20533.13","prevPrice24h":"20393.48","price24hPcnt":"0.0068",' +
        '"usdIndexPrice":"20784.12009279"}]},"retExtInfo":{},"time":1673859087947}',
      pairs: ['BTC/USDT'],
      expect: { prices: [{ pair: 'BTC/USDT', kind: 'ticker', price: '20533.13', venueAt: 1673859087947 }] },
      from: 'documentation, get tickers',
    },
    {
      name: 'an error inside a 200',
      transport: 'http',
      payload:
        '{"retCode":10006,"retMsg":"Too many visits!","result":{},"retExtInfo":{},"time":1736869113003}',
      pairs: ['BTC/USDT'],
      expect: { error: 'SOURCE_RATE_LIMITED' },
      from: 'documentation, rate limit rules',
    },
  ],
});

function parseFrame(raw: string | Uint8Array, context: SourceContext): Frame {
  const frame = fieldsOf(parseJson(raw, 'frame'), 'frame', 'frame');
  if (frame.topic === undefined) return answerTo(frame, raw);
  const topic = textIn(frame.topic, 'frame', 'topic');
  const name = topic.slice(0, topic.indexOf('.'));
  switch (name) {
    case 'tickers':
      return { kind: 'prices', name, prices: tickers(frame, context) };
    case 'publicTrade':
    case 'trade':
      return { kind: 'prices', name, prices: trades(frame, name, context) };
    case 'orderbook':
      if (!topic.startsWith('orderbook.1.')) return { kind: 'ignored', name };
      return { kind: 'prices', name, prices: bestPrices(frame, context) };
    case 'kline':
    case 'kline_lt':
    case 'tickers_lt':
    case 'liquidation':
    case 'allLiquidation':
    case 'priceLimit':
      return { kind: 'ignored', name };
    default:
      throw unknownFrame(topic, raw);
  }
}

/** Answers to what we sent carry an `op`. */
function answerTo(frame: Fields, raw: unknown): Frame {
  if (frame.op === 'pong' || frame.ret_msg === 'pong')
    return { kind: 'control', name: 'pong', action: 'alive' };
  if (frame.success === false) throw refusal('SOURCE_REFUSED', String(frame.ret_msg), { frame: 'error' });
  if (frame.success === true && (frame.op === 'subscribe' || frame.op === 'unsubscribe'))
    return { kind: 'control', name: frame.op };
  throw unknownFrame(frame.op, raw);
}

function tickers(frame: Fields, context: SourceContext): Parsed[] {
  const data = fieldsOf(frame.data, 'tickers', 'data');
  const pair = context.pairOf(textIn(data.symbol, 'tickers', 'data.symbol'));
  if (pair === undefined) return [];
  if (data.lastPrice === undefined && frame.type === 'delta') return [];
  const observedAt = msIn(frame.ts, 'tickers', 'ts');
  const price = priceIn(data.lastPrice, 'tickers', 'data.lastPrice');
  return [{ pair, kind: 'ticker', price, observedAt, venueAt: observedAt }];
}

function trades(frame: Fields, name: string, context: SourceContext): Parsed[] {
  const venueAt = msIn(frame.ts, name, 'ts');
  const prices: Parsed[] = [];
  for (const item of listOf(frame.data, name, 'data')) {
    const trade = fieldsOf(item, name, 'data');
    const pair = context.pairOf(textIn(trade.s, name, 's'));
    if (pair === undefined) continue;
    const price = priceIn(trade.p, name, 'p');
    const volume = amountIn(trade.v, name, 'v');
    prices.push({ pair, kind: 'trade', price, observedAt: msIn(trade.T, name, 'T'), venueAt, volume });
  }
  return prices;
}

/** The one-level book is always whole. */
function bestPrices(frame: Fields, context: SourceContext): Parsed[] {
  const data = fieldsOf(frame.data, 'orderbook', 'data');
  const pair = context.pairOf(textIn(data.s, 'orderbook', 'data.s'));
  if (pair === undefined) return [];
  const observedAt = msIn(frame.ts, 'orderbook', 'ts');
  const bid = priceIn(bestOf(data.b, 'data.b'), 'orderbook', 'data.b[0][0]');
  const ask = priceIn(bestOf(data.a, 'data.a'), 'orderbook', 'data.a[0][0]');
  return [{ pair, kind: 'book', bid, ask, observedAt, venueAt: observedAt }];
}

function bestOf(levels: unknown, field: string): unknown {
  const [first] = listOf(levels, 'orderbook', field);
  return first === undefined ? undefined : listOf(first, 'orderbook', field)[0];
}

function refusalOf(body: Fields): Error {
  const message = `${String(body.retCode)} ${String(body.retMsg)}`;
  // 10006 and 10018: too many visits, by key and by address.
  const isLimit = body.retCode === 10006 || body.retCode === 10018;
  return refusal(isLimit ? 'SOURCE_RATE_LIMITED' : 'SOURCE_REFUSED', message, { frame: 'market/tickers' });
}

function instrumentsIn(response: SourceResponse): Instrument[] {
  const frame = 'instruments-info';
  const body = fieldsOf(parseJson(response.body, frame), frame, 'body');
  if (body.retCode !== 0) throw refusalOf(body);
  const result = fieldsOf(body.result, frame, 'result');
  // Half a list would tell of delistings that never were.
  if (result.nextPageCursor !== undefined && result.nextPageCursor !== '')
    throw badPayload(frame, 'nextPageCursor', result.nextPageCursor, 'empty: the list is to be whole');
  return listOf(result.list, frame, 'list').map((item) => {
    const line = fieldsOf(item, frame, 'list');
    return {
      symbol: textIn(line.symbol, frame, 'symbol'),
      base: textIn(line.baseCoin, frame, 'baseCoin'),
      quote: textIn(line.quoteCoin, frame, 'quoteCoin'),
      isTrading: line.status === 'Trading',
    };
  });
}
