import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  admitCall,
  type Breaker,
  type BreakerSettings,
  cancelCall,
  closedBreaker,
  consecutive,
  count,
  isolateBreaker,
  readBreaker,
  recordOutcome,
  releaseBreaker,
  sampling,
} from './breaker.ts';

const settings: BreakerSettings = {
  trip: consecutive(3),
  openMs: 1_000,
  openMaximumMs: 8_000,
  trialsMax: 2,
  successesToClose: 2,
  trialTimeoutMs: 5_000,
};

const step = fc.oneof(
  fc.record({ kind: fc.constant('call' as const), isSuccess: fc.boolean() }),
  fc.record({ kind: fc.constant('call and forget' as const), isSuccess: fc.boolean() }),
  fc.record({ kind: fc.constant('cancel' as const), isSuccess: fc.boolean() }),
  fc.record({ kind: fc.constant('isolate' as const), isSuccess: fc.boolean() }),
  fc.record({ kind: fc.constant('release' as const), isSuccess: fc.boolean() }),
);
const steps = fc.array(fc.tuple(step, fc.integer({ min: 0, max: 4_000 })), { maxLength: 60 });

test('whatever happens: nothing passes an open or isolated breaker, and trials never exceed their number', () => {
  fc.assert(
    fc.property(steps, (all) => {
      let now = 0;
      let breaker: Breaker = closedBreaker(now);
      for (const [{ kind, isSuccess }, laterMs] of all) {
        now += laterMs;
        const before = breaker;
        if (kind === 'isolate') breaker = isolateBreaker('maintenance', now);
        else if (kind === 'release') breaker = releaseBreaker(breaker, now);
        else if (kind === 'cancel') breaker = cancelCall(breaker);
        else {
          const admission = admitCall(breaker, settings, now);
          breaker = admission.breaker;
          if (before.phase === 'isolated') assert.equal(admission.isAdmitted, false);
          if (before.phase === 'open') assert.equal(admission.isAdmitted, now >= before.retryAt);
          if (!admission.isAdmitted) assert.ok(admission.retryAt > now, 'the wait is in the future');
          if (admission.isAdmitted && kind === 'call')
            breaker = recordOutcome(breaker, settings, isSuccess, now);
        }
        assert.ok(breaker.trialCount >= 0 && breaker.trialCount <= settings.trialsMax);
        assert.ok(breaker.retryAt - now <= settings.openMaximumMs);
        assert.ok(breaker.recent.length <= 64);
        const read = readBreaker(JSON.parse(JSON.stringify(breaker)));
        assert.deepEqual(read, { ...breaker, trialCount: 0 });
      }
    }),
    { seed: 1 },
  );
});

test('it opens at the third failure in a row, tries after the wait, waits twice as long after a failed trial', () => {
  let breaker = closedBreaker(0);
  for (let i = 0; i < 3; i++) breaker = recordOutcome(breaker, settings, false, 10 * i);
  assert.equal(breaker.phase, 'open');
  assert.equal(breaker.retryAt, 1_020);
  assert.equal(admitCall(breaker, settings, 1_019).isAdmitted, false);
  breaker = admitCall(breaker, settings, 1_020).breaker;
  assert.equal(breaker.phase, 'half-open');
  breaker = recordOutcome(breaker, settings, false, 1_030);
  assert.equal(breaker.retryAt, 3_030);
  for (const at of [3_030, 3_040])
    breaker = recordOutcome(admitCall(breaker, settings, at).breaker, settings, true, at);
  assert.equal(breaker.phase, 'closed');
  assert.equal(breaker.tripCount, 0);
});

test('each rule trips on what its name says', () => {
  const story = (text: string) => [...text].map((each, at) => ({ at: at * 100, isSuccess: each === '+' }));
  assert.equal(consecutive(2)(story('+-+-'), 300), false);
  assert.equal(consecutive(2)(story('+--'), 200), true);
  assert.equal(count({ failures: 3, size: 5 })(story('-+-+-'), 400), true);
  assert.equal(count({ failures: 3, size: 4 })(story('-+-+-'), 400), false);
  const half = sampling({ windowMs: 250, share: 0.5, minimum: 3 });
  assert.equal(half(story('---++-'), 500), false, 'outside the window failures are forgotten');
  assert.equal(half(story('+++-+-'), 500), true);
  assert.equal(half(story('--'), 100), false, 'two are no sample');
});
