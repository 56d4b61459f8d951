// The protocol that Binance and Binance.US speak: spot REST API v3 and its WebSocket streams. In: frames and
// bodies as they are sent, raw or in the `data` of a combined stream, single or in a list. Out: last prices
// of aggTrade, trade and the 24-hour family, best prices of bookTicker, the lines of exchangeInfo. Invariant:
// what differs between the two (addresses, weights, limits) stands in their own files, so both always read
// the same frame the same way.
import type { AssayError } from '@assay/kernel/errors/assay-error';
import { baseOf, type Pair, quoteOf } from '../model/pair.ts';
import type {
  Frame,
  HttpTransport,
  InstrumentList,
  Parsed,
  SourceContext,
  SourceRequest,
  SourceResponse,
  StreamTransport,
} from './define-source.ts';
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
  sequenceIn,
  textIn,
  unknownFrame,
} from './payload.ts';

// Two streams a pair; the venue takes 1,024 streams a connection.
const PAIRS_PER_CONNECTION = 500;
// A message of 100 streams is about 2 kB; the venue cuts connections that send more than 5 messages a
// second, not long ones.
const STREAMS_PER_MESSAGE = 100;
// `symbols` of 100 names is a 1 kB address, under every proxy's limit.
const SYMBOLS_PER_REQUEST = 100;

export function binanceName(pair: Pair): string {
  return `${baseOf(pair)}${quoteOf(pair)}`;
}

/** `weight`: what `ticker/price` with a list of names costs of the REQUEST_WEIGHT limit. */
export function binanceHttp(weight: number): HttpTransport {
  return {
    intervalMs: 1000,
    timeoutMs: 3000,
    requests: (context) =>
      batchesOf(context.pairs, SYMBOLS_PER_REQUEST).map((pairs) => ({
        url: `${context.endpoints.rest}/api/v3/ticker/price?symbols=${symbolsOf(pairs, context)}`,
        pairs,
        weight,
      })),
    parse: readPrices,
    explain: explainAnswer,
  };
}

export const BINANCE_STREAM: StreamTransport = {
  url: (context) => `${context.endpoints.stream}/stream`,
  subscribe: (context) =>
    batchesOf(
      context.pairs.flatMap((pair) => streamsOf(context.symbolOf(pair))),
      STREAMS_PER_MESSAGE,
    ).map((params, index) => JSON.stringify({ method: 'SUBSCRIBE', params, id: index + 1 })),
  parse: parseFrame,
  // The venue pings every 20 s by itself; the once-a-second ticker is what shows life sooner.
  silenceAfterMs: 10_000,
  sequence: 'consecutive',
  vouches: true,
  // The venue closes at 24 h.
  lifeMs: 23 * 3_600_000,
  pairsPerConnection: PAIRS_PER_CONNECTION,
  // The documented limit is 5, pongs included.
  messagesPerSecond: 3,
};

/** `query`: what keeps the list short; `weight`: what it costs. */
export function binanceInstruments(query: string, weight: number): InstrumentList {
  return {
    requests: (context) => [
      { url: `${context.endpoints.rest}/api/v3/exchangeInfo${query}`, pairs: context.pairs, weight },
    ],
    parse(response) {
      const body = fieldsOf(parseJson(response.body, 'exchangeInfo'), 'exchangeInfo', 'body');
      return listOf(body.symbols, 'exchangeInfo', 'symbols').flatMap((item) => {
        const line = fieldsOf(item, 'exchangeInfo', 'symbols');
        // Leveraged tokens and what only some accounts may trade.
        if (line.isSpotTradingAllowed === false) return [];
        return [
          {
            symbol: textIn(line.symbol, 'exchangeInfo', 'symbol'),
            base: textIn(line.baseAsset, 'exchangeInfo', 'baseAsset'),
            quote: textIn(line.quoteAsset, 'exchangeInfo', 'quoteAsset'),
            isTrading: line.status === 'TRADING',
          },
        ];
      });
    },
  };
}

