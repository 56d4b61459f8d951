// Bitstamp. Streams: `live_trades`, one subscription a pair; REST: the tickers of all pairs in one request.
// In: frames with `event` and `channel`. Out: the price of each trade. The venue asks for a new connection
// with bts:request_reconnect; it answers our bts:heartbeat, which is what vouches for a pair without
// trades.
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
  type Fields,
  fieldsOf,
  listOf,
  microsecondsIn,
  parseJson,
  parseJsonExact,
  priceIn,
  readInBatch,
  refusal,
  secondsIn,
  textIn,
  unknownFrame,
} from '../payload.ts';

const TRADES = 'live_trades_';

export default defineSource({
  id: 'bitstamp',
  name: 'Bitstamp',
  homepage: 'https://www.bitstamp.net',
  documentation: 'https://www.bitstamp.net/websocket/v2/',
  checked: { by: 'recorded', version: 'WebSocket v2', on: '2026-11-21' },
  kind: 'exchange',
  endpoints: { rest: 'https://www.bitstamp.net', stream: 'wss://ws.bitstamp.net' },
  symbol: (pair) => `${baseOf(pair)}${quoteOf(pair)}`.toLowerCase(),
  // 10,000 requests in 10 minutes, 400 in any second.
  limits: { requests: { count: 10_000, windowMs: 600_000 } },
  http: {
    intervalMs: 3000,
    timeoutMs: 4000,
    requests: (context) => [{ url: `${context.endpoints.rest}/api/v2/ticker/`, pairs: context.pairs }],
    parse(response, _request, context) {
      const body = parseJson(response.body, 'ticker');
      const items = Array.isArray(body) ? body : [body];
      const prices: Parsed[] = [];
      for (const item of items) readTicker(fieldsOf(item, 'ticker', 'body'), context, prices);
      return prices;
    },
    explain(response) {
      // Documented codes: 400.002 too many requests, 400.067 of a client, 400.068 of a market.
      if (!/"400\.0(?:02|67|68)"/.test(response.body)) return undefined;
      return { code: 'SOURCE_RATE_LIMITED', message: response.body.slice(0, 200) };
    },
  },
  stream: {
    url: (context) => context.endpoints.stream ?? '',
    subscribe: (context) =>
      context.pairs.map((pair) =>
        JSON.stringify({ event: 'bts:subscribe', data: { channel: TRADES + context.symbolOf(pair) } }),
      ),
    parse: parseFrame,
    keepAlive: { everyMs: 4000, message: '{"event":"bts:heartbeat"}' },
    silenceAfterMs: 10_000,
    sequence: 'increasing',
    vouches: true,
    // The venue closes at 90 days; a week is safe for every timer.
    lifeMs: 7 * 86_400_000,
    pairsPerConnection: 100,
    // No limit is documented; 20 in one instant were taken in the recording.
    messagesPerSecond: 10,
  },
  instruments: {
    requests: (context) => [{ url: `${context.endpoints.rest}/api/v2/markets/`, pairs: context.pairs }],
    parse: (response) =>
      listOf(parseJson(response.body, 'markets'), 'markets', 'body').flatMap((item) =>
        instrumentIn(fieldsOf(item, 'markets', 'item')),
      ),
  },
  examples: [
    {
      name: 'a trade: the text of the price, not its number',
      transport: 'stream',
      payload:
        '{"data":{"id":216000477,"timestamp":"1641343699","amount":0.0792,"amount_str":"0.07920000",' +
        '"price":3805.44,"price_str":"3805.44","type":0,"microtimestamp":"1641343699596000",' +
        '"buy_order_id":1443875737346049,"sell_order_id":1443875731320832},' +
        '"channel":"live_trades_ethusd","event":"trade"}',
      pairs: ['ETH/USD'],
      expect: {
        prices: [
          {
            pair: 'ETH/USD',
            kind: 'trade',
            price: '3805.44',
            observedAt: 1641343699596,
            venueAt: 1641343699596,
            volume: '0.07920000',
          },
        ],
      },
      from: 'recorded 2022-01-05',
    },
    {
      name: 'a trade of the older form, with numbers only',
      transport: 'stream',
      payload:
        '{"data":{"microtimestamp":1484858423000000,"price":914.38999999999999,"amount":34.390000000000001,' +
        '"id":177827396,"type":1},"event":"trade","channel":"live_trades_btcusd"}',
      pairs: ['BTC/USD'],
      expect: {
        prices: [
          {
            pair: 'BTC/USD',
            kind: 'trade',
            price: '914.38999999999999',
            observedAt: 1484858423000,
            venueAt: 1484858423000,
            volume: '34.390000000000001',
          },
        ],
      },
      from: 'older documentation; the time in microseconds as documented',
    },
    {
      name: 'the venue asks for a new connection',
      transport: 'stream',
      payload: '{"event":"bts:request_reconnect","channel":"","data":""}',
      pairs: ['BTC/USD'],
      expect: { control: 'bts:request_reconnect' },
      from: 'documentation, forced reconnection',
    },
    {
      name: 'a wrong subscription',
      transport: 'stream',
      payload: '{"event":"bts:error","channel":"","data":{"code":null,"message":"Bad subscription string."}}',
      pairs: ['BTC/USD'],
      expect: { error: 'SOURCE_REFUSED' },
      from: 'documentation, error handling',
    },
    {
      name: 'all tickers by REST',
      transport: 'http',
      payload:
        '[{"ask":"2211.00","bid":"2188.97","high":"2811.00","last":"2211.00","low":"2188.97",' +
        '"open":"2211.00","open_24":"2211.00","pair":"BTC/USD","percent_change_24":"13.57","side":"0",' +
        '"timestamp":"1643640186","volume":"213.26801100","vwap":"2189.80"}]',
      pairs: ['BTC/USD'],
      expect: {
        prices: [{ pair: 'BTC/USD', kind: 'ticker', price: '2211.00', venueAt: 1643640186000 }],
      },
      from: 'documentation, all tickers',
    },
  ],
});

