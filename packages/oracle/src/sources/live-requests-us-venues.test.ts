// The exact requests and messages that leave for dollar venues and two aggregators, as literals, each held
// against the page or the recording that says it is right: see live-requests.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pair } from '../model/pair.ts';
import binance from './adapters/binance.ts';
import binanceUs from './adapters/binance-us.ts';
import bitstamp from './adapters/bitstamp.ts';
import bybit from './adapters/bybit.ts';
import coinbase from './adapters/coinbase.ts';
import coinbaseAdvanced from './adapters/coinbase-advanced.ts';
import coingecko from './adapters/coingecko.ts';
import coinmarketcap from './adapters/coinmarketcap.ts';
import coinpaprika from './adapters/coinpaprika.ts';
import cryptoCom from './adapters/crypto-com.ts';
import cryptocompare from './adapters/cryptocompare.ts';
import gemini from './adapters/gemini.ts';
import kraken from './adapters/kraken.ts';
import okx from './adapters/okx.ts';
import type { Source, SourceRequest } from './define-source.ts';
import { sourceContext } from './source-context.ts';

function outgoing(source: Source, pairs: Pair[], more: { credentials?: Record<string, string> } = {}) {
  const context = sourceContext(source, { pairs, ...more });
  return {
    requests: (source.http?.requests(context) ?? []).map(withoutPairs),
    url: source.stream?.url(context),
    messages: source.stream?.subscribe(context) ?? [],
    keepAlive: source.stream?.keepAlive?.message,
    instruments: (source.instruments?.requests(context) ?? []).map(withoutPairs),
  };
}

function withoutPairs({ pairs: _, ...request }: SourceRequest): Omit<SourceRequest, 'pairs'> {
  return request;
}

test('Binance.US is asked as its own documentation says, with the weights that it counts', () => {
  assert.deepEqual(outgoing(binanceUs, ['BTC/USD', 'ETH/BTC']), {
    requests: [
      {
        // binance-us-api-docs, rest-api.md, "Symbol price ticker": weight 2 for any list of symbols.
        url: 'https://api.binance.us/api/v3/ticker/price?symbols=%5B%22BTCUSD%22,%22ETHBTC%22%5D',
        weight: 2,
      },
    ],
    // web-socket-streams.md, "General WSS information"; the address of the recorded session of 2021-10-12.
    url: 'wss://stream.binance.us:9443/stream',
    // web-socket-streams.md, "Live Subscribing/Unsubscribing to streams".
    messages: [
      '{"method":"SUBSCRIBE","params":["btcusd@aggTrade","btcusd@ticker","ethbtc@aggTrade","ethbtc@ticker"],"id":1}',
    ],
    // web-socket-streams.md, "Retrieving Properties".
    keepAlive: '{"method":"GET_PROPERTY","params":["combined"],"id":0}',
    // rest-api.md, "Exchange information".
    instruments: [{ url: 'https://api.binance.us/api/v3/exchangeInfo', weight: 10 }],
  });
});

test('Coinbase Advanced is asked for heartbeats first, for products a ticker each, and for none in USDC', () => {
  assert.deepEqual(outgoing(coinbaseAdvanced, ['BTC/USD', 'BTC/USDC', 'USDT/USDC', 'ETH/EUR']), {
    requests: [
      // api-reference/advanced-trade-api/rest-api/public, "Get Public Market Trades".
      { url: 'https://api.coinbase.com/api/v3/brokerage/market/products/BTC-USD/ticker?limit=1' },
      { url: 'https://api.coinbase.com/api/v3/brokerage/market/products/USDT-USDC/ticker?limit=1' },
      { url: 'https://api.coinbase.com/api/v3/brokerage/market/products/ETH-EUR/ticker?limit=1' },
    ],
    // advanced-trade-apis/websocket/websocket-channels, and the server of advanced-trade-asyncapi.json.
    url: 'wss://advanced-trade-ws.coinbase.com',
    messages: [
      // "Heartbeats channel": no products. "Ticker channel": one channel a message.
      '{"type":"subscribe","channel":"heartbeats"}',
      '{"type":"subscribe","product_ids":["BTC-USD","USDT-USDC","ETH-EUR"],"channel":"ticker"}',
    ],
    keepAlive: undefined,
    // "List Public Products".
    instruments: [{ url: 'https://api.coinbase.com/api/v3/brokerage/market/products?product_type=SPOT' }],
  });
  assert.equal(coinbaseAdvanced.venue, 'coinbase', 'the books of Coinbase Exchange: one witness');
});

test('Gemini is asked by its current WebSocket API, a pair a message, and for the last trade over REST', () => {
  assert.deepEqual(outgoing(gemini, ['BTC/USD', 'ETH/EUR']), {
    requests: [
      // developer.gemini.com/trading/rest-api/market-data/list-trades.
      { url: 'https://api.gemini.com/v1/trades/btcusd?limit_trades=1' },
      { url: 'https://api.gemini.com/v1/trades/etheur?limit_trades=1' },
    ],
    // developer.gemini.com/websocket/introduction; v2 of the recorded session of 2021 is archived there.
    url: 'wss://ws.gemini.com',
    // developer.gemini.com/websocket/streams, "Trade stream"; gemini/developer-platform, samples,
    // wsTrades.ts.
    messages: [
      '{"id":1,"method":"subscribe","params":["btcusd@trade"]}',
      '{"id":2,"method":"subscribe","params":["etheur@trade"]}',
    ],
    // developer.gemini.com/websocket/playground, "ping".
    keepAlive: '{"id":"ping","method":"ping"}',
    // rest-api/market-data, "List symbols".
    instruments: [{ url: 'https://api.gemini.com/v1/symbols' }],
  });
});

