// Binance.US spot: its own books and its own operator's licence, so a witness of its own, in the protocol of
// Binance. Streams: every trade (aggTrade) and, once a second where it changed, the 24 h ticker; REST: last
// prices of all pairs in one request. In and out: as binance-protocol.ts says.
import { BINANCE_STREAM, binanceHttp, binanceInstruments, binanceName } from '../binance-protocol.ts';
import { defineSource } from '../define-source.ts';

export default defineSource({
  id: 'binance_us',
  name: 'Binance.US',
  homepage: 'https://www.binance.us',
  documentation: 'https://github.com/binance-us/binance-us-api-docs/blob/master/web-socket-streams.md',
  checked: { by: 'recorded', version: 'API v3', on: '2026-11-21' },
  kind: 'exchange',
  endpoints: { rest: 'https://api.binance.us', stream: 'wss://stream.binance.us:9443' },
  symbol: binanceName,
  // REQUEST_WEIGHT of its exchangeInfo: a fifth of what Binance gives.
  limits: { requests: { count: 1200, windowMs: 60_000 } },
  http: binanceHttp(2),
  stream: {
    ...BINANCE_STREAM,
    // Its markets may be quiet for 10 s and the venue pings every 3 minutes only, so we ask for the shortest
    // answer that it has; that is one of the 5 messages a second that it takes.
    keepAlive: { everyMs: 4000, message: '{"method":"GET_PROPERTY","params":["combined"],"id":0}' },
  },
  instruments: binanceInstruments('', 10),
  examples: [
    {
      name: 'an aggregated trade in a combined stream',
      transport: 'stream',
      payload:
        '{"stream":"omgbusd@aggTrade","data":{"e":"aggTrade","E":1633998288468,"s":"OMGBUSD","a":425085,"p":"13.80480000","q":"2.10000000","f":439577,"l":439577,"T":1633998288467,"m":false,"M":true}}',
      pairs: ['OMG/BUSD'],
      expect: {
        prices: [
          {
            pair: 'OMG/BUSD',
            kind: 'trade',
            price: '13.80480000',
            observedAt: 1633998288467,
            venueAt: 1633998288468,
            volume: '2.10000000',
            sequence: 425085,
          },
        ],
      },
      from: 'recorded 2021-10-12',
    },
    {
      name: 'the best prices, without a time',
      transport: 'stream',
      payload:
        '{"stream":"compusdt@bookTicker","data":{"u":113129225,"s":"COMPUSDT","b":"296.58000000","B":"1.40000000","a":"297.21000000","A":"1.50000000"}}',
      pairs: ['COMP/USDT'],
      expect: { prices: [{ pair: 'COMP/USDT', kind: 'book', bid: '296.58000000', ask: '297.21000000' }] },
      from: 'recorded 2021-10-12',
    },
    {
      name: 'the 24-hour ticker',
      transport: 'stream',
      payload:
        '{"e":"24hrTicker","E":1672515782136,"s":"BNBBTC","p":"0.0015","P":"250.00","w":"0.0018","x":"0.0009","c":"0.0025","Q":"10","b":"0.0024","B":"10","a":"0.0026","A":"100","o":"0.0010","h":"0.0025","l":"0.0010","v":"10000","q":"18","O":0,"C":1675216573749,"F":0,"L":18150,"n":18151}',
      pairs: ['BNB/BTC'],
      expect: {
        prices: [
          {
            pair: 'BNB/BTC',
            kind: 'ticker',
            price: '0.0025',
            observedAt: 1675216573749,
            venueAt: 1672515782136,
          },
        ],
      },
      from: 'documentation, individual symbol ticker streams',
    },
    {
      name: 'a change of the book',
      transport: 'stream',
      payload:
        '{"stream":"compusdt@depth@100ms","data":{"e":"depthUpdate","E":1633998274793,"s":"COMPUSDT","U":113129219,"u":113129219,"b":[],"a":[["297.32000000","19.08719000"]]}}',
      pairs: ['COMP/USDT'],
      expect: { ignored: 'depthUpdate' },
      from: 'recorded 2021-10-12',
    },
    {
      name: 'a subscription is acknowledged',
      transport: 'stream',
      payload: '{"result":null,"id":1}',
      pairs: ['BTC/USD'],
      expect: { control: 'subscribed' },
      from: 'documentation, live subscribing to streams',
    },
    {
      name: 'the answer to our keepalive',
      transport: 'stream',
      payload: '{"result":true,"id":0}',
      pairs: ['BTC/USD'],
      expect: { control: 'property' },
      from: 'documentation, retrieving properties',
    },
    {
      name: 'a message that the venue cannot read',
      transport: 'stream',
      payload: '{"code":3,"msg":"Invalid JSON: expected value at line 1 column 1"}',
      pairs: ['BTC/USD'],
      expect: { error: 'SOURCE_REFUSED' },
      from: 'documentation, error messages',
    },
    {
      name: 'last prices by REST',
      transport: 'http',
      payload: '[{"symbol":"LTCBTC","price":"4.00000200"},{"symbol":"ETHBTC","price":"0.07946600"}]',
      pairs: ['LTC/BTC'],
      expect: { prices: [{ pair: 'LTC/BTC', kind: 'ticker', price: '4.00000200' }] },
      from: 'documentation, symbol price ticker',
    },
    {
      name: 'too many requests, inside a 200',
      transport: 'http',
      payload:
        '{"code":-1003,"msg":"Too many requests; current limit is 1200 requests per minute. Please use the websocket for live updates to avoid polling the API."}',
      pairs: ['BTC/USD'],
      expect: { error: 'SOURCE_RATE_LIMITED' },
      from: 'recorded at Binance; documentation, errors, -1003',
    },
  ],
});
