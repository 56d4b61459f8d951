// Tiingo FX: best prices of currencies, which it takes from banks and dark pools itself; open from Sunday
// evening to Friday evening in New York. Streams: every change of a best price; REST: the newest of all
// pairs in one request. In: frames with `messageType`, whose prices are JSON numbers and are read as the
// text that stands there. Out: bid and ask with the time of the quote. Invariant: nothing vouches for a
// quote but its own time, so that a closed market grows old while the venue still answers and beats.
import { baseOf, type Pair, quoteOf } from '../../model/pair.ts';
import { defineSource, type Frame, type Parsed, type SourceContext } from '../define-source.ts';
import {
  badPayload,
  batchesOf,
  type Fields,
  fieldsOf,
  isFields,
  isoIn,
  listOf,
  parseJsonExact,
  priceIn,
  readInBatch,
  refusal,
  textIn,
  unknownFrame,
} from '../payload.ts';

/**
 * The market's order: of a pair the currency that stands first here is the base (EUR/USD, USD/JPY), and the
 * other direction does not exist. The others are quoted in dollars and euros alone, and in yen.
 */
const FIRST = ['EUR', 'GBP', 'AUD', 'NZD', 'USD', 'CAD', 'CHF'];
const OTHERS = 'CNH CZK DKK HKD HUF INR JPY KRW MXN NOK PLN SEK SGD THB TRY ZAR'.split(' ');
/** An address of 1 kB. */
const TICKERS_PER_REQUEST = 100;
/** Every change of a best price; the higher levels leave some out. */
const EVERY_CHANGE = 5;
/** Of a quote on the stream: kind, ticker, time, size and price bid, middle, size and price asked. */
const QUOTE_FIELDS = 8;
const TOP = 'fx/top';

export default defineSource({
  id: 'tiingo_fx',
  name: 'Tiingo FX',
  homepage: 'https://www.tiingo.com',
  documentation: 'https://www.tiingo.com/documentation/websockets/forex',
  checked: { by: 'documented', version: 'forex REST and WebSocket', on: '2026-11-21' },
  // It repeats none of our venues: its quotes are a witness of their own.
  kind: 'exchange',
  endpoints: { rest: 'https://api.tiingo.com', stream: 'wss://api.tiingo.com/fx' },
  credentials: [{ name: 'key', describe: 'API token of any plan', isRequired: true }],
  symbol: (pair) => (isQuoted(baseOf(pair), quoteOf(pair)) ? tickerOf(pair) : undefined),
  // The free plan: 50 requests an hour and 1,000 a day.
  limits: {
    requests: { count: 50, windowMs: 3_600_000 },
    credits: { count: 1000, periodMs: 86_400_000 },
  },
  http: {
    // The stream is what serves; this gives a quiet pair its first price.
    intervalMs: 90_000,
    timeoutMs: 5000,
    requests: (context) =>
      batchesOf(context.pairs, TICKERS_PER_REQUEST).map((pairs) => ({
        url: `${context.endpoints.rest}/tiingo/fx/top?tickers=${pairs.map(context.symbolOf).join(',')}`,
        headers: { accept: 'application/json', authorization: `Token ${context.credentials.key ?? ''}` },
        pairs,
      })),
    parse(response, _request, context) {
      const body = parseJsonExact(response.body, TOP);
      if (isFields(body) && typeof body.detail === 'string')
        throw refusal(codeOf(body.detail), body.detail, { frame: TOP });
      const prices: Parsed[] = [];
      for (const item of listOf(body, TOP, 'body')) {
        const { ticker, quoteTimestamp, bidPrice, askPrice } = fieldsOf(item, TOP, 'item');
        readQuote({ frame: TOP, ticker, at: quoteTimestamp, bid: bidPrice, ask: askPrice }, context, prices);
      }
      return prices;
    },
    explain(response) {
      // {"detail":"Error: You have run over your hourly request allocation. ..."}
      const message = /"detail"\s*:\s*"([^"]{1,400})"/.exec(response.body)?.[1];
      if (message === undefined || response.status >= 500) return undefined;
      if (response.status === 429) return { code: 'SOURCE_RATE_LIMITED', message };
      // 401 and 403 need another token or another plan: they have nothing to do with the region.
      return { code: 'SOURCE_REFUSED', message, isTransient: false };
    },
  },
  stream: {
    url: (context) => context.endpoints.stream ?? '',
    subscribe: (context) => [
      JSON.stringify({
        eventName: 'subscribe',
        authorization: context.credentials.key ?? '',
        eventData: { thresholdLevel: EVERY_CHANGE, tickers: context.pairs.map(context.symbolOf) },
      }),
    ],
    parse: parseFrame,
    // An open market speaks several times a second. Its heartbeats are two minutes apart, and there is no
    // ping that it answers with a frame: while the market is closed, connections are opened again and again,
    // at most two a minute.
    silenceAfterMs: 10_000,
    vouches: false,
    pairsPerConnection: 200,
    // No limit is documented; one is sent.
    messagesPerSecond: 1,
  },
  examples: [
    {
      name: 'a quote',
      transport: 'stream',
      payload:
        '{"messageType":"A","service":"fx","data":["Q","eurusd","2023-06-14T14:25:50.432000+00:00",' +
        '1000000.0,1.0847,1.084745,1000000.0,1.08479]}',
      pairs: ['EUR/USD'],
      expect: {
        prices: [{ pair: 'EUR/USD', kind: 'book', bid: '1.0847', ask: '1.08479', observedAt: 1686752750432 }],
      },
      from: 'documentation, WebSocket forex, top-of-book',
    },
    {
      name: 'an acknowledgement',
      transport: 'stream',
      payload:
        '{"messageType":"I","data":{"subscriptionId":13706},"response":{"code":200,"message":"Success"}}',
      pairs: ['EUR/USD'],
      expect: { control: 'subscribe' },
      from: 'documentation, WebSocket forex, top-of-book',
    },
    {
      name: 'a heartbeat, which says nothing of any pair',
      transport: 'stream',
      payload: '{"messageType":"H","response":{"code":200,"message":"HeartBeat"}}',
      pairs: ['EUR/USD'],
      expect: { control: 'heartbeat' },
      from: 'documentation, WebSocket forex, top-of-book',
    },
    {
      name: 'a plan that may not have every change',
      transport: 'stream',
      payload:
        '{"messageType":"E","response":{"code":400,"message":"thresholdLevel not valid for your ' +
        'subscription tier"}}',
      pairs: ['EUR/USD'],
      expect: { error: 'SOURCE_REFUSED' },
      from: 'a frame of 2026-06-12 of its stock stream that a public client quotes, shortened',
    },
    {
      name: 'the newest quotes',
      transport: 'http',
      payload:
        '[{"ticker":"gbpusd","quoteTimestamp":"2021-11-23T15:13:39.472000+00:00","bidPrice":1.31418,' +
        '"bidSize":1000000,"askPrice":1.35792,"askSize":1000000,"midPrice":1.33605}]',
      pairs: ['GBP/USD'],
      expect: {
        prices: [
          { pair: 'GBP/USD', kind: 'book', bid: '1.31418', ask: '1.35792', observedAt: 1637680419472 },
        ],
      },
      from: 'an answer that the Chainlink external adapter for Tiingo recorded for its tests',
    },
    {
      name: 'a pair that nobody quotes',
      transport: 'http',
      payload:
        '[{"ticker":"usdjpy","quoteTimestamp":"2021-11-23T15:13:39.472000+00:00","bidPrice":null,' +
        '"bidSize":0,"askPrice":null,"askSize":0,"midPrice":null}]',
      pairs: ['USD/JPY'],
      expect: { prices: [] },
      from: 'constructed: the documentation says when midPrice is null',
    },
    {
      name: 'an allocation that is used up',
      transport: 'http',
      payload: '{"detail":"Error: You have run over your hourly request allocation."}',
      pairs: ['USD/JPY'],
      expect: { error: 'SOURCE_RATE_LIMITED' },
      from: 'words of a 429 that public clients quote',
    },
  ],
});

