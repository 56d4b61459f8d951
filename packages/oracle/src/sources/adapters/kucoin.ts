// KuCoin spot, API v1 and its push service. REST: the tickers of all pairs in one request. A socket needs a
// token and an address, which POST /api/v1/bullet-public gives: it is asked before each connection. Streams:
// `/market/match`. In: messages with `topic` and `data`. Out: the price of each trade, and last prices of
// tickers and snapshots. Times of trades are in nanoseconds.
import { baseOf, type Pair, quoteOf } from '../../model/pair.ts';
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
  nanosecondsIn,
  parseJson,
  parseJsonExact,
  priceIn,
  readInBatch,
  refusal,
  sequenceIn,
  textIn,
  unknownFrame,
} from '../payload.ts';

const SUCCESS = '200000';
/** Too many requests: of the whole service, and of one endpoint. */
const RATE_CODES = new Set(['429000', '200002', '1015']);

export default defineSource({
  id: 'kucoin',
  name: 'KuCoin',
  homepage: 'https://www.kucoin.com',
  documentation: 'https://www.kucoin.com/docs-new/websocket-api/base-info/introduction',
  kind: 'exchange',
  checked: { by: 'recorded', version: 'API v1', on: '2026-11-21' },
  // The address of the socket comes with the token; one that is configured here stands instead of it.
  endpoints: { rest: 'https://api.kucoin.com' },
  symbol: (pair) => `${currency(baseOf(pair))}-${currency(quoteOf(pair))}`,
  // Public pool: a weight of 2000 in 30 seconds.
  limits: { requests: { count: 2000, windowMs: 30_000 } },
  http: {
    // The venue makes this snapshot every two seconds.
    intervalMs: 2000,
    timeoutMs: 4000,
    requests: (context) => [
      { url: `${context.endpoints.rest}/api/v1/market/allTickers`, pairs: context.pairs, weight: 15 },
    ],
    parse(response, _request, context) {
      const data = fieldsOf(bodyOf(response, 'allTickers').data, 'allTickers', 'data');
      const venueAt = msIn(data.time, 'allTickers', 'time');
      const prices: Parsed[] = [];
      for (const item of listOf(data.ticker, 'allTickers', 'ticker')) {
        const ticker = fieldsOf(item, 'allTickers', 'item');
        const pair = context.pairOf(textIn(ticker.symbol, 'allTickers', 'symbol'));
        if (pair === undefined) continue;
        // A pair before its first trade has no last price.
        readInBatch(context, pair, () =>
          prices.push({ pair, kind: 'ticker', price: priceIn(ticker.last, 'allTickers', 'last'), venueAt }),
        );
      }
      return prices;
    },
  },
  stream: {
    prepare: {
      request: (context) => ({
        method: 'POST',
        url: `${context.endpoints.rest}/api/v1/bullet-public`,
        pairs: context.pairs,
      }),
      read: readBullet,
    },
    url: ({ endpoints, session }) =>
      `${endpoints.stream ?? session.endpoint}/?token=${encodeURIComponent(session.token ?? '')}`,
    // One topic names at most 100 symbols.
    subscribe: (context) =>
      batchesOf(context.pairs, 100).map((pairs, index) =>
        JSON.stringify({
          id: index + 1,
          type: 'subscribe',
          topic: `/market/match:${pairs.map(context.symbolOf).join(',')}`,
          privateChannel: false,
          response: true,
        }),
      ),
    parse: parseFrame,
    // The venue wants one in 18 seconds.
    keepAlive: { everyMs: 4000, message: '{"id":"ping","type":"ping"}' },
    silenceAfterMs: 10_000,
    vouches: true,
    // The token and the connection end after 24 hours.
    lifeMs: 23 * 3_600_000,
    pairsPerConnection: 300,
    // 100 messages in 10 seconds are allowed.
    messagesPerSecond: 5,
  },
  instruments: {
    requests: (context) => [{ url: `${context.endpoints.rest}/api/v2/symbols`, pairs: context.pairs }],
    parse(response) {
      const body = bodyOf(response, 'symbols');
      return listOf(body.data, 'symbols', 'data').map((item): Instrument => {
        const { symbol, baseCurrency, quoteCurrency, enableTrading } = fieldsOf(item, 'symbols', 'item');
        return {
          symbol: textIn(symbol, 'symbols', 'symbol'),
          base: textIn(baseCurrency, 'symbols', 'baseCurrency').toUpperCase(),
          quote: textIn(quoteCurrency, 'symbols', 'quoteCurrency').toUpperCase(),
          isTrading: enableTrading === true,
        };
      });
    },
  },
  examples: [
    {
      name: 'a trade',
      transport: 'stream',
      payload:
        '{"data":{"symbol":"DAPPT-BTC","sequence":"1612701563869","side":"buy","size":"81.8814",' +
        '"price":"0.0000001117","takerOrderId":"6085c097587c2000060cde57","time":"1619378327739050725",' +
        '"type":"match","makerOrderId":"6085c06144b3790006512a4d","tradeId":"6085c09769bc506996295e36"},' +
        '"subject":"trade.l3match","topic":"/market/match:DAPPT-BTC","type":"message"}',
      pairs: ['DAPPT/BTC'],
      expect: {
        prices: [
          {
            pair: 'DAPPT/BTC',
            kind: 'trade',
            price: '0.0000001117',
            observedAt: 1619378327739,
            venueAt: 1619378327739,
            volume: '81.8814',
            sequence: 1612701563869,
          },
        ],
      },
      from: 'recorded 2021-04-25',
    },
    {
      name: 'a ticker of a renamed currency',
      transport: 'stream',
      payload:
        '{"data":{"sequence":"1613277183873","bestAsk":"242.951","size":"0.08000012","bestBidSize":"0.68148185",' +
        '"price":"243.65","time":1619378326330,"bestAskSize":"4.51280965","bestBid":"242.654"},' +
        '"subject":"trade.ticker","topic":"/market/ticker:BCHSV-USDT","type":"message"}',
      pairs: ['BSV/USDT'],
      expect: {
        prices: [{ pair: 'BSV/USDT', kind: 'ticker', price: '243.65', venueAt: 1619378326330 }],
      },
      from: 'recorded 2021-04-25',
    },
    {
      name: 'a ticker among those of all pairs',
      transport: 'stream',
      payload:
        '{"type":"message","topic":"/market/ticker:all","subject":"FTM-ETH","data":{"bestAsk":"0.0002901",' +
        '"bestAskSize":"3514.4978","bestBid":"0.0002894","bestBidSize":"65.536","price":"0.0002894",' +
        '"sequence":"186911324","size":"150","time":1677320967673}}',
      pairs: ['FTM/ETH'],
      expect: {
        prices: [{ pair: 'FTM/ETH', kind: 'ticker', price: '0.0002894', venueAt: 1677320967673 }],
      },
      from: 'recorded 2023-02-25',
    },
    {
      name: 'a snapshot',
      transport: 'stream',
      payload:
        '{"type":"message","topic":"/market/snapshot:BTC","subject":"trade.snapshot","data":{"sequence":"459320318",' +
        '"data":{"baseCurrency":"TRX","buy":0.004411,"datetime":1700555342007,"high":0.00444500000000000000,' +
        '"lastTradedPrice":0.004415,"market":"BTC","quoteCurrency":"BTC","symbol":"TRX-BTC"}}}',
      pairs: ['TRX/BTC'],
      expect: {
        prices: [{ pair: 'TRX/BTC', kind: 'ticker', price: '0.004415', venueAt: 1700555342007 }],
      },
      from: 'recorded 2023-11-21, shortened',
    },
    {
      name: 'a pong',
      transport: 'stream',
      payload: '{"id":"ping","type":"pong"}',
      pairs: ['BTC/USDT'],
      expect: { control: 'pong' },
      from: 'documentation, heartbeat',
    },
    {
      name: 'the welcome',
      transport: 'stream',
      payload: '{"id":"NSkIrWGB1s","type":"welcome"}',
      pairs: ['BTC/USDT'],
      expect: { control: 'welcome' },
      from: 'recorded 2021-04-25',
    },
    {
      name: 'an unknown topic is refused',
      transport: 'stream',
      payload:
        '{"code":404,"data":"topic /market/level2:BSV-BTC is not found","id":"1551623050668","type":"error"}',
      pairs: ['BTC/USDT'],
      expect: { error: 'SOURCE_REFUSED' },
      from: 'seen 2019-03-03, github.com/sammchardy/python-kucoin/issues/52',
    },
    {
      name: 'tickers by REST',
      transport: 'http',
      payload:
        '{"code":"200000","data":{"time":1602832092060,"ticker":[{"symbol":"BTC-USDT","symbolName":"BTC-USDT",' +
        '"buy":"11328.9","sell":"11329","vol":"2282.70993217","last":"11328.9","averagePrice":"11360.66065903"}]}}',
      pairs: ['BTC/USDT'],
      expect: {
        prices: [{ pair: 'BTC/USDT', kind: 'ticker', price: '11328.9', venueAt: 1602832092060 }],
      },
      from: 'documentation, get all tickers',
    },
    {
      name: 'too many requests',
      transport: 'http',
      payload: '{"code":"429000","msg":"Too many requests"}',
      pairs: ['BTC/USDT'],
      expect: { error: 'SOURCE_RATE_LIMITED' },
      from: 'documentation, rate limit',
    },
  ],
});

