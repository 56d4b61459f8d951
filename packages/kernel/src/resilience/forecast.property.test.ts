import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fallsUnder, forecastAt, newTrend, observeTrend } from './forecast.ts';

test('a straight line is continued exactly, within 0 and 1', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.2, max: 0.9, noNaN: true }),
      fc.double({ min: -0.05, max: 0.05, noNaN: true }),
      fc.integer({ min: 0, max: 300_000 }),
      (start, perMinute, aheadMs) => {
        let trend = newTrend();
        const line = (at: number) => start + (perMinute * (at - 1e12)) / 60_000;
        for (let at = 1e12; at <= 1e12 + 120_000; at += 5_000) trend = observeTrend(trend, line(at), at);
        const at = 1e12 + 120_000 + aheadMs;
        const forecast = forecastAt(trend, at)!;
        assert.ok(Math.abs(forecast.score - Math.min(1, Math.max(0, line(at)))) < 1e-6);
        assert.ok(Math.abs(forecast.slopePerMinute - perMinute) < 1e-6);
      },
    ),
    { seed: 1 },
  );
});

test('whatever is observed, a forecast is a number between 0 and 1', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: -1_000, max: 600_000 })),
        { maxLength: 40 },
      ),
      (all) => {
        let trend = newTrend();
        let now = 0;
        for (const [score, laterMs] of all) {
          now += laterMs;
          trend = observeTrend(trend, score, now);
        }
        const forecast = forecastAt(trend, now + 60_000);
        if (forecast !== undefined) assert.ok(forecast.score >= 0 && forecast.score <= 1);
      },
    ),
    { seed: 2 },
  );
});

test('a falling score announces when it will be too low, a steady or rising one nothing', () => {
  let falling = newTrend();
  let rising = newTrend();
  for (let second = 0; second <= 60; second += 5) {
    falling = observeTrend(falling, 0.9 - second / 600, second * 1_000);
    rising = observeTrend(rising, 0.5 + second / 600, second * 1_000);
  }
  // At 60 s it stands at 0.8 and loses 0.1 a minute: 0.6 is two minutes away.
  assert.ok(Math.abs(fallsUnder(falling, 0.6, 60_000, 300_000)! - 120_000) < 1);
  assert.equal(fallsUnder(falling, 0.6, 60_000, 60_000), undefined, 'beyond the horizon');
  assert.equal(fallsUnder(falling, 0.85, 60_000, 60_000), 0, 'already there');
  assert.equal(fallsUnder(rising, 0.3, 60_000, 300_000), undefined);
  assert.equal(fallsUnder(newTrend(), 0.3, 0, 300_000), undefined, 'nothing is known');
});
