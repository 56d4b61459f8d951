import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@assay/kernel/random/random';
import { memoryLog } from '@assay/kernel/telemetry/log';
import { memoryMetrics } from '@assay/kernel/telemetry/metrics';
import { SimulatedClock } from '@assay/kernel/time/clock';
import type { ConfiguredSource } from './configured-source.ts';
import type { Source } from './define-source.ts';
import { KeepingBus, plainSource, ScriptedOutbound, scoreHistory } from './scripted-venue.ts';
import { createSourceService, type SourceServiceOptions } from './source-service.ts';

const START = Date.parse('2026-01-01T00:00:00Z');

function world(
  sources: (Source | (Partial<ConfiguredSource> & { source: Source }))[],
  extra: Partial<SourceServiceOptions> = {},
) {
  const clock = new SimulatedClock(START);
  const outbound = new ScriptedOutbound(clock);
  const bus = new KeepingBus();
  const history = scoreHistory();
  const log = memoryLog();
  const metrics = memoryMetrics();
  const service = createSourceService({
    sources: sources.map((each) => ({
      pairs: ['BTC/USD'],
      endpoints: ('source' in each ? each.source : each).endpoints,
      credentials: {},
      options: {},
      priority: 1,
      transport: 'both' as const,
      ...('source' in each ? each : { source: each }),
    })),
    outbound,
    bus,
    history,
    clock,
    random: seededRandom(7),
    log,
    metrics,
    profile: 'test',
    ...extra,
  });
  return { clock, outbound, bus, history, log, metrics, service };
}

const tick = (price: string, at: number, more: object = {}) => ({
  pair: 'BTC/USD',
  kind: 'ticker',
  price,
  observedAt: at,
  ...more,
});

test('a polled source gives prices at its interval and is withdrawn two intervals and a timeout after its last answer', async () => {
  const { clock, outbound, bus, service } = world([plainSource('alpha', { stream: null })]);
  let price = 100;
  outbound.answer = () => ({ body: JSON.stringify([tick(String(price++), clock.now())]) });
  await service.start();
  await clock.advance(10_000);
  assert.ok(bus.prices().length >= 9, `${bus.prices().length} prices in 10 s`);
  assert.equal(bus.prices()[0]!.price, '100');
  assert.equal(bus.prices()[0]!.transport, 'poll');
  assert.equal(bus.prices()[0]!.profile, 'test');
  assert.equal(service.status()[0]!.state, 'live');
  outbound.answer = () => ({ body: 'x', afterMs: 60_000 });
  const before = clock.now();
  await clock.advance(6_500);
  const [withdrawal] = bus.withdrawals();
  assert.equal(withdrawal?.reason, 'silent');
  assert.ok(withdrawal.receivedAt - before <= 2 * 1_000 + 3_000 + 250);
  assert.equal(service.status()[0]!.state, 'silent');
  outbound.answer = () => ({ body: JSON.stringify([tick('200', clock.now())]) });
  await clock.advance(40_000);
  assert.equal(service.status()[0]!.state, 'live', 'it recovers by itself');
  await service.stop();
  assert.equal(bus.withdrawals().at(-1)!.reason, 'stopped');
});

test('a stream is subscribed at the pace of the venue, its prices published as they come, and REST only confirms', async () => {
  const { clock, outbound, bus, service } = world([plainSource('alpha')]);
  await service.start();
  await clock.advance(300);
  const [socket] = outbound.openSockets;
  assert.deepEqual(socket!.sent, ['subscribe BTCUSD']);
  for (let i = 0; i < 200; i++) {
    socket!.say({ kind: 'prices', name: 'ticker', prices: [tick(`100.${i + 100}`, clock.now() - 20)] });
    await clock.advance(500);
  }
  assert.equal(bus.prices().filter(({ transport }) => transport === 'stream').length, 200);
  assert.ok(outbound.requests.length < 8, `${outbound.requests.length} requests in 100 s`);
  const [status] = service.status();
  assert.equal(status!.state, 'live');
  assert.equal(status!.transport, 'both');
  await service.stop();
});

test('a silent stream is withdrawn within 10 s and polling takes over', async () => {
  const { clock, outbound, bus, service } = world([plainSource('alpha')]);
  await service.start();
  for (let i = 0; i < 10; i++) {
    await clock.advance(300);
    outbound.openSockets[0]!.say({ kind: 'prices', name: 'ticker', prices: [tick(`100.${i}`, clock.now())] });
  }
  const lastFrameAt = clock.now();
  outbound.opening = () => ({ code: 1006, text: 'refused' });
  outbound.answer = () => ({ body: JSON.stringify([tick('101', clock.now())]) });
  await clock.advance(12_000);
  const [withdrawal] = bus.withdrawals();
  assert.equal(withdrawal?.reason, 'silent');
  assert.equal(withdrawal.transport, 'stream');
  assert.ok(withdrawal.receivedAt - lastFrameAt <= 10_000);
  assert.equal(bus.prices().at(-1)!.transport, 'poll');
  assert.equal(bus.prices().at(-1)!.price, '101');
  await service.stop();
});
