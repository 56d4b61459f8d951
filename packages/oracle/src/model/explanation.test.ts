// Golden texts: "why this number?" for six situations, made by the real aggregator. A text that changes on
// purpose is written anew by hand into golden/: the failure of its test shows it in full.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Aggregator } from '../aggregation/aggregator.ts';
import { configOf, instantOf, type Line, START_AT, startOf } from '../aggregation/book-for-tests.ts';
import { decodeCheck, decodeDecision, encodeCheck, encodeDecision } from './decision.ts';
import { type Explanation, explain, explanationText } from './explanation.ts';
import type { FeedDefinition } from './feed.ts';
import type { Instant } from './instant.ts';
import type { Pair } from './pair.ts';
import type { SourcePrice } from './source-price.ts';

const HONEST: Line[] = [
  ['bitstamp', 'BTC/USD', '60001.00'],
  ['coinbase', 'BTC/USD', '60000.10'],
  ['coinbase', 'BTC/USDT', '59970.40'],
  ['coinbase', 'USDT/USD', '1.00050'],
  ['kraken', 'BTC/USD', '60004.20'],
  ['kraken', 'BTC/USDT', '59973.00'],
  ['kraken', 'USDT/USD', '1.00051'],
  ['okx', 'BTC/USDT', '59971.80'],
];
const FEEDS: Pair[] = ['BTC/USD', 'USDT/USD'];
const say = (lines: readonly Line[], ...changed: Line[]): Line[] =>
  lines.map((line) => changed.find(([source, pair]) => source === line[0] && pair === line[1]) ?? line);

const GOLDEN: Record<string, { state: string; explanation: () => Explanation }> = {
  ok: { state: 'ok', explanation: () => explained('BTC/USD', HONEST, [instantOf(1000, HONEST)]) },
  outlier: {
    state: 'ok',
    explanation: () =>
      explained('BTC/USD', HONEST, [
        instantOf(1000, HONEST),
        instantOf(2000, say(HONEST, ['okx', 'BTC/USDT', '61200.00'])),
      ]),
  },
  stale: {
    state: 'stale',
    explanation: () =>
      explained('BTC/USD', HONEST, [
        instantOf(1000, HONEST),
        { at: START_AT + 420_000, records: [{ offset: 5_000_000, record: { type: 'mark' } }] },
      ]),
  },
  'lying-cross': {
    state: 'ok',
    explanation: () =>
      explained('BTC/USD', HONEST, [
        instantOf(1000, HONEST),
        instantOf(2000, say(HONEST, ['coinbase', 'USDT/USD', '1.20000'])),
      ]),
  },
  'one-dollar-venue': {
    state: 'degraded',
    explanation: () => {
      const lines = HONEST.filter(([source, pair]) => source === 'coinbase' || pair === 'BTC/USDT');
      return explained('BTC/USD', HONEST, [instantOf(1000, lines)]);
    },
  },
  halted: {
    state: 'halted',
    explanation: () => {
      const jumped: Line[] = [
        ['bitstamp', 'BTC/USD', '66001.00'],
        ['coinbase', 'BTC/USD', '66000.10'],
      ];
      const only: Line[] = HONEST.filter(([, pair]) => pair === 'BTC/USD');
      const changes = { minimumVenues: 3 };
      return explained('BTC/USD', only, [instantOf(1000, only), instantOf(2000, jumped)], changes);
    },
  },
};

for (const [name, { state, explanation }] of Object.entries(GOLDEN)) {
  test(`the explanation of an answer (${name}) reads as its golden file`, () => {
    const made = explanation();
    assert.equal(made.state, state);
    const golden = readFileSync(join(import.meta.dirname, 'golden', `${name}.txt`), 'utf8');
    assert.equal(explanationText(made), golden);
  });
}

function explained(
  feed: Pair,
  configured: readonly Line[],
  instants: readonly Instant[],
  changes: Partial<FeedDefinition> = {},
): Explanation {
  const config = configOf(FEEDS, configured, changes);
  const aggregator = new Aggregator();
  aggregator.take(startOf(config));
  const prices = new Map<number, SourcePrice>();
  const checks = new Map<string, string>();
  let latest: Explanation | undefined;
  for (const instant of instants) {
    for (const { offset, record } of instant.records) if (record.type === 'price') prices.set(offset, record);
    const { answers, decisions, checks: made } = aggregator.take(instant);
    for (const check of made) checks.set(check.id, encodeCheck(check));
    answers.forEach((answer, at) => {
      if (answer.feed !== feed) return;
      // Through the bus and back, as `assay explain` gets them.
      const decision = decodeDecision(encodeDecision(decisions[at]!));
      const check = decision.check === null ? undefined : checks.get(decision.check);
      const now = answer.answeredAt + 400;
      latest = explain(
        answer,
        decision,
        check === undefined ? undefined : decodeCheck(check),
        prices,
        config,
        now,
      );
    });
  }
  return latest!;
}
