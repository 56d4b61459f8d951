// Pool prices in integers: against the recorded state of every block, and what a node may answer instead.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { needsRecordings, recordings } from '../../../../../test/recordings.ts';
import type { Parsed } from '../define-source.ts';
import { sourceContext } from '../source-context.ts';
import uniswapV3 from './uniswap-v3.ts';

const ADDRESS = '0x435664008f38b0650fbc1c9fc971d0a3bc2f1e47';
const POOL = { address: ADDRESS, decimals0: 18, decimals1: 6, invert: false };
const AT = 1_760_112_011;

type Reject = (pair: string, error: { message: string; code: string }) => void;

function read(
  calls: unknown,
  pools: Record<string, unknown>,
  reject?: Reject,
  receivedAt = AT * 1000,
): Parsed[] {
  const context = sourceContext(uniswapV3, {
    pairs: Object.keys(pools),
    options: { pools },
    ...(reject === undefined ? {} : { reject }),
  });
  const [request] = uniswapV3.http!.requests(context);
  const body = typeof calls === 'string' ? calls : JSON.stringify(calls);
  return uniswapV3.http!.parse({ status: 200, headers: {}, body, receivedAt }, request!, context);
}

const word = (value: bigint): string => value.toString(16).padStart(64, '0');
const hex = (...values: bigint[]): string => `0x${values.map(word).join('')}`;
const result = (id: number, value: unknown) => ({ jsonrpc: '2.0', id, result: value });
const block = (seconds = AT) => result(0, { number: '0x16751de', timestamp: `0x${seconds.toString(16)}` });

const after = (id: number, number = '0x16751de') => result(id, { number, timestamp: `0x${AT.toString(16)}` });
const two = (value: bigint): bigint => BigInt.asUintN(256, value);
/** What observe answers where the mean of five minutes is this tick. */
const observed = (meanTick: bigint): string => hex(64n, 160n, 2n, 0n, two(meanTick * 300n), 2n, 0n, 0n);

/** Answers for one pool with this state. */
function state(sqrtPriceX96: bigint, liquidity: bigint, tick = 0n, meanTick = tick) {
  const slot0 = hex(sqrtPriceX96, two(tick), 0n, 0n, 0n, 0n, 1n);
  return [block(), result(1, slot0), result(2, hex(liquidity)), result(3, observed(meanTick)), after(4)];
}

test('the price of every recorded block is the one that its indexer computed', needsRecordings(), () => {
  const path = join(recordings()!, 'open', 'prices', 'usde_oct_2025', 'uniswap_v3_USDe_USDT_blocks.csv.gz');
  const lines = gunzipSync(readFileSync(path)).toString('utf8').trim().split('\n').slice(1);
  assert.ok(lines.length > 1000);
  for (const line of lines) {
    const [, , sqrtPrice = '', , liquidity = '', token0Price = '', token1Price = ''] = line.split(',');
    const calls = state(BigInt(sqrtPrice), BigInt(liquidity));
    // The indexer's token1Price is what one token0 costs in token1, with 34 digits, rounded; ours are cut
    // after 30.
    for (const [invert, expected] of [
      [false, token1Price],
      [true, token0Price],
    ] as const) {
      const [parsed] = read(calls, { 'USDE/USDT': { ...POOL, invert } });
      assert.ok(parsed !== undefined && parsed.kind === 'pool');
      assert.equal(parsed.price.slice(0, 29), expected.slice(0, 29), line);
    }
  }
});

test('decimals and inversion are exact from the dearest to the cheapest pair', () => {
  const one = 2n ** 96n;
  const price = (pool: object, sqrt = one): string | undefined => {
    const [parsed] = read(state(sqrt, 10n ** 18n), { 'A/B': { ...POOL, ...pool } });
    return parsed?.kind === 'pool' ? parsed.price : undefined;
  };
  assert.equal(price({ decimals0: 18, decimals1: 18 }), '1');
  assert.equal(price({ decimals0: 18, decimals1: 6 }), '1000000000000');
  assert.equal(price({ decimals0: 6, decimals1: 18 }), '0.000000000001');
  assert.equal(price({ decimals0: 18, decimals1: 6, invert: true }), '0.000000000001');
  assert.equal(price({ decimals0: 6, decimals1: 18, invert: true }), '1000000000000');
  assert.equal(price({ decimals0: 18, decimals1: 18 }, 3n * one), '9');
  assert.equal(price({ decimals0: 18, decimals1: 18, invert: true }, 3n * one), `0.${'1'.repeat(30)}`);
});

