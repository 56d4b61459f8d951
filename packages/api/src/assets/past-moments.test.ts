// Moments of a made-up history: instants, gaps, and changes found to the millisecond.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnswerState } from '@assay/oracle/model/answer';
import type { AnswerRow, History } from '@assay/ports/history/history';
import { momentsOf } from './past-moments.ts';

const FEED = 'BTC/USD';

test('moments say what was served at each instant, where nothing was, and when the state changed', async () => {
  const rows = [
    ...[0, 500, 1_000, 1_500].map((at) => row(at, 'ok', '100.00')),
    row(2_345, 'degraded', '101.00'),
    row(2_900, 'degraded', '102.00'),
    row(10_000, 'ok', '103.00'),
  ];
  const range = { feed: FEED, fromMs: 0, toMs: 10_000, points: 10, staleAfterMs: 1_000, heartbeatMs: 60_000 };
  const { everyMs, moments, changes } = await momentsOf(historyOf(rows), range);
  assert.equal(everyMs, 1_000);
  assert.deepEqual(
    moments.map((moment) => moment?.price ?? null),
    ['100.00', '100.00', '100.00', '102.00', '102.00', null, null, null, null, null, '103.00'],
  );
  assert.deepEqual(
    changes.map(({ at, state }) => [Date.parse(at), state]),
    [
      [2_345, 'degraded'],
      [4_901, 'none'],
      [10_000, 'ok'],
    ],
  );
  assert.equal(changes[0]!.reason, 'degraded because');
});

function row(answeredAt: number, state: AnswerState, price: string): AnswerRow {
  const answer = { feed: FEED, price, low: price, high: price, state, answeredAt, observedAt: answeredAt };
  const record = JSON.stringify({ ...answer, stateReason: `${state} because` });
  return { feed: FEED, answeredAt, offset: answeredAt, price, state, record };
}

function historyOf(rows: readonly AnswerRow[]): History {
  const answerAt = async (_feed: string, atMs: number) =>
    rows.findLast(({ answeredAt }) => answeredAt <= atMs);
  return { answerAt } as Partial<History> as History;
}