test('Crypto.com is asked for an index as a sign of life and for trades, after the pause that it advises', () => {
  assert.deepEqual(outgoing(cryptoCom, ['BTC/USD', 'ETH/BTC']), {
    // exchange/v1/docs, "public/get-tickers": without a name it answers with all of them.
    requests: [{ url: 'https://api.crypto.com/exchange/v1/public/get-tickers' }],
    // "Websocket root endpoints".
    url: 'wss://stream.crypto.com/exchange/v1/market',
    // "subscribe", "index.{instrument_name}", "trade.{instrument_name}".
    messages: [
      '{"id":1,"method":"subscribe","params":{"channels":["index.BTCUSD-INDEX","trade.BTC_USD","trade.ETH_BTC"]}}',
    ],
    keepAlive: undefined,
    // "public/get-instruments".
    instruments: [{ url: 'https://api.crypto.com/exchange/v1/public/get-instruments' }],
  });
  assert.equal(cryptoCom.stream?.settleMs, 1000);
  // "public/respond-heartbeat": with the id of the question.
  const heartbeat = '{"id":1788335101113,"method":"public/heartbeat","code":0}';
  assert.partialDeepStrictEqual(cryptoCom.stream?.parse(heartbeat, sourceContext(cryptoCom, { pairs: [] })), {
    reply: '{"id":1788335101113,"method":"public/respond-heartbeat"}',
  });
});

test('CoinPaprika is asked for all coins at once, with the key where there is one', () => {
  // docs.coinpaprika.com, "Get tickers for all active coins" and "Authentication".
  const headers = { accept: 'application/json' };
  const url = 'https://api.coinpaprika.com/v1/tickers?quotes=USD,EUR';
  const pairs = ['BTC/USD', 'ETH/EUR', 'ETH/USDT'];
  assert.deepEqual(outgoing(coinpaprika, pairs).requests, [{ url, headers }]);
  assert.deepEqual(outgoing(coinpaprika, pairs, { credentials: { key: 'k' } }).requests, [
    { url, headers: { ...headers, authorization: 'k' } },
  ]);
  // "List coins".
  assert.deepEqual(outgoing(coinpaprika, pairs).instruments, [
    { url: 'https://api.coinpaprika.com/v1/coins', headers },
  ]);
});

test('CryptoCompare is asked for coins times currencies, with its key in a header', () => {
  // The form of the recorded request; min-api.cryptocompare.com/documentation, "Authentication".
  const headers = { accept: 'application/json', authorization: 'Apikey k' };
  const { requests, instruments } = outgoing(cryptocompare, ['BTC/USD', 'ETH/USD', 'ETH/EUR'], {
    credentials: { key: 'k' },
  });
  assert.deepEqual(requests, [
    {
      url: 'https://min-api.cryptocompare.com/data/pricemultifull?fsyms=BTC,ETH&tsyms=USD,EUR',
      headers,
    },
  ]);
  // "All the coins".
  assert.deepEqual(instruments, [
    { url: 'https://min-api.cryptocompare.com/data/all/coinlist?summary=true', headers },
  ]);
});

test('the lists of the first venues are asked for where their documentation says', () => {
  const listOf = (source: Source): unknown =>
    outgoing(source, ['BTC/USD', 'ETH/USD'], { credentials: { key: 'k' } }).instruments;
  // Each: the page of the same name as the end of the address.
  assert.deepEqual(listOf(binance), [
    {
      url: 'https://api.binance.com/api/v3/exchangeInfo?permissions=SPOT&showPermissionSets=false',
      weight: 20,
    },
  ]);
  assert.deepEqual(listOf(bitstamp), [{ url: 'https://www.bitstamp.net/api/v2/markets/' }]);
  assert.deepEqual(listOf(bybit), [
    { url: 'https://api.bybit.com/v5/market/instruments-info?category=spot' },
  ]);
  assert.deepEqual(listOf(coinbase), [{ url: 'https://api.exchange.coinbase.com/products' }]);
  assert.deepEqual(listOf(kraken), [{ url: 'https://api.kraken.com/0/public/AssetPairs' }]);
  assert.deepEqual(listOf(okx), [{ url: 'https://www.okx.com/api/v5/public/instruments?instType=SPOT' }]);
  assert.deepEqual(listOf(coingecko), [
    {
      url: 'https://api.coingecko.com/api/v3/coins/list',
      headers: { accept: 'application/json', 'x-cg-demo-api-key': 'k' },
    },
  ]);
  assert.deepEqual(listOf(coinmarketcap), [
    {
      url: 'https://pro-api.coinmarketcap.com/v1/cryptocurrency/map?symbol=BTC,ETH',
      headers: { accept: 'application/json', 'X-CMC_PRO_API_KEY': 'k' },
      credits: 1,
    },
  ]);
});
