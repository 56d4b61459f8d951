// Prices that clients offer: accepted with their digits, or refused with the name of the field.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import submitted, { readSubmission } from './submitted.ts';

const NOW = Date.parse('2024-10-05T15:05:01Z');
const STAMP = { receivedAt: NOW, profile: 'sandbox', confidence: 0.5 };
const GOOD = { symbol: 'ETH', price_usd: 4500, timestamp: '2024-10-05T15:05:00Z', submitted_by: 'ClientX' };

test('the examples of the adapter hold', () => {
  for (const { payload, expect, receivedAt = NOW } of submitted.examples) {
    const read = () => readSubmission(payload, { ...STAMP, receivedAt }).price;
    if ('error' in expect) assert.throws(read, { code: expect.error });
    else if ('prices' in expect) {
      const { pair, kind, price, observedAt } = read();
      assert.deepEqual([{ pair, kind, price, observedAt }], expect.prices);
    }
  }
});

test('a submission becomes a source price with the digits that the client wrote', () => {
  const body = JSON.stringify({ ...GOOD, symbol: 'ETH/USD' }).replace('4500', '4500.120000000000000000001');
  assert.deepEqual(readSubmission(body, STAMP), {
    price: {
      type: 'price',
      source: 'submitted',
      pair: 'ETH/USD',
      price: '4500.120000000000000000001',
      kind: 'submission',
      observedAt: NOW - 1000,
      receivedAt: NOW,
      confidence: 0.5,
      transport: 'submission',
      profile: 'sandbox',
    },
    submittedBy: 'ClientX',
  });
  assert.equal(
    readSubmission(JSON.stringify({ ...GOOD, price_usd: '4500.10' }), STAMP).price.price,
    '4500.10',
  );
});

test('each field that cannot be used is named, with its value', () => {
  const cases: [string, object][] = [
    ['symbol', { symbol: 'eth' }],
    ['symbol', { symbol: 'ETH/EUR' }],
    ['price_usd', { price_usd: 0 }],
    ['price_usd', { price_usd: 'NaN' }],
    ['price_usd', { price_usd: undefined }],
    ['timestamp', { timestamp: '2024-10-05T15:05:07Z' }],
    ['timestamp', { timestamp: '2024-10-05T14:05:00Z' }],
    ['timestamp', { timestamp: 1728140700 }],
    ['submitted_by', { submitted_by: '' }],
    ['submitted_by', { submitted_by: 'x'.repeat(65) }],
  ];
  for (const [field, change] of cases) {
    try {
      readSubmission(JSON.stringify({ ...GOOD, ...change }), STAMP);
      assert.fail(`${JSON.stringify(change)} was accepted`);
    } catch (error) {
      assert.ok(isAssayError(error, 'RECORD_INVALID'), String(error));
      assert.equal(error.context.field, field);
    }
  }
  for (const body of ['', '[]', 'null', '{"symbol":"ETH"', new Uint8Array([0xff, 0xfe])])
    assert.throws(() => readSubmission(body, STAMP), { code: 'RECORD_INVALID' });
});
