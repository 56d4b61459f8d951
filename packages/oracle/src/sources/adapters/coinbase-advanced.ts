// Coinbase Advanced Trade: the retail address of the books that Coinbase Exchange has, so both are one
// witness. Streams: `ticker` (a frame per match) and `heartbeats` (one a second and connection); REST: the
// last trade of each product. In: frames with a `channel` and `events`. Out: last prices of tickers and
// trades. Pairs in USDC are left out: the venue answers with the book in dollars, whose price is not one in
// USDC.
import { baseOf, type Pair, quoteOf } from '../../model/pair.ts';
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
  isoIn,
  listOf,
  parseJson,
  priceIn,
  readInBatch,
  refusal,
  sequenceIn,
  textIn,
  unknownFrame,
} from '../payload.ts';

// About 1 kB a message.
const PRODUCTS_PER_MESSAGE = 50;
/** The only bases whose market in USDC is a book of its own (websocket-channels). */
const TRADED_IN_USDC = new Set(['EURC', 'USDT']);

export default defineSource({
  id: 'coinbase_advanced',
  name: 'Coinbase Advanced',
  homepage: 'https://www.coinbase.com/advanced-trade',
  documentation:
    'https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-channels',
  checked: { by: 'documented', version: 'Advanced Trade v3', on: '2026-11-21' },
  kind: 'exchange',
  venue: 'coinbase',
  endpoints: {
    rest: 'https://api.coinbase.com/api/v3/brokerage/market',
    stream: 'wss://advanced-trade-ws.coinbase.com',
  },
  symbol: (pair) =>
    quoteOf(pair) === 'USDC' && !TRADED_IN_USDC.has(baseOf(pair))
      ? undefined
      : `${baseOf(pair)}-${quoteOf(pair)}`,
  // Public endpoints: 10 requests a second and address.
  limits: { requests: { count: 10, windowMs: 1000 } },
  http: {
    // One product a request: 30 products at this interval stay under a third of the limit. The list of all
    // products would be one request, but its prices have no time.
    intervalMs: 10_000,
    timeoutMs: 3000,
    requests: (context) =>
      context.pairs.map((pair) => ({
        url: `${context.endpoints.rest}/products/${encodeURIComponent(context.symbolOf(pair))}/ticker?limit=1`,
        pairs: [pair],
      })),
    parse: lastTrade,
    explain(response) {
      const message =
        /"message"\s*:\s*"([^"]{1,400})"/.exec(response.body)?.[1] ??
        /"error"\s*:\s*"([^"]{1,400})"/.exec(response.body)?.[1];
      if (message === undefined) return undefined;
      if (/rate limit/i.test(message)) return { code: 'SOURCE_RATE_LIMITED', message };
      if (response.status !== 400 && response.status !== 404) return undefined;
      return { code: 'SOURCE_REFUSED', message, isTransient: false };
    },
  },
  stream: {
    url: (context) => context.endpoints.stream ?? '',
    subscribe: (context) => [
      // First, because quiet channels are closed after 60 to 90 s without it.
      '{"type":"subscribe","channel":"heartbeats"}',
      ...batchesOf(context.pairs, PRODUCTS_PER_MESSAGE).map((pairs) =>
        JSON.stringify({ type: 'subscribe', product_ids: pairs.map(context.symbolOf), channel: 'ticker' }),
      ),
    ],
    parse: parseFrame,
    // A heartbeat a second.
    silenceAfterMs: 5000,
    // The number counts every frame of the connection, those of other products and channels too.
    sequence: 'increasing',
    vouches: true,
    pairsPerConnection: 100,
    // The venue takes 8 messages a second and address without a key.
    messagesPerSecond: 4,
  },
  instruments: {
    requests: (context) => [
      { url: `${context.endpoints.rest}/products?product_type=SPOT`, pairs: context.pairs },
    ],
    parse: (response) => {
      const body = fieldsOf(parseJson(response.body, 'products'), 'products', 'body');
      return listOf(body.products, 'products', 'products').flatMap((item) =>
        instrumentIn(fieldsOf(item, 'products', 'products')),
      );
    },
  },
  examples: [
    {
      name: 'a ticker as the feed begins, which does not say when it traded',
      transport: 'stream',
      payload:
        '{"channel":"ticker","client_id":"","timestamp":"2026-04-07T14:30:03.000000Z","sequence_num":12,' +
        '"events":[{"type":"snapshot","tickers":[{"type":"ticker","product_id":"BTC-USD","price":"68900.50",' +
        '"volume_24_h":"15328.12345678","low_24_h":"67500.00","high_24_h":"69200.00","low_52_w":"25000.00",' +
        '"high_52_w":"73800.00","price_percent_chg_24_h":"1.85","best_bid":"68900.00",' +
        '"best_bid_quantity":"1.50000000","best_ask":"68901.00","best_ask_quantity":"0.50000000"}]}]}',
      pairs: ['BTC/USD'],
      expect: {
        prices: [
          { pair: 'BTC/USD', kind: 'ticker', price: '68900.50', venueAt: 1775572203000, sequence: 12 },
        ],
      },
      from: 'nautilus_trader test data, after the documentation of the ticker channel',
    },
    {
      name: 'trades',
      transport: 'stream',
      payload:
        '{"channel":"market_trades","client_id":"","timestamp":"2026-04-07T14:30:02.900000Z","sequence_num":5,' +
        '"events":[{"type":"update","trades":[{"trade_id":"995098700","product_id":"BTC-USD",' +
        '"price":"68900.50","size":"0.00150000","side":"BUY","time":"2026-04-07T14:30:02.789012Z"}]}]}',
      pairs: ['BTC/USD'],
      expect: {
        prices: [
          {
            pair: 'BTC/USD',
            kind: 'trade',
            price: '68900.50',
            observedAt: 1775572202789,
            venueAt: 1775572202900,
            volume: '0.00150000',
            sequence: 5,
          },
        ],
      },
      from: 'nautilus_trader test data, after the documentation of the market trades channel',
    },
    {
      name: 'a heartbeat',
      transport: 'stream',
      payload:
        '{"channel":"heartbeats","client_id":"","timestamp":"2026-04-07T14:30:10.000000Z","sequence_num":0,' +
        '"events":[{"current_time":"2026-04-07 14:30:10.000000000+00:00","heartbeat_counter":42}]}',
      pairs: ['BTC/USD'],
      expect: { control: 'heartbeats' },
      from: 'nautilus_trader test data, after the documentation of the heartbeats channel',
    },
    {
      name: 'a change of the book',
      transport: 'stream',
      payload:
        '{"channel":"l2_data","client_id":"","timestamp":"2026-04-07T14:30:01.456789Z","sequence_num":1,' +
        '"events":[{"type":"update","product_id":"BTC-USD","updates":[{"side":"bid",' +
        '"event_time":"2026-04-07T14:30:01.456789Z","price_level":"68900.00","new_quantity":"2.00000000"}]}]}',
      pairs: ['BTC/USD'],
      expect: { ignored: 'l2_data' },
      from: 'nautilus_trader test data, after the documentation of the level2 channel',
    },
    {
      name: 'a subscription that is refused',
      transport: 'stream',
      payload: '{"type":"error","message":"authentication failure"}',
      pairs: ['BTC/USD'],
      expect: { error: 'SOURCE_REFUSED' },
      from: 'recorded, coinbase-advanced-py issue 64',
    },
    {
      name: 'the last trade by REST',
      transport: 'http',
      payload:
        '{"trades":[{"trade_id":"995098663","product_id":"BTC-USD","price":"68923.67","size":"0.00064",' +
        '"time":"2026-04-07T00:28:58.544778Z","side":"SELL","bid":"","ask":"","exchange":"coinbase"}],' +
        '"best_bid":"68923.66","best_ask":"68923.69"}',
      pairs: ['BTC/USD'],
      expect: {
        prices: [
          {
            pair: 'BTC/USD',
            kind: 'trade',
            price: '68923.67',
            observedAt: 1775521738544,
            volume: '0.00064',
          },
        ],
      },
      from: 'nautilus_trader test data, an answer of 2026-04-07 cut to one trade',
    },
  ],
});