function bodyOf(response: SourceResponse, frame: string): Fields {
  const body = fieldsOf(parseJson(response.body, frame), frame, 'body');
  const code = textIn(body.code, frame, 'code');
  if (code !== SUCCESS) throw venueError(code, body.msg, frame);
  return body;
}

/** A socket is opened where the venue says, as long as that is the plain address of one. */
const SOCKET = /^wss?:\/\/[a-z0-9.-]{1,200}(?::\d{1,5})?(?:\/[\w./-]{0,200})?$/;
const TOKEN_MAX = 2_000;

function readBullet(response: SourceResponse, { endpoints }: SourceContext): Record<string, string> {
  const data = fieldsOf(bodyOf(response, 'bullet-public').data, 'bullet-public', 'data');
  const token = textIn(data.token, 'bullet-public', 'token');
  if (token.length > TOKEN_MAX) throw badPayload('bullet-public', 'token', token, 'a text of a usual length');
  const [server] = listOf(data.instanceServers, 'bullet-public', 'instanceServers');
  const address = textIn(fieldsOf(server, 'bullet-public', 'server').endpoint, 'bullet-public', 'endpoint');
  // Without TLS only behind a token that came without it: a server of our own.
  const isPlain = address.startsWith('ws:') && endpoints.rest?.startsWith('http:') !== true;
  if (!SOCKET.test(address) || isPlain)
    throw badPayload('bullet-public', 'endpoint', address, 'the address of a socket');
  return { token, endpoint: address.replace(/\/+$/, '') };
}

