// Bitvavo, spot; nearly all of it is quoted in EUR. Streams: `trades`, each trade as it happens, and
// `ticker24h`, which gives a thin pair its first price. REST: the tickers of all pairs in one request. In:
// frames with `event`, answers to our own calls with `action`. Out: the price of each trade, and last prices
// with the time of their trade.
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
  isFields,
  listOf,
  msIn,
  parseJson,
  priceIn,
  readInBatch,
  refusal,
  textIn,
  unknownFrame,
} from '../payload.ts';

/** Of all markets: 427 in EUR, 11 in USDC. One that does not exist has the whole subscription refused. */
const QUOTES = new Set(['EUR', 'USDC']);
// About 1 kB a message; 437 in one were acknowledged.
const PAIRS_PER_MESSAGE = 100;
/** Too many points, orders, a ban, messages a second. */
const RATE_LIMITED = new Set<unknown>([103, 104, 105, 112]);
/** An address without a key is blocked for so long after too many requests. */
const BLOCK_MS = 15 * 60_000;

export default defineSource({
  id: 'bitvavo',
  name: 'Bitvavo',
  homepage: 'https://bitvavo.com',
  documentation: 'https://docs.bitvavo.com',
  kind: 'exchange',
  checked: { by: 'documented', version: 'REST and WebSocket API v2', on: '2026-11-21' },
  endpoints: { rest: 'https://api.bitvavo.com/v2', stream: 'wss://ws.bitvavo.com/v2' },
  symbol: (pair) => (QUOTES.has(quoteOf(pair)) ? `${baseOf(pair)}-${quoteOf(pair)}` : undefined),
  // Points of weight, each address.
  limits: { requests: { count: 1000, windowMs: 60_000 } },
  http: {
    // A third of the limit: the calls of the streams cost points as well.
    intervalMs: 5000,
    timeoutMs: 4000,
    requests: (context) => [
      { url: `${context.endpoints.rest}/ticker/24h`, pairs: context.pairs, weight: 25 },
    ],
    parse(response, _request, context) {
      const body = parseJson(response.body, 'ticker/24h');
      if (isFields(body)) refuseError(body, 'ticker/24h');
      return tickers(listOf(body, 'ticker/24h', 'body'), 'ticker/24h', context);
    },
    explain: explainAnswer,
  },
  stream: {
    // Documented with a slash at its end.
    url: (context) => `${context.endpoints.stream}/`,
    subscribe: (context) =>
      batchesOf(context.pairs, PAIRS_PER_MESSAGE).map((pairs) => {
        const markets = pairs.map(context.symbolOf);
        const channels = ['ticker24h', 'trades'].map((name) => ({ name, markets }));
        return JSON.stringify({ action: 'subscribe', channels });
      }),
    parse: parseFrame,
    // There are no heartbeats, and the venue's own ping of the protocol comes each 50 s. One point a call.
    keepAlive: { everyMs: 4000, message: '{"action":"getTime"}' },
    silenceAfterMs: 10_000,
    // Trades are sent each time there is one.
    vouches: true,
    // No limit is documented; 437 were served on one.
    pairsPerConnection: 200,
    // The limit is 5,000.
    messagesPerSecond: 5,
  },
  instruments: {
    requests: (context) => [{ url: `${context.endpoints.rest}/markets`, pairs: context.pairs }],
    parse: (response) =>
      listOf(parseJson(response.body, 'markets'), 'markets', 'body').map((item): Instrument => {
        const { market, base, quote, status } = fieldsOf(item, 'markets', 'item');
        return {
          symbol: textIn(market, 'markets', 'market'),
          base: textIn(base, 'markets', 'base'),
          quote: textIn(quote, 'markets', 'quote'),
          // Otherwise halted, auction, auctionMatching or cancelOnly.
          isTrading: status === 'trading',
        };
      }),
  },
  examples: [
    {
      name: 'a trade',
      transport: 'stream',
      payload:
        '{"event":"trade","timestamp":1590779594547,"market":"ETH-EUR",' +
        '"id":"450c3298-f082-4461-9e2c-a0262cc7cc2e","amount":"0.05026233","price":"198.46","side":"buy"}',
      pairs: ['ETH/EUR'],
      expect: {
        prices: [
          {
            pair: 'ETH/EUR',
            kind: 'trade',
            price: '198.46',
            observedAt: 1590779594547,
            venueAt: 1590779594547,
            volume: '0.05026233',
          },
        ],
      },
      from: 'a frame of 2020-05-29 that CCXT quotes (pro/bitvavo.ts)',
    },
    {
      name: 'a ticker of 24 hours',
      transport: 'stream',
      payload:
        '{"event":"ticker24h","data":[{"market":"ETH-EUR","open":"193.5","high":"202.72","low":"192.46",' +
        '"last":"199.01","volume":"3587.05020246","volumeQuote":"708030.17","bid":"199.56",' +
        '"bidSize":"4.14730802","ask":"199.57","askSize":"6.13642074","timestamp":1590770885217}]}',
      pairs: ['ETH/EUR'],
      expect: {
        prices: [{ pair: 'ETH/EUR', kind: 'ticker', price: '199.01', venueAt: 1590770885217 }],
      },
      from: 'a frame of 2020-05-29 that CCXT quotes (pro/bitvavo.ts); it has no time of the last trade yet',
    },
    {
      name: 'a ticker of 24 hours as the documentation writes it, without a list',
      transport: 'stream',
      payload:
        '{"event":"ticker24h","data":{"market":"BTC-EUR","timestamp":1566564813057,"open":"9072.9",' +
        '"high":"9263.6","low":"9062.8","last":"9231.8","bid":"9225","bidSize":"1.14732373",' +
        '"ask":"9225.1","askSize":"0.65371786","volume":"85.70530211","volumeQuote":"785714.14"}}',
      pairs: ['BTC/EUR'],
      expect: {
        prices: [{ pair: 'BTC/EUR', kind: 'ticker', price: '9231.8', venueAt: 1566564813057 }],
      },
      from: 'documentation, ticker 24 hour subscription',
    },
    {
      name: 'the best prices',
      transport: 'stream',
      payload:
        '{"event":"ticker","market":"BTC-EUR","bestBid":"9156.8","bestBidSize":"0.12840531",' +
        '"bestAsk":"9157.9","bestAskSize":"0.1286605","lastPrice":"9156.9"}',
      pairs: ['BTC/EUR'],
      expect: { prices: [{ pair: 'BTC/EUR', kind: 'book', bid: '9156.8', ask: '9157.9' }] },
      from: 'documentation, ticker subscription',
    },
    {
      name: 'one side of the best prices',
      transport: 'stream',
      payload: '{"event":"ticker","market":"BTC-EUR","bestAsk":"75744","bestAskSize":"0.09383265"}',
      pairs: ['BTC/EUR'],
      expect: { ignored: 'ticker' },
      from: 'a frame of 2026-09-23 that nemanull/arbitrage-observatory quotes (its profile of the socket)',
    },
    {
      name: 'the answer to our keepalive',
      transport: 'stream',
      payload: '{"action":"getTime","response":{"time":1790127027148,"timeNs":1790127027148875310}}',
      pairs: ['BTC/EUR'],
      expect: { control: 'getTime' },
      from: 'a frame of 2026-09-23 that nemanull/arbitrage-observatory quotes (its profile of the socket)',
    },
    {
      name: 'an acknowledgement',
      transport: 'stream',
      payload: '{"event":"subscribed","subscriptions":{"ticker24h":["BTC-EUR"]}}',
      pairs: ['BTC/EUR'],
      expect: { control: 'subscribed' },
      from: 'documentation, ticker 24 hour subscription',
    },
    {
      name: 'a market that does not exist',
      transport: 'stream',
      payload: '{"action":"subscribe","errorCode":205,"error":"market parameter NOPE-EUR is invalid."}',
      pairs: ['BTC/EUR'],
      expect: { error: 'SOURCE_REFUSED' },
      from: 'a frame of 2026-09-23 that nemanull/arbitrage-observatory quotes (its profile of the socket)',
    },
    {
      name: 'tickers by REST, with the time of the last trade',
      transport: 'http',
      payload:
        '[{"market":"1INCH-EUR","startTimestamp":1704276900209,"timestamp":1704363300209,"open":"0.44323",' +
        '"openTimestamp":1704277090309,"high":"0.44454","low":"0.33101","last":"0.43167",' +
        '"closeTimestamp":1704363292923,"bid":"0.42915","bidSize":"1161.3","ask":"0.43215",' +
        '"askSize":"1152.4","volume":"717262.96917523","volumeQuote":"290421.5350422048742"}]',
      pairs: ['1INCH/EUR'],
      expect: {
        prices: [
          {
            pair: '1INCH/EUR',
            kind: 'ticker',
            price: '0.43167',
            observedAt: 1704363292923,
            venueAt: 1704363300209,
          },
        ],
      },
      from: 'documentation, introduction',
    },
  ],
});

