import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestLedger } from '../../../../test/desk-rig.ts';
import { type StoredSubmission, SubmissionTables } from './submission-tables.ts';

test('what took part is never called unused because it grew old, also by a reader that begins anew', async () => {
  const { ledger, end } = await startTestLedger();
  try {
    const tables = new SubmissionTables(ledger);
    await tables.prepare();
    const [symbol, price_usd, at] = ['BTC', '67000', '2026-01-01T00:00:00.000Z'];
    const submission: StoredSubmission = {
      ...{ id: 'sub_1', client: 'a', symbol, price_usd, timestamp: at, submitted_by: 'x', feed: 'BTC/USD' },
      ...{ status: 'accepted', detail: 'received', receivedAt: at, events: [] },
    };
    assert.equal(await tables.insert(submission, 'a', undefined), true);
    const fate = (status: 'used' | 'unused' | 'outlier', detail: string) =>
      tables.tell([{ id: 'sub_1', status, detail, at: Date.parse(at) }]);
    await fate('used', 'used in decision 1');
    await fate('unused', 'not used in decision 9: too old when the feed was computed');
    const used = await tables.byId('sub_1');
    assert.deepEqual([used?.status, used?.detail], ['used', 'used in decision 1']);
    await fate('outlier', 'an outlier in decision 2');
    const outlier = await tables.byId('sub_1');
    assert.deepEqual(
      [outlier?.status, outlier?.events.map(({ status }) => status)],
      ['outlier', ['accepted', 'used', 'outlier']],
    );
  } finally {
    await end();
  }
});
