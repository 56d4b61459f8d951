// The exact requests and messages that leave for the real venues, as literals. No test can reach the
// venues, so each is held against the page or the recording that says it is right; docs/sources.md lists
// what was checked how.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pair } from '../model/pair.ts';
import binance from './adapters/binance.ts';
import bitstamp from './adapters/bitstamp.ts';
import bybit from './adapters/bybit.ts';
import coinbase from './adapters/coinbase.ts';
import coingecko from './adapters/coingecko.ts';
import coinmarketcap from './adapters/coinmarketcap.ts';
import kraken from './adapters/kraken.ts';
import okx from './adapters/okx.ts';
import uniswapV3 from './adapters/uniswap-v3.ts';
import type { Source, SourceRequest } from './define-source.ts';
import { sourceContext } from './source-context.ts';

function outgoing(source: Source, pairs: Pair[], more: { credentials?: Record<string, string> } = {}) {
  const context = sourceContext(source, { pairs, ...more });
  return {
    requests: (source.http?.requests(context) ?? []).map(withoutPairs),
    url: source.stream?.url(context),
    messages: source.stream?.subscribe(context) ?? [],
    keepAlive: source.stream?.keepAlive?.message,
  };
}

function withoutPairs({ pairs: _, ...request }: SourceRequest): Omit<SourceRequest, 'pairs'> {
  return request;
}

test('Binance is asked as its documentation of streams and of the symbol price ticker says', () => {
  assert.deepEqual(outgoing(binance, ['BTC/USDT', 'ETH/BTC']), {
    requests: [
      {
        // rest-api/market-data-endpoints, "Symbol price ticker": symbols as a list, brackets and quotes
        // escaped.
        url: 'https://api.binance.com/api/v3/ticker/price?symbols=%5B%22BTCUSDT%22,%22ETHBTC%22%5D',
        weight: 4,
      },
    ],
    // web-socket-streams, "General WSS information"; host and port as in the recorded session of 2021-10-12.
    url: 'wss://stream.binance.com:9443/stream',
    // web-socket-streams, "Live subscribing/unsubscribing": names in lower case.
    messages: [
      '{"method":"SUBSCRIBE","params":["btcusdt@aggTrade","btcusdt@ticker","ethbtc@aggTrade","ethbtc@t' +
        'icker"],"id":1}',
    ],
    keepAlive: undefined,
  });
});

test('Coinbase Exchange is asked as its documentation of the feed and of the product ticker says', () => {
  assert.deepEqual(outgoing(coinbase, ['BTC/USD', 'ETH/EUR']), {
    requests: [
      // exchange/reference, "Get product ticker".
      { url: 'https://api.exchange.coinbase.com/products/BTC-USD/ticker' },
      { url: 'https://api.exchange.coinbase.com/products/ETH-EUR/ticker' },
    ],
    // exchange/websocket-feed/overview; the recorded session of 2021 has the older name
    // ws-feed.pro.coinbase.com.
    url: 'wss://ws-feed.exchange.coinbase.com',
    // exchange/websocket-feed/channels; the form of the recorded subscriptions.
    messages: ['{"type":"subscribe","product_ids":["BTC-USD","ETH-EUR"],"channels":["ticker","heartbeat"]}'],
    keepAlive: undefined,
  });
});

test('Kraken is asked by its v2 names on the socket and by its old ones over REST', () => {
  assert.deepEqual(outgoing(kraken, ['BTC/USD', 'DOGE/EUR', 'ETH/BTC']), {
    requests: [
      // rest-api/get-ticker-information: XBT and XDG are Kraken's names of BTC and DOGE.
      { url: 'https://api.kraken.com/0/public/Ticker?pair=XBTUSD,XDGEUR,ETHXBT' },
    ],
    // websocket-v2/ticker, "Subscribe request".
    url: 'wss://ws.kraken.com/v2',
    messages: [
      '{"method":"subscribe","params":{"channel":"ticker","symbol":["BTC/USD","DOGE/EUR","ETH/BTC"],' +
        '"snapshot":true},"req_id":1}',
    ],
    // websocket-v2/ping.
    keepAlive: '{"method":"ping"}',
  });
});

test('OKX is asked as its documentation says, in the form of the recorded messages', () => {
  assert.deepEqual(outgoing(okx, ['BTC/USDT', 'ETH/BTC']), {
    // docs-v5, "GET / Tickers".
    requests: [{ url: 'https://www.okx.com/api/v5/market/tickers?instType=SPOT' }],
    // docs-v5, "WebSocket / Connect"; the address of the recorded session of 2022-05-13.
    url: 'wss://ws.okx.com:8443/ws/v5/public',
    messages: [
      '{"op":"subscribe","args":[{"channel":"tickers","instId":"BTC-USDT"},{"channel":"tickers","instI' +
        'd":"ETH-BTC"}]}',
    ],
    // docs-v5, "WebSocket / Connect": the text ping, answered by the text pong.
    keepAlive: 'ping',
  });
});

