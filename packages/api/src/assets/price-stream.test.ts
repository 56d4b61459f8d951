import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { ApiRig, answerOf, feedOf, RIG_START_MS } from '../../../../test/api-rig.ts';

const at = (ms: number): number => RIG_START_MS + ms;

async function withRig(
  options: ConstructorParameters<typeof ApiRig>[0],
  body: (rig: ApiRig) => Promise<void>,
) {
  const rig = new ApiRig(options);
  try {
    await rig.start();
    await body(rig);
  } finally {
    await rig.stop();
  }
}

test('a subscriber gets the current prices of its feeds, then every update of them', () =>
  withRig({}, async (rig) => {
    await rig.answer(answerOf('BTC/USD', '1.00', at(0)), answerOf('ETH/USD', '2.00', at(0)));
    const reader = await rig.stream('/v1/stream?feeds=BTC/USD,eth-eur');
    const [opening] = await reader.take(1);
    assert.deepEqual(
      [opening!.event, opening!.data.feed, opening!.data.price, opening!.data.ageMs],
      ['price', 'BTC/USD', '1.00', rig.clock.now() - at(-100)],
    );
    await rig.answer(answerOf('ETH/USD', '2.10', at(1)), answerOf('BTC/USD', '1.10', at(1)));
    await rig.answer(answerOf('BTC/USD', '1.20', at(2)), answerOf('ETH/EUR', '3.00', at(2)));
    const events = await reader.take(3);
    assert.deepEqual(
      events.map(({ data }) => `${data.feed} ${data.price}`),
      ['BTC/USD 1.10', 'BTC/USD 1.20', 'ETH/EUR 3.00'],
    );
  }));

test('Last-Event-ID resumes after that event, over all partitions, without a gap or a repetition', () =>
  withRig({ partitions: 3 }, async (rig) => {
    const feeds = ['BTC/USD', 'ETH/USD', 'ETH/EUR'] as const;
    const publish = (i: number) => rig.answer(answerOf(feeds[i % 3]!, `${i}.00`, rig.clock.now()));
    const first = await rig.stream('/v1/stream');
    for (let i = 0; i < 30; i++) await publish(i);
    const all = await first.take(30);
    assert.deepEqual(
      all.map(({ data }) => data.price),
      all.map((_, i) => `${i}.00`),
    );
    for (const lost of [0, 7, 28]) {
      const resumed = await rig.stream('/v1/stream', { 'last-event-id': all[lost]!.id });
      const rest = await resumed.take(29 - lost);
      assert.deepEqual(
        rest.map(({ id, data }) => [id, data.price]),
        all.slice(lost + 1).map(({ id, data }) => [id, data.price]),
      );
      await publish(30);
      assert.deepEqual((await resumed.next())!.data.price, '30.00');
    }
  }));

test('who was away too long, or comes with an unknown position, hears of the gap and gets the current prices', () =>
  withRig({}, async (rig) => {
    await rig.answer(answerOf('BTC/USD', '1.00', at(0)));
    const foreign = await rig.stream('/v1/stream', { 'last-event-id': '999' });
    const [gap, price] = await foreign.take(2);
    assert.deepEqual([gap!.event, price!.data.price], ['gap', '1.00']);
    assert.match(String(gap!.data.reason), /not of this log/);
    const records = Array.from({ length: 5_002 }, (_, i) => ({
      key: 'BTC/USD',
      value: JSON.stringify(answerOf('BTC/USD', `${i}.00`, at(i))),
    }));
    await rig.bus.publish('answers', records);
    await rig.clock.advance(1);
    const late = await rig.stream('/v1/stream', { 'last-event-id': '1' });
    const [gone, current] = await late.take(2);
    assert.match(String(gone!.data.reason), /more than 5000/);
    assert.equal(current!.data.price, '5001.00');
    const nonsense = await rig.stream('/v1/stream', { 'last-event-id': 'nonsense' });
    assert.equal((await nonsense.next())!.event, 'price');
  }));

test('a price that becomes stale by the passing of time alone is an event', () =>
  withRig({}, async (rig) => {
    await rig.answer(answerOf('BTC/USD', '1.00', at(0)));
    const reader = await rig.stream('/v1/stream');
    assert.equal((await reader.next())!.data.state, 'ok');
    await rig.clock.advance(11_000);
    const event = await reader.next();
    assert.deepEqual([event!.data.state, event!.data.price], ['stale', '1.00']);
    await rig.answer(answerOf('BTC/USD', '1.01', rig.clock.now()));
    assert.equal((await reader.next())!.data.state, 'ok');
  }));

