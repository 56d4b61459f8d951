// The laws of aggregation (ARCHITECTURE.md), on books that are made to break them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeDecision } from '../model/decision.ts';
import { Aggregator } from './aggregator.ts';
import { configOf, instantOf, type Line, START_AT, startOf } from './book-for-tests.ts';

const OPTIONS = { seed: 7, numRuns: 150 };
const VENUES = ['a', 'b', 'c', 'd', 'e'];
const FEEDS = ['BTC/USD', 'USDT/USD', 'SOL/USD'];
const PAIRS = ['BTC/USD', 'BTC/USDT', 'USDT/USD', 'SOL/USD', 'SOL/USDT'];
const TRUE_PRICES = new Map([
  ['BTC/USD', 60_000],
  ['BTC/USDT', 59_970],
  ['USDT/USD', 1.0005],
  ['SOL/USD', 150],
  ['SOL/USDT', 149.93],
]);

/** Honest venues within a few basis points. */
const honestBook = fc
  .array(fc.integer({ min: -15, max: 15 }), { minLength: 25, maxLength: 25 })
  .map((noise) =>
    VENUES.flatMap((venue, v) =>
      PAIRS.map((pair, p): Line => [venue, pair, priceAt(pair, noise[v * PAIRS.length + p]!)]),
    ),
  );

/** What one venue may say instead, in basis points from the truth, pair by pair. */
const lies = fc.array(fc.oneof(fc.integer({ min: -90, max: 90 }), fc.integer({ min: -9000, max: 20_000 })), {
  minLength: 5,
  maxLength: 5,
});

test('an ok answer is within its limit of what the honest venues say without the liar', () => {
  fc.assert(
    fc.property(
      honestBook,
      fc.array(lies, { minLength: 1, maxLength: 4 }),
      fc.nat(4),
      (book, rounds, liar) => {
        const aggregator = new Aggregator();
        const alone = new Aggregator();
        aggregator.take(startOf(configOf(FEEDS, book)));
        alone.take(startOf(configOf(FEEDS, book)));
        rounds.forEach((round, number) => {
          const lying = book.map(([venue, pair, price]): Line => {
            const isLie = venue === VENUES[liar];
            return [venue, pair, isLie ? priceAt(pair, round[PAIRS.indexOf(pair)]!) : price];
          });
          const { answers } = aggregator.take(instantOf((number + 1) * 1000, lying));
          const honest = lying.filter(([venue]) => venue !== VENUES[liar]);
          const truth = new Map(
            alone.take(instantOf((number + 1) * 1000, honest)).answers.map((a) => [a.feed, a]),
          );
          for (const answer of answers) {
            if (answer.state !== 'ok') continue;
            const move = Math.abs(Number(answer.price) / Number(truth.get(answer.feed)!.price) - 1) * 10_000;
            assert.ok(move <= 100, `${answer.feed} ${answer.price} moved by ${move} bps`);
          }
        });
      },
    ),
    OPTIONS,
  );
});

test('every venue named in an ok decision can be removed without moving the answer by more than 40 bps', () => {
  fc.assert(
    fc.property(honestBook, lies, fc.nat(4), (book, round, liar) => {
      const lying = book.map(([venue, pair, price]): Line => {
        return [venue, pair, venue === VENUES[liar] ? priceAt(pair, round[PAIRS.indexOf(pair)]!) : price];
      });
      const aggregator = new Aggregator();
      aggregator.take(startOf(configOf(FEEDS, book)));
      const { answers, decisions } = aggregator.take(instantOf(1000, lying));
      answers.forEach((answer, at) => {
        assert.ok(Number(answer.low) <= Number(answer.price) && Number(answer.price) <= Number(answer.high));
        for (const { price } of decisions[at]!.withoutVenue) {
          if (answer.state !== 'ok') continue;
          assert.notEqual(price, null);
          assert.ok(Math.abs(Number(price) / Number(answer.price) - 1) <= 0.00401);
          assert.ok(Number(answer.low) <= Number(price) * 1.0000001);
          assert.ok(Number(answer.high) >= Number(price) * 0.9999999);
        }
      });
    }),
    OPTIONS,
  );
});