function parseFrame(raw: string | Uint8Array, context: SourceContext): Frame {
  const frame = fieldsOf(parseJson(raw, 'frame'), 'frame', 'frame');
  const { channel } = frame;
  switch (channel) {
    case 'ticker':
    case 'ticker_batch':
    case 'market_trades':
      return { kind: 'prices', name: channel, prices: pricesIn(frame, channel, context) };
    case 'heartbeats':
      return {
        kind: 'control',
        name: channel,
        action: 'alive',
        venueAt: isoIn(frame.timestamp, channel, 'timestamp'),
      };
    case 'subscriptions':
    case 'status':
      return { kind: 'control', name: channel };
    case 'l2_data':
    case 'candles':
    case 'user':
    case 'futures_balance_summary':
      return { kind: 'ignored', name: channel };
    case undefined:
      if (frame.type !== 'error') throw unknownFrame(frame.type, raw);
      throw refusal(
        /rate limit/i.test(String(frame.message)) ? 'SOURCE_RATE_LIMITED' : 'SOURCE_REFUSED',
        `${String(frame.message)} ${String(frame.reason ?? '')}`.trim(),
        { frame: 'error' },
      );
    default:
      throw unknownFrame(channel, raw);
  }
}

function pricesIn(frame: Fields, channel: string, context: SourceContext): Parsed[] {
  const venueAt = isoIn(frame.timestamp, channel, 'timestamp');
  const sequence = sequenceIn(frame.sequence_num);
  const isTrade = channel === 'market_trades';
  const prices: Parsed[] = [];
  for (const one of listOf(frame.events, channel, 'events')) {
    const event = fieldsOf(one, channel, 'events');
    const field = isTrade ? 'trades' : 'tickers';
    for (const item of listOf(event[field], channel, field)) {
      const fields = fieldsOf(item, channel, field);
      const pair = context.pairOf(textIn(fields.product_id, channel, 'product_id'));
      if (pair === undefined) continue;
      readInBatch(context, pair, () => {
        const parsed: Parsed = isTrade
          ? { ...tradeIn(fields, channel, pair), venueAt }
          : { pair, kind: 'ticker', price: priceIn(fields.price, channel, 'price'), venueAt };
        // A ticker is sent as the match happens; the first one says what happened before we came.
        if (channel === 'ticker' && event.type === 'update') parsed.observedAt = venueAt;
        if (sequence !== undefined) parsed.sequence = sequence;
        prices.push(parsed);
      });
    }
  }
  return prices;
}

