import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  creditIntervalMs,
  emptyWindow,
  fullBucket,
  newBudget,
  spendCredits,
  takeInWindow,
  takeTokens,
} from './limiter.ts';

const demands = fc.array(
  fc.record({ cost: fc.integer({ min: 1, max: 5 }), laterMs: fc.integer({ min: 0, max: 400 }) }),
  { minLength: 1, maxLength: 150 },
);
type Granted = { at: number; cost: number };
const within = (granted: readonly Granted[], fromMs: number, toMs: number) =>
  granted.filter(({ at }) => at >= fromMs && at < toMs).reduce((sum, { cost }) => sum + cost, 0);

test('in no window of its length is more granted than the limit, and whoever waits as told is granted', () => {
  fc.assert(
    fc.property(
      demands,
      fc.integer({ min: 5, max: 20 }),
      fc.integer({ min: 300, max: 3_000 }),
      (all, limit, windowMs) => {
        const settings = { count: limit, windowMs };
        const granted: Granted[] = [];
        let window = emptyWindow();
        let now = 12_345;
        for (const { cost, laterMs } of all) {
          now += laterMs;
          let grant = takeInWindow(window, settings, cost, now);
          for (let tries = 0; grant.waitMs > 0; tries++) {
            assert.ok(tries < 40 && grant.waitMs <= windowMs * 1.1 + 1);
            now += grant.waitMs;
            grant = takeInWindow(window, settings, cost, now);
          }
          window = grant.state;
          granted.push({ at: now, cost });
          assert.ok(window.slots.length <= 23, 'memory is bounded');
        }
        for (const { at } of granted) assert.ok(within(granted, at, at + windowMs) <= limit);
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});

test('a token bucket grants no more than its capacity and what was refilled', () => {
  fc.assert(
    fc.property(demands, (all) => {
      const settings = { capacity: 10, refillPerSecond: 7 };
      let bucket = fullBucket(settings, 0);
      let now = 0;
      let sum = 0;
      for (const { cost, laterMs } of all) {
        now += laterMs;
        const grant = takeTokens(bucket, settings, cost, now);
        if (grant.waitMs === 0) {
          bucket = grant.state;
          sum += cost;
        } else {
          assert.equal(grant.state, bucket, 'a refusal changes nothing');
          assert.equal(
            takeTokens(bucket, settings, cost, now + grant.waitMs).waitMs,
            0,
            'waiting as told is enough',
          );
        }
        assert.ok(sum <= settings.capacity + (now / 1_000) * settings.refillPerSecond + 1e-6);
      }
    }),
    { seed: 2 },
  );
});

test('a credit budget is never overspent and lasts to the end of its period', () => {
  const settings = { count: 1_000, periodMs: 86_400_000 };
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 5_000, max: 600_000 }),
      (cost, everyMs) => {
        let budget = newBudget(0);
        let spent = 0;
        let lastAt = 0;
        for (let now = 0; now < settings.periodMs; now += everyMs) {
          const grant = spendCredits(budget, settings, cost, now);
          if (grant.waitMs > 0) continue;
          budget = grant.state;
          spent += cost;
          lastAt = now;
        }
        assert.ok(spent <= settings.count);
        const idleMs = settings.periodMs - lastAt;
        assert.ok(
          idleMs <= 2 * Math.max(everyMs, creditIntervalMs(settings, cost)) + everyMs,
          'credits to the end',
        );
        assert.equal(
          spendCredits(budget, settings, cost, settings.periodMs).waitMs,
          0,
          'a new period, new credits',
        );
      },
    ),
    { seed: 3, numRuns: 30 },
  );
});
