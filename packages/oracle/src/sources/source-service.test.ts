import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssayError } from '@assay/kernel/errors/assay-error';
import { decodeSourceStatus, HEALTH_TOPIC, type SourceStatus } from '../model/source-status.ts';
import { plainSource } from './scripted-venue.ts';
import { START, scriptedWorld } from './scripted-world.ts';

test('a polled source gives prices at its interval and is withdrawn two intervals and a timeout after its last answer', async () => {
  const { clock, outbound, bus, service, body, status } = scriptedWorld([
    plainSource('alpha', { stream: null }),
  ]);
  let price = 100;
  outbound.answer = () => ({ body: body(String(price++)) });
  await service.start();
  await clock.advance(10_000);
  const [first] = bus.prices();
  assert.ok(bus.prices().length >= 9, `${bus.prices().length} prices in 10 s`);
  assert.deepEqual([first!.price, first!.transport, first!.profile], ['100', 'poll', 'test']);
  assert.ok(first!.confidence > 0 && Number.isInteger(first!.confidence * 1_000));
  assert.equal(status().state, 'live');
  outbound.answer = () => ({ body: 'x', afterMs: 60_000 });
  const before = clock.now();
  await clock.advance(6_500);
  const [withdrawal] = bus.withdrawals();
  assert.equal(withdrawal?.reason, 'silent');
  assert.ok(withdrawal.receivedAt - before <= 2 * 1_000 + 3_000 + 1_000);
  assert.equal(status().state, 'silent');
  outbound.answer = () => ({ body: body('200') });
  await clock.advance(40_000);
  assert.equal(status().state, 'live', 'it recovers by itself');
  await service.stop();
  assert.equal(bus.withdrawals().at(-1)!.reason, 'stopped');
});

test('429 and 418 are waited out exactly as told, in seconds or as a date, and by default when nothing is told', async () => {
  const cases = [
    { status: 429, headers: { 'retry-after': '35' }, waitMs: 35_000 },
    { status: 418, headers: { 'retry-after': '720' }, waitMs: 720_000 },
    {
      status: 429,
      headers: { date: 'Thu, 29 Sep 2022 16:17:14 GMT', 'retry-after': 'Thu, 29 Sep 2022 16:18:14 GMT' },
      waitMs: 60_000,
    },
    { status: 429, headers: {}, waitMs: 60_000 },
    { status: 418, headers: {}, waitMs: 120_000 },
  ];
  for (const { status: code, headers, waitMs } of cases) {
    const { clock, outbound, service, status, body, values } = scriptedWorld([
      plainSource('alpha', { stream: null }),
    ]);
    let refusedAt = 0;
    outbound.answer = () => {
      if (refusedAt > 0) return { body: body('1') };
      refusedAt = clock.now() + 5;
      return { status: code, headers, body: '' };
    };
    await service.start();
    await clock.advance(waitMs / 2);
    assert.equal(status().state, 'rate-limited', `${code}`);
    assert.ok(Math.abs(status().retryAt! - refusedAt - waitMs) <= 1);
    assert.equal(outbound.requests.length, 1);
    await clock.advance(waitMs / 2 + 1_000);
    const lateMs = outbound.requests[1]!.at - refusedAt - waitMs;
    assert.ok(lateMs >= 0 && lateMs <= 1, 'not earlier, not later');
    assert.equal(values.get('assay_source_rate_limit_waits_total{source="alpha"}'), 1);
    await service.stop();
  }
});

test('403 and 451 are a state for good: withdrawn, in the words of the venue, asked again after a day or when allowed', async () => {
  const { clock, outbound, bus, service, status, body } = scriptedWorld([
    plainSource('alpha', { stream: null }),
  ]);
  outbound.answer = () => ({ body: body('1') });
  await service.start();
  await clock.advance(3_000);
  outbound.answer = () => ({ status: 451, body: '{"msg":"Service unavailable from a restricted location"}' });
  await clock.advance(3_000);
  assert.equal(status().state, 'refused');
  assert.match(status().sentence, /Service unavailable from a restricted location/);
  assert.equal(bus.withdrawals()[0]!.reason, 'refused');
  const asked = outbound.requests.length;
  await clock.advance(3_600_000);
  assert.equal(outbound.requests.length, asked, 'not asked again within the hour');
  outbound.answer = () => ({ body: body('2') });
  assert.equal(service.allow('alpha'), true);
  await clock.advance(2_000);
  assert.equal(status().pairsLive, 1);
  await clock.advance(120_000);
  assert.equal(status().state, 'live', 'and trusted again two minutes later');
  await service.stop();
});

