import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AssayError, isAssayError } from '../errors/assay-error.ts';
import { seededRandom } from '../random/random.ts';
import { memoryMetrics } from '../telemetry/metrics.ts';
import { SimulatedClock } from '../time/clock.ts';
import { backoffCeilingMs, backoffMs } from './backoff.ts';
import { consecutive } from './breaker.ts';
import { declareGuardMetrics, Guard, type GuardSettings } from './guarded-call.ts';
import { retry } from './retry.ts';

const START = 1_700_000_000_000;
const settings: GuardSettings = {
  target: 'alpha',
  timeoutMs: 1_000,
  breaker: {
    trip: consecutive(4),
    openMs: 10_000,
    openMaximumMs: 60_000,
    trialsMax: 1,
    successesToClose: 1,
    trialTimeoutMs: 5_000,
  },
  retry: { attemptsMax: 3, deadlineMs: 8_000, backoff: { baseMs: 100, maximumMs: 1_000 } },
};

function guardOf(changes: Partial<GuardSettings> = {}) {
  const clock = new SimulatedClock(START);
  const metrics = memoryMetrics();
  const tools = { clock, random: seededRandom(3), metrics: declareGuardMetrics(metrics) };
  return { clock, metrics, guard: new Guard({ ...settings, ...changes }, tools) };
}

/** The call's end while virtual time passes. */
async function settled<T>(
  clock: SimulatedClock,
  call: Promise<T>,
  withinMs = 120_000,
): Promise<{ value?: T; error?: AssayError }> {
  let end: { value?: T; error?: AssayError } | undefined;
  call.then(
    (value) => (end = { value }),
    (error: AssayError) => (end = { error }),
  );
  await clock.advance(0);
  for (let waited = 0; end === undefined && waited < withinMs; waited += 50) await clock.advance(50);
  assert.ok(end !== undefined, 'the call ended');
  return end;
}

const failing = (options = {}) => new AssayError('OUTBOUND_FAILED', 'reset by peer', options);

test('backoff stays under its ceiling, the ceiling grows to its maximum, and jitter uses all of it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 200 }), fc.integer(), (attempt, seed) => {
      const backoff = { baseMs: 100, maximumMs: 5_000 };
      const wait = backoffMs(attempt, backoff, seededRandom(seed));
      assert.ok(wait >= 0 && wait <= backoffCeilingMs(attempt, backoff));
      assert.ok(backoffCeilingMs(attempt, backoff) <= backoffCeilingMs(attempt + 1, backoff));
      assert.ok(backoffCeilingMs(attempt, backoff) <= 5_000);
    }),
    { seed: 1 },
  );
});

test('retry: only what is transient, within count and deadline, with waits that the other side named kept exactly', async () => {
  const clock = new SimulatedClock(START);
  const tools = { clock, random: seededRandom(1) };
  const rules = { attemptsMax: 5, deadlineMs: 10_000, backoff: { baseMs: 200, maximumMs: 2_000 } };
  const attempts: number[] = [];
  const failingWith = (error: AssayError) => () => {
    attempts.push(clock.now());
    return Promise.reject(error);
  };
  await settled(clock, retry(failingWith(failing()), rules, tools));
  assert.equal(attempts.length, 5);
  assert.ok(attempts.at(-1)! - attempts[0]! <= rules.deadlineMs);
  attempts.length = 0;
  await settled(clock, retry(failingWith(failing({ isTransient: false })), rules, tools));
  assert.equal(attempts.length, 1, 'what is final is not tried again');
  attempts.length = 0;
  await settled(clock, retry(failingWith(failing({ retryAfterMs: 4_321 })), rules, tools));
  assert.deepEqual(
    attempts.map((at) => at - attempts[0]!),
    [0, 4_321, 8_642],
    'a third wait would not fit the deadline',
  );
});

