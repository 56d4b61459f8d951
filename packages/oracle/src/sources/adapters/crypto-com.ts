// Crypto.com Exchange spot, API v1. Streams: every trade, and an index of the venue once a second as a sign
// of life; REST: the tickers of all instruments in one request. In: frames with `result.channel` and
// `result.data`. Out: prices of trades, last prices of tickers. Naming: BTC_USD; BTCUSD-PERP and the like
// are contracts and not ours.
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

// A message of 100 channels is about 2 kB; others have had as many accepted.
const CHANNELS_PER_MESSAGE = 100;
/** Pushed every second, whether or not anything traded: the venue's own heartbeat comes every 30 s only. */
const LIFE = 'index.BTCUSD-INDEX';

export default defineSource({
  id: 'crypto_com',
  name: 'Crypto.com',
  homepage: 'https://crypto.com/exchange',
  documentation:
    'https://exchange-developer.crypto.com/exchange/v1/docs/api/websocket/ws-channel-trade-instrument-name',
  checked: { by: 'documented', version: 'Exchange API v1', on: '2026-11-21' },
  kind: 'exchange',
  endpoints: {
    rest: 'https://api.crypto.com/exchange/v1',
    stream: 'wss://stream.crypto.com/exchange/v1/market',
  },
  symbol: (pair) => `${baseOf(pair)}_${quoteOf(pair)}`,
  // public/get-tickers: 100 requests a second and address.
  limits: { requests: { count: 100, windowMs: 1000 } },
  http: {
    // All instruments in one answer of some 150 kB: often enough behind a stream.
    intervalMs: 3000,
    timeoutMs: 4000,
    requests: (context) => [{ url: `${context.endpoints.rest}/public/get-tickers`, pairs: context.pairs }],
    parse: (response, _request, context) => {
      const prices: Parsed[] = [];
      for (const item of dataOf(response, 'get-tickers'))
        readTicker(fieldsOf(item, 'get-tickers', 'data'), context, prices);
      return prices;
    },
    explain(response) {
      const code = /"code"\s*:\s*"?(\d{1,6})"?/.exec(response.body)?.[1];
      if (code === undefined || code === '0') return undefined;
      const message = `${code} ${/"message"\s*:\s*"([^"]{1,300})"/.exec(response.body)?.[1] ?? ''}`.trim();
      if (code === '42901') return { code: 'SOURCE_RATE_LIMITED', message };
      return response.status === 400 ? { code: 'SOURCE_REFUSED', message, isTransient: false } : undefined;
    },
  },
  stream: {
    url: (context) => context.endpoints.stream ?? '',
    subscribe: (context) =>
      batchesOf(
        [LIFE, ...context.pairs.map((pair) => `trade.${context.symbolOf(pair)}`)],
        CHANNELS_PER_MESSAGE,
      ).map((channels, index) =>
        JSON.stringify({ id: index + 1, method: 'subscribe', params: { channels } }),
      ),
    parse: parseFrame,
    // The venue counts what is sent from the second of the connection on, and advises to wait one.
    settleMs: 1000,
    silenceAfterMs: 10_000,
    // Every trade is pushed.
    vouches: true,
    // The venue takes 400 channels a connection.
    pairsPerConnection: 300,
    // It takes 100 a second; others sent 4 without harm.
    messagesPerSecond: 4,
  },
  instruments: {
    requests: (context) => [
      { url: `${context.endpoints.rest}/public/get-instruments`, pairs: context.pairs },
    ],
    parse: (response) =>
      dataOf(response, 'get-instruments').flatMap((item) =>
        instrumentIn(fieldsOf(item, 'get-instruments', 'data')),
      ),
  },
  examples: [
    {
      name: 'trades, the newest first',
      transport: 'stream',
      payload:
        '{"id":-1,"method":"subscribe","code":0,"result":{"instrument_name":"BTC_USDT",' +
        '"subscription":"trade.BTC_USDT","channel":"trade","data":[{"d":"1788335095880381802",' +
        '"t":1788335095880,"p":"77558.92","q":"0.00004","s":"SELL","i":"BTC_USDT",' +
        '"m":"4611686018690432925"},{"d":"1788335095877381801","t":1788335095877,"p":"77558.93",' +
        '"q":"0.00064","s":"SELL","i":"BTC_USDT","m":"4611686018690432925"}]}}',
      pairs: ['BTC/USDT'],
      expect: {
        prices: [
          {
            pair: 'BTC/USDT',
            kind: 'trade',
            price: '77558.93',
            observedAt: 1788335095877,
            venueAt: 1788335095877,
            volume: '0.00064',
          },
          {
            pair: 'BTC/USDT',
            kind: 'trade',
            price: '77558.92',
            observedAt: 1788335095880,
            venueAt: 1788335095880,
            volume: '0.00004',
          },
        ],
      },
      from: 'recorded by others 2026-09-02; the second trade with a time and price of its own',
    },
    {
      name: 'the last trades as the feed begins, of which only the newest is news',
      transport: 'stream',
      payload:
        '{"id":1,"method":"subscribe","code":0,"result":{"instrument_name":"BTC_USD",' +
        '"subscription":"trade.BTC_USD","channel":"trade","data":[{"d":"1782032437671850129",' +
        '"t":1782032437671,"p":"63958.47","q":"0.04333","s":"SELL","i":"BTC_USD",' +
        '"m":"4611686018731788404"},{"d":"1782032437000000000","t":1782032437000,"q":"0.1","s":"SELL",' +
        '"i":"BTC_USD"}]}}',
      pairs: ['BTC/USD'],
      expect: {
        prices: [
          {
            pair: 'BTC/USD',
            kind: 'trade',
            price: '63958.47',
            observedAt: 1782032437671,
            volume: '0.04333',
          },
        ],
      },
      from: 'recorded by others 2026-06-21; the second trade is cut',
    },
    {
      name: 'a ticker',
      transport: 'stream',
      payload:
        '{"id":-1,"method":"subscribe","code":0,"result":{"instrument_name":"BTC_USD",' +
        '"subscription":"ticker.BTC_USD","channel":"ticker","data":[{"h":"64531.99","l":"63120.85",' +
        '"a":"63958.47","c":"0.0092","b":"63962.64","bs":"0.27217","k":"63962.65","ks":"0.23532",' +
        '"i":"BTC_USD","v":"2657.5053","vv":"169819487.92","oi":"0","t":1782032455141}]}}',
      pairs: ['BTC/USD'],
      expect: {
        prices: [{ pair: 'BTC/USD', kind: 'ticker', price: '63958.47', venueAt: 1782032455141 }],
      },
      from: 'recorded by others 2026-06-21',
    },
    {
      name: 'the venue asks whether we are there',
      transport: 'stream',
      payload: '{"id":1788335101113,"method":"public/heartbeat","code":0}',
      pairs: ['BTC/USD'],
      expect: { control: 'public/heartbeat' },
      from: 'documentation, heartbeats; recorded by others 2026-09-02',
    },
    {
      name: 'the index that shows life',
      transport: 'stream',
      payload:
        '{"id":-1,"method":"subscribe","code":0,"result":{"instrument_name":"BTCUSD-INDEX",' +
        '"subscription":"index.BTCUSD-INDEX","channel":"index","data":[{"v":"86178.17","t":1790114562000}]}}',
      pairs: ['BTC/USD'],
      expect: { control: 'index' },
      from: 'documentation, index channel; recorded by others 2026-09-22',
    },
    {
      name: 'a subscription is acknowledged',
      transport: 'stream',
      payload: '{"id":1,"method":"subscribe","code":0,"channel":"book.BTC_USD.50"}',
      pairs: ['BTC/USD'],
      expect: { control: 'subscribe' },
      from: 'recorded by others 2026-09-22',
    },
    {
      name: 'a symbol that the venue does not have',
      transport: 'stream',
      payload:
        '{"id":11,"method":"subscribe","code":40003,"channel":"trade.NOPE_USD","message":"Unknown symbol"}',
      pairs: ['BTC/USD'],
      expect: { error: 'SOURCE_REFUSED' },
      from: 'recorded by others 2026-09-22, of a book',
    },
    {
      name: 'tickers by REST',
      transport: 'http',
      payload:
        '{"id":-1,"method":"public/get-tickers","code":0,"result":{"data":[{"i":"BTC_USDT","h":"87000.00",' +
        '"l":"84870.33","a":"85768.30","v":"1042.4626","vv":"89605257.17","c":"0.0099","b":"85765.12",' +
        '"k":"85765.13","oi":"0","t":1791179115094},{"i":"BTCUSD-PERP","a":"85770.1","t":1791179115094}]}}',
      pairs: ['BTC/USDT'],
      expect: {
        prices: [{ pair: 'BTC/USDT', kind: 'ticker', price: '85768.30', venueAt: 1791179115094 }],
      },
      from: 'recorded by others 2026-10-05',
    },
    {
      name: 'too many requests by REST',
      transport: 'http',
      payload: '{"id":-1,"method":"public/get-tickers","code":42901,"message":"TOO_MANY_REQUESTS"}',
      pairs: ['BTC/USDT'],
      expect: { error: 'SOURCE_RATE_LIMITED' },
      from: 'documentation, response and reason codes',
    },
  ],
});

