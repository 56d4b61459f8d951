import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainSource } from './scripted-venue.ts';
import { scriptedWorld } from './scripted-world.ts';

test('a stream is subscribed at the pace of the venue, its prices published as they come, and REST only confirms', async () => {
  const { clock, outbound, bus, service, status, frame } = scriptedWorld([plainSource('alpha')]);
  await service.start();
  await clock.advance(300);
  const [socket] = outbound.openSockets;
  assert.deepEqual(socket!.sent, ['subscribe BTCUSD']);
  for (let i = 0; i < 200; i++) {
    socket!.say(frame(`100.${i + 100}`));
    await clock.advance(500);
  }
  assert.equal(bus.prices().filter(({ transport }) => transport === 'stream').length, 200);
  assert.ok(outbound.requests.length < 8, `${outbound.requests.length} requests in 100 s`);
  assert.deepEqual([status().state, status().transport], ['live', 'both']);
  await service.stop();
});

test('many pairs open several connections and are subscribed no faster than allowed', async () => {
  const pairs = Array.from({ length: 25 }, (_, index) => `C${index}/USD`);
  const source = plainSource('alpha', {
    http: null,
    stream: { pairsPerConnection: 10, messagesPerSecond: 5 },
  });
  const { clock, outbound, service } = scriptedWorld([{ source, pairs }]);
  await service.start();
  await clock.advance(1_100);
  assert.equal(outbound.openSockets.length, 3);
  assert.ok(outbound.openSockets.every(({ sent }) => sent.length <= 6));
  await clock.advance(1_500);
  assert.deepEqual(
    outbound.openSockets.flatMap(({ sent }) => sent),
    pairs.map((pair) => `subscribe ${pair.replace('/', '')}`),
  );
  await service.stop();
});

test('a venue that wants a pause after the opening is not spoken to before', async () => {
  const source = plainSource('alpha', { http: null, stream: { settleMs: 1000 } });
  const { clock, outbound, service } = scriptedWorld([source]);
  await service.start();
  await clock.advance(900);
  const [socket] = outbound.openSockets;
  assert.deepEqual(socket?.sent, []);
  await clock.advance(400);
  assert.deepEqual(socket?.sent, ['subscribe BTCUSD']);
  await service.stop();
});

test('a silent stream is withdrawn within 10 s and polling takes over; what comes first after it is believed', async () => {
  const { clock, outbound, bus, service, frame, body } = scriptedWorld([plainSource('alpha')]);
  await service.start();
  for (let i = 0; i < 10; i++) {
    await clock.advance(300);
    outbound.openSockets[0]!.say(frame(`100.${i}`));
  }
  const lastFrameAt = clock.now();
  outbound.opening = () => ({ code: 1006, text: 'refused' });
  outbound.answer = () => ({ body: body('101') });
  await clock.advance(12_000);
  const [withdrawal] = bus.withdrawals();
  assert.deepEqual([withdrawal?.reason, withdrawal?.transport], ['silent', 'stream']);
  assert.ok(withdrawal!.receivedAt - lastFrameAt <= 10_000);
  assert.deepEqual([bus.prices().at(-1)!.transport, bus.prices().at(-1)!.price], ['poll', '101']);
  outbound.opening = () => 'opens';
  await clock.advance(30_000);
  outbound.openSockets[0]!.say(frame('102'));
  assert.equal(bus.prices().at(-1)!.transport, 'stream');
  await service.stop();
});

test('when stream and REST of a venue die together, no price of it is left standing 10 s later', async () => {
  const { clock, outbound, bus, service, frame, body, status } = scriptedWorld([plainSource('alpha')]);
  outbound.answer = () => ({ body: body('100') });
  await service.start();
  await clock.advance(1_000);
  for (let i = 0; i < 290; i++) {
    outbound.openSockets[0]!.say(frame('100.5', { observedAt: clock.now() - 500 }));
    await clock.advance(100);
  }
  // The confirming poll at 30 s is newer than the stream; then everything stops.
  while (bus.prices().at(-1)!.transport !== 'poll') {
    outbound.openSockets[0]!.say({ kind: 'control', name: 'pong' });
    await clock.advance(100);
  }
  outbound.answer = () => ({ body: '', afterMs: 100_000 });
  await clock.advance(10_000);
  assert.equal(status().pairsLive, 0);
  assert.equal(bus.withdrawals().at(-1)!.reason, 'silent');
  await service.stop();
});

