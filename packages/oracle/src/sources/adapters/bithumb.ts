// Bithumb spot, API 2: quoted in won and bitcoin, in the protocol that it took over from Upbit. Streams:
// `trade`;
// REST: the tickers of 100 pairs in one request. In and out: krw-protocol.ts.
import { defineSource } from '../define-source.ts';
import { krwHttp, krwInstruments, krwMarketOf, krwSubscription, parseKrwFrame } from '../krw-protocol.ts';

export default defineSource({
  id: 'bithumb',
  name: 'Bithumb',
  homepage: 'https://www.bithumb.com',
  documentation: 'https://apidocs.bithumb.com/v2.1.5/reference',
  kind: 'exchange',
  checked: { by: 'documented', version: 'API 2.1', on: '2026-11-21' },
  endpoints: { rest: 'https://api.bithumb.com', stream: 'wss://ws-api.bithumb.com/websocket/v1' },
  symbol: krwMarketOf(new Set(['KRW', 'BTC'])),
  // Public API: 150 requests a second and address; a tenth of that is plenty.
  limits: { requests: { count: 15, windowMs: 1000 } },
  http: krwHttp,
  stream: {
    url: (context) => context.endpoints.stream ?? '',
    subscribe: krwSubscription,
    parse: parseKrwFrame,
    // Keeps the connection open; that it carries news only a trade shows.
    keepAlive: { everyMs: 4000, message: { frame: 'ping' } },
    silenceAfterMs: 10_000,
    // No sign of life is documented that a quiet market would send.
    vouches: false,
    pairsPerConnection: 100,
    // 10 connections a second; for messages no number is documented.
    messagesPerSecond: 1,
  },
  instruments: krwInstruments,
  examples: [
    {
      name: 'a trade',
      transport: 'stream',
      payload:
        '{"type":"trade","code":"KRW-BTC","timestamp":1725927377820,"trade_date":"2024-09-10",' +
        '"trade_time":"09:16:17","trade_timestamp":1725927377689,"trade_price":489700,"trade_volume":0.1825,' +
        '"ask_bid":"BID","prev_closing_price":484500,"change":"RISE","change_price":5200,' +
        '"sequential_id":1725927377689000,"stream_type":"REALTIME"}',
      pairs: ['BTC/KRW'],
      expect: {
        prices: [
          {
            pair: 'BTC/KRW',
            kind: 'trade',
            price: '489700',
            observedAt: 1725927377689,
            venueAt: 1725927377820,
            volume: '0.1825',
          },
        ],
      },
      from: 'documentation, trade',
    },
    {
      name: 'a ticker',
      transport: 'stream',
      payload:
        '{"type":"ticker","code":"KRW-BTC","opening_price":484500,"high_price":493100,"low_price":472500,' +
        '"trade_price":493100,"prev_closing_price":484500,"change":"RISE","trade_volume":3.2529,' +
        '"trade_date":"20240910","trade_time":"091617","trade_timestamp":1725927377174,"ask_bid":"BID",' +
        '"market_state":"ACTIVE","is_trading_suspended":false,"timestamp":1725927377287,' +
        '"stream_type":"SNAPSHOT"}',
      pairs: ['BTC/KRW'],
      expect: {
        prices: [
          {
            pair: 'BTC/KRW',
            kind: 'ticker',
            price: '493100',
            observedAt: 1725927377174,
            venueAt: 1725927377287,
          },
        ],
      },
      from: 'documentation, test and request examples, shortened',
    },
    {
      name: 'a ticker by REST',
      transport: 'http',
      payload:
        '[{"market":"KRW-BTC","trade_date":"20240910","trade_time":"091617","trade_timestamp":1725927377174,' +
        '"trade_price":493100,"timestamp":1725927377287}]',
      pairs: ['BTC/KRW'],
      expect: {
        prices: [{ pair: 'BTC/KRW', kind: 'ticker', price: '493100', observedAt: 1725927377174 }],
      },
      from: 'documentation, ticker, shortened',
    },
  ],
});
