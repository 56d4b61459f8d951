// Laws of the simulated market: reproducible, always a price, drawn home when calm, and each regime as it
// says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@assay/kernel/random/random';
import fc from 'fast-check';
import { SimulatedMarket } from './market.ts';
import { REFERENCE_USD, REGIMES, type Regime } from './regimes.ts';

const START_MS = Date.UTC(2026, 0, 5);

function market(seed: number, regime: Regime = 'calm'): SimulatedMarket {
  return new SimulatedMarket({
    random: seededRandom(seed),
    nowMs: START_MS,
    regime,
    venues: ['kraken', 'okx'],
  });
}

function after(seed: number, regime: Regime, ms: number): SimulatedMarket {
  const one = market(seed, regime);
  for (let at = 100; at <= ms; at += 100) one.advance(START_MS + at);
  return one;
}

test('the same seed and steps give the same prices, and every price is above zero and finite', () => {
  const orders = fc.array(fc.tuple(fc.constantFrom(...REGIMES), fc.integer({ min: 1, max: 20_000 })), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), orders, (seed, steps) => {
      const [one, two] = [market(seed), market(seed)];
      for (const each of [one, two]) {
        let nowMs = START_MS;
        for (const [regime, ms] of steps) {
          each.setRegime(regime, nowMs);
          each.advance((nowMs += ms));
        }
      }
      assert.deepEqual(one.state, two.state);
      assert.ok(Object.values(one.state.prices).every((price) => price > 0 && Number.isFinite(price)));
    }),
    { seed: 1, numRuns: 60 },
  );
});

test('calm keeps every asset near its reference for an hour', () => {
  const calm = after(3, 'calm', 3_600_000);
  for (const [asset, reference] of Object.entries(REFERENCE_USD)) {
    assert.ok(Math.abs(calm.dollars(asset)! / reference - 1) < 0.03, asset);
  }
});

test('a crash takes over 5 % within five seconds, a trend does not, a depeg moves USDC alone', () => {
  const moved = (regime: Regime, ms: number, asset: string) =>
    after(5, regime, ms).dollars(asset)! / REFERENCE_USD[asset]! - 1;
  assert.ok(moved('crash', 5_000, 'BTC') < -0.05);
  assert.ok(moved('trend', 60_000, 'BTC') > 0.015 && moved('trend', 60_000, 'BTC') < 0.035);
  assert.ok(Math.abs(moved('depeg', 60_000, 'USDC') + 0.12) < 0.01);
  assert.ok(moved('depeg', 60_000, 'USDT') > 0);
  assert.ok(Math.abs(moved('depeg', 60_000, 'EUR')) < 0.002);
});

test('a depeg is over within a minute of calm', () => {
  const one = after(7, 'depeg', 60_000);
  one.setRegime('calm', START_MS + 60_000);
  one.advance(START_MS + 120_000);
  assert.ok(Math.abs(one.dollars('USDC')! - REFERENCE_USD.USDC!) < 0.002);
});

test('a wick stands on one venue, at once, and passes by itself', () => {
  const one = market(9);
  one.setRegime('wick', START_MS, 'okx');
  const share = (ms: number) => {
    one.advance(START_MS + ms);
    return one.rate('okx', 'BTC', 'USDT')!.price / one.rate('kraken', 'BTC', 'USDT')!.price;
  };
  assert.ok(Math.abs(share(100) - 0.8) < 1e-9);
  assert.equal(share(5_000), 1);
});