test('a quiet pair stays fresh by heartbeats at most every 10 s, and only while they come', async () => {
  const { clock, outbound, bus, service, frame } = scriptedWorld([plainSource('alpha', { http: null })]);
  await service.start();
  await clock.advance(300);
  outbound.openSockets[0]!.say(frame('100'));
  const observedAt = clock.now();
  for (let i = 0; i < 60; i++) {
    await clock.advance(1_000);
    outbound.openSockets[0]!.say({ kind: 'control', name: 'heartbeat', action: 'alive' });
  }
  const renewals = bus.prices().slice(1);
  assert.ok(renewals.length >= 5 && renewals.length <= 8, `${renewals.length} renewals in a minute`);
  for (const [index, renewal] of renewals.entries()) {
    assert.equal(renewal.observedAt, observedAt);
    assert.ok(renewal.freshAt! - (renewals[index - 1]?.freshAt ?? observedAt) <= 10_000);
  }
  for (let i = 0; i < 20; i++) {
    await clock.advance(1_000);
    outbound.openSockets[0]!.say({ kind: 'control', name: 'pong' });
  }
  assert.ok(bus.prices().length <= renewals.length + 2, 'a pong vouches for no price');
  await service.stop();
});

test('before the life of a connection ends a new one is opened, and the old one closed only when the new one speaks', async () => {
  const source = plainSource('alpha', { http: null, stream: { lifeMs: 100_000 } });
  const { clock, outbound, bus, service, frame } = scriptedWorld([source]);
  await service.start();
  let widest = 0;
  let price = 1;
  for (let i = 0; i < 600; i++) {
    await clock.advance(200);
    widest = Math.max(widest, outbound.openSockets.length);
    assert.ok(outbound.openSockets.length >= 1, 'never without a connection');
    for (const socket of outbound.openSockets) socket.say(frame(String(price)));
    price++;
  }
  assert.equal(outbound.sockets.length, 2);
  assert.equal(widest, 2);
  assert.ok(outbound.sockets[1]!.openedAt - outbound.sockets[0]!.openedAt < 96_000);
  assert.equal(outbound.sockets[0]!.isClosed, true);
  assert.equal(bus.withdrawals().length, 0);
  const prices = bus.prices().map((each) => each.price);
  assert.deepEqual(prices, [...new Set(prices)], 'what both said is published once');
  await service.stop();
});

test('a missing sequence number opens a new subscription, and until then the stream vouches for nothing', async () => {
  const source = plainSource('alpha', { http: null, stream: { sequence: 'consecutive' } });
  const { clock, outbound, service, frame, status, bus } = scriptedWorld([source]);
  await service.start();
  await clock.advance(300);
  const [first] = outbound.openSockets;
  for (const sequence of [7, 8, 8, 9]) first!.say(frame(String(sequence), { sequence }));
  assert.equal(status().counts.sequenceGaps, 0);
  first!.say(frame('11', { sequence: 11 }));
  assert.equal(status().counts.sequenceGaps, 1);
  await clock.advance(100);
  assert.equal(outbound.openSockets.length, 2);
  const before = bus.prices().length;
  outbound.openSockets[1]!.say(frame('12', { sequence: 40 }));
  await clock.advance(300);
  assert.deepEqual([first!.isClosed, outbound.openSockets.length], [true, 1]);
  assert.equal(bus.prices().length, before + 1);
  await service.stop();
});

test('numbers that skip are in order where the venue counts what we do not take; a step back is not', async () => {
  const { clock, outbound, service, frame, status } = scriptedWorld([plainSource('alpha', { http: null })]);
  await service.start();
  await clock.advance(300);
  for (const sequence of [7, 19, 300]) outbound.openSockets[0]!.say(frame(String(sequence), { sequence }));
  assert.equal(status().counts.sequenceGaps, 0);
  outbound.openSockets[0]!.say(frame('12', { sequence: 299 }));
  assert.equal(status().counts.sequenceGaps, 1);
  await service.stop();
});

