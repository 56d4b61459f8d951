// Bitfinex spot, API v2. Everything is an array: a frame names a channel by its number, which the answer to
// the subscription gave, so a connection remembers them in `context.channels`. Streams: `ticker`; REST: the
// tickers of all pairs in one request. In: events, `[channel, values]`, `[channel, "hb"]`. Out: last prices
// of tickers, the price of each trade. Prices are JSON numbers.
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
  badPayload,
  type Fields,
  fieldsOf,
  listOf,
  msIn,
  parseJsonExact,
  priceIn,
  readInBatch,
  refusal,
  textIn,
  unknownFrame,
} from '../payload.ts';

/** Ours to the venue's, as its list pub:map:currency:sym says; what it calls UST is Tether's dollar. */
const RENAMED: Record<string, string> = {
  USDT: 'UST',
  UST: 'TERRAUST',
  USDC: 'UDC',
  TUSD: 'TSD',
  EURT: 'EUT',
  WBTC: 'WBT',
  ALGO: 'ALG',
  ATOM: 'ATO',
  DASH: 'DSH',
  IOTA: 'IOT',
  MANA: 'MNA',
  QTUM: 'QTM',
};
const OURS: Record<string, string> = Object.fromEntries(
  Object.entries(RENAMED).map(([ours, theirs]) => [theirs, ours]),
);

/**
 * A ticker of a trading pair: ten figures, the seventh is the last price; REST has the symbol before them.
 */
const TICKER_FIGURES = 10;
const LAST_PRICE = 6;
/** A trade: id, time, amount, price. */
const TRADE_FIGURES = 4;

/** The server restarts, or was in maintenance: subscriptions are lost. */
const RECONNECT_CODES = new Set(['20051', '20061']);
/** Error codes of too much at once: channels, subscriptions, requests. */
const LIMIT_CODES = new Set(['10305', '11010', '11000']);

