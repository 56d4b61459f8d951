// Upbit spot, API v1: quoted in won, bitcoin and USDT, with the quote currency first (KRW-BTC). Frames are
// UTF-8 in binary messages. Streams: `trade`; REST: the tickers of 100 pairs in one request. In: frames in
// the short form (`ty`, `cd`, `tp`) or the long one (`type`, `code`, `trade_price`). Out: the price of each
// trade, last prices of tickers. Prices are JSON numbers.
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
  batchesOf,
  type Fields,
  fieldsOf,
  isFields,
  listOf,
  msIn,
  parseJsonExact,
  priceIn,
  readInBatch,
  refusal,
  textIn,
  unknownFrame,
} from '../payload.ts';

const QUOTES = new Set(['KRW', 'BTC', 'USDT']);
/** The address stays under 2,000 characters, which every server on the way takes. */
const MARKETS_PER_REQUEST = 100;

export default defineSource({
  id: 'upbit',
  name: 'Upbit',
  homepage: 'https://upbit.com',
  documentation: 'https://global-docs.upbit.com/reference/websocket-trade',
  kind: 'exchange',
  checked: { by: 'recorded', version: 'API v1', on: '2026-11-21' },
  endpoints: { rest: 'https://api.upbit.com', stream: 'wss://api.upbit.com/websocket/v1' },
  symbol: (pair) => (QUOTES.has(quoteOf(pair)) ? `${quoteOf(pair)}-${baseOf(pair)}` : undefined),
  // Quotation API: 10 requests a second and address.
  limits: { requests: { count: 10, windowMs: 1000 } },
  http: {
    intervalMs: 2000,
    timeoutMs: 4000,
    requests: (context) =>
      batchesOf(context.pairs, MARKETS_PER_REQUEST).map((pairs) => ({
        url: `${context.endpoints.rest}/v1/ticker?markets=${pairs.map(context.symbolOf).join(',')}`,
        pairs,
      })),
    parse(response, _request, context) {
      const body = parseJsonExact(response.body, 'ticker');
      if (isFields(body)) throwIfError(body, 'ticker');
      const prices: Parsed[] = [];
      for (const item of listOf(body, 'ticker', 'body')) {
        const ticker = fieldsOf(item, 'ticker', 'item');
        const pair = context.pairOf(textIn(ticker.market, 'ticker', 'market'));
        if (pair === undefined) continue;
        readInBatch(context, pair, () =>
          prices.push({
            pair,
            kind: 'ticker',
            price: priceIn(ticker.trade_price, 'ticker', 'trade_price'),
            observedAt: msIn(ticker.trade_timestamp, 'ticker', 'trade_timestamp'),
          }),
        );
      }
      return prices;
    },
    explain(response) {
      // An unknown market fails the whole request: {"error":{"name":404,"message":"Code not found"}}.
      const message = /"message"\s*:\s*"([^"]{1,400})"/.exec(response.body)?.[1];
      if (message === undefined || response.status !== 404) return undefined;
      return { code: 'SOURCE_REFUSED', message, isTransient: false };
    },
  },
  stream: {
    url: (context) => context.endpoints.stream ?? '',
    // A second message would replace the first: all pairs of a connection are named at once.
    subscribe: (context) => [
      JSON.stringify([
        { ticket: 'assay' },
        { type: 'trade', codes: context.pairs.map(context.symbolOf), is_only_realtime: true },
        { format: 'DEFAULT' },
      ]),
    ],
    parse: parseFrame,
    // Answered by {"status":"UP"}; the venue closes after 120 s without traffic.
    keepAlive: { everyMs: 4000, message: 'PING' },
    silenceAfterMs: 10_000,
    // Every trade is pushed.
    vouches: true,
    pairsPerConnection: 100,
    // 5 messages a second and 100 a minute: a ping every 4 s stays far below.
    messagesPerSecond: 1,
  },
  instruments: {
    requests: (context) => [
      { url: `${context.endpoints.rest}/v1/market/all?is_details=true`, pairs: context.pairs },
    ],
    parse: (response) =>
      listOf(parseJsonExact(response.body, 'market'), 'market', 'body').map((item): Instrument => {
        const { market, english_name } = fieldsOf(item, 'market', 'item');
        const symbol = textIn(market, 'market', 'market');
        const [quote = '', base = ''] = symbol.split('-');
        // What is taken off the market leaves the list; a warning does not stop trading.
        return {
          symbol,
          base,
          quote,
          isTrading: true,
          title: textIn(english_name, 'market', 'english_name'),
        };
      }),
  },
  examples: [
    {
      name: 'a trade in the short form',
      transport: 'stream',
      payload:
        '{"ty":"trade","cd":"KRW-LAMB","tms":1618678262712,"td":"2021-04-17","ttm":"16:51:02",' +
        '"ttms":1618678262000,"tp":127.0,"tv":46.48838371,"ab":"BID","pcp":123.00000000,"c":"RISE",' +
        '"cp":4.00000000,"sid":1618678262000003,"st":"REALTIME"}',
      pairs: ['LAMB/KRW'],
      expect: {
        prices: [
          {
            pair: 'LAMB/KRW',
            kind: 'trade',
            price: '127.0',
            observedAt: 1618678262000,
            venueAt: 1618678262712,
            volume: '46.48838371',
          },
        ],
      },
      from: 'recorded 2021-04-17',
    },
    {
      name: 'a trade in the long form',
      transport: 'stream',
      payload:
        '{"type":"trade","code":"KRW-BTC","timestamp":1730336862082,"trade_date":"2024-10-31",' +
        '"trade_time":"01:07:42","trade_timestamp":1730336862047,"trade_price":100473000.00000000,' +
        '"trade_volume":0.00014208,"ask_bid":"BID","prev_closing_price":100571000.00000000,"change":"FALL",' +
        '"change_price":98000.00000000,"sequential_id":17303368620470000,"stream_type":"REALTIME"}',
      pairs: ['BTC/KRW'],
      expect: {
        prices: [
          {
            pair: 'BTC/KRW',
            kind: 'trade',
            price: '100473000.00000000',
            observedAt: 1730336862047,
            venueAt: 1730336862082,
            volume: '0.00014208',
          },
        ],
      },
      from: 'documentation, trade',
    },
    {
      name: 'the answer to our keepalive',
      transport: 'stream',
      payload: '{"status":"UP"}',
      pairs: ['BTC/KRW'],
      expect: { control: 'status' },
      from: 'documentation, connection',
    },
    {
      name: 'a request in the wrong format',
      transport: 'stream',
      payload: '{"error":{"message":"Invalid request format","name":"WRONG_FORMAT"}}',
      pairs: ['BTC/KRW'],
      expect: { error: 'SOURCE_REFUSED' },
      from: 'documentation, errors',
    },
    {
      name: 'a ticker by REST',
      transport: 'http',
      payload:
        '[{"market":"KRW-BTC","trade_date":"20180702","trade_time":"054215","trade_timestamp":1530510135000,' +
        '"opening_price":7109000,"trade_price":7050000,"prev_closing_price":7109000,"change":"FALL",' +
        '"trade_volume":0.00625758,"timestamp":1530510135517}]',
      pairs: ['BTC/KRW'],
      expect: {
        prices: [{ pair: 'BTC/KRW', kind: 'ticker', price: '7050000', observedAt: 1530510135000 }],
      },
      from: 'recorded by another project, 2018, shortened',
    },
  ],
});