function tradeIn(trade: Fields, frame: string, pair: Pair): Parsed {
  return {
    pair,
    kind: 'trade',
    price: priceIn(trade.price, frame, 'price'),
    observedAt: isoIn(trade.time, frame, 'time'),
    volume: amountIn(trade.size, frame, 'size'),
  };
}

function lastTrade(response: SourceResponse, _request: unknown, context: SourceContext): Parsed[] {
  const body = fieldsOf(parseJson(response.body, 'product ticker'), 'product ticker', 'body');
  if (body.trades === undefined && body.message !== undefined)
    throw refusal('SOURCE_REFUSED', String(body.message), { frame: 'product ticker' });
  // The newest stands first; a product that has not traded yet has none.
  const [newest] = listOf(body.trades, 'product ticker', 'trades');
  if (newest === undefined) return [];
  const trade = fieldsOf(newest, 'product ticker', 'trades');
  const pair = context.pairOf(textIn(trade.product_id, 'product ticker', 'product_id'));
  return pair === undefined ? [] : [tradeIn(trade, 'product ticker', pair)];
}

function instrumentIn(product: Fields): Instrument[] {
  // `alias` names the book that an entry in USDC stands for; it is no market of its own.
  if (product.product_type !== 'SPOT' || (product.alias !== undefined && product.alias !== '')) return [];
  const closed = [product.is_disabled, product.trading_disabled, product.cancel_only, product.auction_mode];
  const instrument: Instrument = {
    symbol: textIn(product.product_id, 'products', 'product_id'),
    base: textIn(product.base_currency_id, 'products', 'base_currency_id'),
    quote: textIn(product.quote_currency_id, 'products', 'quote_currency_id'),
    isTrading: product.status === 'online' && !closed.includes(true),
  };
  if (typeof product.base_name === 'string' && product.base_name !== '') instrument.title = product.base_name;
  return [instrument];
}
