import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from '../model/answer.ts';
import type { Instant } from '../model/instant.ts';
import type { SourceRecord } from '../model/source-price.ts';
import { Aggregator } from './aggregator.ts';
import { configOf, instantOf, type Line, START_AT, startOf } from './book-for-tests.ts';

const SOL: Line[] = [
  ['a', 'SOL/USD', '100.00'],
  ['b', 'SOL/USD', '100.02'],
  ['c', 'SOL/USD', '100.01'],
  ['d', 'SOL/USD', '100.03'],
];
const just = (afterMs: number, ...records: SourceRecord[]): Instant => ({
  at: START_AT + afterMs,
  records: records.map((record, at) => ({ offset: 9_000_000 + afterMs * 10 + at, record })),
});
const allAt = (price: string): Line[] => SOL.map(([source, pair]) => [source, pair, price]);

function running(changes: Parameters<typeof configOf>[2] = {}): Aggregator {
  const aggregator = new Aggregator();
  aggregator.take(startOf(configOf(['SOL/USD'], SOL, changes)));
  return aggregator;
}
const statesOf = (answers: readonly Answer[]) => answers.map(({ state, price }) => [state, Number(price)]);

test('nothing comes out before the first start, and a start forgets everything', () => {
  const aggregator = new Aggregator();
  assert.deepEqual(aggregator.take(instantOf(500, SOL)).answers, []);
  aggregator.take(startOf(configOf(['SOL/USD'], SOL)));
  assert.equal(aggregator.take(instantOf(1000, SOL)).answers.length, 1);
  aggregator.take(startOf(configOf(['SOL/USD'], SOL)));
  const [answer] = aggregator.take(instantOf(2000, SOL.slice(0, 1))).answers;
  assert.equal(answer!.sourcesUsed, 1);
  assert.equal(answer!.state, 'degraded');
});

test('the answer is the exact weighted median; two middle prices give their mean', () => {
  const [answer] = running().take(instantOf(1000, SOL)).answers;
  assert.equal(answer!.price, '100.01500000');
  assert.equal(answer!.state, 'ok');
});

test('a withdrawn source is out until it speaks again, and the decision says why', () => {
  const aggregator = running();
  aggregator.take(instantOf(1000, SOL));
  const withdrawal: SourceRecord = {
    type: 'withdrawal',
    source: 'a',
    reason: 'silent',
    detail: 'no frame for 10 s',
    receivedAt: START_AT + 2000,
  };
  const out = aggregator.take(just(2000, withdrawal));
  assert.equal(out.answers[0]!.price, '100.02000000');
  const input = out.decisions[0]!.inputs.find(({ source }) => source === 'a')!;
  assert.deepEqual([input.verdict, input.detail], ['withdrawn', 'silent: no frame for 10 s']);
  assert.equal(aggregator.take(instantOf(3000, SOL.slice(0, 1))).answers[0]!.sourcesUsed, 4);
});

test('fewer venues than wanted are degraded, none at all are stale after the limit, and news recover the feed', () => {
  const aggregator = running({ staleAfterMs: 30_000 });
  aggregator.take(instantOf(1000, SOL));
  assert.deepEqual(statesOf(aggregator.take(just(302_000, { type: 'mark' })).answers), [['stale', 100.015]]);
  assert.deepEqual(aggregator.take(just(303_000, { type: 'mark' })).answers, []);
  assert.equal(aggregator.take(instantOf(304_000, SOL)).answers[0]!.state, 'ok');
  assert.equal(aggregator.take(instantOf(700_000, SOL.slice(0, 2))).answers[0]!.state, 'degraded');
});

test('a large move is not served as ok before enough venues confirm it, and then at once', () => {
  const aggregator = running();
  aggregator.take(instantOf(1000, SOL));
  const two = allAt('110').slice(0, 2);
  const after = aggregator.take(instantOf(61_000, [...two]));
  assert.notEqual(after.answers[0]!.state, 'ok');
  const confirmed = aggregator.take(instantOf(61_500, allAt('110'))).answers[0]!;
  assert.deepEqual([confirmed.state, Number(confirmed.price)], ['ok', 110]);
});

test('bounds of a feed halt it', () => {
  const aggregator = running({ minimumPrice: '50', maximumPrice: '105' });
  aggregator.take(instantOf(1000, SOL));
  const [answer] = aggregator.take(instantOf(200_000, allAt('106'))).answers;
  assert.deepEqual([answer!.state, Number(answer!.price)], ['halted', 100.015]);
  assert.match(answer!.stateReason, /configured maximum/);
});

