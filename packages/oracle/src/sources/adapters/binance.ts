// Binance spot. Streams: every trade (aggTrade) and, once a second, the 24 h ticker; REST: last prices of
// all pairs in one request. In and out: as binance-protocol.ts, which Binance.US shares, says.
import { BINANCE_STREAM, binanceHttp, binanceInstruments, binanceName } from '../binance-protocol.ts';
import { defineSource } from '../define-source.ts';

export default defineSource({
  id: 'binance',
  name: 'Binance',
  homepage: 'https://www.binance.com',
  documentation: 'https://developers.binance.com/en/docs/products/spot/web-socket-streams',
  checked: { by: 'recorded', version: 'API v3', on: '2026-11-21' },
  kind: 'exchange',
  endpoints: { rest: 'https://api.binance.com', stream: 'wss://stream.binance.com:9443' },
  symbol: binanceName,
  // Weight of the documented REQUEST_WEIGHT limit.
  limits: { requests: { count: 6000, windowMs: 60_000 } },
  http: binanceHttp(4),
  stream: BINANCE_STREAM,
  // Every spot market with its filters; the sets of permissions would be another third of it.
  instruments: binanceInstruments('?permissions=SPOT&showPermissionSets=false', 20),
  examples: [
    {
      name: 'an aggregated trade in a combined stream',
      transport: 'stream',
      payload:
        '{"stream":"nknusdt@aggTrade","data":{"e":"aggTrade","E":1633998523963,"s":"NKNUSDT","a":15683430' +
        ',"p":"0.35280000","q":"58.00000000","f":19862790,"l":19862790,"T":1633998523963,"m":false,"M":tr' +
        'ue}}',
      pairs: ['NKN/USDT'],
      expect: {
        prices: [
          {
            pair: 'NKN/USDT',
            kind: 'trade',
            price: '0.35280000',
            observedAt: 1633998523963,
            venueAt: 1633998523963,
            volume: '58.00000000',
            sequence: 15683430,
          },
        ],
      },
      from: 'recorded 2021-10-12',
    },
    {
      name: 'the best prices, without a time',
      transport: 'stream',
      payload:
        '{"stream":"nknusdt@bookTicker","data":{"u":499869768,"s":"NKNUSDT","b":"0.35210000","B":"672.000' +
        '00000","a":"0.35260000","A":"3199.00000000"}}',
      pairs: ['NKN/USDT'],
      expect: { prices: [{ pair: 'NKN/USDT', kind: 'book', bid: '0.35210000', ask: '0.35260000' }] },
      from: 'recorded 2021-10-12',
    },
    {
      name: 'a mini ticker, raw',
      transport: 'stream',
      payload:
        '{"e":"24hrMiniTicker","E":1754676198909,"s":"BTCUSDT","c":"116762.00000000","o":"116761.90000000' +
        '","h":"117666.60000000","l":"115906.80000000","v":"8059.28847600","q":"942042493.48574940"}',
      pairs: ['BTC/USDT'],
      expect: {
        prices: [
          {
            pair: 'BTC/USDT',
            kind: 'ticker',
            price: '116762.00000000',
            observedAt: 1754676198909,
            venueAt: 1754676198909,
          },
        ],
      },
      from: 'recorded 2025-08-08',
    },
    {
      name: 'the server is about to close',
      transport: 'stream',
      payload: '{"e":"serverShutdown","E":1770123456789}',
      pairs: ['BTC/USDT'],
      expect: { control: 'serverShutdown' },
      from: 'documentation, WebSocket streams, general information',
    },
    {
      name: 'a subscription is acknowledged',
      transport: 'stream',
      payload: '{"result":null,"id":1}',
      pairs: ['BTC/USDT'],
      expect: { control: 'subscribed' },
      from: 'documentation, live subscribing to streams',
    },
    {
      name: 'last prices by REST',
      transport: 'http',
      payload: '[{"symbol":"BTCUSDT","price":"46707.03000000"},{"symbol":"ETHUSDT","price":"297.50000000"}]',
      pairs: ['BTC/USDT'],
      expect: { prices: [{ pair: 'BTC/USDT', kind: 'ticker', price: '46707.03000000' }] },
      from: 'documentation, symbol price ticker',
    },
  ],
});
