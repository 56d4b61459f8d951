// Uniswap v3 pools of any EVM chain, read from a JSON-RPC node. One batch: the newest block, then slot0 and
// liquidity of each pool. In: the batch's answers, in any order. Out: the exact price in integers from
// sqrtPriceX96, at the time of the block. Pools are configuration (`options.pools`), with token order and
// decimals as on chain. A spot price can be moved by one large swap, so a pool under its liquidity floor
// says nothing, and neither does an old block.
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { Pair } from '../../model/pair.ts';
import { defineSource, type Parsed, type SourceContext } from '../define-source.ts';
import {
  badPayload,
  batchesOf,
  type Fields,
  fieldsOf,
  isFields,
  listOf,
  parseJson,
  readInBatch,
  refusal,
} from '../payload.ts';

/** Function selectors of IUniswapV3PoolState. */
const SLOT0 = '0x3850c7bd';
const LIQUIDITY = '0x1a686502';
// 101 calls a batch; public nodes take at least this many.
const POOLS_PER_REQUEST = 50;
/** Two blocks of Ethereum and a half: an older newest block means a node that hangs. */
const BLOCK_AGE_MAX_MS = 30_000;
/** The price is written with this many significant digits; the square root itself has no more than 48. */
const SIGNIFICANT_DIGITS = 30;
/** And at most this many decimals. */
const DECIMALS_MAX = 40;
const Q192 = 2n ** 192n;

type Pool = {
  address: string;
  decimals0: number;
  decimals1: number;
  /** False: the base is token0. True: the base is token1. */
  invert: boolean;
  /** In the pool's own units (L); less means that the pool's price is too easy to move. */
  minimumLiquidity: bigint;
};

export default defineSource({
  id: 'uniswap_v3',
  name: 'Uniswap v3',
  homepage: 'https://uniswap.org',
  documentation: 'https://docs.uniswap.org/contracts/v3/reference/core/interfaces/pool/IUniswapV3PoolState',
  checked: { by: 'recorded', version: 'v3 core', on: '2026-11-21' },
  kind: 'pool',
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
      batchesOf(context.pairs, POOLS_PER_REQUEST).map((pairs) => ({
        method: 'POST',
        url: context.endpoints.rest ?? '',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(callsFor(pairs, context)),
        pairs,
      })),
    parse(response, request, context) {
      const answers = resultsById(parseJson(response.body, 'batch'));
      const observedAt = blockTime(answers.get(0), response.receivedAt);
      const prices: Parsed[] = [];
      for (const [index, pair] of request.pairs.entries()) {
        const pool = poolOf(pair, context.options);
        if (pool === undefined) continue;
        readInBatch(context, pair, () => {
          const slot0 = wordsIn(answers.get(2 * index + 1), `slot0 of ${pool.address}`);
          const liquidity = wordsIn(answers.get(2 * index + 2), `liquidity of ${pool.address}`)[0] ?? 0n;
          if (liquidity < pool.minimumLiquidity) throw tooShallow(pair, pool, liquidity);
          const price = priceOf(slot0[0] ?? 0n, pool);
          prices.push({ pair, kind: 'pool', price, observedAt });
        });
      }
      return prices;
    },
  },
  examples: [
    {
      name: 'a block, slot0 and liquidity, out of order',
      transport: 'http',
      payload:
        '[{"jsonrpc":"2.0","id":2,"result":"0x' +
        '000000000000000000000000000000000000000000000a6c6e2d523af27d453c"},' +
        '{"jsonrpc":"2.0","id":0,"result":{"number":"0x16751de","timestamp":"0x68e92d8b"}},' +
        '{"jsonrpc":"2.0","id":1,"result":"0x' +
        '0000000000000000000000000000000000000000000010c73f5a3a987023c090' +
        'fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffbc89d' +
        '0000000000000000000000000000000000000000000000000000000000000000' +
        '0000000000000000000000000000000000000000000000000000000000000001' +
        '0000000000000000000000000000000000000000000000000000000000000001' +
        '0000000000000000000000000000000000000000000000000000000000000000' +
        '0000000000000000000000000000000000000000000000000000000000000001"}]',
      pairs: ['USDE/USDT'],
      options: {
        pools: {
          'USDE/USDT': {
            address: '0x435664008f38b0650fbc1c9fc971d0a3bc2f1e47',
            decimals0: 18,
            decimals1: 6,
            invert: false,
          },
        },
      },
      receivedAt: 1760112015000,
      expect: {
        prices: [
          {
            pair: 'USDE/USDT',
            kind: 'pool',
            price: '1.00013047068934903570518732134',
            observedAt: 1760112011000,
          },
        ],
      },
      from: 'constructed around the recorded state of block 23548382',
    },
  ],
});

