import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seededRandom } from '../random/random.ts';
import { bandOf } from './health.ts';
import { type Policy, select, type Target, type TargetHealth } from './selection.ts';

type Case = Target & { score: number; load: number; unavailable: boolean; isBanned: boolean };
const targets = fc.uniqueArray(
  fc.record({
    id: fc.stringMatching(/^[a-z]{1,6}$/),
    priority: fc.integer({ min: 1, max: 3 }),
    score: fc.double({ min: 0, max: 1, noNaN: true }),
    load: fc.integer({ min: 0, max: 9 }),
    unavailable: fc.boolean(),
    isBanned: fc.boolean(),
  }),
  { selector: ({ id }) => id, maxLength: 12 },
);
const policy: fc.Arbitrary<Policy> = fc.oneof(
  fc.constantFrom(
    { kind: 'prioritised' as const },
    { kind: 'weighted' as const },
    { kind: 'least-loaded' as const },
  ),
  fc.record({ kind: fc.constant('all-of' as const), minimum: fc.integer({ min: 0, max: 5 }) }),
);

function run(cases: readonly Case[], chosen: Policy, seed = 1) {
  const byId = new Map(cases.map((each) => [each.id, each]));
  const health = (id: string): TargetHealth => {
    const { score, load, unavailable } = byId.get(id)!;
    return {
      score,
      band: bandOf(score),
      load,
      ...(unavailable ? { unavailable: 'its breaker is open' } : {}),
    };
  };
  const constraints = [
    { name: 'region', objection: (each: Case) => (each.isBanned ? 'not served there' : undefined) },
  ];
  return select({ targets: cases, health, constraints, policy: chosen, random: seededRandom(seed) });
}

test('every target is in exactly one list, with a reason, and nobody unusable is a candidate', () => {
  fc.assert(
    fc.property(targets, policy, (cases, chosen) => {
      const { candidates, dropped } = run(cases, chosen);
      const all = [...candidates, ...dropped];
      assert.deepEqual(all.map(({ id }) => id).sort(), cases.map(({ id }) => id).sort());
      for (const { reason } of all) assert.ok(reason.length > 5);
      for (const { id } of candidates) {
        const one = cases.find((each) => each.id === id)!;
        assert.ok(!one.unavailable && !one.isBanned);
      }
      assert.deepEqual(run(cases, chosen), run(cases, chosen), 'the same seed gives the same choice');
    }),
    { seed: 1 },
  );
});

test('all-of takes every usable one of the first priority, and goes down the list only while too few are healthy', () => {
  fc.assert(
    fc.property(targets, fc.integer({ min: 0, max: 5 }), (cases, minimum) => {
      const { candidates } = run(cases, { kind: 'all-of', minimum });
      const usable = cases.filter((each) => !each.unavailable && !each.isBanned);
      const first = Math.min(...usable.map(({ priority }) => priority));
      for (const each of usable) {
        const healthyBefore = usable.filter(
          (other) => other.priority < each.priority && bandOf(other.score) !== 'bad',
        ).length;
        const isWanted = each.priority === first || healthyBefore < minimum;
        assert.equal(
          candidates.some(({ id }) => id === each.id),
          isWanted,
          each.id,
        );
      }
    }),
    { seed: 2 },
  );
});

test('prioritised keeps the list in order, with the bad of one priority last', () => {
  fc.assert(
    fc.property(targets, (cases) => {
      const order = run(cases, { kind: 'prioritised' }).candidates.map(
        ({ id }) => cases.find((each) => each.id === id)!,
      );
      for (const [index, each] of order.entries()) {
        const next = order[index + 1];
        if (next === undefined) break;
        assert.ok(each.priority <= next.priority);
        if (each.priority === next.priority) assert.ok(each.score >= next.score);
      }
    }),
    { seed: 3 },
  );
});

test('weighted sends traffic in proportion to weight and health, and nobody usable gets none', () => {
  const base = { priority: 1, load: 0, unavailable: false, isBanned: false };
  const cases: Case[] = [
    { id: 'a', weight: 3, score: 1, ...base },
    { id: 'b', weight: 1, score: 1, ...base },
    { id: 'c', weight: 1, score: 0, ...base },
  ];
  const random = seededRandom(5);
  const firsts = { a: 0, b: 0, c: 0 };
  for (let i = 0; i < 4_000; i++) {
    const health = (id: string): TargetHealth => ({ score: id === 'c' ? 0 : 1, band: 'good' });
    const { candidates } = select({ targets: cases, health, policy: { kind: 'weighted' }, random });
    firsts[candidates[0]!.id as 'a']++;
    assert.equal(candidates.length, 3);
  }
  assert.ok(Math.abs(firsts.a / 4_000 - 0.75) < 0.03, JSON.stringify(firsts));
  assert.ok(firsts.c < 20);
});
