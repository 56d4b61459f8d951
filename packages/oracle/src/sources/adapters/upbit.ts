// Upbit spot, API v1: quoted in won, bitcoin and USDT. Streams: `trade`; REST: the tickers of 100 pairs in
// one request. In and out: krw-protocol.ts.
import { defineSource } from '../define-source.ts';
import { krwHttp, krwInstruments, krwMarketOf, krwSubscription, parseKrwFrame } from '../krw-protocol.ts';

export default defineSource({
  id: 'upbit',
  name: 'Upbit',
  homepage: 'https://upbit.com',
  documentation: 'https://global-docs.upbit.com/reference/websocket-trade',
  kind: 'exchange',
  checked: { by: 'recorded', version: 'API v1', on: '2026-11-21' },
  endpoints: { rest: 'https://api.upbit.com', stream: 'wss://api.upbit.com/websocket/v1' },
  symbol: krwMarketOf(new Set(['KRW', 'BTC', 'USDT'])),
  // Quotation API: 10 requests a second and address.
  limits: { requests: { count: 10, windowMs: 1000 } },
  http: krwHttp,
  stream: {
    url: (context) => context.endpoints.stream ?? '',
    subscribe: krwSubscription,
    parse: parseKrwFrame,
    // Answered by {"status":"UP"}; the venue closes after 120 s without traffic.
    keepAlive: { everyMs: 4000, message: 'PING' },
    silenceAfterMs: 10_000,
    // Every trade is pushed.
    vouches: true,
    pairsPerConnection: 100,
    // 5 messages a second and 100 a minute: a ping every 4 s stays far below.
    messagesPerSecond: 1,
  },
  instruments: krwInstruments,
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