function parseFrame(raw: string | Uint8Array, context: SourceContext): Frame {
  const frame = fieldsOf(parseJson(raw, 'frame'), 'frame', 'frame');
  refuseError(frame, 'error');
  if (frame.action === 'getTime') {
    const { time } = fieldsOf(frame.response, 'getTime', 'response');
    return { kind: 'control', name: 'getTime', action: 'alive', venueAt: msIn(time, 'getTime', 'time') };
  }
  switch (frame.event) {
    case 'trade':
      return { kind: 'prices', name: 'trade', prices: trade(frame, context) };
    case 'ticker24h': {
      // A list on the wire, a single one in the documentation.
      const items = Array.isArray(frame.data) ? frame.data : [frame.data];
      return { kind: 'prices', name: 'ticker24h', prices: tickers(items, 'ticker24h', context) };
    }
    case 'ticker':
      return best(frame, context);
    case 'book':
    case 'candle':
      return { kind: 'ignored', name: frame.event };
    case 'subscribed':
    case 'unsubscribed':
      return { kind: 'control', name: frame.event };
    default:
      throw unknownFrame(frame.event ?? frame.action, raw);
  }
}

function trade(frame: Fields, context: SourceContext): Parsed[] {
  const pair = context.pairOf(textIn(frame.market, 'trade', 'market'));
  if (pair === undefined) return [];
  const observedAt = msIn(frame.timestamp, 'trade', 'timestamp');
  return [
    {
      pair,
      kind: 'trade',
      price: priceIn(frame.price, 'trade', 'price'),
      observedAt,
      venueAt: observedAt,
      volume: amountIn(frame.amount, 'trade', 'amount'),
    },
  ];
}

