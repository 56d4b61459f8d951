// bitFlyer Lightning, spot; most of it is quoted in JPY. Streams (JSON-RPC 2.0): `lightning_executions_`,
// each trade as it happens, and `lightning_ticker_`, which gives a thin pair its first price. REST: one
// ticker a request. In: `channelMessage` frames, whose prices are JSON numbers and are read as the text that
// stands there. Out: the price of each trade, and last prices while the order book is running.
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
 * Of all spot markets. An unknown product is acknowledged as if it existed and then stays silent, so what
 * cannot exist is not asked for.
 */
const QUOTES = new Set(['JPY', 'BTC', 'USD', 'EUR']);
const EXECUTIONS = 'lightning_executions_';
const TICKER = 'lightning_ticker_';
// Both `lightning_board_` and `lightning_board_snapshot_`.
const BOARD = 'lightning_board_';
/** States of an order book in which nothing trades (Orderbook status). */
const HALTED = new Set<unknown>(['CLOSED', 'STARTING', 'PREOPEN', 'CIRCUIT BREAK']);

export default defineSource({
  id: 'bitflyer',
  name: 'bitFlyer',
  homepage: 'https://bitflyer.com',
  documentation: 'https://lightning.bitflyer.com/docs?lang=en',
  kind: 'exchange',
  checked: { by: 'documented', version: 'HTTP API v1, Realtime API (JSON-RPC 2.0)', on: '2026-11-21' },
  endpoints: {
    rest: 'https://api.bitflyer.com/v1',
    stream: 'wss://ws.lightstream.bitflyer.com/json-rpc',
  },
  symbol: (pair) => (QUOTES.has(quoteOf(pair)) ? `${baseOf(pair)}_${quoteOf(pair)}` : undefined),
  // Each address: 500 queries in 5 minutes.
  limits: { requests: { count: 500, windowMs: 300_000 } },
  http: {
    // One product a request: the eight of Japan at this interval take half of the limit.
    intervalMs: 10_000,
    timeoutMs: 4000,
    requests: (context) =>
      context.pairs.map((pair) => ({
        url: `${context.endpoints.rest}/getticker?product_code=${encodeURIComponent(context.symbolOf(pair))}`,
        pairs: [pair],
      })),
    parse(response, _request, context) {
      const body = fieldsOf(parseJsonExact(response.body, 'getticker'), 'getticker', 'body');
      if (typeof body.error_message === 'string')
        throw refusal(codeOf(body.error_message), body.error_message, { frame: 'getticker' });
      // Its time has no zone and is that of the ticker, not of the last trade.
      return ticker(body, textIn(body.product_code, 'getticker', 'product_code'), 'getticker', context);
    },
    explain(response) {
      // {"status":-100,"error_message":"Invalid product","data":null}
      const message = /"error_message"\s*:\s*"([^"]{1,400})"/.exec(response.body)?.[1];
      if (message === undefined) return undefined;
      const code = codeOf(message);
      if (code === 'SOURCE_RATE_LIMITED') return { code, message };
      return { code, message, isTransient: response.status >= 500 };
    },
  },
  stream: {
    url: (context) => context.endpoints.stream ?? '',
    // One channel a call.
    subscribe: (context) =>
      context.pairs
        .flatMap((pair) => [TICKER + context.symbolOf(pair), EXECUTIONS + context.symbolOf(pair)])
        .map((channel, index) =>
          JSON.stringify({ jsonrpc: '2.0', method: 'subscribe', params: { channel }, id: index + 1 }),
        ),
    parse: parseFrame,
    // The venue pings every 15 s, which is later than we want to know; there is no ping of JSON-RPC.
    keepAlive: { everyMs: 4000, message: { frame: 'ping' } },
    silenceAfterMs: 10_000,
    // Executions are sent each time there is one.
    vouches: true,
    // No limit is documented; all spot markets are fewer.
    pairsPerConnection: 50,
    // No limit is documented.
    messagesPerSecond: 5,
  },
  instruments: {
    // A list for each region: Japan, the United States, Europe.
    requests: (context) =>
      ['getmarkets', 'getmarkets/usa', 'getmarkets/eu'].map((path) => ({
        url: `${context.endpoints.rest}/${path}`,
        pairs: context.pairs,
      })),
    parse: (response) =>
      listOf(parseJsonExact(response.body, 'getmarkets'), 'getmarkets', 'body').flatMap(
        (item): Instrument[] => {
          const { product_code, market_type } = fieldsOf(item, 'getmarkets', 'item');
          if (market_type !== 'Spot') return [];
          const symbol = textIn(product_code, 'getmarkets', 'product_code');
          const [base, quote] = symbol.split('_');
          return [
            {
              symbol,
              base: textIn(base, 'getmarkets', 'product_code'),
              quote: textIn(quote, 'getmarkets', 'product_code'),
              // The list has no states.
              isTrading: true,
            },
          ];
        },
      ),
  },
  examples: [
    {
      name: 'a trade',
      transport: 'stream',
      payload:
        '{"jsonrpc":"2.0","method":"channelMessage","params":{"channel":"lightning_executions_BTC_JPY",' +
        '"message":[{"id":2084881071,"side":"BUY","price":2509125.0,"size":0.005,' +
        '"exec_date":"2020-12-25T21:36:22.8840579Z",' +
        '"buy_child_order_acceptance_id":"JRF20201225-213620-004123",' +
        '"sell_child_order_acceptance_id":"JRF20201225-213620-133314"}]}}',
      pairs: ['BTC/JPY'],
      expect: {
        prices: [
          {
            pair: 'BTC/JPY',
            kind: 'trade',
            price: '2509125.0',
            observedAt: 1608932182884,
            venueAt: 1608932182884,
            volume: '0.005',
          },
        ],
      },
      from: 'a frame of 2020-12-25 that cryptofeed quotes (exchanges/bitflyer.py)',
    },
    {
      name: 'a ticker',
      transport: 'stream',
      payload:
        '{"jsonrpc":"2.0","method":"channelMessage","params":{"channel":"lightning_ticker_BTC_USD",' +
        '"message":{"product_code":"BTC_USD","state":"RUNNING","timestamp":"2020-12-25T21:16:19.3661298Z",' +
        '"tick_id":703768,"best_bid":24228.97,"best_ask":24252.89,"best_bid_size":0.4006,' +
        '"best_ask_size":0.4006,"total_bid_depth":64.73938803,"total_ask_depth":51.99613815,' +
        '"market_bid_size":0.0,"market_ask_size":0.0,"ltp":24382.25,"volume":241.953371650000,' +
        '"volume_by_product":241.953371650000}}}',
      pairs: ['BTC/USD'],
      expect: {
        prices: [{ pair: 'BTC/USD', kind: 'ticker', price: '24382.25', venueAt: 1608930979366 }],
      },
      from: 'a frame of 2020-12-25 that cryptofeed quotes (exchanges/bitflyer.py)',
    },
    {
      name: 'a change of the order book',
      transport: 'stream',
      payload:
        '{"jsonrpc":"2.0","method":"channelMessage","params":{"channel":"lightning_board_FX_BTC_JPY",' +
        '"message":{"mid_price":13634496.0,"bids":[{"price":13632097.0,"size":0.0160328}],' +
        '"asks":[{"price":13637308.0,"size":0.07629387}]}}}',
      pairs: ['BTC/JPY'],
      expect: { ignored: 'lightning_board_' },
      from: 'a frame of 2026-09-23 that a public profile of the venue quotes',
    },
    {
      name: 'an acknowledgement',
      transport: 'stream',
      payload: '{"jsonrpc":"2.0","id":1,"result":true}',
      pairs: ['BTC/JPY'],
      expect: { control: 'subscribe' },
      from: 'a frame of 2026-09-23 that a public profile of the venue quotes',
    },
    {
      name: 'a channel that does not exist',
      transport: 'stream',
      payload: '{"jsonrpc":"2.0","id":102,"error":{"code":-32602,"message":"invalid channel"}}',
      pairs: ['BTC/JPY'],
      expect: { error: 'SOURCE_REFUSED' },
      from: 'a frame of 2026-09-23 that a public profile of the venue quotes',
    },
    {
      name: 'a ticker by REST',
      transport: 'http',
      payload:
        '{"product_code":"BTC_JPY","state":"RUNNING","timestamp":"2015-07-08T02:50:59.97","tick_id":3579,' +
        '"best_bid":30000,"best_ask":36640,"best_bid_size":0.1,"best_ask_size":5,"total_bid_depth":15.13,' +
        '"total_ask_depth":20,"market_bid_size":0,"market_ask_size":0,"ltp":31690,"volume":16819.26,' +
        '"volume_by_product":6819.26}',
      pairs: ['BTC/JPY'],
      expect: { prices: [{ pair: 'BTC/JPY', kind: 'ticker', price: '31690' }] },
      from: 'documentation, HTTP Public API, Ticker',
    },
    {
      name: 'a product that does not exist',
      transport: 'http',
      payload: '{"status":-100,"error_message":"Invalid product","data":null}',
      pairs: ['BTC/JPY'],
      expect: { error: 'SOURCE_REFUSED' },
      from: 'an answer of 2026-09-23, with status 400, that a public profile of the venue quotes',
    },
  ],
});

