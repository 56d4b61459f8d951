import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AggregationConfig } from '../model/feed.ts';
import type { Instant } from '../model/instant.ts';
import { Aggregator } from './aggregator.ts';
import { configOf, instantOf, type Line, START_AT, startOf } from './book-for-tests.ts';

const VENUES = ['a', 'b', 'c', 'd'];
const of = (pair: string, price: number): Line[] =>
  VENUES.map((venue, at) => [venue, pair, (price * (1 + at / 10_000)).toFixed(4)]);
const SOL = of('SOL/USDT', 100);
const LINK = of('LINK/USD', 15);
const CROSS = of('USDT/USD', 1.0002);
const BEFORE = configOf(['SOL/USD', 'LINK/USD', 'USDT/USD'], [...SOL, ...LINK, ...CROSS]);

const configure = (afterMs: number, config: AggregationConfig): Instant => ({
  at: START_AT + afterMs,
  records: [{ offset: 8_000_000 + afterMs, record: { type: 'configure', profile: 'test', config } }],
});

function running(): Aggregator {
  const aggregator = new Aggregator();
  aggregator.take(startOf(BEFORE));
  aggregator.take(instantOf(1000, [...SOL, ...LINK, ...CROSS]));
  return aggregator;
}

test('a configuration that says the same changes no answer, then or later', () => {
  const touched = running();
  const untouched = running();
  assert.deepEqual(touched.take(configure(2000, BEFORE)).answers, []);
  const later = of('SOL/USDT', 101);
  const [a, b] = [touched, untouched].map((each) =>
    each.take(instantOf(3000, later)).answers.map(({ price }) => price),
  );
  assert.deepEqual(a, b);
});

test('a new source joins what the others said before, and a removed one is out at once', () => {
  const aggregator = running();
  const wider = configOf(
    ['SOL/USD', 'LINK/USD', 'USDT/USD'],
    [...SOL, ...LINK, ...CROSS, ['e', 'LINK/USD', '15.001']],
  );
  aggregator.take(configure(2000, wider));
  const [joined] = aggregator.take(instantOf(2500, [['e', 'LINK/USD', '15.001']])).answers;
  assert.deepEqual([joined!.feed, joined!.sourcesUsed, joined!.state], ['LINK/USD', 5, 'ok']);
  const narrower = configOf(['SOL/USD', 'LINK/USD', 'USDT/USD'], [...SOL, ...LINK.slice(1), ...CROSS]);
  const link = aggregator.take(configure(3000, narrower)).answers.find(({ feed }) => feed === 'LINK/USD');
  assert.equal(link?.sourcesUsed, 3);
  assert.equal(link?.state, 'ok');
});

test('a new feed speaks with its first news, converted through the crosses that are known', () => {
  const aggregator = running();
  const avax = of('AVAX/USDT', 30);
  const all = ['SOL/USD', 'LINK/USD', 'USDT/USD', 'AVAX/USD'];
  aggregator.take(configure(2000, configOf(all, [...SOL, ...LINK, ...CROSS, ...avax])));
  const [answer] = aggregator.take(instantOf(2500, avax)).answers;
  assert.equal(answer?.feed, 'AVAX/USD');
  assert.equal(answer?.state, 'ok');
});

test('without a start before it a configuration begins nothing', () => {
  const aggregator = new Aggregator();
  aggregator.take(configure(0, BEFORE));
  assert.deepEqual(aggregator.take(instantOf(1000, SOL)).answers, []);
});