function parseFrame(raw: string | Uint8Array, context: SourceContext): Frame {
  const frame = fieldsOf(parseJson(raw, 'frame'), 'frame', 'frame');
  const event = textIn(frame.event, 'frame', 'event');
  switch (event) {
    case 'trade':
      return { kind: 'prices', name: 'trade', prices: trade(frame, raw, context) };
    case 'bts:heartbeat':
      return { kind: 'control', name: event, action: 'alive' };
    case 'bts:request_reconnect':
      return { kind: 'control', name: event, action: 'reconnect' };
    case 'bts:subscription_succeeded':
    case 'bts:unsubscription_succeeded':
      return { kind: 'control', name: event };
    case 'bts:error':
      throw refusal('SOURCE_REFUSED', String(fieldsOf(frame.data, event, 'data').message), { frame: event });
    // Order books and single orders; a book's hundred levels are not needed for a price.
    case 'data':
    case 'order_created':
    case 'order_changed':
    case 'order_deleted':
    case 'funding_rate_saved':
      return { kind: 'ignored', name: event };
    default:
      throw unknownFrame(event, raw);
  }
}

function trade(frame: Fields, raw: string | Uint8Array, context: SourceContext): Parsed[] {
  const channel = textIn(frame.channel, 'trade', 'channel');
  if (!channel.startsWith(TRADES)) throw unknownFrame(channel, raw);
  const pair = context.pairOf(channel.slice(TRADES.length));
  if (pair === undefined) return [];
  const data = fieldsOf(frame.data, 'trade', 'data');
  const observedAt = microsecondsIn(data.microtimestamp, 'trade', 'data.microtimestamp');
  if (data.price_str !== undefined && data.amount_str !== undefined) {
    const price = priceIn(data.price_str, 'trade', 'data.price_str');
    const volume = amountIn(data.amount_str, 'trade', 'data.amount_str');
    return [{ pair, kind: 'trade', price, observedAt, venueAt: observedAt, volume }];
  }
  // Older frames have the numbers only: read again, as text.
  const exact = fieldsOf(fieldsOf(parseJsonExact(raw, 'trade'), 'trade', 'frame').data, 'trade', 'data');
  const price = priceIn(exact.price, 'trade', 'data.price');
  const volume = amountIn(exact.amount, 'trade', 'data.amount');
  return [{ pair, kind: 'trade', price, observedAt, venueAt: observedAt, volume }];
}

function readTicker(item: Fields, context: SourceContext, prices: Parsed[]): void {
  const message = item.error ?? item.reason ?? item.response_explanation;
  if (message !== undefined) {
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    const isLimit = /rate limit/i.test(text);
    throw refusal(isLimit ? 'SOURCE_RATE_LIMITED' : 'SOURCE_REFUSED', text, { frame: 'ticker' });
  }
  const pair = context.pairOf(textIn(item.pair, 'ticker', 'pair').replace('/', '').toLowerCase());
  if (pair === undefined) return;
  readInBatch(context, pair, () => {
    // `timestamp` is when the ticker was made, in whole seconds: the venue's clock, not the time of the
    // last trade.
    const venueAt = secondsIn(item.timestamp, 'ticker', 'timestamp');
    prices.push({ pair, kind: 'ticker', price: priceIn(item.last, 'ticker', 'last'), venueAt });
  });
}

/** A market; or a line of trading-pairs-info, its older name, which says BTC/USD. */
function instrumentIn(line: Fields): Instrument[] {
  if (line.market_type !== undefined && line.market_type !== 'SPOT') return [];
  const [base, quote] = typeof line.name === 'string' ? line.name.split('/') : [];
  return [
    {
      symbol: textIn(line.market_symbol ?? line.url_symbol, 'markets', 'market_symbol'),
      base: textIn(line.base_currency ?? base, 'markets', 'base_currency'),
      quote: textIn(line.counter_currency ?? quote, 'markets', 'counter_currency'),
      isTrading: line.trading === 'Enabled',
    },
  ];
}