function readPrices(response: SourceResponse, _request: SourceRequest, context: SourceContext): Parsed[] {
  const body = parseJson(response.body, 'ticker');
  const items = Array.isArray(body) ? body : [body];
  const prices: Parsed[] = [];
  for (const item of items) readTicker(fieldsOf(item, 'ticker', 'body'), context, prices);
  return prices;
}

function explainAnswer(response: SourceResponse): ReturnType<NonNullable<HttpTransport['explain']>> {
  const error = errorIn(response.body);
  if (error === undefined) return undefined;
  // -1003: too many requests; a ban says until when.
  const until = /until (\d{13})/.exec(error.message)?.[1];
  if (error.code === -1003)
    return {
      code: 'SOURCE_RATE_LIMITED',
      message: error.message,
      ...(until === undefined ? {} : { retryAfterMs: Math.max(0, Number(until) - response.receivedAt) }),
    };
  if (response.status !== 400) return undefined;
  return { code: 'SOURCE_REFUSED', message: error.message, isTransient: false };
}

/** `["BTCUSDT","ETHUSDT"]`, with the brackets and quotes escaped as the documentation writes it. */
function symbolsOf(pairs: readonly Pair[], context: SourceContext): string {
  return `%5B${pairs.map((pair) => `%22${encodeURIComponent(context.symbolOf(pair))}%22`).join(',')}%5D`;
}

function streamsOf(symbol: string): string[] {
  const name = symbol.toLowerCase();
  return [`${name}@aggTrade`, `${name}@ticker`];
}

function parseFrame(raw: string | Uint8Array, context: SourceContext): Frame {
  const message = parseJson(raw, 'frame');
  if (Array.isArray(message)) return tickerList(message, context);
  const outer = fieldsOf(message, 'frame', 'frame');
  if (outer.data === undefined) return parseEvent(outer, context, raw);
  if (Array.isArray(outer.data)) return tickerList(outer.data, context);
  return parseEvent(fieldsOf(outer.data, 'combined stream', 'data'), context, raw);
}

function parseEvent(event: Fields, context: SourceContext, raw: unknown): Frame {
  switch (event.e) {
    case 'aggTrade':
    case 'trade':
      return { kind: 'prices', name: event.e, prices: trade(event, event.e, context) };
    case undefined:
      return parseUnnamed(event, context, raw);
    case 'bookTicker':
      return { kind: 'prices', name: 'bookTicker', prices: bestPrice(event, context) };
    case 'depthUpdate':
    case 'kline':
    case 'avgPrice':
      return { kind: 'ignored', name: event.e };
    case 'serverShutdown':
      return { kind: 'control', name: 'serverShutdown', action: 'reconnect' };
    default: {
      const prices: Parsed[] = [];
      return { kind: 'prices', name: readStreamTicker(event, context, prices, raw), prices };
    }
  }
}

/** Frames without an event type: best prices, partial depth, answers to what we sent. */
function parseUnnamed(event: Fields, context: SourceContext, raw: unknown): Frame {
  if (event.b !== undefined && event.a !== undefined)
    return { kind: 'prices', name: 'bookTicker', prices: bestPrice(event, context) };
  if (event.lastUpdateId !== undefined) return { kind: 'ignored', name: 'partialDepth' };
  const error = isFields(event.error) ? event.error : event;
  if (error.code !== undefined)
    throw refusal('SOURCE_REFUSED', `${String(error.code)} ${String(error.msg)}`, { frame: 'error' });
  if (event.result === null && event.id !== undefined) return { kind: 'control', name: 'subscribed' };
  // Answers to GET_PROPERTY, which Binance.US is asked as a sign of life.
  if (typeof event.result === 'boolean') return { kind: 'control', name: 'property', action: 'alive' };
  if (Array.isArray(event.result)) return { kind: 'control', name: 'subscriptions' };
  throw unknownFrame(undefined, raw);
}

function tickerList(items: unknown[], context: SourceContext): Frame {
  const prices: Parsed[] = [];
  let name = 'tickers';
  for (const item of items) name = readStreamTicker(fieldsOf(item, 'tickers', 'item'), context, prices, item);
  return { kind: 'prices', name, prices };
}

