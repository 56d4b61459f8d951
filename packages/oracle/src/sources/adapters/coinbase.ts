// Coinbase Exchange. Streams: `ticker` (a frame per match) and `heartbeat` (a frame per second and
// product); REST: one request per product. In: frames with a `type`. Out: last prices of ticker, match and
// last_match.
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
  isoIn,
  listOf,
  parseJson,
  priceIn,
  refusal,
  sequenceIn,
  textIn,
  unknownFrame,
} from '../payload.ts';

// Far under the message size that the venue refuses as "too big".
const PRODUCTS_PER_MESSAGE = 50;

export default defineSource({
  id: 'coinbase',
  name: 'Coinbase Exchange',
  homepage: 'https://exchange.coinbase.com',
  documentation: 'https://docs.cdp.coinbase.com/exchange/websocket-feed/channels',
  checked: { by: 'recorded', version: 'Exchange feed', on: '2026-11-21' },
  kind: 'exchange',
  endpoints: {
    rest: 'https://api.exchange.coinbase.com',
    stream: 'wss://ws-feed.exchange.coinbase.com',
  },
  symbol: (pair) => `${baseOf(pair)}-${quoteOf(pair)}`,
  // Public endpoints: 10 requests a second and address.
  limits: { requests: { count: 10, windowMs: 1000 } },
  http: {
    // One product a request: 30 products at this interval stay under a third of the limit.
    intervalMs: 10_000,
    timeoutMs: 3000,
    requests: (context) =>
      context.pairs.map((pair) => ({
        url: `${context.endpoints.rest}/products/${encodeURIComponent(context.symbolOf(pair))}/ticker`,
        pairs: [pair],
      })),
    parse(response, request) {
      const body = fieldsOf(parseJson(response.body, 'product ticker'), 'product ticker', 'body');
      if (body.price === undefined && typeof body.message === 'string')
        throw refusal('SOURCE_REFUSED', body.message, { frame: 'product ticker' });
      // The body does not name its product: the request does.
      const pair = request.pairs[0];
      if (pair === undefined) return [];
      return [
        {
          pair,
          kind: 'ticker',
          price: priceIn(body.price, 'product ticker', 'price'),
          observedAt: isoIn(body.time, 'product ticker', 'time'),
        },
      ];
    },
    explain(response) {
      const message = /"message"\s*:\s*"([^"]{1,400})"/.exec(response.body)?.[1];
      if (message === undefined) return undefined;
      if (/rate limit/i.test(message)) return { code: 'SOURCE_RATE_LIMITED', message };
      if (response.status !== 400 && response.status !== 404) return undefined;
      return { code: 'SOURCE_REFUSED', message, isTransient: false };
    },
  },
  stream: {
    url: (context) => context.endpoints.stream ?? '',
    subscribe: (context) =>
      batchesOf(context.pairs, PRODUCTS_PER_MESSAGE).map((pairs) =>
        JSON.stringify({
          type: 'subscribe',
          product_ids: pairs.map(context.symbolOf),
          channels: ['ticker', 'heartbeat'],
        }),
      ),
    parse: parseFrame,
    // A heartbeat a second for every product.
    silenceAfterMs: 5000,
    // The number counts every message of the product, most of which are on channels that we do not take.
    sequence: 'increasing',
    vouches: true,
    pairsPerConnection: 100,
    // The venue takes 10 a second on average.
    messagesPerSecond: 5,
  },
  instruments: {
    requests: (context) => [{ url: `${context.endpoints.rest}/products`, pairs: context.pairs }],
    parse: (response) =>
      listOf(parseJson(response.body, 'products'), 'products', 'body').map((item) =>
        instrumentOf(fieldsOf(item, 'products', 'item')),
      ),
  },
  examples: [
    {
      name: 'a ticker, with the number of the match that caused it',
      transport: 'stream',
      payload:
        '{"type":"ticker","sequence":333938798,"product_id":"BAND-GBP","price":"14.7775",' +
        '"open_24h":"14.6647","volume_24h":"94381.28000000","low_24h":"14.3691","high_24h":"16.55",' +
        '"volume_30d":"2295579.57000000","best_bid":"14.7550","best_ask":"14.8060","side":"buy",' +
        '"time":"2021-04-17T16:43:30.244075Z","trade_id":881613,"last_size":"0.04"}',
      pairs: ['BAND/GBP'],
      expect: {
        prices: [
          {
            pair: 'BAND/GBP',
            kind: 'ticker',
            price: '14.7775',
            observedAt: 1618677810244,
            venueAt: 1618677810244,
            volume: '0.04',
            sequence: 333938798,
          },
        ],
      },
      from: 'recorded 2021-04-17',
    },
    {
      name: 'a match',
      transport: 'stream',
      payload:
        '{"type":"match","trade_id":1568268,"maker_order_id":"cac01d6d-8009-4c33-8e0d-f7f853d7c1bc",' +
        '"taker_order_id":"3dec64e4-f6ad-4ca8-ad3f-e5b1a0eb0d06","side":"sell","size":"450",' +
        '"price":"0.791","product_id":"SKL-USD","sequence":201390075,"time":"2021-04-17T16:43:37.121358Z"}',
      pairs: ['SKL/USD'],
      expect: {
        prices: [
          {
            pair: 'SKL/USD',
            kind: 'trade',
            price: '0.791',
            observedAt: 1618677817121,
            venueAt: 1618677817121,
            volume: '450',
            sequence: 201390075,
          },
        ],
      },
      from: 'recorded 2021-04-17',
    },
    {
      name: 'a heartbeat renews the life of its product',
      transport: 'stream',
      payload:
        '{"type":"heartbeat","sequence":90,"last_trade_id":20,"product_id":"BTC-USD",' +
        '"time":"2014-11-07T08:19:28.464459Z"}',
      pairs: ['BTC/USD'],
      expect: { control: 'heartbeat' },
      from: 'documentation, heartbeat channel',
    },
    {
      name: 'a subscription that the venue refuses',
      transport: 'stream',
      payload: '{"type":"error","message":"Failed to subscribe","reason":"BTC-XYZ is not a valid product"}',
      pairs: ['BTC/USD'],
      expect: { error: 'SOURCE_REFUSED' },
      from: 'documentation, errors',
    },
    {
      name: 'the ticker of a product by REST',
      transport: 'http',
      payload:
        '{"trade_id":1201369,"price":"246.28000000","size":"0.05950000","bid":"637","ask":"637.11",' +
        '"volume":"4661.70407704","time":"2015-04-08T20:49:06.506997Z"}',
      pairs: ['BTC/USD'],
      expect: {
        prices: [{ pair: 'BTC/USD', kind: 'ticker', price: '246.28000000', observedAt: 1428526146506 }],
      },
      from: 'documentation, get product ticker',
    },
  ],
});

