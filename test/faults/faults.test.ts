// The faults run in small: the coverage table says what it should, two choices go as it says, and the run can
// fail. All choices: npm run faults -- --kill 4
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Coverage, choices } from './coverage.ts';
import { killSome, untilAll } from './scenarios.ts';
import { readSetup, startWorld } from './world.ts';

const setup = await readSetup();
const coverage = new Coverage(setup.config);
const expected = (dead: string[]) =>
  Object.fromEntries(coverage.expect(new Set(dead)).map(({ feed, state }) => [feed, state]));

test('the coverage table knows which deaths a feed survives', () => {
  assert.equal(expected([])['BTC/USD'], 'ok');
  assert.equal(expected(['okx', 'bybit', 'coingecko', 'coinmarketcap'])['BTC/USD'], 'ok');
  // One dollar venue left: everything in dollars rests on its word, what is quoted in BTC does not.
  const one = expected(['kraken', 'bitstamp', 'bitfinex', 'coingecko', 'coinmarketcap']);
  assert.equal(one['SOL/USD'], 'degraded');
  assert.equal(one['ETH/BTC'], 'ok');
  // No dollar venue left: aggregators alone make no answer.
  const none = expected(['coinbase', 'kraken', 'bitstamp', 'bitfinex', 'binance']);
  assert.equal(none['SOL/USD'], 'stale');
  assert.equal(none['ETH/EUR'], 'stale');
  assert.equal(none['ETH/BTC'], 'ok');
  assert.equal(choices([...'abcdefghi'], 4).length, 126);
});

test('venues die and come back as the table says, with every ok answer among the survivors', async () => {
  const world = await startWorld(setup, 5);
  await untilAll(world, setup, 'ok', 30_000);
  for (const [turn, dead] of [
    ['kraken', 'okx', 'uniswap_v3', 'coingecko'],
    ['coinbase', 'kraken', 'bitstamp', 'coinmarketcap'],
  ].entries()) {
    const result = await killSome(setup, world, coverage, dead, turn);
    assert.deepEqual(result.mismatches, []);
    assert.ok(result.comparedCount > 0);
  }
  await world.stop();
});

test('a run whose venues do not die as they should is reported', async () => {
  const world = await startWorld(setup, 6);
  await untilAll(world, setup, 'ok', 30_000);
  const dead = ['coinbase', 'kraken', 'bitstamp', 'bitfinex', 'binance'];
  for (const venue of dead) world.sandbox.host(venue).setFault = () => {};
  const result = await killSome(setup, world, coverage, dead, 0);
  assert.ok(result.mismatches.some((finding) => finding.startsWith('SOL/USD is ok')));
  assert.ok(result.mismatches.some((finding) => finding.includes('still uses')));
  await world.stop();
});
