// What leaves for KuCoin, Gate, HTX, Upbit and Bitfinex: each request and message as a literal, with the page
// or the recording that says so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import type { Pair } from '../model/pair.ts';
import bitfinex from './adapters/bitfinex.ts';
import gate from './adapters/gate.ts';
import htx from './adapters/htx.ts';
import kucoin from './adapters/kucoin.ts';
import upbit from './adapters/upbit.ts';
import type { Source } from './define-source.ts';
import { sourceContext } from './source-context.ts';

function outgoing(source: Source, pairs: Pair[]) {
  const context = sourceContext(source, { pairs });
  return {
    requests: source.http!.requests(context).map(({ url }) => url),
    url: source.stream!.url(context),
    messages: source.stream!.subscribe(context),
    list: source.instruments!.requests(context).map(({ url }) => url),
  };
}

test('Gate is asked as its documentation says, in the form of the recorded messages', () => {
  assert.deepEqual(outgoing(gate, ['BTC/USDT', 'ETH/BTC']), {
    requests: ['https://api.gateio.ws/api/v4/spot/tickers'],
    url: 'wss://api.gateio.ws/ws/v4/',
    messages: ['{"time":0,"channel":"spot.trades","event":"subscribe","payload":["BTC_USDT","ETH_BTC"]}'],
    list: ['https://api.gateio.ws/api/v4/spot/currency_pairs'],
  });
});

test('HTX is asked a topic a message, and gets its pings back', () => {
  assert.deepEqual(outgoing(htx, ['BTC/USDT', 'ETH/BTC', 'BTC/USD']), {
    requests: ['https://api.huobi.pro/market/tickers'],
    // The address and the form of the recorded session of 2021-04-17.
    url: 'wss://api.huobi.pro/ws',
    messages: [
      '{"sub":"market.btcusdt.trade.detail","id":"1"}',
      '{"sub":"market.ethbtc.trade.detail","id":"2"}',
    ],
    list: ['https://api.huobi.pro/v1/common/symbols'],
  });
  const pong = htx.stream!.parse('{"ping":1618678073643}', sourceContext(htx, { pairs: [] }));
  assert.deepEqual(pong.kind === 'control' && pong.reply, '{"pong":1618678073643}');
});

test('Upbit is asked with the quote currency first, for all pairs in one message', () => {
  assert.deepEqual(outgoing(upbit, ['BTC/KRW', 'USDT/KRW', 'BTC/USD']), {
    requests: ['https://api.upbit.com/v1/ticker?markets=KRW-BTC,KRW-USDT'],
    url: 'wss://api.upbit.com/websocket/v1',
    messages: [
      '[{"ticket":"assay"},{"type":"trade","codes":["KRW-BTC","KRW-USDT"],"is_only_realtime":true},' +
        '{"format":"DEFAULT"}]',
    ],
    list: ['https://api.upbit.com/v1/market/all?is_details=true'],
  });
  const binary = new TextEncoder().encode(upbit.examples[0]!.payload);
  const read = upbit.stream!.parse(binary, sourceContext(upbit, { pairs: ['LAMB/KRW'] }));
  assert.equal(read.kind === 'prices' && read.prices.length, 1);
});

test('Bitfinex is asked by its own names, and its restart is followed by a new connection', () => {
  assert.deepEqual(outgoing(bitfinex, ['BTC/USD', 'BTC/USDT', 'AVAX/USD', 'UST/USD']), {
    requests: ['https://api-pub.bitfinex.com/v2/tickers?symbols=tBTCUSD,tBTCUST,tAVAX:USD,tTERRAUST:USD'],
    url: 'wss://api-pub.bitfinex.com/ws/2',
    messages: ['tBTCUSD', 'tBTCUST', 'tAVAX:USD', 'tTERRAUST:USD'].map(
      (symbol) => `{"event":"subscribe","channel":"ticker","symbol":"${symbol}"}`,
    ),
    list: ['https://api-pub.bitfinex.com/v2/conf/pub:list:pair:exchange'],
  });
  const context = sourceContext(bitfinex, { pairs: [] });
  for (const code of [20051, 20061]) {
    const frame = bitfinex.stream!.parse(`{"event":"info","code":${code},"msg":"x"}`, context);
    assert.equal(frame.kind === 'control' && frame.action, 'reconnect');
  }
});

test('KuCoin is asked for a token first; a socket is opened at a safe address only', () => {
  const context = sourceContext(kucoin, { pairs: ['BTC/USDT', 'BSV/USDT'] });
  const { prepare, url, subscribe } = kucoin.stream!;
  const request = prepare!.request(context);
  // websocket-api/base-info/get-public-token-spot-margin
  assert.deepEqual([request.method, request.url], ['POST', 'https://api.kucoin.com/api/v1/bullet-public']);
  const read = (endpoint: string, token = 'a b') => {
    const data = { token, instanceServers: [{ endpoint, pingInterval: 18000, pingTimeout: 10000 }] };
    const body = JSON.stringify({ code: '200000', data });
    return prepare!.read({ status: 200, headers: {}, body, receivedAt: 0 }, context);
  };
  const session = read('wss://ws-api-spot.kucoin.com/');
  assert.equal(url({ ...context, session }), 'wss://ws-api-spot.kucoin.com/?token=a%20b');
  assert.deepEqual(subscribe(context), [
    '{"id":1,"type":"subscribe","topic":"/market/match:BTC-USDT,BCHSV-USDT","privateChannel":false,"response":true}',
  ]);
  for (const wrong of ['ws://ws-api-spot.kucoin.com', 'http://x', 'wss://a b', 'file:///etc/passwd', '']) {
    assert.throws(
      () => read(wrong),
      (error) => isAssayError(error, 'SOURCE_BAD_PAYLOAD'),
      wrong,
    );
  }
  assert.throws(
    () => read('wss://x.test', 'x'.repeat(3_000)),
    (error) => isAssayError(error),
  );
  const hundreds = Array.from({ length: 250 }, (_, index) => `C${index}/USDT`);
  const messages = subscribe(sourceContext(kucoin, { pairs: hundreds }));
  // More than 100 symbols in a topic are answered by error 509.
  assert.deepEqual(
    messages.map((message) => message.split(',C').length),
    [100, 100, 50],
  );
});