/** Of 24 hours, by REST and in the stream; `closeTimestamp` is the time of the last trade. */
function tickers(items: readonly unknown[], frame: string, context: SourceContext): Parsed[] {
  const prices: Parsed[] = [];
  for (const item of items) {
    const fields = fieldsOf(item, frame, 'item');
    const pair = context.pairOf(textIn(fields.market, frame, 'market'));
    // `null`: no trade within 24 hours.
    if (pair === undefined || fields.last === null) continue;
    readInBatch(context, pair, () => {
      const price = priceIn(fields.last, frame, 'last');
      const venueAt = msIn(fields.timestamp, frame, 'timestamp');
      const closed = fields.closeTimestamp;
      const time = closed === undefined ? {} : { observedAt: msIn(closed, frame, 'closeTimestamp') };
      prices.push({ pair, kind: 'ticker', price, venueAt, ...time });
    });
  }
  return prices;
}

/** Only what changed stands in it, so mostly one side, which is no price. It has no time. */
function best(frame: Fields, context: SourceContext): Frame {
  const pair = context.pairOf(textIn(frame.market, 'ticker', 'market'));
  const { bestBid, bestAsk } = frame;
  if (bestBid === undefined || bestAsk === undefined) return { kind: 'ignored', name: 'ticker' };
  if (pair === undefined) return { kind: 'prices', name: 'ticker', prices: [] };
  const bid = priceIn(bestBid, 'ticker', 'bestBid');
  const ask = priceIn(bestAsk, 'ticker', 'bestAsk');
  return { kind: 'prices', name: 'ticker', prices: [{ pair, kind: 'book', bid, ask }] };
}

/** @throws AssayError where the venue says in a well-formed answer that it will not */
function refuseError({ errorCode, error }: Fields, frame: string): void {
  if (errorCode === undefined) return;
  const words = `${errorCode}: ${error}`;
  if (!RATE_LIMITED.has(errorCode)) throw refusal('SOURCE_REFUSED', words, { frame });
  // 105 is the block itself; the others pass within the minute that the shell waits.
  throw refusal('SOURCE_RATE_LIMITED', words, {
    frame,
    ...(errorCode === 105 ? { retryAfterMs: BLOCK_MS } : {}),
  });
}

function explainAnswer(response: SourceResponse) {
  const { status, body } = response;
  // {"errorCode":205,"error":"market parameter is invalid."}
  const code = /"errorCode"\s*:\s*(\d{1,5})/.exec(body)?.[1];
  const words = /"error"\s*:\s*"([^"]{1,400})"/.exec(body)?.[1] ?? 'no words';
  const message = `${code ?? 'no code'}: ${words}`;
  if (status === 429)
    return { code: 'SOURCE_RATE_LIMITED' as const, message, retryAfterMs: waitOf(response) };
  if (code === undefined) return undefined;
  return { code: 'SOURCE_REFUSED' as const, message, isTransient: status >= 500 };
}

/** Until the time that its words or its header name; it blocks for 15 minutes at most. */
function waitOf({ body, headers, receivedAt }: SourceResponse): number {
  // "... The ban expires at 1700576057382."
  const until = /expires at (\d{13})/.exec(body)?.[1] ?? headers['bitvavo-ratelimit-resetat'];
  const waitMs = Number(until) - receivedAt;
  return waitMs > 0 ? Math.min(waitMs, BLOCK_MS) : BLOCK_MS;
}