function callsFor(pairs: readonly Pair[], context: SourceContext): unknown[] {
  const call = (id: number, method: string, params: unknown[]) => ({ jsonrpc: '2.0', id, method, params });
  return [
    call(0, 'eth_getBlockByNumber', ['latest', false]),
    ...pairs.flatMap((pair, index) => {
      const to = poolOf(pair, context.options)?.address;
      return [
        call(2 * index + 1, 'eth_call', [{ to, data: SLOT0 }, 'latest']),
        call(2 * index + 2, 'eth_call', [{ to, data: LIQUIDITY }, 'latest']),
      ];
    }),
  ];
}

/** Results by the number of the call; an error of one call stays with it, an error of the batch ends it. */
function resultsById(body: unknown): Map<number, unknown> {
  if (isFields(body) && body.error !== undefined) throw rpcError(body.error, 'batch');
  const results = new Map<number, unknown>();
  for (const item of listOf(body, 'batch', 'body')) {
    const answer = fieldsOf(item, 'batch', 'answer');
    const id = typeof answer.id === 'number' ? answer.id : -1;
    results.set(id, answer.error === undefined ? answer.result : rpcError(answer.error, `call ${id}`));
  }
  return results;
}

/** Time of the newest block, ms. @throws AssayError SOURCE_REFUSED when it is too old */
function blockTime(block: unknown, receivedAt: number): number {
  if (block instanceof AssayError) throw block;
  const time = fieldsOf(block, 'eth_getBlockByNumber', 'result').timestamp;
  const seconds = typeof time === 'string' && /^0x[0-9a-f]{1,10}$/i.test(time) ? Number(time) : Number.NaN;
  if (!(seconds > 0)) throw badPayload('eth_getBlockByNumber', 'timestamp', time, 'seconds as hex digits');
  const observedAt = seconds * 1000;
  if (receivedAt - observedAt <= BLOCK_AGE_MAX_MS) return observedAt;
  const age = Math.round((receivedAt - observedAt) / 1000);
  throw refusal('SOURCE_REFUSED', `its newest block is ${age} s old: the node does not follow its chain`, {
    frame: 'eth_getBlockByNumber',
  });
}

/** 32-byte words of a call's result. */
function wordsIn(result: unknown, frame: string): bigint[] {
  if (result instanceof AssayError) throw result;
  if (typeof result !== 'string' || !/^0x(?:[0-9a-f]{64})+$/i.test(result))
    throw badPayload(
      frame,
      'result',
      result,
      '32-byte words in hex digits: is there such a pool on this chain?',
    );
  return (result.slice(2).match(/.{64}/g) ?? []).map((word) => BigInt(`0x${word}`));
}

/**
 * (sqrtPriceX96 / 2^96)^2 is the amount of token1 for one token0, in their smallest units; whole units
 * differ by the
 * decimals. The quotient is cut after SIGNIFICANT_DIGITS digits, towards zero.
 */
