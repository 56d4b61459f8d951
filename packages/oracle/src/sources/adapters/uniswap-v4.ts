// Uniswap v4 pools of any EVM chain, read through StateView from a JSON-RPC node. A pool has no contract of
// its own: it is a number, the hash of its currencies, fee, spacing and hook. In: slot0 and liquidity of each
// pool at one block. Out: the exact price in integers from sqrtPriceX96, at the time of the block. Pools are
// configuration (`options.pools`). v4 keeps no mean of the last minutes, so only deep pools without a hook
// should be configured; one under its floor says nothing.
import type { Pair } from '../../model/pair.ts';
import { defineSource } from '../define-source.ts';
import {
  floorOf,
  type PoolAnswer,
  poolFields,
  poolRequests,
  priceOfSquareRoot,
  readPools,
  tooShallow,
} from '../evm-pools.ts';

/** getSlot0(bytes32) and getLiquidity(bytes32) of StateView. */
const GET_SLOT0 = '0xc815641c';
const GET_LIQUIDITY = '0xfa6793d5';
/** On Ethereum (docs.uniswap.org/contracts/v4/deployments); other chains have their own. */
const STATE_VIEW = '0x7ffe42c4a5deea5b0fec41c94c136cf115597227';

type Pool = {
  /** PoolId: keccak256 of the encoded PoolKey. */
  id: string;
  stateView: string;
  decimals0: number;
  decimals1: number;
  invert: boolean;
  minimumLiquidity: bigint;
};

export default defineSource({
  id: 'uniswap_v4',
  name: 'Uniswap v4',
  homepage: 'https://uniswap.org',
  documentation: 'https://docs.uniswap.org/contracts/v4/guides/read-pool-state',
  kind: 'pool',
  checked: { by: 'documented', version: 'v4 StateView', on: '2026-11-21' },
  endpoints: { rest: 'https://ethereum-rpc.publicnode.com' },
  symbol(pair, options) {
    const pool = poolOf(pair, options);
    return pool === undefined ? undefined : `${pool.id}${pool.invert ? ':inverse' : ''}`;
  },
  // Public nodes do not document a number; one batch a block is far below what they refuse.
  limits: { requests: { count: 10, windowMs: 1000 } },
  http: {
    // A block of Ethereum takes 12 s: each is seen within 4.
    intervalMs: 4000,
    timeoutMs: 4000,
    requests: (context) =>
      poolRequests(context, (pair) => {
        const { id, stateView: to } = poolOf(pair, context.options)!;
        return [GET_SLOT0, GET_LIQUIDITY].map((selector) => ({ to, data: selector + id.slice(2) }));
      }),
    parse: (response, request, context) =>
      readPools({ response, request, context, callsPerPair: 2 }, (pair, answers) =>
        priceIn(pair, poolOf(pair, context.options)!, answers),
      ),
  },
  examples: [
    {
      name: 'a block, slot0 and liquidity of a pool of ether itself',
      transport: 'http',
      payload:
        '[{"jsonrpc":"2.0","id":0,"result":{"number":"0x16751de","timestamp":"0x68e92d8b"}},' +
        '{"jsonrpc":"2.0","id":1,"result":"0x' +
        '000000000000000000000000000000000000000000037e11d60000000000000' +
        '0' +
        'fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffd0f5a' +
        '0000000000000000000000000000000000000000000000000000000000000000' +
        '00000000000000000000000000000000000000000000000000000000000001f4"},' +
        '{"jsonrpc":"2.0","id":2,"result":"0x' +
        '0000000000000000000000000000000000000000000000000a6c6e2d523af27d"},' +
        '{"jsonrpc":"2.0","id":3,"result":{"number":"0x16751de","timestamp":"0x68e92d8b"}}]',
      pairs: ['ETH/USDC'],
      options: {
        pools: {
          'ETH/USDC': {
            id: '0x21c67e77068de97969ba93d4aab21826d33ca12bb9f565d8496e8fda8a82ca27',
            decimals0: 18,
            decimals1: 6,
          },
        },
      },
      receivedAt: 1760112015000,
      expect: {
        prices: [
          {
            pair: 'ETH/USDC',
            kind: 'pool',
            price: '2839.89925879564249948222283501',
            observedAt: 1760112011000,
          },
        ],
      },
      from: 'constructed by the documented layout of StateView',
    },
  ],
});

function priceIn(pair: Pair, pool: Pool, [slot0, liquidity]: readonly PoolAnswer[]): string {
  const depth = liquidity!.words[0] ?? 0n;
  if (depth < pool.minimumLiquidity) throw tooShallow(pair, 'liquidity', depth, pool.minimumLiquidity);
  return priceOfSquareRoot(slot0!.words[0] ?? 0n, pool);
}

/** @throws AssayError CONFIG_INVALID naming the field of the pool that cannot be used */
function poolOf(pair: Pair, options: Record<string, unknown>): Pool | undefined {
  const given = poolFields('uniswap_v4', pair, options);
  if (given === undefined) return undefined;
  const { decimals0, decimals1, invert, fields, demand } = given;
  const { id, stateView = STATE_VIEW } = fields;
  demand(typeof id === 'string' && /^0x[0-9a-fA-F]{64}$/.test(id), 'id', '0x and 64 hex digits');
  demand(/^0x[0-9a-fA-F]{40}$/.test(String(stateView)), 'stateView', '0x and 40 hex digits');
  return {
    id: (id as string).toLowerCase(),
    stateView: String(stateView).toLowerCase(),
    decimals0,
    decimals1,
    invert,
    minimumLiquidity: floorOf(given, 'minimumLiquidity'),
  };
}