/** A renamed currency keeps its old name in symbols, as the recorded list shows; ours to theirs. */
const RENAMED: Record<string, string> = { BSV: 'BCHSV', REV: 'R', WAXP: 'WAX', OXEN: 'LOKI' };

function currency(code: string): string {
  return RENAMED[code] ?? code;
}

function venueError(code: string, words: unknown, frame: string): Error {
  return refusal(
    RATE_CODES.has(code) ? 'SOURCE_RATE_LIMITED' : 'SOURCE_REFUSED',
    `${code} ${typeof words === 'string' ? words : ''}`,
    { frame },
  );
}

function parseFrame(raw: string | Uint8Array, context: SourceContext): Frame {
  const frame = fieldsOf(parseJsonExact(raw, 'frame'), 'frame', 'frame');
  switch (frame.type) {
    case 'pong':
      return { kind: 'control', name: 'pong', action: 'alive' };
    case 'welcome':
    case 'ack':
      return { kind: 'control', name: frame.type };
    case 'error':
      throw venueError(String(frame.code), frame.data, 'error');
    case 'message':
      return message(frame, raw, context);
    default:
      throw unknownFrame(frame.type, raw);
  }
}

function message(frame: Fields, raw: string | Uint8Array, context: SourceContext): Frame {
  const [topic, symbol = ''] = textIn(frame.topic, 'message', 'topic').split(':', 2);
  const data = fieldsOf(frame.data, 'message', 'data');
  switch (topic) {
    case '/market/match':
      return { kind: 'prices', name: 'match', prices: trade(data, context) };
    case '/market/ticker': {
      const named = symbol === 'all' ? textIn(frame.subject, 'ticker', 'subject') : symbol;
      return {
        kind: 'prices',
        name: 'ticker',
        prices: last(context.pairOf(named), 'ticker', data.price, data.time),
      };
    }
    case '/market/snapshot': {
      const item = fieldsOf(data.data, 'snapshot', 'data');
      const pair = context.pairOf(textIn(item.symbol, 'snapshot', 'symbol'));
      return {
        kind: 'prices',
        name: 'snapshot',
        prices: last(pair, 'snapshot', item.lastTradedPrice, item.datetime),
      };
    }
    case '/market/level2':
    case '/market/candles':
    case '/spotMarket/level1':
    case '/spotMarket/level2Depth5':
    case '/spotMarket/level2Depth50':
    case '/indicator/index':
    case '/indicator/markPrice':
      return { kind: 'ignored', name: topic };
    default:
      throw unknownFrame(topic, raw);
  }
}

function trade(data: Fields, context: SourceContext): Parsed[] {
  const pair = context.pairOf(textIn(data.symbol, 'match', 'symbol'));
  if (pair === undefined) return [];
  const observedAt = nanosecondsIn(data.time, 'match', 'time');
  const sequence = sequenceIn(data.sequence);
  return [
    {
      pair,
      kind: 'trade',
      price: priceIn(data.price, 'match', 'price'),
      observedAt,
      venueAt: observedAt,
      volume: amountIn(data.size, 'match', 'size'),
      ...(sequence === undefined ? {} : { sequence }),
    },
  ];
}

// The time of a ticker goes on while its last price stands (recorded), so it is that of sending: no
// `observedAt`.
function last(pair: Pair | undefined, frame: string, price: unknown, time: unknown): Parsed[] {
  if (pair === undefined) return [];
  return [
    { pair, kind: 'ticker', price: priceIn(price, frame, 'price'), venueAt: msIn(time, frame, 'time') },
  ];
}
