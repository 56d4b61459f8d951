// Bitget spot, API v2. Streams: `ticker`; REST: the tickers of all spot markets in one request. In: frames
// with `arg` and `data`. Out: last prices of tickers and trades, best prices of the books that are pushed
// whole. Contracts have the names of spot markets on the same socket, so a frame of another `instType` never
// gives a price.
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

// A connection takes 1,000 channels, and up to 50 are what the venue recommends. 50 arguments of some 65
// bytes stay under the 4,096 of a request, and one request is far from the 240 an hour and connection.
const PAIRS_PER_CONNECTION = 50;

export default defineSource({
  id: 'bitget',
  name: 'Bitget',
  homepage: 'https://www.bitget.com',
  documentation: 'https://www.bitget.com/api-doc/spot/websocket/public/Tickers-Channel',
  checked: { by: 'documented', version: 'API v2', on: '2026-11-21' },
  kind: 'exchange',
  endpoints: { rest: 'https://api.bitget.com', stream: 'wss://ws.bitget.com/v2/ws/public' },
  symbol: (pair) => `${baseOf(pair)}${quoteOf(pair)}`,
  // GET /spot/market/tickers and /spot/public/symbols: 20 requests a second and address each.
  limits: { requests: { count: 20, windowMs: 1000 } },
  http: {
    // All spot markets in one answer, 350 bytes each: often enough behind a stream.
    intervalMs: 2000,
    timeoutMs: 4000,
    requests: (context) => [
      { url: `${context.endpoints.rest}/api/v2/spot/market/tickers`, pairs: context.pairs },
    ],
    parse(response, _request, context) {
      const body = answerIn(response.body, 'market/tickers');
      const venueAt = msIn(body.requestTime, 'market/tickers', 'requestTime');
      const prices: Parsed[] = [];
      for (const item of listOf(body.data, 'market/tickers', 'data')) {
        const ticker = fieldsOf(item, 'market/tickers', 'data');
        const pair = context.pairOf(textIn(ticker.symbol, 'market/tickers', 'symbol'));
        if (pair === undefined) continue;
        readInBatch(context, pair, () => {
          const observedAt = msIn(ticker.ts, 'market/tickers', 'ts');
          const price = priceIn(ticker.lastPr, 'market/tickers', 'lastPr');
          prices.push({ pair, kind: 'ticker', price, observedAt, venueAt });
        });
      }
      return prices;
    },
    explain(response) {
      // The venue's errors come with status 400, whatever they are: the code tells them apart.
      const code = /"code"\s*:\s*"(\d{1,6})"/.exec(response.body)?.[1];
      const message = /"msg"\s*:\s*"([^"]{1,400})"/.exec(response.body)?.[1];
      if (code === undefined || message === undefined) return undefined;
      const kind = kindOf(code);
      const words = `${code} ${message}`;
      if (kind !== 'SOURCE_REFUSED') return { code: kind, message: words };
      return { code: kind, message: words, isTransient: response.status >= 500 || PASSING.has(code) };
    },
  },
  stream: {
    url: (context) => context.endpoints.stream ?? '',
    subscribe: (context) =>
      batchesOf(context.pairs, PAIRS_PER_CONNECTION).map((pairs) =>
        JSON.stringify({
          op: 'subscribe',
          args: pairs.map((pair) => ({
            instType: 'SPOT',
            channel: 'ticker',
            instId: context.symbolOf(pair),
          })),
        }),
      ),
    parse: parseFrame,
    // The venue wants it every 30 s and closes after 2 minutes without; every 4 s also shows within 10 s that
    // it is gone.
    keepAlive: { everyMs: 4000, message: 'ping' },
    silenceAfterMs: 10_000,
    // `ticker` pushes within 300 ms of a trade or of a change of the best prices.
    vouches: true,
    // The venue closes at 24 hours.
    lifeMs: 23 * 3_600_000,
    pairsPerConnection: PAIRS_PER_CONNECTION,
    // Ten, counting the pings; more closes the connection, and in the end blocks the address.
    messagesPerSecond: 5,
  },
  instruments: {
    requests: (context) => [
      { url: `${context.endpoints.rest}/api/v2/spot/public/symbols`, pairs: context.pairs },
    ],
    parse: (response) =>
      listOf(answerIn(response.body, 'public/symbols').data, 'public/symbols', 'data').map((item) =>
        instrumentOf(fieldsOf(item, 'public/symbols', 'data')),
      ),
  },
  examples: [
    {
      name: 'a ticker',
      transport: 'stream',
      payload:
        '{"action":"snapshot","arg":{"instType":"SPOT","channel":"ticker","instId":"ETHUSDT"},"data":[' +
        '{"instId":"ETHUSDT","lastPr":"2200.10","open24h":"0.00","high24h":"0.00","low24h":"0.00",' +
        '"change24h":"0.00","bidPr":"1792","askPr":"2200.1","bidSz":"0.0084","askSz":"19740.8811",' +
        '"baseVolume":"0.0000","quoteVolume":"0.0000","openUtc":"0.00","changeUtc24h":"0",' +
        '"ts":"1695702438018"}],"ts":1695702438029}',
      pairs: ['ETH/USDT'],
      expect: {
        prices: [
          {
            pair: 'ETH/USDT',
            kind: 'ticker',
            price: '2200.10',
            observedAt: 1695702438018,
            venueAt: 1695702438029,
          },
        ],
      },
      from: 'documentation, spot, market channel',
    },
    {
      name: 'a trade',
      transport: 'stream',
      payload:
        '{"action":"snapshot","arg":{"instType":"SPOT","channel":"trade","instId":"BTCUSDT"},"data":[' +
        '{"ts":"1695709835822","price":"26293.4","size":"0.0013","side":"buy","tradeId":"1000000000"}],' +
        '"ts":1695711090682}',
      pairs: ['BTC/USDT'],
      expect: {
        prices: [
          {
            pair: 'BTC/USDT',
            kind: 'trade',
            price: '26293.4',
            observedAt: 1695709835822,
            venueAt: 1695711090682,
            volume: '0.0013',
          },
        ],
      },
      from: 'documentation, spot, trading channel',
    },
    {
      name: 'the best prices',
      transport: 'stream',
      payload:
        '{"action":"snapshot","arg":{"instType":"SPOT","channel":"books5","instId":"BTCUSDT"},"data":[' +
        '{"asks":[["26274.9","0.0009"],["26275.0","0.0500"]],"bids":[["26274.8","0.0009"],' +
        '["26274.7","0.0027"]],"seq":123,"ts":"1695710946294"}],"ts":1695710946294}',
      pairs: ['BTC/USDT'],
      expect: {
        prices: [
          {
            pair: 'BTC/USDT',
            kind: 'book',
            bid: '26274.8',
            ask: '26274.9',
            observedAt: 1695710946294,
            venueAt: 1695710946294,
          },
        ],
      },
      from: 'documentation, spot, depth channel',
    },
    {
      name: 'the ticker of a contract that has the name of a spot market',
      transport: 'stream',
      payload:
        '{"action":"snapshot","arg":{"instType":"USDT-FUTURES","channel":"ticker","instId":"BTCUSDT"},' +
        '"data":[{"instId":"BTCUSDT","lastPr":"43480.4","bidPr":"43476.3","askPr":"43476.8",' +
        '"bidSz":"0.1","askSz":"3.055","open24h":"42252.3","high24h":"44518.2","low24h":"41387.0",' +
        '"change24h":"0.03875","fundingRate":"0.000096","nextFundingTime":"1701849600000",' +
        '"markPrice":"43476.4","indexPrice":"43478.4","holdingAmount":"50670.787","symbolType":"1",' +
        '"symbol":"BTCUSDT","deliveryPrice":"0","ts":"1701843962811"}],"ts":1701843962812}',
      pairs: ['BTC/USDT'],
      expect: { ignored: 'contract' },
      from: 'ccxt, comments of its Bitget stream, 2023',
    },
    {
      name: 'a subscription that was taken',
      transport: 'stream',
      payload: '{"event":"subscribe","arg":{"instType":"SPOT","channel":"ticker","instId":"ETHUSDT"}}',
      pairs: ['ETH/USDT'],
      expect: { control: 'subscribe' },
      from: 'documentation, spot, market channel',
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
      name: 'a channel that does not exist',
      transport: 'stream',
      payload:
        '{"event":"error","code":30001,"msg":"instType:sp,channel:candleundefined,instId:BTCUSDT ' +
        'doesn\'t exist"}',
      pairs: ['BTC/USDT'],
      expect: { error: 'SOURCE_REFUSED' },
      from: 'ccxt, comments of its Bitget stream, 2023',
    },
    {
      name: 'all spot tickers by REST',
      transport: 'http',
      payload:
        '{"code":"00000","msg":"success","requestTime":1695808949356,"data":[{"symbol":"BTCUSDT",' +
        '"high24h":"37775.65","open":"35134.2","low24h":"34413.1","lastPr":"34413.1","quoteVolume":"0",' +
        '"baseVolume":"0","usdtVolume":"0","bidPr":"0","askPr":"0","bidSz":"0.0663","askSz":"0.0119",' +
        '"openUtc":"23856.72","ts":"1625125755277","changeUtc24h":"0.00301","change24h":"0.00069"}]}',
      pairs: ['BTC/USDT'],
      expect: {
        prices: [
          {
            pair: 'BTC/USDT',
            kind: 'ticker',
            price: '34413.1',
            observedAt: 1625125755277,
            venueAt: 1695808949356,
          },
        ],
      },
      from: 'documentation, get ticker information',
    },
    {
      name: 'an error inside a 200',
      transport: 'http',
      payload: '{"code":"429","msg":"Too Many Requests","requestTime":1748721720474,"data":null}',
      pairs: ['BTC/USDT'],
      expect: { error: 'SOURCE_RATE_LIMITED' },
      from: 'documentation, error codes; the body as others published it in 2025',
    },
  ],
});

