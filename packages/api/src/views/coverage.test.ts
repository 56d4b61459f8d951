// Feed by source: every configured pair has a verdict in words, and what a venue would offer is told apart.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FeedDefinition } from '@assay/oracle/model/feed';
import type { SourcePairStatus } from '@assay/oracle/model/source-status';
import { coverageOf } from './coverage.ts';
import type { ShownSource } from './sources.ts';

const FEED = {
  feed: 'BTC/USD',
  sources: [
    { source: 'alpha', pair: 'BTC/USD', weight: 1 },
    { source: 'alpha', pair: 'BTC/USDT', weight: 1 },
    { source: 'beta', pair: 'BTC/USD', weight: 1 },
    { source: 'gamma', pair: 'BTC/USD', weight: 1 },
  ],
} as unknown as FeedDefinition;

const pair = (name: string, more: Partial<SourcePairStatus> = {}): SourcePairStatus => ({
  pair: name,
  isLive: true,
  confidence: 1,
  ageMs: 300,
  price: '1',
  quarantinedUntil: null,
  listing: { state: 'listed', detail: '' },
  ...more,
});

const shown = (source: string, more: Partial<ShownSource>): ShownSource => ({
  source,
  name: source,
  venue: source,
  kind: 'exchange',
  state: 'live',
  sentence: 'It works.',
  ...more,
});

const verdicts = (sources: ShownSource[]): [string, string, boolean, string][] =>
  coverageOf([FEED], sources).map((row) => [row.source, row.pair, row.isLive, row.reason]);

test('each pair is live or has a reason, and offers are no coverage', () => {
  const sources = [
    shown('alpha', {
      offers: ['BTC/EUR', 'BTC/USDT', 'ETH/USD'],
      pairs: [
        pair('BTC/USD'),
        pair('BTC/USDT', { isLive: false, listing: { state: 'halted', detail: '"BTCUSDT" does not trade' } }),
      ],
    }),
    shown('beta', { state: 'refused', sentence: 'Beta refuses us.', pairs: [pair('BTC/USD')] }),
  ];
  assert.deepEqual(verdicts(sources), [
    ['alpha', 'BTC/USD', true, 'live, 0.3 s old'],
    ['alpha', 'BTC/USDT', false, 'halted: "BTCUSDT" does not trade'],
    ['beta', 'BTC/USD', false, 'Beta refuses us.'],
    ['gamma', 'BTC/USD', false, 'there is no such source'],
    ['alpha', 'BTC/EUR', false, 'the venue trades it; it is not configured'],
  ]);
});

test('a pair that fell silent, was never heard, or is left out says which', () => {
  const one = (status: SourcePairStatus): string => verdicts([shown('beta', { pairs: [status] })])[2]![3];
  assert.equal(
    one(pair('BTC/USD', { isLive: false, ageMs: 600_000 })),
    'silent: the last price of it is 10 min old',
  );
  assert.equal(
    one(pair('BTC/USD', { isLive: false, ageMs: null })),
    'asked for; no price of it has come yet',
  );
  assert.match(
    one(pair('BTC/USD', { isLive: false, quarantinedUntil: 1 })),
    /^left out by ourselves until 1970/,
  );
});