test('a call that hangs is aborted at its timeout and tried again', async () => {
  const { clock, guard, metrics } = guardOf();
  const aborted: boolean[] = [];
  const { error } = await settled(
    clock,
    guard.call(async (signal) => {
      signal.addEventListener('abort', () => aborted.push(true));
      await clock.sleep(60_000);
    }),
  );
  assert.ok(isAssayError(error, 'OUTBOUND_TIMEOUT'));
  assert.deepEqual(aborted, [true, true, true]);
  assert.equal(metrics.values.get('assay_target_retries_total{code="OUTBOUND_TIMEOUT",target="alpha"}'), 2);
});

test('the breaker opens over calls, sends nothing while open, and closes again by one good trial', async () => {
  const { clock, guard, metrics } = guardOf();
  let sent = 0;
  const fail = async () => {
    sent++;
    throw failing();
  };
  await settled(clock, guard.call(fail));
  const { error } = await settled(clock, guard.call(fail));
  assert.equal(sent, 4, 'the fourth failure in a row opens it');
  assert.ok(isAssayError(error, 'TARGET_UNAVAILABLE') || isAssayError(error, 'OUTBOUND_FAILED'));
  assert.equal(guard.breaker.phase, 'open');
  assert.equal(metrics.values.get('assay_target_breaker_state{target="alpha"}'), 1);
  await settled(clock, guard.call(fail));
  assert.equal(sent, 4);
  await clock.advanceTo(guard.retryAt);
  assert.deepEqual(
    await settled(
      clock,
      guard.call(async () => 'well'),
    ),
    { value: 'well' },
  );
  assert.equal(guard.breaker.phase, 'closed');
});

test('a wait that the target named holds every call, to the millisecond', async () => {
  const { clock, guard } = guardOf();
  const told = new AssayError('SOURCE_RATE_LIMITED', 'slow down', { retryAfterMs: 35_000 });
  await settled(
    clock,
    guard.call(() => Promise.reject(told)),
    1_000,
  );
  const until = START + 35_000;
  assert.equal(guard.retryAt, until);
  let sentAt = 0;
  const send = async () => {
    sentAt = clock.now();
  };
  await clock.advanceTo(until - 20_000);
  const early = await settled(clock, guard.call(send), 10_000);
  assert.ok(isAssayError(early.error, 'TARGET_UNAVAILABLE'));
  assert.equal(sentAt, 0);
  await clock.advanceTo(until - 5_000);
  await settled(clock, guard.call(send));
  assert.equal(sentAt, until, 'a call that can wait so long goes out at that instant');
});

test('many calls at once, with retries, never exceed the window, and neutral errors leave the breaker alone', async () => {
  const { clock, guard } = guardOf({
    window: { count: 5, windowMs: 1_000 },
    retry: { ...settings.retry, deadlineMs: 60_000 },
    isNeutral: ({ code }) => code === 'SOURCE_RATE_LIMITED',
  });
  const sentAt: number[] = [];
  const calls = Array.from({ length: 12 }, () =>
    guard.call(async () => {
      sentAt.push(clock.now());
      throw new AssayError('SOURCE_RATE_LIMITED', 'too many');
    }),
  );
  await settled(clock, Promise.allSettled(calls));
  assert.equal(sentAt.length, 36);
  for (const at of sentAt) assert.ok(sentAt.filter((other) => other >= at && other < at + 1_000).length <= 5);
  assert.equal(guard.breaker.phase, 'closed');
});

test('an operator isolates and releases; stopping ends a call that waits', async () => {
  const { clock, guard } = guardOf();
  guard.isolate('maintenance');
  const { error } = await settled(
    clock,
    guard.call(async () => 1),
  );
  assert.match(error!.message, /isolated: maintenance/);
  guard.release();
  assert.deepEqual(
    await settled(
      clock,
      guard.call(async () => 1),
    ),
    { value: 1 },
  );
  const controller = new AbortController();
  const waiting = guard.call(() => clock.sleep(900), { signal: controller.signal });
  controller.abort(new AssayError('TARGET_UNAVAILABLE', 'stopped'));
  const stopped = await settled(clock, waiting, 100);
  assert.match(stopped.error!.message, /stopped/);
  assert.equal(
    guard.breaker.recent.filter(({ isSuccess }) => !isSuccess).length,
    0,
    'it says nothing about the target',
  );
});