function parseFrame(raw: string | Uint8Array, context: SourceContext): Frame {
  if (raw === 'pong') return { kind: 'control', name: 'pong', action: 'alive' };
  const frame = fieldsOf(parseJson(raw, 'frame'), 'frame', 'frame');
  if (frame.event !== undefined) return parseEvent(frame, raw);
  const arg = fieldsOf(frame.arg, 'frame', 'arg');
  const channel = textIn(arg.channel, 'frame', 'arg.channel');
  if (textIn(arg.instType, 'frame', 'arg.instType') !== 'SPOT') return { kind: 'ignored', name: 'contract' };
  if (channel.startsWith('candle')) return { kind: 'ignored', name: 'candle' };
  // Differences of the book; the price at which an auction would open.
  if (channel === 'books' || channel === 'auction') return { kind: 'ignored', name: channel };
  const read = CHANNELS.get(channel);
  if (read === undefined) throw unknownFrame(channel, raw);
  const pair = context.pairOf(textIn(arg.instId, channel, 'arg.instId'));
  if (pair === undefined) return { kind: 'prices', name: channel, prices: [] };
  const venueAt = msIn(frame.ts, channel, 'ts');
  const prices = listOf(frame.data, channel, 'data').map((item): Parsed => {
    const line = fieldsOf(item, channel, 'data');
    const observedAt = msIn(line.ts, channel, 'data.ts');
    return { pair, ...read(line, channel), observedAt, venueAt };
  });
  return { kind: 'prices', name: channel, prices };
}

