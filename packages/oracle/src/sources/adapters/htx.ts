// HTX (formerly Huobi) spot. Streams: `trade.detail`; REST: the tickers of all pairs in one request. Frames
// are gzip texts, which the shell unpacks, and the venue pings every 5 s with a number that it wants back.
// In: frames with `ch`, `ping` or `status`. Out: the price of each trade, last prices of tickers, best
// prices. Prices are JSON numbers, some with an exponent.
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

/** There is no dollar here, only tokens of it. */
const NOT_QUOTED = new Set(['USD', 'EUR', 'GBP', 'KRW', 'JPY']);

export default defineSource({
  id: 'htx',
  name: 'HTX',
  homepage: 'https://www.htx.com',
  documentation: 'https://www.htx.com/en-us/opend/newApiPages/',
  kind: 'exchange',
  checked: { by: 'recorded', version: 'spot WebSocket, REST v1', on: '2026-11-21' },
  endpoints: { rest: 'https://api.huobi.pro', stream: 'wss://api.huobi.pro/ws' },
  symbol: (pair) =>
    NOT_QUOTED.has(quoteOf(pair)) ? undefined : `${baseOf(pair)}${quoteOf(pair)}`.toLowerCase(),
  // Market data without a key: 10 requests a second and address.
  limits: { requests: { count: 10, windowMs: 1000 } },
  http: {
    // All pairs in one answer of some 150 kB: often enough behind a stream.
    intervalMs: 2000,
    timeoutMs: 4000,
    requests: (context) => [{ url: `${context.endpoints.rest}/market/tickers`, pairs: context.pairs }],
    parse(response, _request, context) {
      const body = fieldsOf(parseJsonExact(response.body, 'tickers'), 'tickers', 'body');
      throwIfError(body, 'tickers');
      const venueAt = msIn(body.ts, 'tickers', 'ts');
      const prices: Parsed[] = [];
      for (const item of listOf(body.data, 'tickers', 'data')) {
        const ticker = fieldsOf(item, 'tickers', 'data');
        const pair = context.pairOf(textIn(ticker.symbol, 'tickers', 'symbol'));
        if (pair === undefined) continue;
        // The time is that of the answer, not of the last trade.
        readInBatch(context, pair, () =>
          prices.push({ pair, kind: 'ticker', price: priceIn(ticker.close, 'tickers', 'close'), venueAt }),
        );
      }
      return prices;
    },
  },
  stream: {
    url: (context) => context.endpoints.stream ?? '',
    compression: 'gzip',
    // One topic a message; the venue takes no lists.
    subscribe: (context) =>
      context.pairs.map((pair, index) =>
        JSON.stringify({ sub: `market.${context.symbolOf(pair)}.trade.detail`, id: String(index + 1) }),
      ),
    parse: parseFrame,
    // The venue pings every 5 s, and closes after two that were not answered.
    silenceAfterMs: 10_000,
    // Every trade is pushed, and the pings show that the connection lives.
    vouches: true,
    // No documented number; many topics on one connection are seen in the recordings.
    pairsPerConnection: 50,
    messagesPerSecond: 10,
  },
  instruments: {
    requests: (context) => [{ url: `${context.endpoints.rest}/v1/common/symbols`, pairs: context.pairs }],
    parse(response) {
      const body = fieldsOf(parseJsonExact(response.body, 'symbols'), 'symbols', 'body');
      throwIfError(body, 'symbols');
      return listOf(body.data, 'symbols', 'data').map((item): Instrument => {
        const fields = fieldsOf(item, 'symbols', 'data');
        return {
          symbol: textIn(fields.symbol, 'symbols', 'symbol'),
          base: textIn(fields['base-currency'], 'symbols', 'base-currency').toUpperCase(),
          quote: textIn(fields['quote-currency'], 'symbols', 'quote-currency').toUpperCase(),
          isTrading: fields.state === 'online' && fields['api-trading'] !== 'disabled',
        };
      });
    },
  },
  examples: [
    {
      name: 'a trade, with an exponent',
      transport: 'stream',
      payload:
        '{"ch":"market.trioeth.trade.detail","ts":1618678027942,"tick":{"id":100182534526,' +
        '"ts":1618678027940,"data":[{"id":100182534526255757567432481,"ts":1618678027940,' +
        '"tradeId":100045088885,"amount":20995.88,"price":9.2E-7,"direction":"buy"}]}}',
      pairs: ['TRIO/ETH'],
      expect: {
        prices: [
          {
            pair: 'TRIO/ETH',
            kind: 'trade',
            price: '9.2E-7',
            observedAt: 1618678027940,
            venueAt: 1618678027942,
            volume: '20995.88',
          },
        ],
      },
      from: 'recorded 2021-04-17',
    },
    {
      name: 'a ticker of the day',
      transport: 'stream',
      payload:
        '{"ch":"market.btcusdt.detail","ts":1630998026649,"tick":{"id":273956868110,"low":51000,' +
        '"high":52924.14,"open":51823.62,"close":52379.99,"vol":727676440.200527,' +
        '"amount":13991.028076056185,"version":273956868110,"count":471348}}',
      pairs: ['BTC/USDT'],
      expect: {
        prices: [{ pair: 'BTC/USDT', kind: 'ticker', price: '52379.99', venueAt: 1630998026649 }],
      },
      from: 'recorded by another project, 2021',
    },
    {
      name: 'the best prices',
      transport: 'stream',
      payload:
        '{"ch":"market.btcusdt.bbo","ts":1489474082831,"tick":{"symbol":"btcusdt",' +
        '"quoteTime":"1489474082811","bid":"10008.31","bidSize":"0.01","ask":"10009.54",' +
        '"askSize":"0.3","seqId":"10242474683"}}',
      pairs: ['BTC/USDT'],
      expect: {
        prices: [
          {
            pair: 'BTC/USDT',
            kind: 'book',
            bid: '10008.31',
            ask: '10009.54',
            observedAt: 1489474082811,
            venueAt: 1489474082831,
          },
        ],
      },
      from: 'documentation, best bid and offer',
    },
    {
      name: 'a ping that wants its number back',
      transport: 'stream',
      payload: '{"ping":1618678073643}',
      pairs: ['BTC/USDT'],
      expect: { control: 'ping' },
      from: 'recorded 2021-04-17',
    },
    {
      name: 'a topic that does not exist',
      transport: 'stream',
      payload:
        '{"status":"error","ts":1494326028889,"id":"1","err-code":"bad-request",' +
        '"err-msg":"invalid topic market.invalidsymbol.trade.detail"}',
      pairs: ['BTC/USDT'],
      expect: { error: 'SOURCE_REFUSED' },
      from: 'documentation, subscribe',
    },
    {
      name: 'all tickers by REST',
      transport: 'http',
      payload:
        '{"status":"ok","ts":1629789355531,"data":[{"symbol":"smtusdt","open":0.004659,"high":0.004696,' +
        '"low":0.0046,"close":0.00468,"amount":36551302.17544405,"vol":170526.0643855023,"count":1709,' +
        '"bid":0.004651,"bidSize":54300.341,"ask":0.004679,"askSize":1923.4879}]}',
      pairs: ['SMT/USDT'],
      expect: {
        prices: [{ pair: 'SMT/USDT', kind: 'ticker', price: '0.00468', venueAt: 1629789355531 }],
      },
      from: 'documentation, latest tickers for all pairs',
    },
    {
      name: 'an error by REST',
      transport: 'http',
      payload:
        '{"status":"error","err-code":"invalid-parameter","err-msg":"invalid period","ts":1629789355531}',
      pairs: ['BTC/USDT'],
      expect: { error: 'SOURCE_REFUSED' },
      from: 'documentation, error codes',
    },
  ],
});