function parseFrame(raw: string | Uint8Array, context: SourceContext): Frame {
  const frame = fieldsOf(parseJson(raw, 'frame'), 'frame', 'frame');
  const { type } = frame;
  switch (type) {
    case 'ticker':
      return { kind: 'prices', name: type, prices: lastPrice(frame, type, 'last_size', context) };
    case 'match':
    case 'last_match':
      return { kind: 'prices', name: type, prices: lastPrice(frame, type, 'size', context) };
    case 'heartbeat':
      return heartbeat(frame, context);
    case 'subscriptions':
    case 'status':
      return { kind: 'control', name: type };
    case 'snapshot':
    case 'l2update':
    case 'received':
    case 'open':
    case 'done':
    case 'change':
    case 'activate':
    case 'auctioninfo':
    case 'rfq_match':
      return { kind: 'ignored', name: type };
    case 'error':
      throw refusal('SOURCE_REFUSED', `${String(frame.message)} ${String(frame.reason ?? '')}`, {
        frame: 'error',
      });
    default:
      throw unknownFrame(type, raw);
  }
}

function lastPrice(frame: Fields, name: string, size: string, context: SourceContext): Parsed[] {
  const pair = context.pairOf(textIn(frame.product_id, name, 'product_id'));
  if (pair === undefined) return [];
  // The very first ticker of a product that has not traded yet has no time; then the news has none either.
  const observedAt = isoIn(frame.time, name, 'time');
  const parsed: Parsed = {
    pair,
    kind: name === 'ticker' ? 'ticker' : 'trade',
    price: priceIn(frame.price, name, 'price'),
    observedAt,
    venueAt: observedAt,
  };
  if (frame[size] !== undefined) parsed.volume = amountIn(frame[size], name, size);
  const sequence = sequenceIn(frame.sequence);
  if (sequence !== undefined) parsed.sequence = sequence;
  return [parsed];
}

function heartbeat(frame: Fields, context: SourceContext): Frame {
  const pair = context.pairOf(textIn(frame.product_id, 'heartbeat', 'product_id'));
  const control: Frame = {
    kind: 'control',
    name: 'heartbeat',
    venueAt: isoIn(frame.time, 'heartbeat', 'time'),
  };
  // A product that we did not ask for vouches for nobody.
  if (pair === undefined) return control;
  // Its sequence is left out: heartbeats and tickers are two channels, and may overtake each other.
  control.action = 'alive';
  control.pair = pair;
  return control;
}

function instrumentOf(product: Fields): Instrument {
  const closed = [product.trading_disabled, product.cancel_only, product.auction_mode];
  return {
    symbol: textIn(product.id, 'products', 'id'),
    base: textIn(product.base_currency, 'products', 'base_currency'),
    quote: textIn(product.quote_currency, 'products', 'quote_currency'),
    isTrading: product.status === 'online' && !closed.includes(true),
  };
}