test('an answer that cannot be read is fetched again after a short delay, a page instead of data likewise', async () => {
  for (const bad of ["shout out my label that's me", '<html><title>Just a moment</title></html>', '']) {
    const { clock, outbound, bus, service, body } = scriptedWorld([plainSource('alpha', { stream: null })]);
    let count = 0;
    outbound.answer = () => ({ body: count++ === 0 ? bad : body('1') });
    await service.start();
    await clock.advance(900);
    assert.equal(bus.prices().length, 1);
    assert.equal(outbound.requests[1]!.at - outbound.requests[0]!.at, 505);
    await service.stop();
  }
});

test('a source that cannot be read again and again is quarantined for a minute, then for longer', async () => {
  const { clock, outbound, bus, service, status, body } = scriptedWorld([
    plainSource('alpha', { stream: null }),
  ]);
  outbound.answer = () => ({ body: body('1') });
  await service.start();
  await clock.advance(2_000);
  outbound.answer = () => ({ body: 'garbage' });
  let isOut = false;
  const outAt: number[] = [];
  for (let second = 0; second < 600; second++) {
    await clock.advance(1_000);
    const is = status().state === 'quarantined';
    if (is && !isOut) outAt.push(status().retryAt! - clock.now());
    isOut = is;
  }
  assert.ok(outAt.length >= 2);
  assert.ok(Math.abs(outAt[0]! - 60_000) <= 1_000 && Math.abs(outAt[1]! - 120_000) <= 1_000, outAt.join());
  assert.ok(bus.withdrawals().some(({ reason }) => reason === 'quarantined' || reason === 'silent'));
  await service.stop();
});

test('denied: withdrawn at once, nothing is asked, until allowed', async () => {
  const source = plainSource('alpha');
  const { clock, outbound, bus, service, status, body } = scriptedWorld([
    { source, isDenied: 'under investigation' },
  ]);
  outbound.answer = () => ({ body: body('1') });
  await service.start();
  await clock.advance(20_000);
  assert.equal(outbound.requests.length + outbound.sockets.length, 0);
  assert.match(status().sentence, /denylist: under investigation/);
  service.allow('alpha');
  await clock.advance(2_000);
  assert.equal(bus.prices().length > 0, true);
  service.deny('alpha', 'wrong prices');
  await clock.advance(10);
  assert.deepEqual(
    bus.withdrawals().map(({ reason, pair, detail }) => [reason, pair, detail]),
    [['denied', undefined, 'on the denylist: wrong prices']],
  );
  const asked = outbound.requests.length;
  await clock.advance(10_000);
  assert.equal(outbound.requests.length, asked);
  assert.equal(outbound.openSockets.length, 0);
  assert.equal(service.deny('nobody', ''), false);
  await service.stop();
});

test('five malformed prices of one pair quarantine that pair and no other', async () => {
  const source = plainSource('alpha', { stream: null });
  const { clock, outbound, bus, service, status } = scriptedWorld([
    { source, pairs: ['BTC/USD', 'ETH/USD'] },
  ]);
  outbound.answer = () => {
    const observedAt = clock.now();
    const broken = clock.now() > START + 3_000 ? '-1' : '1';
    const each = { kind: 'ticker', observedAt };
    return {
      body: JSON.stringify([
        { ...each, pair: 'BTC/USD', price: broken },
        { ...each, pair: 'ETH/USD', price: String(observedAt) },
      ]),
    };
  };
  await service.start();
  await clock.advance(20_000);
  const [withdrawal] = bus.withdrawals();
  assert.deepEqual([withdrawal?.reason, withdrawal?.pair], ['quarantined', 'BTC/USD']);
  assert.equal(bus.prices().filter(({ pair }) => pair === 'BTC/USD').length, 3);
  assert.ok(bus.prices().filter(({ pair }) => pair === 'ETH/USD').length >= 18);
  assert.ok(status().pairs.find(({ pair }) => pair === 'BTC/USD')!.quarantinedUntil !== null);
  await service.stop();
});

test("the venue's limit holds whatever the interval, the pairs and the retries are", async () => {
  const pairs = ['BTC/USD', 'ETH/USD', 'SOL/USD', 'XRP/USD', 'ADA/USD'];
  const source = plainSource('alpha', {
    stream: null,
    limits: { requests: { count: 10, windowMs: 10_000 } },
    http: {
      intervalMs: 100,
      requests: (context) => context.pairs.map((pair) => ({ url: pair, pairs: [pair], weight: 2 })),
    },
  });
  const { clock, outbound, service } = scriptedWorld([{ source, pairs }]);
  let count = 0;
  outbound.answer = () => (count++ % 3 === 0 ? { status: 500, body: '' } : { body: '[]' });
  await service.start();
  await clock.advance(120_000);
  for (const { at } of outbound.requests) {
    const inWindow = outbound.requests.filter((other) => other.at >= at && other.at < at + 10_000);
    assert.ok(2 * inWindow.length <= 10);
  }
  assert.ok(outbound.requests.length > 30, 'and it is used');
  await service.stop();
});