function parseFrame(raw: string | Uint8Array, context: SourceContext): Frame {
  const frame = fieldsOf(parseJson(raw, 'frame'), 'frame', 'frame');
  const method = textIn(frame.method, 'frame', 'method');
  refuseError(frame, method);
  if (method === 'public/heartbeat') {
    const id = JSON.stringify(msIn(frame.id, method, 'id'));
    return {
      kind: 'control',
      name: method,
      action: 'alive',
      reply: `{"id":${id},"method":"public/respond-heartbeat"}`,
    };
  }
  if (method !== 'subscribe' && method !== 'unsubscribe') throw unknownFrame(method, raw);
  if (frame.result === undefined) return { kind: 'control', name: method };
  const result = fieldsOf(frame.result, method, 'result');
  const channel = textIn(result.channel, method, 'channel');
  switch (channel) {
    case 'trade':
      return { kind: 'prices', name: channel, prices: tradesIn(result, frame.id === -1, context) };
    case 'ticker': {
      const prices: Parsed[] = [];
      for (const item of listOf(result.data, channel, 'data'))
        readTicker(fieldsOf(item, channel, 'data'), context, prices);
      return { kind: 'prices', name: channel, prices };
    }
    case 'index':
      return { kind: 'control', name: channel, action: 'alive' };
    case 'book':
    case 'book.update':
    case 'candlestick':
    case 'mark':
    case 'settlement':
    case 'funding':
    case 'estimatedfunding':
      return { kind: 'ignored', name: channel };
    default:
      throw unknownFrame(channel, raw);
  }
}