function parseEvent(frame: Fields, raw: unknown): Frame {
  switch (frame.event) {
    case 'subscribe':
    case 'unsubscribe':
      return { kind: 'control', name: frame.event };
    case 'error':
      throw refusalOf(frame, 'error');
    default:
      throw unknownFrame(frame.event, raw);
  }
}

/** What a line of `data` says; whose it is stands in `arg`. */
type Reading =
  | { kind: 'ticker'; price: string }
  | { kind: 'trade'; price: string; volume: string }
  | { kind: 'book'; bid: string; ask: string };

const CHANNELS = new Map<string, (line: Fields, channel: string) => Reading>([
  ['ticker', (line, channel) => ({ kind: 'ticker', price: priceIn(line.lastPr, channel, 'lastPr') })],
  ['trade', readTrade],
  ['books1', readBook],
  ['books5', readBook],
  ['books15', readBook],
]);

function readTrade(line: Fields, channel: string): Reading {
  const price = priceIn(line.price, channel, 'price');
  return { kind: 'trade', price, volume: amountIn(line.size, channel, 'size') };
}

function readBook(line: Fields, channel: string): Reading {
  const bid = bestOf(line.bids, channel, 'bids');
  return { kind: 'book', bid, ask: bestOf(line.asks, channel, 'asks') };
}

/** Price of the first level; a side without levels has no best price. */
function bestOf(levels: unknown, channel: string, field: string): string {
  const [first] = listOf(levels, channel, field);
  if (first === undefined) throw badPayload(channel, field, levels, 'a side with at least one level');
  return priceIn(listOf(first, channel, field)[0], channel, field);
}

/** The body of an answer without an error in it. @throws AssayError */
function answerIn(raw: string, frame: string): Fields {
  const body = fieldsOf(parseJson(raw, frame), frame, 'body');
  if (body.code !== '00000') throw refusalOf(body, frame);
  return body;
}

// Too many requests, by REST; too many messages, and so many that the connection is closed.
const LIMITS = new Set(['429', '30006', '30007']);
// Mainland China; Hong Kong without identification; other places by the address.
const REGIONS = new Set(['40000', '40100', '40103', '40104']);
// Timed out, system abnormal, server upgrade, service returned an error: none is about what was asked.
const PASSING = new Set(['40010', '40015', '40200', '40725']);

function kindOf(code: string): 'SOURCE_RATE_LIMITED' | 'SOURCE_REGION_REFUSED' | 'SOURCE_REFUSED' {
  if (LIMITS.has(code)) return 'SOURCE_RATE_LIMITED';
  return REGIONS.has(code) ? 'SOURCE_REGION_REFUSED' : 'SOURCE_REFUSED';
}

/** Codes are texts by REST and numbers on the socket, whose documentation has texts. */
function refusalOf(body: Fields, frame: string): Error {
  const code = String(body.code);
  return refusal(kindOf(code), `${code} ${String(body.msg)}`, { frame });
}

/** `online` trades; `halt` is suspended, `gray` open to some only, `offline` gone. */
function instrumentOf(line: Fields): Instrument {
  return {
    symbol: textIn(line.symbol, 'public/symbols', 'symbol'),
    base: textIn(line.baseCoin, 'public/symbols', 'baseCoin'),
    quote: textIn(line.quoteCoin, 'public/symbols', 'quoteCoin'),
    isTrading: line.status === 'online',
  };
}