test('unusable prices are counted and change nothing', () => {
  const aggregator = running();
  aggregator.take(instantOf(1000, SOL));
  const bad: Line[] = ['', 'NaN', '-5', '0', '1e400'].map((price) => ['a', 'SOL/USD', price]);
  assert.deepEqual(aggregator.take(instantOf(2000, bad)).answers, []);
  assert.equal(aggregator.rejectedCount, bad.length);
});

test('a hub price that jumps waits for the next joint check, which runs at most every 100 ms', () => {
  const lines: Line[] = ['a', 'b', 'c', 'd'].map((source) => [source, 'BTC/USD', '60000.00']);
  const aggregator = new Aggregator();
  aggregator.take(startOf(configOf(['BTC/USD'], lines)));
  assert.equal(aggregator.take(instantOf(1000, lines)).checks.length, 1);
  const jump = aggregator.take(instantOf(1040, [['a', 'BTC/USD', '61000.00']]));
  assert.equal(jump.checks.length, 0);
  assert.equal(jump.decisions[0]!.inputs[0]!.verdict, 'pending');
  assert.equal(jump.answers[0]!.price, '60000.00000000');
  const judged = aggregator.take(just(1100, { type: 'mark' }));
  assert.equal(judged.checks.length, 1);
  assert.equal(judged.checks[0]!.inputs[0]!.verdict, 'outlier');
});

test('crosses of quote currencies are priced, not assumed: BTC in euro follows from dollars and EUR/USD', () => {
  const lines: Line[] = ['a', 'b', 'c', 'd'].flatMap((source) => [
    [source, 'BTC/USD', '60000.00'] as Line,
    [source, 'ETH/USD', '3000.00'] as Line,
    [source, 'EUR/USD', '1.2000'] as Line,
  ]);
  const aggregator = new Aggregator();
  aggregator.take(startOf(configOf(['BTC/EUR', 'ETH/BTC', 'EUR/USD'], lines)));
  const answers = new Map(aggregator.take(instantOf(1000, lines)).answers.map((each) => [each.feed, each]));
  assert.equal(answers.get('BTC/EUR')!.price, '50000.00000000');
  assert.equal(answers.get('ETH/BTC')!.price, '0.05000000');
  assert.ok([...answers.values()].every(({ state }) => state === 'ok'));
});

for (const [method, price] of [
  ['median', '100.01500000'],
  ['trimmed-mean', '100.01500000'],
  ['twap', '100.01500000'],
  ['vwap', '100.01500000'],
  ['single-source', '100.03000000'],
] as const) {
  test(`the method ${method} gives its own price`, () => {
    const aggregator = running({ method, methodSource: 'd', windowMs: 60_000 });
    const [answer] = aggregator.take(instantOf(1000, SOL, { volume: '2' })).answers;
    assert.equal(answer!.price, price);
  });
}

test('a pair that ends with the base is read the other way round, judged and weighed like any other', () => {
  const lines: Line[] = [
    ['a', 'USDT/USD', '1.0010'],
    ['b', 'USDT/USD', '1.0010'],
    ['c', 'USDT/USD', '1.0010'],
    ['d', 'USDT/KRW', '1400'],
    ['e', 'USDT/KRW', '1400'],
    ['f', 'USDT/KRW', '1401'],
    ['g', 'USDT/KRW', '1550'],
  ];
  const turned = lines.slice(3).map(([source, pair]) => ({ source, pair, weight: 1 }));
  const config = configOf(['USDT/USD', 'KRW/USD'], lines, { decimals: 12 });
  config.feeds[1]!.sources = turned;
  const aggregator = new Aggregator();
  aggregator.take(startOf(config));
  const { answers, decisions } = aggregator.take(instantOf(1000, lines));
  const [answer, decision] = [answers, decisions].map((all) => all.find(({ feed }) => feed === 'KRW/USD')!);
  // 1.001 / 1400, by hand.
  assert.equal((answer as Answer).price, '0.000715000000');
  assert.equal((answer as Answer).state, 'ok');
  const { inputs } = decision as (typeof decisions)[number];
  assert.deepEqual(
    inputs.map(({ source, verdict, converted }) => [source, verdict, converted]),
    [
      ['d', 'used', '0.000715000000'],
      ['e', 'used', '0.000715000000'],
      ['f', 'used', '0.000714489650'],
      ['g', 'outlier', '0.000645806452'],
    ],
  );
});
