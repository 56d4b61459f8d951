// What leaves for Bitvavo: every address and message as a literal, with the page that says so; and what its
// examples do not show: a market without trades, error words, how long a block lasts, the list of markets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sourceContext } from '../source-context.ts';
import bitvavo from './bitvavo.ts';

const context = sourceContext(bitvavo, { pairs: ['BTC/EUR', 'ETH/USDC', 'BTC/USD'] });
const NOW_MS = 1_790_126_500_000;

function answer(body: string, status = 200, headers: Record<string, string> = {}) {
  return { status, headers, body, receivedAt: NOW_MS };
}

test('Bitvavo is asked as its documentation says, and not for pairs that it cannot have', () => {
  // https://docs.bitvavo.com/docs/rest-api/get-candlestick-data-24-h: all markets, 25 points
  assert.deepEqual(bitvavo.http?.requests(context), [
    { url: 'https://api.bitvavo.com/v2/ticker/24h', pairs: ['BTC/EUR', 'ETH/USDC'], weight: 25 },
  ]);
  // https://docs.bitvavo.com/docs/websocket-overview
  assert.equal(bitvavo.stream?.url(context), 'wss://ws.bitvavo.com/v2/');
  // https://docs.bitvavo.com/docs/websocket-api/ticker-24-hour-subscription
  assert.deepEqual(bitvavo.stream?.subscribe(context), [
    '{"action":"subscribe","channels":[{"name":"ticker24h","markets":["BTC-EUR","ETH-USDC"]},' +
      '{"name":"trades","markets":["BTC-EUR","ETH-USDC"]}]}',
  ]);
  assert.deepEqual(bitvavo.stream?.keepAlive?.message, '{"action":"getTime"}');
});

test('Bitvavo: a ticker in the stream has the time of its last trade, and no price without a trade', () => {
  const read = (fields: string) =>
    bitvavo.stream!.parse(`{"event":"ticker24h","data":[{"market":"BTC-EUR",${fields}}]}`, context);
  assert.deepEqual(read('"last":"1863.8","closeTimestamp":1700511637320,"timestamp":1700511682396'), {
    kind: 'prices',
    name: 'ticker24h',
    prices: [
      {
        pair: 'BTC/EUR',
        kind: 'ticker',
        price: '1863.8',
        venueAt: 1700511682396,
        observedAt: 1700511637320,
      },
    ],
  });
  const quiet = read('"last":null,"bid":"1","ask":"2","timestamp":1700511682396');
  assert.deepEqual(quiet, { kind: 'prices', name: 'ticker24h', prices: [] });
});

test('Bitvavo: what it says of too many requests is a wait, in the stream and with status 200', () => {
  // https://docs.bitvavo.com/docs/errors
  const body = '{"errorCode":105,"error":"Your IP or API key has been banned."}';
  const blocked = { code: 'SOURCE_RATE_LIMITED', retryAfterMs: 900_000 };
  assert.throws(() => bitvavo.stream!.parse(body, context), blocked);
  assert.throws(() => bitvavo.http!.parse(answer(body), { url: '', pairs: [] }, context), blocked);
  const messages = '{"event":"error","errorCode":112,"error":"Too many messages."}';
  assert.throws(() => bitvavo.stream!.parse(messages, context), { code: 'SOURCE_RATE_LIMITED' });
});

test('Bitvavo: a block lasts until the time that its words or its header name, or 15 minutes', () => {
  const waitOf = (words: string, headers: Record<string, string> = {}) => {
    const explained = bitvavo.http!.explain!(
      answer(`{"errorCode":105,"error":"Your IP or API key has been banned.${words}"}`, 429, headers),
    );
    assert.equal(explained?.code, 'SOURCE_RATE_LIMITED');
    return explained?.retryAfterMs;
  };
  assert.equal(waitOf(` The ban expires at ${NOW_MS + 120_000}.`), 120_000);
  assert.equal(waitOf('', { 'bitvavo-ratelimit-resetat': String(NOW_MS + 20_000) }), 20_000);
  for (const header of ['soon', String(NOW_MS - 1), '9999999999999'])
    assert.equal(waitOf('', { 'bitvavo-ratelimit-resetat': header }), 900_000);
  assert.equal(waitOf(''), 900_000);
});

test('Bitvavo: other error words are a refusal, and a page is left to the shell', () => {
  const explain = bitvavo.http!.explain!;
  assert.deepEqual(explain(answer('{"errorCode":205,"error":"market parameter is invalid."}', 400)), {
    code: 'SOURCE_REFUSED',
    message: '205: market parameter is invalid.',
    isTransient: false,
  });
  assert.equal(explain(answer('{"errorCode":400,"error":"Unknown error."}', 500))?.isTransient, true);
  assert.equal(explain(answer('<html></html>', 404)), undefined);
});

test('Bitvavo: its list of markets says what is traded, and what is halted or in auction', () => {
  const [request] = bitvavo.instruments!.requests(context);
  assert.equal(request?.url, 'https://api.bitvavo.com/v2/markets');
  const line = (base: string, status: string) =>
    `{"market":"${base}-EUR","status":"${status}","base":"${base}","quote":"EUR","pricePrecision":null}`;
  const body = `[${line('BTC', 'trading')},${line('WMTX', 'halted')},${line('ETH', 'auction')}]`;
  assert.deepEqual(bitvavo.instruments!.parse(answer(body), request!, context), [
    { symbol: 'BTC-EUR', base: 'BTC', quote: 'EUR', isTrading: true },
    { symbol: 'WMTX-EUR', base: 'WMTX', quote: 'EUR', isTrading: false },
    { symbol: 'ETH-EUR', base: 'ETH', quote: 'EUR', isTrading: false },
  ]);
});
