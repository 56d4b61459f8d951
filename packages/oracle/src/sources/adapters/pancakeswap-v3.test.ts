// PancakeSwap v3 against a recorded swap: the state that its event tells, laid out as slot0 answers it, makes
// the price at which the swap was done.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { needsRecordings, recordings } from '../../../../../test/recordings.ts';
import { sourceContext } from '../source-context.ts';
import pancakeswapV3 from './pancakeswap-v3.ts';

const PAIR = 'BNB/USDT';
/** keccak256 of Swap(address,address,int256,int256,uint160,uint128,int24,uint128,uint128). */
const SWAP = '0x19b47279256b2a23a1665c810c8d55a1758940ee09377d4f8d26497a3577dc83';
const AT = 1_763_641_856;

type Log = { address: string; topics: string[]; data: string };

function recordedSwap(): Log {
  const path = join(recordings()!, 'open', 'wire', 'uniswap_v3_logs', 'pancakeswap_v3_swap_rpc.json');
  return JSON.parse(readFileSync(path, 'utf8')) as Log;
}

const word = (value: bigint): string => BigInt.asUintN(256, value).toString(16).padStart(64, '0');
const hex = (...values: bigint[]): string => `0x${values.map(word).join('')}`;

function read(address: string, slot0: string, liquidity: bigint, meanTick: bigint) {
  const pool = { address, decimals0: 18, decimals1: 18, invert: true };
  const context = sourceContext(pancakeswapV3, { pairs: [PAIR], options: { pools: { [PAIR]: pool } } });
  const [request] = pancakeswapV3.http!.requests(context);
  const block = { number: '0x649bc61', timestamp: `0x${AT.toString(16)}` };
  const observed = hex(64n, 160n, 2n, 0n, meanTick * 300n, 2n, 0n, 0n);
  const results = [block, slot0, hex(liquidity), observed, block];
  const body = JSON.stringify(results.map((result, id) => ({ jsonrpc: '2.0', id, result })));
  const response = { status: 200, headers: {}, body, receivedAt: AT * 1000 + 900 };
  return pancakeswapV3.http!.parse(response, request!, context);
}

test('the state after a recorded swap gives the price of the swap', needsRecordings(), () => {
  const { address, topics, data } = recordedSwap();
  assert.equal(topics[0], SWAP);
  const words = (data.slice(2).match(/.{64}/g) ?? []).map((text) => BigInt(`0x${text}`));
  // Seven words, where the event of Uniswap has five: the protocol's fees come last.
  const [amount0, amount1, sqrtPriceX96, liquidity, tick, fee0, fee1, ...more] = words.map((value) =>
    BigInt.asIntN(256, value),
  );
  assert.deepEqual(more, []);
  assert.ok(fee0! > 0n && fee1 === 0n);
  // A protocol fee of 32 % of the fee, of both tokens: wider than the byte of Uniswap.
  const slot0 = hex(sqrtPriceX96!, tick!, 7n, 1000n, 1000n, 0x0c80_0c80n, 1n);
  const [parsed] = read(address, slot0, liquidity!, tick!);
  assert.ok(parsed?.kind === 'pool');
  assert.equal(parsed.observedAt, AT * 1000);
  // USDT that came in for each BNB that went out, before 0.01 % of fees.
  const paid = -Number(amount0) / Number(amount1);
  assert.ok(Math.abs(Number(parsed.price) / paid - 1) < 0.0005, `${parsed.price} and ${paid}`);
  assert.ok(Math.abs(Number(parsed.price) * 1.0001 ** Number(tick) - 1) < 0.0001);
});

test('a pool that is away from its mean says nothing, and a wrong field is named as its own', () => {
  const one = 2n ** 96n;
  const address = '0x172fcd41e0913e95784454622d1c3724f546f849';
  const slot0 = hex(one, 201n, 7n, 1000n, 1000n, 0x0c80_0c80n, 1n);
  assert.throws(() => read(address, slot0, 10n ** 24n, 0n), {
    code: 'SOURCE_REFUSED',
    message: /from its mean/,
  });
  assert.equal(read(address, slot0, 10n ** 24n, 1n).length, 1);
  assert.throws(() => read('0x172f', slot0, 10n ** 24n, 1n), {
    code: 'CONFIG_INVALID',
    message: /sources\.pancakeswap_v3\.options\.pools\.BNB\/USDT\.address/,
  });
});
