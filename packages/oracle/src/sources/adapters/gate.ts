// Gate spot, API v4. Streams: `spot.trades`; REST: the tickers of all pairs in one request. In: frames with
// `channel` and `event`. Out: the price of each trade, and last prices of tickers.
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
  parseJson,
  priceIn,
  readInBatch,
  refusal,
  textIn,
  unknownFrame,
} from '../payload.ts';

export default defineSource({
  id: 'gate',
  name: 'Gate',
  homepage: 'https://www.gate.com',
  documentation: 'https://www.gate.com/docs/developers/apiv4/ws/en/',
  kind: 'exchange',
  checked: { by: 'recorded', version: 'API v4', on: '2026-11-21' },
  endpoints: { rest: 'https://api.gateio.ws/api/v4', stream: 'wss://api.gateio.ws/ws/v4' },
  symbol: (pair) => `${baseOf(pair)}_${quoteOf(pair)}`,
  // Public endpoints: 200 requests in 10 seconds.
  limits: { requests: { count: 200, windowMs: 10_000 } },
  http: {
    intervalMs: 2000,
    timeoutMs: 4000,
    requests: (context) => [{ url: `${context.endpoints.rest}/spot/tickers`, pairs: context.pairs }],
    parse(response, _request, context) {
      const prices: Parsed[] = [];
      for (const item of listOf(parseJson(response.body, 'tickers'), 'tickers', 'body')) {
        const ticker = fieldsOf(item, 'tickers', 'item');
        const pair = context.pairOf(textIn(ticker.currency_pair, 'tickers', 'currency_pair'));
        if (pair === undefined) continue;
        // One halted pair must not cost us the others.
        readInBatch(context, pair, () =>
          prices.push({ pair, kind: 'ticker', price: priceIn(ticker.last, 'tickers', 'last') }),
        );
      }
      return prices;
    },
    explain(response) {
      // {"label":"TOO_MANY_REQUESTS","message":"..."}
      const [, label, message] = /"label"\s*:\s*"(\w{1,80})"[\s\S]*?"message"\s*:\s*"([^"]{1,400})"/.exec(
        response.body,
      ) ?? [undefined];
      if (label === undefined || message === undefined) return undefined;
      if (label === 'TOO_MANY_REQUESTS') return { code: 'SOURCE_RATE_LIMITED', message };
      return { code: 'SOURCE_REFUSED', message: `${label}: ${message}`, isTransient: response.status >= 500 };
    },
  },
  stream: {
    url: (context) => `${context.endpoints.stream}/`,
    subscribe: (context) =>
      batchesOf(context.pairs, 100).map((pairs) =>
        JSON.stringify({
          time: 0,
          channel: 'spot.trades',
          event: 'subscribe',
          payload: pairs.map(context.symbolOf),
        }),
      ),
    parse: parseFrame,
    keepAlive: { everyMs: 4000, message: '{"time":0,"channel":"spot.ping"}' },
    silenceAfterMs: 10_000,
    vouches: true,
    pairsPerConnection: 100,
    messagesPerSecond: 5,
  },
  instruments: {
    requests: (context) => [{ url: `${context.endpoints.rest}/spot/currency_pairs`, pairs: context.pairs }],
    parse: (response) =>
      listOf(parseJson(response.body, 'currency_pairs'), 'currency_pairs', 'body').map((item): Instrument => {
        const { id, base, quote, trade_status, base_name } = fieldsOf(item, 'currency_pairs', 'item');
        return {
          symbol: textIn(id, 'currency_pairs', 'id'),
          base: textIn(base, 'currency_pairs', 'base'),
          quote: textIn(quote, 'currency_pairs', 'quote'),
          isTrading: trade_status === 'tradable',
          ...(typeof base_name === 'string' ? { title: base_name } : {}),
        };
      }),
  },
  examples: [
    {
      name: 'a trade',
      transport: 'stream',
      payload:
        '{"time":1619093543,"channel":"spot.trades","event":"update","result":{"id":816995772,' +
        '"create_time":1619093543,"create_time_ms":"1619093543708.2642","side":"sell",' +
        '"currency_pair":"DIS_USDT","amount":"0.2010000000","price":"121.5800000000"}}',
      pairs: ['DIS/USDT'],
      expect: {
        prices: [
          {
            pair: 'DIS/USDT',
            kind: 'trade',
            price: '121.5800000000',
            observedAt: 1619093543708,
            venueAt: 1619093543708,
            volume: '0.2010000000',
          },
        ],
      },
      from: 'recorded 2021-04-22',
    },
    {
      name: 'the best prices',
      transport: 'stream',
      payload:
        '{"time":1606293275,"time_ms":1606293275723,"channel":"spot.book_ticker","event":"update",' +
        '"result":{"t":1606293275123,"u":48733182,"s":"BTC_USDT","b":"19177.79","B":"0.0003341504",' +
        '"a":"19179.38","A":"0.09"}}',
      pairs: ['BTC/USDT'],
      expect: {
        prices: [
          {
            pair: 'BTC/USDT',
            kind: 'book',
            bid: '19177.79',
            ask: '19179.38',
            observedAt: 1606293275123,
            venueAt: 1606293275123,
          },
        ],
      },
      from: 'documentation, best bid or ask price',
    },
    {
      name: 'the answer to our keepalive',
      transport: 'stream',
      payload: '{"time":1618660938,"time_ms":1618660938123,"channel":"spot.pong","event":"","result":null}',
      pairs: ['BTC/USDT'],
      expect: { control: 'pong' },
      from: 'documentation, application ping pong',
    },
    {
      name: 'a pair that does not exist',
      transport: 'stream',
      payload:
        '{"time":1611541000,"channel":"spot.trades","event":"subscribe","error":{"code":2,' +
        '"message":"unknown currency pair: XXX_YYY"},"result":null}',
      pairs: ['BTC/USDT'],
      expect: { error: 'SOURCE_REFUSED' },
      from: 'documentation, error',
    },
    {
      name: 'tickers by REST',
      transport: 'http',
      payload: '[{"currency_pair":"BTC_USDT","last":"26019.8","lowest_ask":"26019.9"}]',
      pairs: ['BTC/USDT'],
      expect: { prices: [{ pair: 'BTC/USDT', kind: 'ticker', price: '26019.8' }] },
      from: 'documentation, retrieve ticker information',
    },
  ],
});

