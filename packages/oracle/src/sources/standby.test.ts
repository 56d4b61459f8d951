import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainSource } from './scripted-venue.ts';
import { scriptedWorld } from './scripted-world.ts';

const listed = (id: string, priority: number) => ({ source: plainSource(id, { stream: null }), priority });

test('a standby source is asked only while too few before it are healthy, with its reason, and counted', async () => {
  const sources = [listed('alpha', 1), listed('beta', 1), listed('gamma', 2), listed('delta', 3)];
  const feeds = [
    {
      feed: 'BTC/USD',
      minimumVenues: 2,
      sources: ['alpha', 'beta', 'gamma', 'delta'].map((source) => ({ source, pair: 'BTC/USD' })),
    },
  ];
  const { clock, outbound, bus, service, status, body, values, lines } = scriptedWorld(sources, { feeds });
  const dead = new Set<string>();
  outbound.answer = ({ url }) =>
    dead.has(/\/\/(\w+)\./.exec(url)![1]!) ? { status: 503, body: '' } : { body: body(String(clock.now())) };
  await service.start();
  await clock.advance(30_000);
  assert.equal(status('gamma').state, 'standby');
  assert.match(status('gamma').sentence, /2 healthy before it, 2 wanted/);
  assert.ok(outbound.requests.every(({ request }) => !/gamma|delta/.test(request.url)));
  dead.add('beta');
  await clock.advance(20_000);
  assert.equal(status('gamma').state, 'live');
  assert.equal(status('delta').state, 'standby', 'one was enough');
  assert.equal(values.get('assay_source_failovers_total{direction="in",source="gamma"}'), 1);
  assert.ok(
    lines.some(
      ({ message, fields }) => /called in/.test(message) && /1 healthy before it/.test(String(fields.reason)),
    ),
  );
  dead.delete('beta');
  await clock.advance(240_000);
  assert.equal(status('gamma').state, 'standby');
  assert.ok(bus.withdrawals().some(({ source, reason }) => source === 'gamma' && reason === 'stopped'));
  assert.equal(values.get('assay_source_failovers_total{direction="out",source="gamma"}'), 1);
  await service.stop();
});

test('with one priority for all, all are asked whatever their health is', async () => {
  const { clock, outbound, service } = scriptedWorld([listed('alpha', 1), listed('beta', 1)]);
  outbound.answer = () => ({ status: 503, body: '' });
  await service.start();
  await clock.advance(60_000);
  for (const id of ['alpha', 'beta'])
    assert.ok(outbound.requests.some(({ request }) => request.url.includes(id)));
  await service.stop();
});