function isQuoted(base: string, quote: string): boolean {
  const first = FIRST.indexOf(base);
  if (first >= 0 && FIRST.includes(quote)) return first < FIRST.indexOf(quote);
  if (quote === 'JPY') return first >= 0 || (OTHERS.includes(base) && base !== 'JPY');
  return (base === 'USD' || base === 'EUR') && OTHERS.includes(quote);
}

function tickerOf(pair: Pair): string {
  return `${baseOf(pair)}${quoteOf(pair)}`.toLowerCase();
}

function parseFrame(raw: string | Uint8Array, context: SourceContext): Frame {
  const frame = fieldsOf(parseJsonExact(raw, 'frame'), 'frame', 'frame');
  switch (frame.messageType) {
    case 'A':
      return { kind: 'prices', name: 'quote', prices: quoteIn(frame, raw, context) };
    case 'I':
      return { kind: 'control', name: 'subscribe' };
    case 'H':
      return { kind: 'control', name: 'heartbeat' };
    case 'E': {
      const { code, message } = fieldsOf(frame.response, 'error', 'response');
      throw refusal(codeOf(String(message)), `${String(code)} ${String(message)}`, { frame: 'error' });
    }
    default:
      throw unknownFrame(frame.messageType, raw);
  }
}

function quoteIn(frame: Fields, raw: string | Uint8Array, context: SourceContext): Parsed[] {
  const data = listOf(frame.data, 'quote', 'data');
  const [kind, ticker, at, , bid, , , ask] = data;
  if (frame.service !== 'fx' || kind !== 'Q') throw unknownFrame(kind, raw);
  if (data.length !== QUOTE_FIELDS) throw badPayload('quote', 'data', data, `${QUOTE_FIELDS} values`);
  const prices: Parsed[] = [];
  readQuote({ frame: 'quote', ticker, at, bid, ask }, context, prices);
  return prices;
}

type Quote = { frame: string; ticker: unknown; at: unknown; bid: unknown; ask: unknown };

function readQuote({ frame, ticker, at, bid, ask }: Quote, context: SourceContext, prices: Parsed[]): void {
  const pair = context.pairOf(textIn(ticker, frame, 'ticker'));
  // Null where nobody bids or asks.
  if (pair === undefined || bid === null || ask === null) return;
  readInBatch(context, pair, () =>
    prices.push({
      pair,
      kind: 'book',
      bid: priceIn(bid, frame, 'bidPrice'),
      ask: priceIn(ask, frame, 'askPrice'),
      observedAt: isoIn(at, frame, 'quoteTimestamp'),
    }),
  );
}

function codeOf(message: string): 'SOURCE_RATE_LIMITED' | 'SOURCE_REFUSED' {
  return /allocation|too many|rate limit/i.test(message) ? 'SOURCE_RATE_LIMITED' : 'SOURCE_REFUSED';
}
