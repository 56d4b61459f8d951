// Sources over HTTP: how one was over time, and what it sent last.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SimulatedClock } from '@assay/kernel/time/clock';
import { framesKey, type SourceFrames } from '@assay/oracle/model/source-frames';
import { HEALTH_TOPIC, type SourceStatus } from '@assay/oracle/model/source-status';
import type { Cache } from '@assay/ports/cache/cache';
import { createMemoryCache } from '@assay/ports/cache/memory';
import { ApiRig, RIG_START_MS } from '../../../../test/api-rig.ts';
import type { HealthPoint } from '../assets/past-health.ts';

const ROUND_MS = 10_000;

describe('sources over HTTP', () => {
  // Its own clock: what the cache forgets has tests of its own.
  const cache: Cache = createMemoryCache({ clock: new SimulatedClock(RIG_START_MS) });
  const rig = new ApiRig({ cache });
  let admin: Record<string, string>;

  before(async () => {
    await rig.start();
    admin = { 'x-api-key': (await rig.keys.create({ name: 'admin', scopes: ['admin'] })).key };
  });
  after(() => rig.stop());

  async function report(source: string, more: Partial<SourceStatus>): Promise<void> {
    await rig.bus.publish(HEALTH_TOPIC, [{ key: source, value: JSON.stringify(statusOf(rig, more)) }]);
  }

  async function health(query = ''): Promise<HealthPoint[]> {
    const got = await rig.get(`/v1/sources/binance/health${query}`);
    assert.equal(got.status, 200, got.text);
    return got.json().points as HealthPoint[];
  }

  test('health over time is of that source and that range alone, oldest first, with every figure', async () => {
    await report('binance', { confidence: 0.5 });
    await rig.clock.advance(ROUND_MS);
    const from = rig.clock.now();
    await report('binance', { confidence: 0.9, state: 'degraded', latencyP99Ms: 120 });
    await report('coingecko', { confidence: 0.1 });
    await rig.clock.advance(ROUND_MS);
    await report('binance', { confidence: 0.95 });
    const to = rig.clock.now() + 1;
    await rig.clock.advance(ROUND_MS);
    await report('binance', { confidence: 0.99 });
    const points = await health(`?from=${from}&to=${to}`);
    assert.deepEqual(
      points.map(({ confidence }) => confidence),
      [0.9, 0.95],
    );
    const { at, state, latencyP99Ms, pairsLive, errors, parts } = points[0]!;
    assert.deepEqual(
      [at, state, latencyP99Ms, pairsLive, errors, parts],
      [new Date(from).toISOString(), 'degraded', 120, 1, 3, null],
    );
    assert.deepEqual((await rig.get('/v1/sources/Binance/health')).json().source, 'binance', 'by name, too');
  });

  test('a long range is read in bounded pieces and thinned to 300 points; of one read whole the worst record of each point stays', async () => {
    const from = rig.clock.now();
    for (let i = 0; i < 2_000; i++) {
      await report('coingecko', {});
      // Only this record says so.
      await report('binance', i === 700 ? { state: 'silent', confidence: 0.2 } : {});
      await rig.clock.advance(ROUND_MS);
    }
    let readCount = 0;
    const read = rig.bus.read.bind(rig.bus);
    rig.bus.read = async (...given) => {
      const records = await read(...given);
      readCount += records.length;
      return records;
    };
    const points = await health(`?from=${from}`);
    assert.ok(points.length > 290 && points.length <= 300, `${points.length} points`);
    assert.ok(readCount < 3_300, `${readCount} of 4,000 records were read`);
    readCount = 0;
    const aroundMs = from + 700 * ROUND_MS;
    const near = await health(`?from=${aroundMs - 3_000_000}&to=${aroundMs + 3_000_000}`);
    assert.equal(near.length, 300);
    assert.ok(near.some(({ state }) => state === 'silent'));
    assert.ok(readCount < 1_300);
    rig.bus.read = read;
  });

  test('a range that is none and a source that is none are named, with what to give instead', async () => {
    const now = rig.clock.now();
    const cases: [string, number, RegExp][] = [
      [`/v1/sources/binance/health?from=${now}&to=${now}`, 400, /from .* before to/],
      ['/v1/sources/binance/health?from=yesterday', 400, /from "yesterday" .* ISO 8601/],
      ['/v1/sources/binance/health?points=9', 400, /points "9" .* takes from, to/],
      ['/v1/sources/binanse/health', 404, /no source "binanse"; near it: binance/],
    ];
    for (const [path, status, words] of cases) {
      const got = await rig.get(path);
      assert.equal(got.status, status, got.text);
      assert.match(got.json().detail!, words);
    }
    assert.equal((await rig.get('/v1/sources/binanse/frames', admin)).status, 404);
  });

  test('what a source sent last is for operators, and empty when nothing came for long', async () => {
    assert.equal((await rig.get('/v1/sources/binance/frames')).json().code, 'ACCESS_DENIED');
    assert.deepEqual((await rig.get('/v1/sources/binance/frames', admin)).json(), {
      source: 'binance',
      at: null,
      frames: [],
    });
    const frame = {
      at: RIG_START_MS,
      transport: 'stream',
      status: null,
      size: 9,
      text: '{"p":"1"}',
    } as const;
    const kept: SourceFrames = { source: 'binance', at: RIG_START_MS, frames: [frame] };
    await cache.set(framesKey('binance'), JSON.stringify(kept), 60_000);
    assert.deepEqual((await rig.get('/v1/sources/binance/frames', admin)).json(), {
      source: 'binance',
      at: '2026-11-21T10:00:00.000Z',
      frames: [{ ...frame, at: '2026-11-21T10:00:00.000Z' }],
    });
  });
});

function statusOf(rig: ApiRig, more: Partial<SourceStatus>): Partial<SourceStatus> {
  return {
    source: 'any',
    state: 'live',
    sentence: 'Streams 1 of 1 pairs.',
    confidence: 0.99,
    at: rig.clock.now(),
    band: 'good',
    breaker: 'closed',
    transport: 'stream',
    latencyMs: 12,
    pairsLive: 1,
    pairsConfigured: 1,
    counts: {
      published: 10,
      rejected: 0,
      errors: 3,
      reconnects: 0,
      sequenceGaps: 0,
      withdrawals: 0,
      quarantines: 0,
    },
    pairs: [],
    ...more,
  };
}
