// Uniswap v2 pairs, and those of its many copies, on any EVM chain: read from a JSON-RPC node. In: the
// reserves of each pair at one block. Out: the exact quotient of the reserves in integers, at the time of the
// block. Pairs are configuration (`options.pools`). One swap moves the quotient, and there is no mean to hold
// it against: only pairs with deep reserves should be configured, and one under its floor says nothing.
import type { Pair } from '../../model/pair.ts';
import { defineSource } from '../define-source.ts';
import {
  addressOf,
  floorOf,
  type PoolAnswer,
  poolFields,
  poolRequests,
  priceText,
  readPools,
  tooShallow,
} from '../evm-pools.ts';
import { badPayload } from '../payload.ts';

/** getReserves() of IUniswapV2Pair: reserve0, reserve1, time of the last change. */
const GET_RESERVES = '0x0902f1ac';

type Pool = {
  address: string;
  decimals0: number;
  decimals1: number;
  invert: boolean;
  /** Of token0 and token1, in their smallest units. */
  minimumReserve0: bigint;
  minimumReserve1: bigint;
};

export default defineSource({
  id: 'uniswap_v2',
  name: 'Uniswap v2',
  homepage: 'https://uniswap.org',
  documentation: 'https://docs.uniswap.org/contracts/v2/reference/smart-contracts/pair',
  kind: 'pool',
  checked: { by: 'documented', version: 'v2 core', on: '2026-11-21' },
  endpoints: { rest: 'https://ethereum-rpc.publicnode.com' },
  symbol(pair, options) {
    const pool = poolOf(pair, options);
    return pool === undefined ? undefined : `${pool.address}${pool.invert ? ':inverse' : ''}`;
  },
  // Public nodes do not document a number; one batch a block is far below what they refuse.
  limits: { requests: { count: 10, windowMs: 1000 } },
  http: {
    // A block of Ethereum takes 12 s: each is seen within 4.
    intervalMs: 4000,
    timeoutMs: 4000,
    requests: (context) =>
      poolRequests(context, (pair) => [{ to: poolOf(pair, context.options)!.address, data: GET_RESERVES }]),
    parse: (response, request, context) =>
      readPools({ response, request, context, callsPerPair: 1 }, (pair, [reserves]) =>
        priceIn(pair, poolOf(pair, context.options)!, reserves!),
      ),
  },
  examples: [
    {
      name: 'a block and the reserves of a pair',
      transport: 'http',
      payload:
        '[{"jsonrpc":"2.0","id":0,"result":{"number":"0x16751de","timestamp":"0x68e92d8b"}},' +
        '{"jsonrpc":"2.0","id":1,"result":"0x' +
        '00000000000000000000000000000000000000000000000000000c1f3b2b4e80' +
        '00000000000000000000000000000000000000000000009c2007651b25000000' +
        '0000000000000000000000000000000000000000000000000000000068e92d7f"},' +
        '{"jsonrpc":"2.0","id":2,"result":{"number":"0x16751de","timestamp":"0x68e92d8b"}}]',
      pairs: ['ETH/USDC'],
      options: {
        pools: {
          'ETH/USDC': {
            address: '0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc',
            decimals0: 6,
            decimals1: 18,
            invert: true,
          },
        },
      },
      receivedAt: 1760112015000,
      expect: {
        prices: [
          {
            pair: 'ETH/USDC',
            kind: 'pool',
            price: '4627.8736852',
            observedAt: 1760112011000,
          },
        ],
      },
      from: 'constructed by the documented layout of getReserves',
    },
  ],
});

function priceIn(pair: Pair, pool: Pool, { words }: PoolAnswer): string {
  const [reserve0 = 0n, reserve1 = 0n] = words;
  if (reserve0 === 0n || reserve1 === 0n) throw badPayload('getReserves', 'reserve', '0', 'above zero');
  if (reserve0 < pool.minimumReserve0) throw tooShallow(pair, 'reserve0', reserve0, pool.minimumReserve0);
  if (reserve1 < pool.minimumReserve1) throw tooShallow(pair, 'reserve1', reserve1, pool.minimumReserve1);
  return priceText(reserve1, reserve0, pool);
}

/** @throws AssayError CONFIG_INVALID naming the field of the pool that cannot be used */
function poolOf(pair: Pair, options: Record<string, unknown>): Pool | undefined {
  const given = poolFields('uniswap_v2', pair, options);
  if (given === undefined) return undefined;
  const { decimals0, decimals1, invert } = given;
  const [minimumReserve0, minimumReserve1] = [
    floorOf(given, 'minimumReserve0'),
    floorOf(given, 'minimumReserve1'),
  ];
  return { address: addressOf(given), decimals0, decimals1, invert, minimumReserve0, minimumReserve1 };
}