function priceOf(sqrtPriceX96: bigint, pool: Pool): string {
  if (sqrtPriceX96 === 0n)
    throw badPayload('slot0', 'sqrtPriceX96', '0', 'above zero: the pool is not initialised');
  const square = sqrtPriceX96 * sqrtPriceX96;
  const shift = 10n ** BigInt(Math.abs(pool.decimals0 - pool.decimals1));
  const [over, under] = pool.invert ? [Q192, square] : [square, Q192];
  // 10^(decimals0 - decimals1), turned round with the price.
  const isUp = pool.decimals0 >= pool.decimals1 !== pool.invert;
  return quotientText(isUp ? over * shift : over, isUp ? under : under * shift);
}

function quotientText(over: bigint, under: bigint): string {
  const whole = over / under;
  const wholeDigits = whole === 0n ? 0 : whole.toString().length;
  // A price under one has leading zeros, which are not significant.
  const zeros = whole === 0n ? (under / over).toString().length - 1 : 0;
  const decimals = Math.min(DECIMALS_MAX, Math.max(0, SIGNIFICANT_DIGITS - wholeDigits + zeros));
  if (decimals === 0) return whole.toString();
  const digits = ((over * 10n ** BigInt(decimals)) / under).toString().padStart(decimals + 1, '0');
  const text = `${digits.slice(0, digits.length - decimals)}.${digits.slice(digits.length - decimals)}`;
  return text.replace(/\.?0+$/, '');
}

function tooShallow(pair: Pair, pool: Pool, liquidity: bigint): AssayError {
  return refusal(
    'SOURCE_REFUSED',
    `the pool of ${pair} has a liquidity of ${liquidity}, under the floor of ${pool.minimumLiquidity}`,
    { frame: `liquidity of ${pool.address}` },
  );
}

function rpcError(error: unknown, frame: string): AssayError {
  const fields: Fields = isFields(error) ? error : {};
  const message = `${String(fields.code)} ${String(fields.message)}`;
  // -32005 and -32029 are what nodes answer to too many calls.
  const isLimit = /rate|limit|too many/i.test(message) || fields.code === -32005 || fields.code === -32029;
  return refusal(isLimit ? 'SOURCE_RATE_LIMITED' : 'SOURCE_REFUSED', message, { frame });
}

/** @throws AssayError CONFIG_INVALID naming the field of the pool that cannot be used */
function poolOf(pair: Pair, options: Record<string, unknown>): Pool | undefined {
  const given = isFields(options.pools) ? options.pools[pair] : undefined;
  if (given === undefined) return undefined;
  const pool: Fields = isFields(given) ? given : {};
  const demand = (holds: boolean, field: string, fix: string): void => {
    if (holds) return;
    const name = `sources.uniswap_v3.options.pools.${pair}.${field}`;
    throw new AssayError(
      'CONFIG_INVALID',
      `${name} is ${JSON.stringify(pool[field]) ?? 'missing'}: it must be ${fix}`,
      {
        context: { field: name, value: pool[field] },
      },
    );
  };
  const { address, decimals0, decimals1, invert = false, minimumLiquidity = '1' } = pool;
  demand(
    typeof address === 'string' && /^0x[0-9a-fA-F]{40}$/.test(address),
    'address',
    '0x and 40 hex digits',
  );
  demand(isDecimals(decimals0), 'decimals0', "the decimals of the pool's token0, 0 to 36");
  demand(isDecimals(decimals1), 'decimals1', "the decimals of the pool's token1, 0 to 36");
  demand(typeof invert === 'boolean', 'invert', 'true when the base of the pair is token1');
  demand(/^[1-9]\d{0,38}$/.test(String(minimumLiquidity)), 'minimumLiquidity', 'a whole number in quotes');
  return {
    address: (address as string).toLowerCase(),
    decimals0: decimals0 as number,
    decimals1: decimals1 as number,
    invert: invert as boolean,
    minimumLiquidity: BigInt(String(minimumLiquidity)),
  };
}

function isDecimals(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 36;
}