test('Bybit is asked for at most ten topics a message', () => {
  const pairs = Array.from({ length: 11 }, (_, index) => `C${index}/USDT`);
  const { requests, url, messages, keepAlive } = outgoing(bybit, pairs);
  // v5/market/tickers.
  assert.deepEqual(requests, [{ url: 'https://api.bybit.com/v5/market/tickers?category=spot' }]);
  // v5/ws/connect.
  assert.equal(url, 'wss://stream.bybit.com/v5/public/spot');
  assert.deepEqual(messages, [
    '{"req_id":"1","op":"subscribe","args":["tickers.C0USDT","tickers.C1USDT","tickers.C2USDT","tick' +
      'ers.C3USDT",' +
      '"tickers.C4USDT","tickers.C5USDT","tickers.C6USDT","tickers.C7USDT","tickers.C8USDT","tickers.C' +
      '9USDT"]}',
    '{"req_id":"2","op":"subscribe","args":["tickers.C10USDT"]}',
  ]);
  assert.equal(keepAlive, '{"op":"ping"}');
});

test('Bitstamp is asked a pair a message, in the form of the recorded messages', () => {
  assert.deepEqual(outgoing(bitstamp, ['BTC/USD', 'SGB/EUR']), {
    // www.bitstamp.net/api, "All tickers".
    requests: [{ url: 'https://www.bitstamp.net/api/v2/ticker/' }],
    // The address of the recorded session of 2022-01-05.
    url: 'wss://ws.bitstamp.net',
    messages: [
      '{"event":"bts:subscribe","data":{"channel":"live_trades_btcusd"}}',
      '{"event":"bts:subscribe","data":{"channel":"live_trades_sgbeur"}}',
    ],
    // www.bitstamp.net/websocket/v2, "Heartbeat".
    keepAlive: '{"event":"bts:heartbeat"}',
  });
});

test('CoinGecko is asked for all coins at once, with every digit, the time and the key', () => {
  // reference/simple-price; the header of the free plan.
  const url =
    'https://api.coingecko.com/api/v3/simple/price?ids=bitcoin,ethereum&vs_currencies=usd,eur' +
    '&precision=full&include_last_updated_at=true';
  const pairs = ['BTC/USD', 'ETH/EUR'];
  assert.deepEqual(outgoing(coingecko, pairs).requests, [{ url, headers: { accept: 'application/json' } }]);
  assert.deepEqual(outgoing(coingecko, pairs, { credentials: { key: 'k' } }).requests, [
    { url, headers: { accept: 'application/json', 'x-cg-demo-api-key': 'k' } },
  ]);
  const paid = sourceContext(coingecko, {
    pairs: ['BTC/USD'],
    endpoints: { rest: 'https://pro-api.coingecko.com/api/v3/' },
    credentials: { key: 'k' },
  });
  assert.deepEqual(coingecko.http?.requests(paid)[0]?.headers, {
    accept: 'application/json',
    'x-cg-pro-api-key': 'k',
  });
  assert.equal(coingecko.symbol('BTC/USDT', {}), undefined, 'it quotes in no stablecoin');
});

test('CoinMarketCap is asked by id, one quote currency a call, and the credits are counted', () => {
  const headers = { accept: 'application/json', 'X-CMC_PRO_API_KEY': 'k' };
  const base = 'https://pro-api.coinmarketcap.com/v2/cryptocurrency/quotes/latest';
  // operation/getV2CryptocurrencyQuotesLatest; a credit for each hundred coins begun.
  assert.deepEqual(
    outgoing(coinmarketcap, ['BTC/USD', 'ETH/USD', 'ETH/EUR'], { credentials: { key: 'k' } }).requests,
    [
      { url: `${base}?id=1,1027&convert=USD`, headers, credits: 1 },
      { url: `${base}?id=1027&convert=EUR`, headers, credits: 1 },
    ],
  );
});

test('a node is asked for the newest block, and slot0 and liquidity of each pool, in one batch', () => {
  const pool = {
    address: '0x88E6A0c2dDD26FEEb64F039a2c41296FcB3f5640',
    decimals0: 6,
    decimals1: 18,
    invert: true,
  };
  const context = sourceContext(uniswapV3, {
    pairs: ['ETH/USDC'],
    options: { pools: { 'ETH/USDC': pool } },
  });
  const [request] = uniswapV3.http?.requests(context) ?? [];
  assert.equal(request?.method, 'POST');
  assert.deepEqual(request?.headers, { 'content-type': 'application/json' });
  // execution-apis eth_getBlockByNumber and eth_call; selectors of slot0() and liquidity().
  const to = '0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640';
  assert.deepEqual(JSON.parse(request?.body ?? ''), [
    { jsonrpc: '2.0', id: 0, method: 'eth_getBlockByNumber', params: ['latest', false] },
    { jsonrpc: '2.0', id: 1, method: 'eth_call', params: [{ to, data: '0x3850c7bd' }, 'latest'] },
    { jsonrpc: '2.0', id: 2, method: 'eth_call', params: [{ to, data: '0x1a686502' }, 'latest'] },
    // observe([300, 0]), ABI-encoded, and the newest block again.
    {
      jsonrpc: '2.0',
      id: 3,
      method: 'eth_call',
      params: [
        {
          to,
          data: `0x883bdbfd${'20'.padStart(64, '0')}${'2'.padStart(64, '0')}${'12c'.padStart(64, '0')}${'0'.repeat(64)}`,
        },
        'latest',
      ],
    },
    { jsonrpc: '2.0', id: 4, method: 'eth_getBlockByNumber', params: ['latest', false] },
  ]);
});