function parseFrame(raw: string | Uint8Array, context: SourceContext): Frame {
  const frame = fieldsOf(parseJsonExact(raw, 'frame'), 'frame', 'frame');
  if (isFields(frame.error)) throw refusal('SOURCE_REFUSED', String(frame.error.message), { frame: 'error' });
  // Both `subscribe` and `unsubscribe` are answered so.
  if (frame.result === true) return { kind: 'control', name: 'subscribe' };
  if (frame.method !== 'channelMessage') throw unknownFrame(frame.method, raw);
  const params = fieldsOf(frame.params, 'channelMessage', 'params');
  const channel = textIn(params.channel, 'channelMessage', 'channel');
  if (channel.startsWith(EXECUTIONS)) {
    const prices = trades(params.message, channel.slice(EXECUTIONS.length), context);
    return { kind: 'prices', name: EXECUTIONS, prices };
  }
  if (channel.startsWith(TICKER)) {
    const message = fieldsOf(params.message, TICKER, 'message');
    const prices = ticker(message, channel.slice(TICKER.length), TICKER, context);
    const venueAt = isoIn(message.timestamp, TICKER, 'timestamp');
    return { kind: 'prices', name: TICKER, prices: prices.map((price) => ({ ...price, venueAt })) };
  }
  if (channel.startsWith(BOARD)) return { kind: 'ignored', name: BOARD };
  throw unknownFrame(channel, raw);
}