function trade(event: Fields, name: 'aggTrade' | 'trade', context: SourceContext): Parsed[] {
  const pair = context.pairOf(textIn(event.s, name, 's'));
  if (pair === undefined) return [];
  const parsed: Parsed = {
    pair,
    kind: 'trade',
    price: priceIn(event.p, name, 'p'),
    observedAt: msIn(event.T, name, 'T'),
    venueAt: msIn(event.E, name, 'E'),
    volume: amountIn(event.q, name, 'q'),
  };
  // Only the channel that we subscribe to is counted: aggregate and single trades have numbers of their own.
  const sequence = name === 'aggTrade' ? sequenceIn(event.a) : undefined;
  if (sequence !== undefined) parsed.sequence = sequence;
  return [parsed];
}

/** 24hrTicker, 24hrMiniTicker and the rolling windows 1hTicker, 4hTicker, 1dTicker. */
function readStreamTicker(event: Fields, context: SourceContext, prices: Parsed[], raw: unknown): string {
  const name = event.e;
  if (typeof name !== 'string' || !/^\d{1,2}(?:hr|h|d)(?:Mini)?Ticker$/.test(name))
    throw unknownFrame(name, raw);
  const pair = context.pairOf(textIn(event.s, name, 's'));
  if (pair === undefined) return name;
  const venueAt = msIn(event.E, name, 'E');
  // C is the end of the statistics' window; mini tickers have none.
  const observedAt = event.C === undefined ? venueAt : msIn(event.C, name, 'C');
  prices.push({ pair, kind: 'ticker', price: priceIn(event.c, name, 'c'), observedAt, venueAt });
  return name;
}

function bestPrice(event: Fields, context: SourceContext): Parsed[] {
  const pair = context.pairOf(textIn(event.s, 'bookTicker', 's'));
  if (pair === undefined) return [];
  const bid = priceIn(event.b, 'bookTicker', 'b');
  const ask = priceIn(event.a, 'bookTicker', 'a');
  return [{ pair, kind: 'book', bid, ask }];
}

/** `ticker/price`, `ticker/24hr` or `ticker/bookTicker`, told apart by their fields. */
function readTicker(item: Fields, context: SourceContext, prices: Parsed[]): void {
  if (item.code !== undefined) throw refusalOf(item);
  const pair = context.pairOf(textIn(item.symbol, 'ticker', 'symbol'));
  if (pair === undefined) return;
  readInBatch(context, pair, () => prices.push(tickerOf(item, pair)));
}

function tickerOf(item: Fields, pair: Pair): Parsed {
  if (item.price !== undefined)
    return { pair, kind: 'ticker', price: priceIn(item.price, 'ticker/price', 'price') };
  if (item.lastPrice !== undefined) {
    const observedAt = msIn(item.closeTime, 'ticker/24hr', 'closeTime');
    return { pair, kind: 'ticker', price: priceIn(item.lastPrice, 'ticker/24hr', 'lastPrice'), observedAt };
  }
  const bid = priceIn(item.bidPrice, 'ticker/bookTicker', 'bidPrice');
  const ask = priceIn(item.askPrice, 'ticker/bookTicker', 'askPrice');
  return { pair, kind: 'book', bid, ask };
}

function refusalOf(item: Fields): AssayError {
  const isLimit = item.code === -1003;
  return refusal(
    isLimit ? 'SOURCE_RATE_LIMITED' : 'SOURCE_REFUSED',
    `${String(item.code)} ${String(item.msg)}`,
    {
      frame: 'ticker',
    },
  );
}

function errorIn(body: string): { code: number; message: string } | undefined {
  const match = /^\s*\{\s*"code"\s*:\s*(-?\d{1,6})\s*,\s*"msg"\s*:\s*"([^"]{0,400})/.exec(body);
  return match === null ? undefined : { code: Number(match[1]), message: `${match[1]} ${match[2]}` };
}