function parseFrame(raw: string | Uint8Array, context: SourceContext): Frame {
  const frame = fieldsOf(parseJson(raw, 'frame'), 'frame', 'frame');
  if (isFields(frame.error)) throw refusal('SOURCE_REFUSED', String(frame.error.message), { frame: 'error' });
  if (frame.channel === 'spot.pong') return { kind: 'control', name: 'pong', action: 'alive' };
  if (frame.event === 'subscribe') return { kind: 'control', name: 'subscribe' };
  const result = fieldsOf(frame.result, 'frame', 'result');
  switch (frame.channel) {
    case 'spot.trades':
      return { kind: 'prices', name: 'spot.trades', prices: trade(result, context) };
    case 'spot.tickers':
      return { kind: 'prices', name: 'spot.tickers', prices: ticker(result, context) };
    case 'spot.book_ticker':
      return { kind: 'prices', name: 'spot.book_ticker', prices: best(result, context) };
    case 'spot.order_book':
    case 'spot.order_book_update':
    case 'spot.candlesticks':
      return { kind: 'ignored', name: frame.channel };
    default:
      throw unknownFrame(frame.channel, raw);
  }
}

function trade(result: Fields, context: SourceContext): Parsed[] {
  const pair = context.pairOf(textIn(result.currency_pair, 'spot.trades', 'currency_pair'));
  if (pair === undefined) return [];
  const observedAt = msIn(result.create_time_ms, 'spot.trades', 'create_time_ms');
  return [
    {
      pair,
      kind: 'trade',
      price: priceIn(result.price, 'spot.trades', 'price'),
      observedAt,
      venueAt: observedAt,
      volume: amountIn(result.amount, 'spot.trades', 'amount'),
    },
  ];
}

function ticker(result: Fields, context: SourceContext): Parsed[] {
  const pair = context.pairOf(textIn(result.currency_pair, 'spot.tickers', 'currency_pair'));
  // A ticker does not say when its last trade was, so it has no `observedAt`.
  return pair === undefined
    ? []
    : [{ pair, kind: 'ticker', price: priceIn(result.last, 'spot.tickers', 'last') }];
}

function best(result: Fields, context: SourceContext): Parsed[] {
  const pair = context.pairOf(textIn(result.s, 'spot.book_ticker', 's'));
  if (pair === undefined) return [];
  const observedAt = msIn(result.t, 'spot.book_ticker', 't');
  const bid = priceIn(result.b, 'spot.book_ticker', 'b');
  const ask = priceIn(result.a, 'spot.book_ticker', 'a');
  return [{ pair, kind: 'book', bid, ask, observedAt, venueAt: observedAt }];
}