test('what was learned is saved every 5 s, loaded at the next start, and decays while away', async () => {
  const source = plainSource('alpha', { stream: null });
  const bad = scriptedWorld([source]);
  bad.outbound.answer = () => new AssayError('OUTBOUND_FAILED', 'reset');
  await bad.service.start();
  await bad.clock.advance(60_000);
  const learned = bad.status().confidence;
  assert.ok(learned < 0.5, String(learned));
  assert.ok(bad.history.rows.every(({ savedAt }) => bad.clock.now() - savedAt <= 5_250));
  await bad.service.stop();
  const startedAt = bad.clock.now();
  for (const [awayMs, isForgotten] of [
    [1_000, false],
    [3_600_000, true],
  ] as const) {
    const next = scriptedWorld([source], { startAt: startedAt + awayMs, rows: bad.history.rows });
    await next.service.start();
    const { confidence } = next.status();
    assert.equal(confidence > 0.7, isForgotten, `${confidence} after ${awayMs} ms`);
    await next.service.stop();
  }
});

test('a bus that takes nothing for a while costs bounded memory and no newest price', async () => {
  const source = plainSource('alpha', { http: null, stream: { silenceAfterMs: 9_000 } });
  const { clock, outbound, bus, service, frame, values } = scriptedWorld([source]);
  await service.start();
  await clock.advance(500);
  bus.isFailing = true;
  for (let i = 0; i < 3_000; i++) {
    if (i % 10 === 0) await clock.advance(1);
    outbound.openSockets[0]!.say(frame(`${i + 1}`));
  }
  assert.equal(bus.prices().length, 0);
  assert.ok((values.get('assay_source_coalesced_total') ?? 0) > 1_000);
  bus.isFailing = false;
  await clock.advance(2_000);
  assert.equal(bus.prices().at(-1)!.price, '3000');
  assert.ok(bus.prices().length < 2_100);
  await service.stop();
});

test('the status of a source is on the bus when its state changes and every 10 s', async () => {
  const { clock, outbound, bus, service, body } = scriptedWorld([plainSource('alpha', { stream: null })]);
  outbound.answer = () => ({ body: body('1') });
  await service.start();
  await clock.advance(60_000);
  outbound.answer = () => new AssayError('OUTBOUND_FAILED', 'getaddrinfo ENOTFOUND alpha.test');
  await clock.advance(10_000);
  const told = bus.of<SourceStatus>(HEALTH_TOPIC);
  for (const status of told) decodeSourceStatus(JSON.stringify(status));
  const states = told.map(({ state }) => state).filter((state, index, all) => state !== all[index - 1]);
  assert.deepEqual(states.slice(0, 2), ['connecting', 'live']);
  assert.equal(states.at(-1), 'unreachable');
  assert.match(told.at(-1)!.sentence, /ENOTFOUND/);
  const gaps = told.slice(1).map(({ at }, index) => at - told[index]!.at);
  assert.ok(Math.max(...gaps) <= 11_000);
  await service.stop();
});

test('fetchNow asks the sources of a pair at once, beside their schedule', async () => {
  const slow = plainSource('alpha', { stream: null, http: { intervalMs: 60_000 } });
  const other = {
    source: plainSource('beta', { stream: null, http: { intervalMs: 60_000 } }),
    pairs: ['ETH/USD'],
  };
  const { clock, outbound, service } = scriptedWorld([slow, other]);
  await service.start();
  await clock.advance(1_000);
  const done = service.fetchNow(['BTC/USD']);
  await clock.advance(0);
  await clock.advance(100);
  await done;
  assert.deepEqual(
    outbound.requests.slice(2).map(({ request }) => request.url),
    ['https://alpha.test/prices'],
  );
  await service.stop();
});

test('the status says what its confidence is made of, how slow the slowest answers are, and how much of the limit is used', async () => {
  const alpha = plainSource('alpha', { stream: null });
  const { requests } = alpha.limits;
  const { clock, outbound, service, status, body } = scriptedWorld([alpha]);
  let count = 0;
  outbound.answer = () => ({ body: body('1'), afterMs: ++count % 20 === 0 ? 900 : 20 });
  await service.start();
  await clock.advance(120_000);
  const { parts, confidence, latencyP50Ms, latencyP99Ms, limits } = status();
  const product = Object.values(parts!).reduce((all, part) => all * part, 1);
  assert.ok(Math.abs(product - confidence) < 0.002, `${JSON.stringify(parts)} multiply to ${confidence}`);
  assert.deepEqual([latencyP50Ms, latencyP99Ms], [20, 900]);
  const within = outbound.requests.filter(({ at }) => clock.now() - at < requests.windowMs).length;
  assert.equal(limits!.requests.count, requests.count);
  // Counted in slots of a twentieth of the window, so a little more than there were.
  const { used } = limits!.requests;
  assert.ok(used >= within && used <= within * 1.1 + 1, `${used} of ${within}`);
  assert.equal(limits!.pollIntervalMs, 1_000);
  await service.stop();
});
