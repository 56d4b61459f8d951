import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  BANDS,
  bandOf,
  type Health,
  newHealth,
  type Observation,
  observeHealth,
  readHealth,
  scoreHealth,
} from './health.ts';

const unit = fc.double({ min: 0, max: 1, noNaN: true });
const observation: fc.Arbitrary<Observation> = fc.oneof(
  fc.record({
    kind: fc.constant('success' as const),
    latencyMs: fc.double({ min: 0, max: 60_000, noNaN: true }),
  }),
  fc.constant({ kind: 'failure' as const }),
  fc.record({ kind: fc.constant('freshness' as const), value: unit }),
  fc.record({ kind: fc.constant('agreement' as const), value: unit }),
);
const story = fc.array(fc.tuple(observation, fc.integer({ min: 0, max: 300_000 })), { maxLength: 40 });

function tell(events: readonly (readonly [Observation, number])[], startAt = 1_000): [Health, number] {
  let now = startAt;
  let health = newHealth();
  for (const [each, laterMs] of events) {
    now += laterMs;
    health = observeHealth(health, each, now);
  }
  return [health, now];
}

test('a score and each of its parts stay within 0 and 1, and the parts multiply to the score', () => {
  fc.assert(
    fc.property(story, fc.integer({ min: 0, max: 10_000_000 }), (events, laterMs) => {
      const [health, now] = tell(events);
      const { score, latency, freshness, success, agreement } = scoreHealth(health, now + laterMs);
      for (const part of [score, latency, freshness, success, agreement]) assert.ok(part >= 0 && part <= 1);
      assert.ok(Math.abs(score - latency * freshness * success * agreement) < 1e-12);
    }),
    { seed: 1 },
  );
});

test('one more failure never raises a score, one more agreement never lowers it', () => {
  fc.assert(
    fc.property(story, (events) => {
      const [health, now] = tell(events);
      const before = scoreHealth(health, now).score;
      assert.ok(scoreHealth(observeHealth(health, { kind: 'failure' }, now), now).score <= before + 1e-12);
      const praised = observeHealth(health, { kind: 'agreement', value: 1 }, now);
      assert.ok(scoreHealth(praised, now).score >= before - 1e-12);
    }),
    { seed: 2 },
  );
});

test('time alone moves a health toward that of a stranger, never past it', () => {
  fc.assert(
    fc.property(story, fc.integer({ min: 1, max: 3_600_000 }), (events, laterMs) => {
      const [health, now] = tell(events);
      const stranger = scoreHealth(newHealth(), now);
      const before = scoreHealth(health, now);
      const after = scoreHealth(health, now + laterMs);
      for (const part of ['freshness', 'success', 'agreement', 'latency'] as const) {
        const was = Math.abs(before[part] - stranger[part]);
        assert.ok(Math.abs(after[part] - stranger[part]) <= was + 1e-12, part);
        assert.ok((after[part] - stranger[part]) * (before[part] - stranger[part]) >= -1e-12, part);
      }
    }),
    { seed: 3 },
  );
});

test('a saved health read back scores the same at any later time', () => {
  fc.assert(
    fc.property(story, fc.integer({ min: 0, max: 1_000_000 }), (events, laterMs) => {
      const [health, now] = tell(events);
      const read = readHealth(JSON.parse(JSON.stringify(health)))!;
      assert.deepEqual(scoreHealth(read, now + laterMs), scoreHealth(health, now + laterMs));
    }),
    { seed: 4 },
  );
});

test('whatever was saved by someone else is read as no health', () => {
  for (const value of [
    null,
    1,
    'x',
    {},
    { latencyMs: {} },
    { ...newHealth(), errors: { mean: Number.NaN, weight: 1, at: 1 } },
  ])
    assert.equal(readHealth(value), undefined);
});

test('who always fails falls to bad, who then never fails comes back to good', () => {
  let health = newHealth();
  let band = bandOf(scoreHealth(health, 0).score);
  for (let second = 0; second < 60; second++)
    health = observeHealth(health, { kind: 'failure' }, second * 1_000);
  band = bandOf(scoreHealth(health, 60_000).score, band);
  assert.equal(band, 'bad');
  for (let second = 60; second < 900; second++)
    for (const good of [
      { kind: 'success', latencyMs: 50 },
      { kind: 'freshness', value: 1 },
      { kind: 'agreement', value: 1 },
    ] as const)
      health = observeHealth(health, good, second * 1_000);
  assert.equal(bandOf(scoreHealth(health, 900_000).score, band), 'good');
});

test('a band is kept at its edge: small noise around any score changes it at most once', () => {
  fc.assert(
    fc.property(
      unit,
      fc.array(fc.double({ min: -0.015, max: 0.015, noNaN: true }), { maxLength: 30 }),
      (center, noise) => {
        let band = bandOf(center);
        let changes = 0;
        for (const each of noise) {
          const next = bandOf(center + each, band);
          if (next !== band) changes++;
          band = next;
        }
        assert.ok(changes <= 1);
        assert.ok(BANDS.includes(band));
      },
    ),
    { seed: 5 },
  );
});