test('a revoked key loses its streams and its requests within five seconds', () =>
  withRig({}, async (rig) => {
    await rig.answer(answerOf('BTC/USD', '1.00', at(0)));
    const { keys } = rig;
    const { key, info } = await keys.create({ name: 'short-lived', scopes: ['prices:read'] });
    await rig.clock.advance(1_100);
    assert.equal((await rig.get('/v1/prices/BTC-USD', { 'x-api-key': key })).status, 200);
    const reader = await rig.stream('/v1/stream', { 'x-api-key': key });
    await reader.next();
    await keys.revoke(info.id);
    for (let second = 0; second < 5; second++) await rig.clock.advance(1_000);
    assert.equal((await rig.get('/v1/prices/BTC-USD', { 'x-api-key': key })).status, 401);
    assert.equal((await rig.get('/v1/prices/BTC-USD?', { 'x-api-key': key })).status, 401);
    assert.equal(await reader.next(), undefined);
    assert.equal(rig.metrics.values.get('assay_stream_dropped_total{reason="key"}'), 1);
  }));

test('a subscriber that does not read gets the newest price of each feed when it does, and is cut off in the end', () => {
  const feeds = Array.from({ length: 200 }, (_, i) => feedOf(`A${i}/USD`));
  return withRig({ feeds, streamStalledAfterMs: 5_000 }, async (rig) => {
    const { hostname, port } = new URL(rig.api().addresses().api);
    const socket = connect(Number(port), hostname);
    socket.write(`GET /v1/stream HTTP/1.1\r\nhost: x\r\nx-api-key: ${rig.key}\r\n\r\n`);
    await new Promise((done) => socket.once('readable', done));
    const counted = (name: string): number => rig.metrics.values.get(name) ?? 0;
    // Kernel buffers take some megabytes before anything waits here.
    let round = 0;
    for (; counted('assay_stream_conflated_total') < 1_000 && round < 400; round++) {
      await rig.answer(...feeds.map(({ feed }) => answerOf(feed, `${round}.00`, rig.clock.now())));
      await new Promise((done) => setImmediate(done));
    }
    assert.ok(counted('assay_stream_conflated_total') >= 1_000, 'updates were conflated');
    const newest = new Map<string, string>();
    let text = '';
    const isCurrent = (): boolean =>
      [...newest.values()].filter((price) => price === `${round - 1}.00`).length === 200;
    socket.setEncoding('latin1').on('data', (part: string) => {
      text += part;
      const events = text.split('\n\n');
      text = events.pop()!;
      for (const event of events) {
        const [, json] = event.split('data: ');
        if (json === undefined) continue;
        const { feed, price } = JSON.parse(json) as { feed: string; price: string };
        assert.ok(Number(price) >= Number(newest.get(feed) ?? -1), 'never an older price after a newer one');
        newest.set(feed, price);
      }
    });
    while (!isCurrent()) await new Promise((done) => setImmediate(done));
    assert.equal(counted('assay_stream_dropped_total{reason="slow"}'), 0);

    socket.pause();
    const closed = new Promise((done) => socket.once('close', done));
    for (; counted('assay_stream_dropped_total{reason="slow"}') === 0 && round < 3_000; round++) {
      await rig.answer(...feeds.map(({ feed }) => answerOf(feed, `${round}.00`, rig.clock.now())));
      await rig.clock.advance(50);
    }
    assert.equal(counted('assay_stream_dropped_total{reason="slow"}'), 1);
    socket.resume();
    await closed;
    assert.equal(counted('assay_stream_clients'), 0);
  });
});

test('a full server says so before anything is sent, and pulses go to those who wait', () =>
  withRig({ streamClientsMax: 1 }, async (rig) => {
    await rig.answer(answerOf('BTC/USD', '1.00', at(0)));
    const { hostname, port } = new URL(rig.api().addresses().api);
    const socket = connect(Number(port), hostname).setEncoding('utf8');
    socket.write(`GET /v1/stream?feeds=ETH-EUR HTTP/1.1\r\nhost: x\r\nx-api-key: ${rig.key}\r\n\r\n`);
    await new Promise((done) => socket.once('data', done));
    const second = await rig.get('/v1/stream');
    assert.deepEqual(
      [second.status, second.json().code, second.headers.get('retry-after')],
      [503, 'NOT_READY', '5'],
    );
    const pulse = new Promise((done) => socket.once('data', done));
    await rig.clock.advance(16_000);
    assert.equal(await pulse, ': alive\n\n');
    socket.destroy();
  }));
