// Laws of candles: the order in which answers arrive does not matter, and a candle is what a person would
// make of its answers.
import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { parseFixed } from '@assay/kernel/money/fixed';
import fc from 'fast-check';
import { beginCandle, type CandleState, candleKeys, extendCandle } from './candles.ts';
import type { AnswerRow } from './history.ts';

const START = Date.UTC(2026, 10, 20);

function roll(answers: readonly AnswerRow[]): CandleState {
  const [first, ...rest] = answers;
  const candle = beginCandle(candleKeys(first!)[0]!, first!);
  for (const answer of rest) extendCandle(candle, answer);
  return candle;
}

const answersOfOneMinute = fc
  .array(
    fc.record({ ms: fc.integer({ min: 0, max: 59_999 }), cents: fc.integer({ min: 1, max: 10_000_000 }) }),
    {
      minLength: 1,
      maxLength: 30,
    },
  )
  .map((made) =>
    made.map(({ ms, cents }, offset): AnswerRow => {
      const price = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
      return { feed: 'BTC/USD', answeredAt: START + ms, offset, price, state: 'ok', record: '{}' };
    }),
  );

test('a candle opens with the first answer, closes with the last, and spans them all, in any order of arrival', () => {
  const cases = answersOfOneMinute.chain((answers) =>
    fc.tuple(fc.constant(answers), fc.shuffledSubarray(answers, { minLength: answers.length })),
  );
  fc.assert(
    fc.property(cases, ([answers, shuffled]) => {
      const ordered = answers.toSorted((a, b) => a.answeredAt - b.answeredAt || a.offset - b.offset);
      const prices = answers
        .map(({ price }) => parseFixed(price))
        .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      const { open, high, low, close, count } = roll(shuffled);
      deepStrictEqual(
        { open, close, count, high: parseFixed(high), low: parseFixed(low) },
        {
          open: ordered[0]!.price,
          close: ordered.at(-1)!.price,
          count: answers.length,
          high: prices.at(-1)!,
          low: prices[0]!,
        },
      );
    }),
    { seed: 3, numRuns: 200 },
  );
});