export default defineSource({
  id: 'bitfinex',
  name: 'Bitfinex',
  homepage: 'https://www.bitfinex.com',
  documentation: 'https://docs.bitfinex.com/reference/ws-public-ticker',
  kind: 'exchange',
  checked: { by: 'recorded', version: 'API v2', on: '2026-11-21' },
  endpoints: { rest: 'https://api-pub.bitfinex.com', stream: 'wss://api-pub.bitfinex.com/ws/2' },
  symbol: symbolOf,
  // Public tickers: 30 requests a minute and address.
  limits: { requests: { count: 30, windowMs: 60_000 } },
  http: {
    intervalMs: 5000,
    timeoutMs: 4000,
    requests: (context) => [
      {
        url: `${context.endpoints.rest}/v2/tickers?symbols=${context.pairs.map(context.symbolOf).join(',')}`,
        pairs: context.pairs,
      },
    ],
    parse(response, _request, context) {
      const body = listOf(parseJsonExact(response.body, 'tickers'), 'tickers', 'body');
      if (body[0] === 'error') throw venueError(body[1], body[2], 'tickers');
      const prices: Parsed[] = [];
      for (const item of body) {
        const ticker = listOf(item, 'tickers', 'item');
        const pair = context.pairOf(textIn(ticker[0], 'tickers', 'symbol'));
        if (pair === undefined) continue;
        readInBatch(context, pair, () =>
          prices.push({
            pair,
            kind: 'ticker',
            price: lastPriceOf(ticker.slice(1), 'tickers'),
          }),
        );
      }
      return prices;
    },
    explain(response) {
      const [, code, words] = /^\["error",\s*(\d+),\s*"([^"]{1,400})"/.exec(response.body) ?? [];
      if (code === undefined || words === undefined) return undefined;
      if (LIMIT_CODES.has(code)) return { code: 'SOURCE_RATE_LIMITED', message: words };
      // It answers 500 to an unknown symbol as well.
      return { code: 'SOURCE_REFUSED', message: `${code} ${words}`, isTransient: !words.includes('invalid') };
    },
  },
  stream: {
    url: (context) => context.endpoints.stream ?? '',
    subscribe: (context) =>
      context.pairs.map((pair) =>
        JSON.stringify({ event: 'subscribe', channel: 'ticker', symbol: context.symbolOf(pair) }),
      ),
    parse: parseFrame,
    // Channels are silent for 15 s between heartbeats; a pong shows earlier that the connection lives.
    keepAlive: { everyMs: 4000, message: '{"event":"ping","cid":1}' },
    silenceAfterMs: 10_000,
    // A ticker is pushed with every change, and heartbeats say that there was none.
    vouches: true,
    // 25 channels a connection in the older documentation, 30 in the present one.
    pairsPerConnection: 25,
    // No documented number for messages; 20 connections a minute.
    messagesPerSecond: 5,
  },
  instruments: {
    requests: (context) => [
      { url: `${context.endpoints.rest}/v2/conf/pub:list:pair:exchange`, pairs: context.pairs },
    ],
    parse(response) {
      const [names] = listOf(parseJsonExact(response.body, 'pairs'), 'pairs', 'body');
      return listOf(names, 'pairs', 'names').map((item) => instrumentOf(textIn(item, 'pairs', 'name')));
    },
  },
  examples: [
    {
      name: 'a ticker of a numbered channel',
      transport: 'stream',
      after: ['{"event":"subscribed","channel":"ticker","chanId":232949,"symbol":"tBFTUSD","pair":"BFTUSD"}'],
      payload:
        '[232949,[0.068965,60157.36709703,0.0774,48578.50804052,0.001969,0.0262,0.076989,101459.39453471,' +
        '0.0828,0.068961],1]',
      pairs: ['BFT/USD'],
      expect: { prices: [{ pair: 'BFT/USD', kind: 'ticker', price: '0.076989' }] },
      from: 'recorded 2021-04-17',
    },
    {
      name: 'a trade',
      transport: 'stream',
      after: ['{"event":"subscribed","channel":"trades","chanId":18788,"symbol":"tBTCUSD","pair":"BTCUSD"}'],
      payload: '[18788,"te",[5690221201,1734237017719,-0.00991467,102570],2]',
      pairs: ['BTC/USD'],
      expect: {
        prices: [
          {
            pair: 'BTC/USD',
            kind: 'trade',
            price: '102570',
            observedAt: 1734237017719,
            volume: '0.00991467',
          },
        ],
      },
      from: 'recorded by another project, 2024',
    },
    {
      name: 'a heartbeat of a channel',
      transport: 'stream',
      after: ['{"event":"subscribed","channel":"ticker","chanId":204928,"symbol":"tBTCUST","pair":"BTCUST"}'],
      payload: '[204928,"hb",127]',
      pairs: ['BTC/USDT'],
      expect: { control: 'heartbeat' },
      from: 'recorded 2021-04-17',
    },
    {
      name: 'the greeting',
      transport: 'stream',
      payload:
        '{"event":"info","version":2,"serverId":"083bd8d4-aca7-4690-a573-eabfc8103de8","platform":{"status":1}}',
      pairs: ['BTC/USD'],
      expect: { control: 'info' },
      from: 'recorded 2021-04-17',
    },
    {
      name: 'the server will restart',
      transport: 'stream',
      payload: '{"event":"info","code":20051,"msg":"Stopping. Please try to reconnect"}',
      pairs: ['BTC/USD'],
      expect: { control: 'info' },
      from: 'documentation, info codes',
    },
    {
      name: 'an unknown pair',
      transport: 'stream',
      payload: '{"event":"error","msg":"symbol: invalid","code":10300,"channel":"ticker","symbol":"tXXXYYY"}',
      pairs: ['BTC/USD'],
      expect: { error: 'SOURCE_REFUSED' },
      from: 'documentation, error codes',
    },
    {
      name: 'tickers by REST',
      transport: 'http',
      payload:
        '[["tBTCUSD",7381.6,38.644979070000005,7381.7,32.145906579999995,126.6,0.0175,7381.2,' +
        '1982.88275223,7390,7228.1]]',
      pairs: ['BTC/USD'],
      expect: { prices: [{ pair: 'BTC/USD', kind: 'ticker', price: '7381.2' }] },
      from: 'recorded by another project',
    },
    {
      name: 'too many requests',
      transport: 'http',
      payload: '["error",11010,"ratelimit: error"]',
      pairs: ['BTC/USD'],
      expect: { error: 'SOURCE_RATE_LIMITED' },
      from: 'documentation, requirements and limitations',
    },
  ],
});

/** Names of more than three letters are told apart by a colon: tAVAX:USD, tBTCUSD. */
function symbolOf(pair: Pair): string {
  const [base, quote] = [baseOf(pair), quoteOf(pair)].map((code) => RENAMED[code] ?? code) as [
    string,
    string,
  ];
  return `t${base}${base.length > 3 || quote.length > 3 ? ':' : ''}${quote}`;
}

function instrumentOf(name: string): Instrument {
  const [base = '', quote = ''] = name.includes(':') ? name.split(':') : [name.slice(0, -3), name.slice(-3)];
  return { symbol: `t${name}`, base: OURS[base] ?? base, quote: OURS[quote] ?? quote, isTrading: true };
}

