import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANSWER_STATES, priceRecordOf } from '@assay/oracle/model/answer';
import fc from 'fast-check';
import { answerOf, feedOf } from '../../../../test/api-rig.ts';
import { foundingPrice } from '../rest/founding-price.ts';
import { CurrentPrice } from './current-price.ts';

const digits = fc
  .tuple(fc.bigInt(0n, 10n ** 30n), fc.integer({ min: 0, max: 18 }))
  .map(([value, decimals]) => {
    const text = String(value).padStart(decimals + 1, '0');
    return decimals === 0 ? text : `${text.slice(0, -decimals)}.${text.slice(-decimals)}`;
  });

test('the text cut around ageMs is the JSON of the record at every instant, in ASCII, and stale in time', () => {
  fc.assert(
    fc.property(
      digits,
      fc.string({ unit: 'binary' }),
      fc.constantFrom(...ANSWER_STATES),
      fc.array(fc.integer({ min: 0, max: 30_000 }), { minLength: 1, maxLength: 5 }),
      (price, stateReason, state, ages) => {
        const current = new CurrentPrice(feedOf('BTC/USD'));
        const answer = answerOf('BTC/USD', price, 1_000_000, { state, stateReason });
        current.take(answer);
        for (const ageMs of ages) {
          const nowMs = answer.observedAt + ageMs;
          const text = current.text(nowMs)!;
          assert.match(text, /^[\x20-\x7e]*$/);
          assert.deepEqual(JSON.parse(text), current.record(nowMs));
          const isLate = nowMs >= answer.answeredAt + 10_000;
          const fresh = state === 'ok' || state === 'degraded';
          assert.equal(current.isFresh(nowMs), fresh && !isLate);
          if (!isLate) assert.deepEqual(JSON.parse(text), priceRecordOf(answer, nowMs));
          else assert.ok(['stale', 'halted'].includes(JSON.parse(text).state));
        }
      },
    ),
    { numRuns: 300, seed: 3 },
  );
});

test('the founding shape carries every digit of the price', () => {
  fc.assert(
    fc.property(digits, (price) => {
      const text = foundingPrice({ feed: 'BTC/USD', price, observedAt: 'now', source: 'Assay' });
      assert.deepEqual(Object.keys(JSON.parse(text)), ['symbol', 'price_usd', 'timestamp', 'source']);
      assert.ok(text.startsWith(`{"symbol":"BTC","price_usd":${price},"timestamp"`));
    }),
    { numRuns: 200, seed: 3 },
  );
});

test('an older answer never replaces a newer one', () => {
  const current = new CurrentPrice(feedOf('BTC/USD'));
  assert.ok(current.take(answerOf('BTC/USD', '2.00', 2_000)));
  assert.ok(!current.take(answerOf('BTC/USD', '1.00', 1_000)));
  assert.equal(current.record(3_000)!.price, '2.00');
});