/**
 * The newest stands first. The answer to the subscription holds the last 50, of which the newest is enough.
 */
function tradesIn(result: Fields, isUpdate: boolean, context: SourceContext): Parsed[] {
  const trades = listOf(result.data, 'trade', 'data');
  const news = isUpdate ? trades.toReversed() : trades.slice(0, 1);
  return news.flatMap((item) => {
    const trade = fieldsOf(item, 'trade', 'data');
    const pair = context.pairOf(textIn(trade.i, 'trade', 'i'));
    if (pair === undefined) return [];
    const observedAt = msIn(trade.t, 'trade', 't');
    const price = priceIn(trade.p, 'trade', 'p');
    const volume = amountIn(trade.q, 'trade', 'q');
    // A trade of before the subscription tells nothing about the venue's clock.
    const clock = isUpdate ? { venueAt: observedAt } : {};
    return [{ pair, kind: 'trade' as const, price, observedAt, ...clock, volume }];
  });
}

function readTicker(item: Fields, context: SourceContext, prices: Parsed[]): void {
  const pair = context.pairOf(textIn(item.i, 'ticker', 'i'));
  if (pair === undefined) return;
  readInBatch(context, pair, () => {
    // `t` is when it was sent, which says nothing of when the last trade was.
    const venueAt = msIn(item.t, 'ticker', 't');
    prices.push({ pair, kind: 'ticker', price: priceIn(item.a, 'ticker', 'a'), venueAt });
  });
}

function dataOf(response: SourceResponse, frame: string): unknown[] {
  const body = fieldsOf(parseJson(response.body, frame), frame, 'body');
  refuseError(body, frame);
  const result = fieldsOf(body.result, frame, 'result');
  // Instruments stood in a list of their own until API v2.
  return listOf(result.data ?? result.instruments, frame, 'data');
}

function refuseError(body: Fields, frame: string): void {
  const code = String(body.code);
  if (code === '0') return;
  // 42901: too many requests; 40107: more channels than a connection may have.
  const isLimit = code === '42901';
  throw refusal(isLimit ? 'SOURCE_RATE_LIMITED' : 'SOURCE_REFUSED', `${code} ${String(body.message)}`, {
    frame,
  });
}

function instrumentIn(line: Fields): Instrument[] {
  if (line.inst_type !== undefined && line.inst_type !== 'CCY_PAIR') return [];
  return [
    {
      symbol: textIn(line.symbol ?? line.instrument_name, 'get-instruments', 'symbol'),
      base: textIn(line.base_ccy ?? line.base_currency, 'get-instruments', 'base_ccy'),
      quote: textIn(line.quote_ccy ?? line.quote_currency, 'get-instruments', 'quote_ccy'),
      isTrading: line.tradable !== false,
    },
  ];
}