test('with the hostile weight under half across every cut, an answer lies within what honest venues imply', () => {
  fc.assert(
    fc.property(honestBook, lies, lies, (book, first, second) => {
      // Two of five venues lie, together and in everything.
      const lying = book.map(([venue, pair, price]): Line => {
        const round = venue === 'a' ? first : venue === 'b' ? second : undefined;
        return [venue, pair, round === undefined ? price : priceAt(pair, round[PAIRS.indexOf(pair)]!)];
      });
      const aggregator = new Aggregator();
      aggregator.take(startOf(configOf(FEEDS, book)));
      for (const answer of aggregator.take(instantOf(1000, lying)).answers) {
        const truth = TRUE_PRICES.get(answer.feed)!;
        const away = Math.abs(Number(answer.price) / truth - 1) * 10_000;
        // Honest noise is 15 bps, through two conversions; within the floor of 60 nobody can be told from the
        // honest.
        assert.ok(away <= 110, `${answer.feed} ${answer.price} is ${away} bps away`);
      }
    }),
    OPTIONS,
  );
});

test('order of arrival inside an instant, and the order of the configuration, change no byte', () => {
  fc.assert(
    fc.property(honestBook, fc.infiniteStream(fc.nat(1000)), (book, order) => {
      const shuffled = <T>(list: readonly T[]): T[] =>
        list
          .map((each) => ({ each, key: order.next().value as number }))
          .sort((x, y) => x.key - y.key)
          .map(({ each }) => each);
      const one = new Aggregator();
      const other = new Aggregator();
      one.take(startOf(configOf(FEEDS, book)));
      other.take(startOf(configOf(FEEDS, shuffled(book))));
      const instant = instantOf(1000, [...book, ...book.map(([v, p, price]): Line => [v, p, `${price}1`])]);
      const bytes = (aggregator: Aggregator, records: typeof instant.records) => {
        const { answers, decisions } = aggregator.take({ at: instant.at, records });
        return [...answers.map((answer) => JSON.stringify(answer)), ...decisions.map(encodeDecision)].sort();
      };
      assert.deepEqual(bytes(other, shuffled(instant.records)), bytes(one, instant.records));
    }),
    { ...OPTIONS, numRuns: 60 },
  );
});

test('scaling all prices of a base scales its answer', () => {
  fc.assert(
    fc.property(honestBook, fc.integer({ min: 1, max: 6 }), (book, power) => {
      const scale = (lines: readonly Line[]) =>
        lines.map(
          ([v, pair, price]): Line => [v, pair, pair.startsWith('SOL') ? `${price}e-${power}` : price],
        );
      const answerOf = (lines: readonly Line[]) => {
        const aggregator = new Aggregator();
        aggregator.take(startOf(configOf(FEEDS, lines, { decimals: 18 })));
        return aggregator.take(instantOf(1000, lines)).answers.find((answer) => answer.feed === 'SOL/USD')!;
      };
      const scaled = Number(answerOf(scale(book)).price) * 10 ** power;
      assert.ok(Math.abs(scaled / Number(answerOf(book).price) - 1) < 1e-11);
    }),
    { ...OPTIONS, numRuns: 40 },
  );
});

test('a price beyond its limit has no influence, and continuity never outvotes two fresh venues that agree', () => {
  const lines: Line[] = ['a', 'b', 'c'].map((venue) => [venue, 'SOL/USD', '100']);
  const aggregator = new Aggregator();
  aggregator.take(startOf(configOf(['SOL/USD'], lines, { minimumVenues: 2, maximumMoveBps: 100_000 })));
  aggregator.take(instantOf(1000, lines));
  const later = instantOf(400_000, [
    ['a', 'SOL/USD', '140'],
    ['b', 'SOL/USD', '140.01'],
  ]);
  const { answers, decisions } = aggregator.take(later);
  assert.equal(decisions[0]!.inputs.find((input) => input.source === 'c')!.verdict, 'stale');
  assert.ok(Number(answers[0]!.price) >= 140);
  assert.equal(answers[0]!.answeredAt, START_AT + 400_000);
});

test('one digit in one price changes the hash of every answer that took it in, and of no other', () => {
  const lines: Line[] = VENUES.flatMap((venue) => [
    [venue, 'SOL/USD', '150.00'] as Line,
    [venue, 'ADA/USD', '0.5000'] as Line,
  ]);
  const hashes = (book: readonly Line[]) => {
    const aggregator = new Aggregator();
    aggregator.take(startOf(configOf(['SOL/USD', 'ADA/USD'], lines)));
    return new Map(aggregator.take(instantOf(1000, book)).answers.map((a) => [a.feed, a.inputsHash]));
  };
  const before = hashes(lines);
  const after = hashes(lines.map(([v, p, price], at) => [v, p, at === 4 ? '150.01' : price]));
  assert.notEqual(after.get('SOL/USD'), before.get('SOL/USD'));
  assert.equal(after.get('ADA/USD'), before.get('ADA/USD'));
});

function priceAt(pair: string, bps: number): string {
  const price = TRUE_PRICES.get(pair)! * (1 + bps / 10_000);
  return price.toFixed(price > 100 ? 2 : 6);
}
