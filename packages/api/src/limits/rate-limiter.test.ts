import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import { SimulatedClock } from '@assay/kernel/time/clock';
import type { Cache } from '@assay/ports/cache/cache';
import { createMemoryCache } from '@assay/ports/cache/memory';
import type { Principal } from '../auth/principal.ts';
import { RateLimiter } from './rate-limiter.ts';

const WHO: Principal = { id: 'a', name: 'a', scopes: ['prices:read'], tier: 'standard', kind: 'key' };
const TIERS = {
  standard: { requestsPerMinute: 250, requestsPerDay: 400 },
  high: { requestsPerMinute: 10_000, requestsPerDay: 100_000 },
};

function replicas(cache: Cache | undefined): { clock: SimulatedClock; two: [RateLimiter, RateLimiter] } {
  const clock = new SimulatedClock(1_795_255_200_000);
  const open = () => new RateLimiter({ cache, clock, tiers: TIERS });
  return { clock, two: [open(), open()] };
}

async function ask(limiters: readonly RateLimiter[], times: number, who = WHO): Promise<number> {
  let taken = 0;
  for (let i = 0; i < times; i++) {
    await limiters[i % limiters.length]!.take(who).then(
      () => (taken += 1),
      (error) => assert.ok(isAssayError(error, 'TOO_MANY_REQUESTS') && error.retryAfterMs! > 0),
    );
  }
  return taken;
}

test('two replicas together give the limit of the minute, and the rest of the day after that', async () => {
  const { clock, two } = replicas(createMemoryCache({ clock: new SimulatedClock() }));
  const first = await ask(two, 600);
  assert.ok(first >= 246 && first <= 250, String(first));
  assert.equal(two[0].takeNow(WHO, clock.now()), false);
  await clock.advance(60_000);
  const second = await ask(two, 600);
  assert.ok(first + second <= 400 && first + second >= 390, String(second));
  await clock.advance(60_000);
  assert.equal(await ask(two, 10), 0);
  assert.ok((await ask(two, 100, { ...WHO, id: 'b', tier: 'high' })) === 100);
});

test('what is left is told, and one lease covers many requests without asking the cache', async () => {
  let asked = 0;
  const memory = createMemoryCache({ clock: new SimulatedClock() });
  const cache = Object.assign(Object.create(memory) as Cache, {
    increment: (key: string, by: number, ttlMs: number) => {
      asked += 1;
      return memory.increment(key, by, ttlMs);
    },
  });
  const { clock, two } = replicas(cache);
  const high: Principal = { ...WHO, tier: 'high' };
  await two[0].take(high);
  for (let i = 0; i < 40; i++) assert.ok(two[0].takeNow(high, clock.now()));
  assert.equal(asked, 2);
  assert.deepEqual(two[0].headerLines(high, clock.now()), [
    ...['ratelimit-limit', '10000'],
    ...['ratelimit-reset', '60', 'ratelimit-remaining', '9959'],
  ]);
});

test('without the cache each replica counts by itself', async () => {
  const failing = { increment: () => Promise.reject(new TypeError('away')) } as unknown as Cache;
  for (const cache of [undefined, failing]) {
    const { two } = replicas(cache);
    assert.equal(await ask([two[0]], 300), 250);
  }
});
