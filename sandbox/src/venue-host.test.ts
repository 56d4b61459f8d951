// What stands between wire and protocol: faults begin, combine, end by themselves and touch nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FaultKind } from './faults.ts';
import { Sandbox } from './sandbox.ts';
import type { RawConnection, VenueHost } from './venue-host.ts';

const START_MS = Date.UTC(2026, 0, 5);

function sandbox(seed = 3): Sandbox {
  return new Sandbox({ seed, nowMs: START_MS });
}

function pass(one: Sandbox, ms: number): void {
  const end = one.nowMs + ms;
  while (one.nowMs < end) one.advance(Math.min(end, one.nowMs + 100));
}

type Client = { frames: (string | Uint8Array)[]; pings: number; ended: string[]; raw: RawConnection };

function connect(host: VenueHost, path: string): Client {
  const client: Client = {
    frames: [],
    pings: 0,
    ended: [],
    raw: {
      path,
      query: new URLSearchParams(),
      send: (frame) => client.frames.push(frame),
      ping: () => {
        client.pings += 1;
      },
      close: (code) => client.ended.push(String(code)),
      cut: () => client.ended.push('cut'),
    },
  };
  host.attach(client.raw);
  return client;
}

const TIME = { method: 'GET', path: '/api/v3/time', query: new URLSearchParams(), headers: {}, body: '' };

test('two sandboxes of one seed send the same frames, and a fault on one venue changes no other', () => {
  const [one, two] = [sandbox(), sandbox()];
  const subscribe = '{"method":"subscribe","params":{"channel":"ticker","symbol":["BTC/USD","ETH/USD"]}}';
  const frames = [one, two].map((each) => {
    const client = connect(each.host('kraken'), '/v2');
    each.host('kraken').message(client.raw, subscribe);
    return client.frames;
  });
  two.setFault({ venue: 'okx', kind: 'garbage', value: 0 });
  two.setFault({ venue: 'coinbase', kind: 'wrong-price', value: 3 });
  pass(one, 20_000);
  pass(two, 20_000);
  assert.ok(frames[0]!.length > 20);
  assert.deepEqual(frames[0], frames[1]);
});

test('a fault with a duration ends by itself, another one stays', () => {
  const one = sandbox();
  const host = one.host('binance');
  one.setFault({ venue: 'binance', kind: '5xx', value: 503, forMs: 2_000 });
  one.setFault({ venue: 'binance', kind: 'skewed-clock', value: -5_000 });
  const refused = host.request(TIME);
  assert.equal(refused.kind === 'answer' && refused.response.status, 503);
  pass(one, 2_100);
  const answer = host.request(TIME);
  assert.ok(answer.kind === 'answer');
  assert.equal(JSON.parse(answer.response.body).serverTime, one.nowMs - 5_000);
  assert.deepEqual(
    host.faults.map(({ kind }) => kind),
    ['skewed-clock'],
  );
});

test('late frames come late and in order', () => {
  const one = sandbox();
  const host = one.host('coinbase');
  const client = connect(host, '/');
  host.message(client.raw, '{"type":"subscribe","product_ids":["BTC-USD"],"channels":["ticker"]}');
  const before = client.frames.length;
  one.setFault({ venue: 'coinbase', kind: 'latency', value: 3_000 });
  pass(one, 2_900);
  assert.equal(client.frames.length, before);
  pass(one, 20_000);
  const ids = client.frames
    .map((frame) => JSON.parse(String(frame)))
    .filter(({ type }) => type === 'ticker')
    .map(({ trade_id }) => trade_id as number);
  assert.ok(ids.length > 5);
  assert.deepEqual(
    ids,
    ids.toSorted((a, b) => a - b),
  );
});

for (const [kind, ending] of [
  ['disconnect', 'cut'],
  ['refused', '1008'],
  ['418', '1008'],
  ['5xx', '1011'],
  ['429', undefined],
  ['silence', undefined],
] as [FaultKind, string | undefined][]) {
  test(`${kind} ${ending === undefined ? 'leaves open sockets open' : `ends open sockets with ${ending}`}`, () => {
    const one = sandbox();
    const client = connect(one.host('okx'), '/ws/v5/public');
    one.setFault({ venue: 'okx', kind, value: kind === 'refused' ? 451 : kind === '5xx' ? 503 : 1 });
    assert.deepEqual(client.ended, ending === undefined ? [] : [ending]);
  });
}

test('a venue that pings does so by its own interval, and not while it is silent', () => {
  const one = sandbox();
  const client = connect(one.host('binance'), '/ws');
  pass(one, 41_000);
  assert.equal(client.pings, 2);
  one.setFault({ venue: 'binance', kind: 'silence', value: 0 });
  pass(one, 41_000);
  assert.equal(client.pings, 2);
  assert.equal(one.host('binance').answersPing(), false);
});

test('in a halted market nobody trades, and heartbeats go on', () => {
  const one = sandbox();
  const host = one.host('kraken');
  const client = connect(host, '/v2');
  host.message(client.raw, '{"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD"]}}');
  one.setRegime('halt');
  pass(one, 1_000);
  client.frames.length = 0;
  pass(one, 10_000);
  assert.ok(client.frames.length >= 9);
  assert.ok(client.frames.every((frame) => frame === '{"channel":"heartbeat"}'));
});

test('an unknown path, product, pair and method get the venue own words', () => {
  const one = sandbox();
  const ask = (venue: string, path: string, query = '', body = '') => {
    const request = {
      method: body === '' ? 'GET' : 'POST',
      path,
      query: new URLSearchParams(query),
      headers: {},
      body,
    };
    const action = one.host(venue).request(request);
    assert.ok(action.kind === 'answer');
    return `${action.response.status} ${action.response.body}`;
  };
  assert.equal(
    ask('binance', '/api/v3/ticker/price', 'symbol=NO'),
    '400 {"code":-1121,"msg":"Invalid symbol."}',
  );
  assert.equal(ask('coinbase', '/products/NO-USD/ticker'), '404 {"message":"NotFound"}');
  assert.equal(
    ask('kraken', '/0/public/Ticker', 'pair=XBTUSD,NO'),
    '200 {"error":["EQuery:Unknown asset pair"]}',
  );
  assert.match(ask('okx', '/api/v5/market/ticker', 'instId=NO-USD'), /^200 \{"code":"51001",/);
  assert.match(ask('bybit', '/v5/market/tickers', 'category=spot&symbol=NO'), /"retCode":10001/);
  assert.match(ask('bitstamp', '/api/v2/ticker/nousd/'), /^404 /);
  assert.equal(ask('coingecko', '/api/v3/simple/price', 'ids=no&vs_currencies=usd'), '200 {}');
  assert.match(ask('coinmarketcap', '/v2/cryptocurrency/quotes/latest', 'id=1'), /^401 .*"error_code":1002/);
  assert.match(ask('uniswap_v3', '/', '', '{"id":4,"method":"eth_no"}'), /"id":4,"error":\{"code":-32601/);
  assert.equal(one.host('kraken').handshake('/v1').kind, 'answer');
});