function venueError(code: unknown, words: unknown, frame: string): Error {
  const isLimit = LIMIT_CODES.has(String(code));
  const message = `${String(code)} ${typeof words === 'string' ? words : ''}`.trim();
  return refusal(isLimit ? 'SOURCE_RATE_LIMITED' : 'SOURCE_REFUSED', message, { frame });
}

function parseFrame(raw: string | Uint8Array, context: SourceContext): Frame {
  const frame = parseJsonExact(raw, 'frame');
  if (Array.isArray(frame)) return dataOf(frame, raw, context);
  return eventOf(fieldsOf(frame, 'frame', 'frame'), raw, context);
}

function eventOf(frame: Fields, raw: string | Uint8Array, context: SourceContext): Frame {
  switch (frame.event) {
    case 'info': {
      const isLost = RECONNECT_CODES.has(String(frame.code));
      return { kind: 'control', name: 'info', ...(isLost ? { action: 'reconnect' } : {}) };
    }
    case 'subscribed': {
      const symbol = textIn(frame.symbol, 'subscribed', 'symbol');
      const channel = textIn(frame.channel, 'subscribed', 'channel');
      if (context.pairOf(symbol) !== undefined) {
        context.channels.set(textIn(frame.chanId, 'subscribed', 'chanId'), `${channel} ${symbol}`);
      }
      return { kind: 'control', name: 'subscribed' };
    }
    case 'pong':
      return { kind: 'control', name: 'pong', action: 'alive' };
    case 'conf':
    case 'unsubscribed':
      return { kind: 'control', name: frame.event };
    case 'error':
      throw venueError(frame.code, frame.msg, 'error');
    default:
      throw unknownFrame(frame.event, raw);
  }
}

function dataOf(frame: readonly unknown[], raw: string | Uint8Array, context: SourceContext): Frame {
  const [id, what] = frame;
  if (typeof id !== 'string' || !/^\d+$/.test(id) || what === undefined) throw unknownFrame('array', raw);
  const [channel, symbol = ''] = context.channels.get(id)?.split(' ') ?? [];
  const pair = context.pairOf(symbol);
  if (what === 'hb') {
    return { kind: 'control', name: 'heartbeat', ...(pair === undefined ? {} : { action: 'alive', pair }) };
  }
  // Of a channel that was not subscribed to on this connection, or for nobody here.
  if (channel === undefined || pair === undefined)
    return { kind: 'prices', name: 'other channel', prices: [] };
  switch (channel) {
    case 'ticker': {
      const price = lastPriceOf(listOf(what, 'ticker', 'values'), 'ticker');
      return { kind: 'prices', name: 'ticker', prices: [{ pair, kind: 'ticker', price }] };
    }
    case 'trades':
      return { kind: 'prices', name: 'trades', prices: tradesIn(frame, pair) };
    case 'book':
    case 'candles':
      return { kind: 'ignored', name: channel };
    default:
      throw unknownFrame(channel, raw);
  }
}

/** `te` when a trade is made, `tu` when it is booked, with the same figures; first a list of older ones. */
function tradesIn([, what, trade]: readonly unknown[], pair: Pair): Parsed[] {
  if (what === 'te' || what === 'tu') return [tradeOf(listOf(trade, 'trades', 'trade'), pair)];
  if (typeof what === 'string') throw badPayload('trades', 'kind', what, 'te, tu or a list');
  const [newest] = listOf(what, 'trades', 'list');
  return newest === undefined ? [] : [tradeOf(listOf(newest, 'trades', 'trade'), pair)];
}

function lastPriceOf(figures: readonly unknown[], frame: string): string {
  if (figures.length !== TICKER_FIGURES) throw badPayload(frame, 'figures', figures, 'ten figures');
  return priceIn(figures[LAST_PRICE], frame, 'last price');
}

function tradeOf(figures: readonly unknown[], pair: Pair): Parsed {
  if (figures.length !== TRADE_FIGURES) throw badPayload('trades', 'figures', figures, 'four figures');
  const [, at, amount, price] = figures;
  // Below zero: a sale.
  const volume = typeof amount === 'string' ? amount.replace(/^-/, '') : amount;
  return {
    pair,
    kind: 'trade',
    price: priceIn(price, 'trades', 'price'),
    observedAt: msIn(at, 'trades', 'time'),
    volume: amountIn(volume, 'trades', 'amount'),
  };
}