test('an old block, an empty pool, a wrong address and an error of the node give no price', () => {
  const pools = { 'USDE/USDT': POOL };
  const good = state(79233330822181208440976n, 10n ** 18n);
  const refused = { code: 'SOURCE_REFUSED' };
  const bad = { code: 'SOURCE_BAD_PAYLOAD' };
  assert.throws(() => read(good, pools, undefined, (AT + 31) * 1000), { ...refused, message: /31 s old/ });
  assert.equal(read(good, pools, undefined, (AT + 30) * 1000).length, 1);
  assert.throws(() => read(state(79233330822181208440976n, 0n), pools), {
    ...refused,
    message: /under the floor/,
  });
  assert.throws(() => read(state(0n, 10n ** 18n), pools), { ...bad, message: /not initialised/ });
  assert.throws(() => read(state(2n ** 255n, 10n ** 18n), pools), bad, 'more digits than a price has');
  assert.throws(() => read(state(1n, 10n ** 18n), pools), bad, 'nothing but zeros');
  assert.throws(() => read([block(), result(1, '0x'), ...good.slice(2)], pools), bad);
  assert.throws(() => read([result(0, null), ...good.slice(1)], pools), bad);
  assert.throws(() => read([good[0], good[1]], pools), bad);
  assert.throws(
    () => read('{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"slow down"}}', pools),
    {
      code: 'SOURCE_RATE_LIMITED',
    },
  );
  const reverted = { jsonrpc: '2.0', id: 1, error: { code: 3, message: 'execution reverted' } };
  assert.throws(() => read([block(), reverted, ...good.slice(2)], pools), refused);
  // The block that came while the batch was read, and another block of the same number.
  const moved = { ...refused, message: /a block came while its pools were read/ };
  assert.throws(() => read([...good.slice(0, 4), after(4, '0x16751df')], pools), moved);
  const hashed = (id: number, hash: string) =>
    result(id, { number: '0x16751de', hash, timestamp: `0x${AT.toString(16)}` });
  assert.throws(() => read([hashed(0, '0xaa'), ...good.slice(1, 4), hashed(4, '0xbb')], pools), moved);
});

test('a pool under its floor costs the other pools of the batch nothing', () => {
  const pools = {
    'USDE/USDT': { ...POOL, minimumLiquidity: '1000' },
    'A/B': { ...POOL, address: `${ADDRESS.slice(0, -1)}0`, minimumLiquidity: '10' },
  };
  const slot0 = hex(79233330822181208440976n, 0n);
  const calls = [
    after(7),
    result(6, observed(0n)),
    result(5, hex(10n)),
    result(4, slot0),
    result(3, observed(0n)),
    result(2, hex(999n)),
    result(1, slot0),
    block(),
  ];
  const rejected: string[] = [];
  const prices = read(calls, pools, (pair, error) => rejected.push(`${pair} ${error.code}`));
  assert.deepEqual([prices.map(({ pair }) => pair), rejected], [['A/B'], ['USDE/USDT SOURCE_REFUSED']]);
});

test('a spot price away from the mean of its last minutes says nothing, in either direction', () => {
  const one = 2n ** 96n;
  const spot = (tick: bigint, mean: bigint, more: object = {}) =>
    read(state(one, 10n ** 18n, tick, mean), { 'A/B': { ...POOL, ...more } }).length;
  assert.equal(spot(-276_323n, -276_123n), 1, '200 ticks are allowed');
  for (const [tick, mean] of [
    [-276_323n, -276_122n],
    [201n, 0n],
    [0n, 201n],
  ] as const) {
    assert.throws(() => spot(tick, mean), {
      code: 'SOURCE_REFUSED',
      message: /bps away from its mean of 300 s/,
    });
  }
  assert.equal(spot(500n, 0n, { maximumTwapTicks: 500 }), 1);
  assert.equal(spot(5_000n, 0n, { twapSeconds: 0 }), 1, 'spot alone, where the operator says so');
  const [reverted] = [{ jsonrpc: '2.0', id: 3, error: { code: 3, message: 'execution reverted: OLD' } }];
  const calls = [...state(one, 10n ** 18n).filter(({ id }) => id !== 3), reverted];
  assert.throws(() => read(calls, { 'A/B': POOL }), { code: 'SOURCE_REFUSED', message: /OLD/ });
});

test('a pool that is described wrongly is refused with the name of its field', () => {
  for (const [field, change] of [
    ['address', { address: '0x123' }],
    ['decimals0', { decimals0: undefined }],
    ['decimals1', { decimals1: 6.5 }],
    ['invert', { invert: 'yes' }],
    ['minimumLiquidity', { minimumLiquidity: 0 }],
    ['twapSeconds', { twapSeconds: -1 }],
    ['maximumTwapTicks', { maximumTwapTicks: 0.5 }],
  ] as const)
    assert.throws(() => uniswapV3.symbol('A/B', { pools: { 'A/B': { ...POOL, ...change } } }), {
      code: 'CONFIG_INVALID',
      context: {
        field: `sources.uniswap_v3.options.pools.A/B.${field}`,
        value: Object.values(change)[0],
      },
    });
  assert.equal(uniswapV3.symbol('A/C', { pools: {} }), undefined);
});