test('pings of the venue are answered, ours are sent, and a request to reconnect is followed without a gap', async () => {
  const source = plainSource('alpha', {
    http: null,
    stream: { keepAlive: { everyMs: 4_000, message: 'ping' } },
  });
  const { clock, outbound, service, frame } = scriptedWorld([source]);
  await service.start();
  await clock.advance(300);
  const [first] = outbound.openSockets;
  first!.say({ kind: 'control', name: 'ping', reply: 'pong 17' });
  await clock.advance(8_500);
  assert.deepEqual(first!.sent.slice(1), ['pong 17', 'ping', 'ping']);
  first!.say({ kind: 'control', name: 'shutdown', action: 'reconnect' });
  await clock.advance(100);
  assert.equal(outbound.openSockets.length, 2);
  outbound.openSockets[1]!.say(frame('1'));
  await clock.advance(300);
  assert.deepEqual(outbound.openSockets, [outbound.sockets[1]]);
  await service.stop();
});

test('a venue that cannot be opened is tried again with growing waits, and one that refuses the region is not', async () => {
  const { clock, outbound, service, status } = scriptedWorld([plainSource('alpha', { http: null })]);
  outbound.opening = () => ({ code: 1006, text: 'reset' });
  await service.start();
  await clock.advance(300_000);
  const tries = outbound.sockets.length;
  assert.ok(tries > 12 && tries < 60, `${tries} tries in 5 minutes`);
  outbound.opening = () => ({ code: 451, text: 'answered with status 451' });
  await clock.advance(60_000);
  assert.equal(status().state, 'refused');
  const refused = outbound.sockets.length;
  await clock.advance(3_600_000);
  assert.equal(outbound.sockets.length, refused);
  await service.stop();
});

test('a polled price without a time of the venue does not overtake a stream that speaks, one that is newer does', async () => {
  const { clock, outbound, bus, service, frame } = scriptedWorld([plainSource('alpha')]);
  let more: object = {};
  outbound.answer = () => ({
    body: JSON.stringify([{ pair: 'BTC/USD', kind: 'ticker', price: '50', ...more }]),
  });
  await service.start();
  const stream = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      await clock.advance(1_000);
      outbound.openSockets[0]!.say(frame('100', { observedAt: clock.now() - 3_000 }));
    }
  };
  await stream(5);
  const before = bus.prices().length;
  await stream(60);
  assert.ok(
    bus
      .prices()
      .slice(before)
      .every(({ price }) => price === '100'),
  );
  more = { observedAt: clock.now() + 29_000 };
  await stream(60);
  const polled = bus.prices().filter(({ transport, price }) => transport === 'poll' && price === '50');
  assert.ok(polled.length >= 1);
  for (const [index, { observedAt }] of bus.prices().entries())
    assert.ok(index === 0 || observedAt >= bus.prices()[index - 1]!.observedAt, 'news never goes back');
  await service.stop();
});

test('a connection is prepared first, anew each time; without what it needs none is opened', async () => {
  let asked = 0;
  const source = plainSource('alpha', {
    http: null,
    stream: {
      prepare: {
        request: () => ({ method: 'POST', url: 'https://alpha.test/token', pairs: [] }),
        read: (response) => ({ token: response.body }),
      },
      url: ({ session }) => `wss://alpha.test/?token=${session.token}`,
    },
  });
  const { clock, outbound, service, status } = scriptedWorld([source]);
  outbound.answer = () => {
    asked += 1;
    return asked === 1 ? { status: 503, body: 'away' } : { body: `t${asked}` };
  };
  await service.start();
  await clock.advance(4_400);
  assert.equal(outbound.requests[0]?.request.method, 'POST');
  assert.deepEqual(
    outbound.sockets.map(({ url }) => url),
    ['wss://alpha.test/?token=t2'],
  );
  outbound.openSockets[0]!.end();
  await clock.advance(5_000);
  assert.equal(outbound.openSockets[0]?.url, 'wss://alpha.test/?token=t3');
  assert.match(JSON.stringify(status().counts), /reconnects/);
  await service.stop();
});