function throwIfError(body: Fields, frame: string): void {
  if (!isFields(body.error)) return;
  const { name, message } = body.error;
  const isLimit = String(name).includes('too_many');
  throw refusal(isLimit ? 'SOURCE_RATE_LIMITED' : 'SOURCE_REFUSED', `${String(name)} ${String(message)}`, {
    frame,
  });
}

function parseFrame(raw: string | Uint8Array, context: SourceContext): Frame {
  const frame = fieldsOf(parseJsonExact(raw, 'frame'), 'frame', 'frame');
  throwIfError(frame, 'error');
  if (frame.status === 'UP') return { kind: 'control', name: 'status', action: 'alive' };
  const type = frame.ty ?? frame.type;
  switch (type) {
    case 'trade':
    case 'ticker':
      return { kind: 'prices', name: type, prices: priceOf(frame, type, context) };
    case 'orderbook':
      return { kind: 'ignored', name: type };
    default:
      if (typeof type === 'string' && type.startsWith('candle')) return { kind: 'ignored', name: 'candle' };
      throw unknownFrame(type, raw);
  }
}

function priceOf(frame: Fields, type: 'trade' | 'ticker', context: SourceContext): Parsed[] {
  const pair = context.pairOf(textIn(frame.cd ?? frame.code, type, 'code'));
  if (pair === undefined) return [];
  return [
    {
      pair,
      kind: type,
      price: priceIn(frame.tp ?? frame.trade_price, type, 'trade_price'),
      observedAt: msIn(frame.ttms ?? frame.trade_timestamp, type, 'trade_timestamp'),
      venueAt: msIn(frame.tms ?? frame.timestamp, type, 'timestamp'),
      // A ticker's volume is that of its last trade as well, but says nothing new.
      ...(type === 'trade' ? { volume: amountIn(frame.tv ?? frame.trade_volume, type, 'trade_volume') } : {}),
    },
  ];
}
