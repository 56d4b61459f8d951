import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import type { Decision } from '@assay/oracle/model/decision';
import { type Explanation, explain } from '@assay/oracle/model/explanation';
import type { SourceTraits } from '@assay/oracle/model/feed';
import { SOURCE_PRICES_TOPIC, type SourcePrice } from '@assay/oracle/model/source-price';
import { HEALTH_TOPIC } from '@assay/oracle/model/source-status';
import { ApiRig, answerOf, RIG_START_MS } from '../../../../test/api-rig.ts';
import type { Api } from './server.ts';

describe('the API over HTTP', () => {
  const rig = new ApiRig({
    explain: async (feed) => (feed === 'ETH/USD' ? explainedEther() : undefined),
  });
  let api: Api;

  before(async () => {
    api = await rig.start();
    await rig.answer(
      answerOf('BTC/USD', '67012.30', RIG_START_MS),
      answerOf('ETH/USD', '3000.00', RIG_START_MS, { stateReason: 'zwei Börsen: 90 % – „gut“' }),
    );
  });
  after(() => rig.stop());

  test('one price is the record with its true age, and is not to be stored', async () => {
    const first = await rig.get('/v1/prices/BTC-USD');
    const age = rig.clock.now() - (RIG_START_MS - 100);
    assert.equal(first.status, 200);
    assert.equal(first.headers.get('cache-control'), 'no-store');
    assert.deepEqual(first.json(), {
      feed: 'BTC/USD',
      kind: 'live',
      price: '67012.30',
      low: '67012.30',
      high: '67012.30',
      state: 'ok',
      stateReason: '2 of 2 sources agree within 3 bps',
      observedAt: '2026-11-21T09:59:59.900Z',
      ageMs: age,
      round: null,
      sourcesUsed: 2,
      sourcesConfigured: 2,
      confidence: 0.987,
      signatures: 0,
      quorum: 3,
      profile: 'sandbox',
    });
    await rig.clock.advance(250);
    assert.equal((await rig.get('/v1/prices/BTC-USD')).json().ageMs, age + 250);
  });

  test('the short way and the long way answer the same bytes', async () => {
    const short = await rig.get('/v1/prices/ETH-USD');
    const long = await rig.get('/v1/prices/ETH-USD?');
    assert.equal(short.text, long.text);
    assert.equal(short.headers.get('content-type'), long.headers.get('content-type'));
    assert.equal(short.json().stateReason, 'zwei Börsen: 90 % – „gut“');
    assert.match((await rig.get('/v1/prices')).text, /^\[\{.*\},\{.*\}\]$/);
  });

  test('the founding shape is these bytes', async () => {
    const answer = await rig.get('/v1/prices/BTC');
    assert.equal(
      answer.text,
      '{"symbol":"BTC","price_usd":67012.30,"timestamp":"2026-11-21T09:59:59.900Z","source":"Assay"}',
    );
    assert.equal(answer.headers.get('assay-state'), 'ok');
    assert.equal(answer.headers.get('assay-profile'), 'sandbox');
  });

  test('a source is asked for by id or name in any case, and never passes another currency off as dollars', async () => {
    const price = {
      type: 'price',
      kind: 'index',
      receivedAt: RIG_START_MS,
      confidence: 1,
      transport: 'poll',
      profile: 'sandbox',
    };
    await rig.bus.publish(SOURCE_PRICES_TOPIC, [
      {
        key: 'BTC/USD',
        value: JSON.stringify({
          ...price,
          source: 'coingecko',
          pair: 'BTC/USD',
          price: '67000.1',
          observedAt: RIG_START_MS - 5,
        }),
      },
      {
        key: 'BTC/USDT',
        value: JSON.stringify({
          ...price,
          source: 'binance',
          pair: 'BTC/USDT',
          price: '1.5',
          observedAt: RIG_START_MS,
        }),
      },
    ]);
    for (const name of ['CoinGecko', 'coingecko', 'COINGECKO']) {
      const own = await rig.get(`/v1/prices/BTC?source=${name}`);
      assert.equal(
        own.text,
        '{"symbol":"BTC","price_usd":67000.1,"timestamp":"2026-11-21T09:59:59.995Z","source":"CoinGecko"}',
      );
    }
    assert.equal((await rig.get('/v1/prices/BTC?source=binance')).status, 404);
    const converted = (await rig.get('/v1/prices/ETH-USD?source=Binance')).json();
    assert.deepEqual([converted.price, converted.pair, converted.isConverted], ['3001.50', 'ETH/USDT', true]);
    assert.deepEqual((await rig.get('/v1/prices/BTC?source=binanse')).json().near, ['Binance']);
  });

  test('an explanation comes as figures or in words', async () => {
    assert.equal((await rig.get('/v1/prices/ETH-USD/explain')).json().method, 'weighted-median');
    const words = await rig.get('/v1/prices/ETH-USD/explain?format=text');
    assert.match(words.headers.get('content-type')!, /^text\/plain/);
    assert.match(
      words.text,
      /^ETH\/USD is 3000\.00.*Binance ETH\/USDT 3002\.00, is 3001\.50 through USDT\/USD/s,
    );
  });

  test('bad requests name the field, its value and the fix', async () => {
    const cases: [string, number, string, RegExp][] = [
      ['/v1/prices/BTC-EUR', 404, 'NOT_FOUND', /no feed "BTC-EUR"; near it: BTC\/USD/],
      ['/v1/prices/DOGE', 404, 'NOT_FOUND', /no feed "DOGE\/USD"/],
      ['/v1/prices/BTC-USD?kind=final', 404, 'FINAL_PRICE_ABSENT', /no final price exists yet for BTC\/USD/],
      ['/v1/prices/BTC-USD?kind=old', 400, 'REQUEST_INVALID', /kind "old" .* live or final/],
      ['/v1/prices/BTC-USD?at=1795255200', 400, 'REQUEST_INVALID', /at "1795255200" .* milliseconds/],
      ['/v1/prices/BTC-USD?at=2027-01-01', 400, 'REQUEST_INVALID', /lies in the future/],
      ['/v1/prices/BTC-USD?at=2026-11-21T10:00', 400, 'REQUEST_INVALID', /ISO 8601/],
      ['/v1/prices/BTC-USD?colour=red', 400, 'REQUEST_INVALID', /colour "red" .* takes at, kind, source/],
      ['/v1/prices?feeds=', 400, 'REQUEST_INVALID', /feeds "" .* separated by commas/],
      ['/v1/prices/BTC-USD/history?limit=0', 400, 'REQUEST_INVALID', /limit "0" .* from 1 to 10000/],
      ['/v1/prices/BTC-USD/history?limit=10001', 400, 'REQUEST_INVALID', /limit "10001"/],
      [
        '/v1/prices/BTC-USD/history?from=2026-11-21&to=2026-11-20',
        400,
        'REQUEST_INVALID',
        /to .* after from/,
      ],
      ['/v1/prices/BTC-USD/history?cursor=nonsense', 400, 'REQUEST_INVALID', /cursor/],
      ['/v1/prices/BTC-USD/candles?interval=2m', 400, 'REQUEST_INVALID', /1m, 5m, 1h or 1d/],
      ['/v1/prices/BTC-USD/explain', 404, 'NOT_FOUND', /no explanation of BTC\/USD yet/],
      ['/v1/nothing', 404, 'NOT_FOUND', /no GET \/v1\/nothing/],
      [`/v1/prices?feeds=${'x'.repeat(17_000)}`, 414, 'REQUEST_INVALID', /longer than 16384/],
      ['/v1/prices/%zz', 400, 'REQUEST_INVALID', /cannot be read/],
    ];
    for (const [path, status, code, detail] of cases) {
      const answer = await rig.get(path);
      assert.equal(answer.status, status, `${path.slice(0, 80)}: ${answer.text}`);
      assert.match(answer.headers.get('content-type')!, /^application\/problem\+json/);
      assert.equal(answer.json().code, code);
      assert.match(answer.json().detail!, detail);
      assert.ok(answer.json().recovery);
    }
  });

  test('what is no request, or too large a one, gets a problem too', async () => {
    const answerTo = (text: string): Promise<string> =>
      new Promise((done) => {
        let all = '';
        const { hostname, port } = new URL(api.addresses().api);
        const socket = connect(Number(port), hostname, () => socket.write(text));
        socket.on('data', (part) => (all += part)).on('close', () => done(all));
      });
    assert.match(await answerTo('nonsense\r\n\r\n'), /^HTTP\/1.1 400 .*"code":"REQUEST_INVALID"/s);
    const large = `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`;
    assert.match(await answerTo(large), /^HTTP\/1.1 431 .*larger than 32768 bytes/s);
    const posted = await fetch(`${api.addresses().api}/v1/prices`, {
      method: 'POST',
      headers: { 'x-api-key': rig.key },
    });
    assert.equal(posted.status, 405);
  });

  test('without a valid key every address, existing or not, answers the same', async () => {
    const secret = `ak_${'0'.repeat(12)}_${'a'.repeat(43)}`;
    const answers = await Promise.all([
      rig.get('/v1/prices/BTC-USD', {}),
      rig.get('/v1/nothing', {}),
      rig.get('/v1/prices?feeds=', { 'x-api-key': secret }),
      rig.get('/v1/prices/BTC-USD', { authorization: `Bearer ${rig.key}x` }),
      rig.get('/v1/prices/BTC-USD', { 'x-api-key': rig.key.slice(0, -1) }),
    ]);
    for (const { status, text } of answers) {
      assert.equal(status, 401);
      assert.equal(text, answers[0]!.text);
    }
    assert.equal((await rig.get('/v1/prices/BTC-USD', { authorization: `bearer ${rig.key}` })).status, 200);
  });

  test('a key reads its own feeds with its own scopes and no more', async () => {
    const narrow = await rig.keys.create({ name: 'narrow', scopes: ['prices:read'], feeds: ['ETH/USD'] });
    const writer = await rig.keys.create({ name: 'writer', scopes: ['prices:submit'] });
    const as = (key: string) => ({ 'x-api-key': key });
    for (let round = 0; round < 2; round++) {
      // The second round finds the key verified and takes the short way.
      assert.equal((await rig.get('/v1/prices/ETH-USD', as(narrow.key))).status, 200);
      assert.equal((await rig.get('/v1/prices/BTC-USD', as(narrow.key))).json().code, 'ACCESS_DENIED');
      assert.equal((await rig.get('/v1/prices/ETH-USD', as(writer.key))).status, 403);
    }
    assert.match((await rig.get('/v1/prices', as(narrow.key))).text, /^\[\{"feed":"ETH\/USD"[^[]*\]$/);
    assert.match((await rig.get('/v1/feeds', as(narrow.key))).text, /^\[\{"feed":"ETH\/USD"/);
  });

  test('a source says how it is through the topic health, and an old word counts as none', async () => {
    const status = {
      source: 'binance',
      state: 'live',
      sentence: 'Streams 1 of 1 pairs.',
      confidence: 0.99,
      at: rig.clock.now(),
      pairs: [],
    };
    await rig.bus.publish(HEALTH_TOPIC, [{ key: 'binance', value: JSON.stringify(status) }]);
    await rig.clock.advance(1);
    const states = async () =>
      (JSON.parse((await rig.get('/v1/sources')).text) as { source: string; state: string }[]).map(
        ({ source, state }) => `${source} ${state}`,
      );
    assert.deepEqual(await states(), ['coingecko unknown', 'binance live']);
    await rig.clock.advance(31_000);
    assert.deepEqual(await states(), ['coingecko unknown', 'binance unknown']);
  });

  test('lasting answers have a tag and need not be sent twice', async () => {
    const feeds = await rig.get('/v1/feeds');
    const etag = feeds.headers.get('etag')!;
    const again = await rig.get('/v1/feeds', { 'x-api-key': rig.key, 'if-none-match': etag });
    assert.deepEqual([again.status, again.text], [304, '']);
  });

  test('requests and ages are metrics', async () => {
    const text = await (await fetch(`${api.addresses().metrics}/metrics`)).text();
    assert.match(text, /^assay_http_requests_total\{route="\/v1\/prices\/:feed",status="200"\} \d+$/m);
    assert.match(text, /^assay_http_request_duration_seconds_count\{route="\/v1\/prices\/:feed"\} \d+$/m);
    assert.match(text, /^assay_price_age_seconds\{feed="BTC\/USD"\} \d+/m);
  });

  test('a taken port is an error that names its setting, and nothing stays open', async () => {
    const port = Number(new URL(api.addresses().api).port);
    const second = rig.createApi({ healthListener: { host: '127.0.0.1', port } });
    await assert.rejects(second.bind(), (error) => {
      assert.ok(isAssayError(error, 'PORT_TAKEN'));
      assert.match(`${error.message} ${error.recovery}`, /HEALTH_PORT/);
      return true;
    });
    assert.deepEqual(second.addresses(), { api: '', metrics: '', health: '' });
  });
});

test('health and readiness follow the prices, and say why not', async () => {
  const rig = new ApiRig();
  try {
    await rig.start();
    const empty = await rig.health('/ready');
    assert.equal(empty.status, 503);
    assert.match(String(empty.json().reason), /None of 3 feeds has a fresh price \(3 missing\)/);
    assert.match(String(empty.json().reason), /Not giving prices: coingecko, binance/);

    await rig.answer(answerOf('BTC/USD', '67012.30', rig.clock.now()));
    for (const page of ['/health', '/ready'] as const) assert.equal((await rig.health(page)).status, 200);

    // No answer for longer than the feed allows: stale everywhere, without a word from aggregation.
    await rig.clock.advance(10_001);
    for (const page of ['/health', '/ready'] as const) assert.equal((await rig.health(page)).status, 503);
    assert.match(String((await rig.health('/ready')).json().reason), /2 missing, 1 stale/);
    for (const path of ['/v1/prices/BTC-USD', '/v1/prices/BTC-USD?']) {
      const record = (await rig.get(path)).json();
      assert.equal(record.state, 'stale');
      assert.match(String(record.stateReason), /no new answer since 2026-11-21T10:00:00/);
    }
    assert.equal((await rig.get('/v1/prices/BTC')).headers.get('assay-state'), 'stale');

    await rig.answer(answerOf('BTC/USD', '67013.00', rig.clock.now(), { state: 'degraded' }));
    assert.equal((await rig.health('/ready')).status, 200);
    await rig.answer(answerOf('BTC/USD', '67013.00', rig.clock.now(), { state: 'halted' }));
    assert.equal((await rig.health('/ready')).status, 503);
  } finally {
    await rig.stop();
  }
});

test('ports are taken before anything is served, and requests meanwhile are told to wait', async () => {
  const rig = new ApiRig();
  try {
    await rig.start();
    const second = rig.createApi();
    await second.bind();
    const { api, health } = second.addresses();
    const early = await fetch(`${api}/v1/prices`, { headers: { 'x-api-key': rig.key } });
    assert.deepEqual([early.status, ((await early.json()) as { code: string }).code], [503, 'NOT_READY']);
    assert.match(await (await fetch(`${health}/ready`)).text(), /The server is starting/);
    await second.start();
    assert.equal((await fetch(`${api}/v1/prices`, { headers: { 'x-api-key': rig.key } })).status, 200);
  } finally {
    await rig.stop();
  }
});

function explainedEther(): Explanation {
  const answer = answerOf('ETH/USD', '3000.00', RIG_START_MS);
  const input = { source: 'binance', pair: 'ETH/USDT', offset: 0, weightPpm: 1_000_000, ageMs: 40 };
  const decision: Decision = {
    id: answer.decision,
    feed: answer.feed,
    at: answer.answeredAt,
    check: null,
    method: 'weighted-median',
    state: 'ok',
    causes: [],
    inputs: [{ ...input, verdict: 'used', converted: '3001.50' }],
    withoutVenue: [],
  };
  const price = { price: '3002.00' } as SourcePrice;
  const sources: SourceTraits[] = [
    { source: 'binance', name: 'Binance', venue: 'binance', kind: 'exchange' },
  ];
  const config = { feeds: [], sources, hub: [], checkIntervalMs: 100 };
  return explain(answer, decision, undefined, new Map([[0, price]]), config, RIG_START_MS);
}