function trades(message: unknown, symbol: string, context: SourceContext): Parsed[] {
  const prices: Parsed[] = [];
  const pair = context.pairOf(symbol);
  if (pair === undefined) return prices;
  for (const item of listOf(message, EXECUTIONS, 'message')) {
    readInBatch(context, pair, () => {
      const fields = fieldsOf(item, EXECUTIONS, 'item');
      const observedAt = isoIn(fields.exec_date, EXECUTIONS, 'exec_date');
      prices.push({
        pair,
        kind: 'trade',
        price: priceIn(fields.price, EXECUTIONS, 'price'),
        observedAt,
        venueAt: observedAt,
        volume: amountIn(fields.size, EXECUTIONS, 'size'),
      });
    });
  }
  return prices;
}

/** It does not say when its last trade was, so it has no `observedAt`; its volume is that of a day. */
function ticker(fields: Fields, symbol: string, frame: string, context: SourceContext): Parsed[] {
  const pair = context.pairOf(symbol);
  if (pair === undefined || HALTED.has(fields.state)) return [];
  if (fields.state !== 'RUNNING') throw badPayload(frame, 'state', fields.state, 'a known state');
  return [{ pair, kind: 'ticker', price: priceIn(fields.ltp, frame, 'ltp') }];
}

function codeOf(message: string): 'SOURCE_RATE_LIMITED' | 'SOURCE_REFUSED' {
  // "Over API limit per minute"
  return /api limit/i.test(message) ? 'SOURCE_RATE_LIMITED' : 'SOURCE_REFUSED';
}
