import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contextOf } from './configured-source.ts';
import type { SourceLimits } from './define-source.ts';
import { plainSource } from './scripted-venue.ts';
import { scriptedWorld } from './scripted-world.ts';
import { pollIntervalMs } from './source-pace.ts';

const MONTH_MS = 30 * 86_400_000;
const paid: SourceLimits = {
  requests: { count: 30, windowMs: 60_000 },
  credits: { count: 10_000, periodMs: MONTH_MS },
};

test('an interval is never shorter than limit and budget can keep up with', () => {
  const pairs = ['BTC/USD', 'ETH/USD', 'SOL/USD'];
  const intervalOf = (limits: SourceLimits, wantedMs?: number) => {
    const requests = {
      requests: (context: { pairs: readonly string[] }) =>
        context.pairs.map((pair) => ({ url: pair, pairs: [pair] })),
    };
    const source = plainSource('alpha', { limits, http: requests });
    const { endpoints } = source;
    const given = {
      source,
      pairs,
      endpoints,
      credentials: {},
      options: {},
      priority: 1,
      transport: 'poll' as const,
    };
    return pollIntervalMs(
      source,
      contextOf(given, pairs, () => {}),
      wantedMs,
    );
  };
  assert.equal(intervalOf({ requests: { count: 600, windowMs: 60_000 } }), 1_000, 'as the adapter has it');
  assert.equal(intervalOf({ requests: { count: 600, windowMs: 60_000 } }, 5_000), 5_000, 'as configured');
  assert.equal(intervalOf({ requests: { count: 3, windowMs: 9_000 } }, 1_000), 10_000, 'as the venue allows');
  assert.equal(intervalOf(paid, 1_000), (3 * MONTH_MS) / 10_000, 'as the budget lasts');
});

test('a paid budget is spread over its period, and a restart does not forget what was spent', async () => {
  const source = plainSource('alpha', { stream: null, limits: paid });
  const first = scriptedWorld([source]);
  first.outbound.answer = () => ({ body: first.body('1') });
  await first.service.start();
  for (let i = 0; i < 300; i++) {
    let isDone = false;
    void first.service.fetchNow(['BTC/USD']).then(() => {
      isDone = true;
    });
    for (let waited = 0; !isDone && waited < 20; waited++) await first.clock.advance(1_000);
    assert.ok(isDone);
  }
  const spent = first.outbound.requests.length;
  assert.ok(spent >= 95 && spent <= 110, `one hundredth may be spent ahead: ${spent}`);
  await first.service.stop();
  const second = scriptedWorld([source], { startAt: first.clock.now() + 1_000, rows: first.history.rows });
  await second.service.start();
  await second.clock.advance(60_000);
  assert.ok(second.outbound.requests.length <= 2, 'no new hundred after a restart');
  await second.service.stop();
});