function throwIfError(body: Fields, frame: string): void {
  if (body.status !== 'error') return;
  const code = String(body['err-code'] ?? '');
  // api-limit and its kin: too many requests.
  const isLimit = /limit|too-many/.test(code);
  throw refusal(
    isLimit ? 'SOURCE_RATE_LIMITED' : 'SOURCE_REFUSED',
    `${code} ${String(body['err-msg'] ?? '')}`,
    {
      frame,
    },
  );
}

function parseFrame(raw: string | Uint8Array, context: SourceContext): Frame {
  const frame = fieldsOf(parseJsonExact(raw, 'frame'), 'frame', 'frame');
  if (frame.ping !== undefined) {
    const at = msIn(frame.ping, 'ping', 'ping');
    return { kind: 'control', name: 'ping', reply: `{"pong":${at}}`, action: 'alive', venueAt: at };
  }
  throwIfError(frame, 'error');
  if (frame.subbed !== undefined || frame.unsubbed !== undefined)
    return { kind: 'control', name: 'subscribed' };
  if (typeof frame.ch !== 'string' || !isFields(frame.tick)) throw unknownFrame(frame.ch, raw);
  const [, symbol = '', ...channel] = frame.ch.split('.');
  const name = channel.join('.');
  const venueAt = msIn(frame.ts, name, 'ts');
  switch (channel[0]) {
    case 'trade':
      return { kind: 'prices', name, prices: trades(symbol, frame.tick, venueAt, context) };
    case 'bbo':
      return { kind: 'prices', name, prices: best(symbol, frame.tick, venueAt, context) };
    case 'ticker':
    case 'detail': {
      const pair = context.pairOf(symbol);
      if (pair === undefined) return { kind: 'prices', name, prices: [] };
      const price = priceIn(frame.tick.close, name, 'close');
      return { kind: 'prices', name, prices: [{ pair, kind: 'ticker', price, venueAt }] };
    }
    case 'depth':
    case 'mbp':
    case 'kline':
      return { kind: 'ignored', name };
    default:
      throw unknownFrame(frame.ch, raw);
  }
}

function trades(symbol: string, tick: Fields, venueAt: number, context: SourceContext): Parsed[] {
  const pair = context.pairOf(symbol);
  if (pair === undefined) return [];
  return listOf(tick.data, 'trade.detail', 'data').map((item) => {
    const trade = fieldsOf(item, 'trade.detail', 'data');
    return {
      pair,
      kind: 'trade',
      price: priceIn(trade.price, 'trade.detail', 'price'),
      observedAt: msIn(trade.ts, 'trade.detail', 'ts'),
      venueAt,
      volume: amountIn(trade.amount, 'trade.detail', 'amount'),
    };
  });
}

function best(symbol: string, tick: Fields, venueAt: number, context: SourceContext): Parsed[] {
  const pair = context.pairOf(symbol);
  if (pair === undefined) return [];
  return [
    {
      pair,
      kind: 'book',
      bid: priceIn(tick.bid, 'bbo', 'bid'),
      ask: priceIn(tick.ask, 'bbo', 'ask'),
      observedAt: msIn(tick.quoteTime, 'bbo', 'quoteTime'),
      venueAt,
    },
  ];
}
