// Pools of Uniswap v3 and of those that took its contract over: of each the state of its price, its liquidity
// and its mean price of the last minutes, at one block. In: the batch's answers, in any order. Out: the exact
// price in integers from sqrtPriceX96, at the time of the block. A spot price can be moved by one large swap:
// a pool under its liquidity floor, or away from its own mean of the last minutes, says nothing, and neither
// does an old block.
import type { Pair } from '../model/pair.ts';
import type { Source } from './define-source.ts';
import {
  addressOf,
  floorOf,
  type PoolAnswer,
  poolFields,
  poolRequests,
  priceOfSquareRoot,
  readPools,
  signed,
  tooShallow,
} from './evm-pools.ts';
import { refusal } from './payload.ts';

/** Function selectors of IUniswapV3PoolState and IUniswapV3PoolDerivedState; the copies kept them. */
const SLOT0 = '0x3850c7bd';
const LIQUIDITY = '0x1a686502';
const OBSERVE = '0x883bdbfd';
/** Five minutes: to hold a price away for so long costs what arbitrage takes from every block of it. */
const TWAP_SECONDS = 300;
/** A tick is a basis point: a market that honestly moves moves less in half of that time, but in a crash. */
const TWAP_TICKS_MAX = 200;

type Pool = {
  address: string;
  decimals0: number;
  decimals1: number;
  /** False: the base is token0. True: the base is token1. */
  invert: boolean;
  /** In the pool's own units (L); less means that the pool's price is too easy to move. */
  minimumLiquidity: bigint;
  /** 0: its spot price is believed alone. */
  twapSeconds: number;
  maximumTwapTicks: number;
};

/** What all v3 pools have in common; `source` names the options that are wrong. */
export function v3Pools(
  source: string,
  intervalMs: number,
): Required<Pick<Source, 'kind' | 'symbol' | 'limits' | 'http'>> {
  const poolIn = (pair: Pair, options: Record<string, unknown>) => poolOf(source, pair, options);
  return {
    kind: 'pool',
    symbol(pair, options) {
      const pool = poolIn(pair, options);
      return pool === undefined ? undefined : `${pool.address}${pool.invert ? ':inverse' : ''}`;
    },
    // Public nodes do not document a number; one batch a block is far below what they refuse.
    limits: { requests: { count: 10, windowMs: 1000 } },
    http: {
      intervalMs,
      timeoutMs: 4000,
      requests: (context) =>
        poolRequests(context, (pair) => {
          const { address: to, twapSeconds } = poolIn(pair, context.options)!;
          const observe = observeCall(twapSeconds === 0 ? TWAP_SECONDS : twapSeconds);
          return [
            { to, data: SLOT0 },
            { to, data: LIQUIDITY },
            { to, data: observe },
          ];
        }),
      parse: (response, request, context) =>
        readPools({ response, request, context, callsPerPair: 3 }, (pair, answers) =>
          priceIn(pair, poolIn(pair, context.options)!, answers),
        ),
    },
  };
}

function priceIn(pair: Pair, pool: Pool, [slot0, liquidity, observed]: readonly PoolAnswer[]): string {
  const depth = liquidity!.words[0] ?? 0n;
  if (depth < pool.minimumLiquidity) throw tooShallow(pair, 'liquidity', depth, pool.minimumLiquidity);
  const [sqrtPriceX96 = 0n, tick = 0n] = slot0!.words;
  const price = priceOfSquareRoot(sqrtPriceX96, pool);
  if (pool.twapSeconds === 0) return price;
  const away = Number(signed(tick, 24)) - meanTick(observed!, pool.twapSeconds);
  if (Math.abs(away) <= pool.maximumTwapTicks) return price;
  throw refusal(
    'SOURCE_REFUSED',
    `the pool of ${pair} is ${Math.round(away)} bps away from its mean of ${pool.twapSeconds} s: one swap can do that`,
    { frame: `observe of ${pool.address}` },
  );
}

/** observe(uint32[]) of two instants, ABI-encoded: so many seconds ago, and now. */
function observeCall(seconds: number): string {
  const words = [0x20, 2, seconds, 0];
  return OBSERVE + words.map((word) => word.toString(16).padStart(64, '0')).join('');
}

/** Answers two lists: cumulative ticks, then seconds per liquidity; each begins with its length. */
function meanTick({ words }: PoolAnswer, seconds: number): number {
  const at = Number(words[0] ?? 0n) / 32;
  const [count = 0n, before = 0n, now = 0n] = words.slice(at, at + 3);
  if (count !== 2n) throw refusal('SOURCE_REFUSED', 'observe answered no two instants', { frame: 'observe' });
  return Number(signed(now, 56) - signed(before, 56)) / seconds;
}

/** @throws AssayError CONFIG_INVALID naming the field of the pool that cannot be used */
function poolOf(source: string, pair: Pair, options: Record<string, unknown>): Pool | undefined {
  const given = poolFields(source, pair, options);
  if (given === undefined) return undefined;
  const { decimals0, decimals1, invert, demand, fields } = given;
  const { twapSeconds = TWAP_SECONDS, maximumTwapTicks = TWAP_TICKS_MAX } = fields;
  demand(isWhole(twapSeconds, 86_400), 'twapSeconds', 'whole seconds up to a day; 0: spot alone');
  demand(isWhole(maximumTwapTicks, 10_000), 'maximumTwapTicks', 'whole basis points up to 10000');
  return {
    address: addressOf(given),
    decimals0,
    decimals1,
    invert,
    minimumLiquidity: floorOf(given, 'minimumLiquidity'),
    twapSeconds: twapSeconds as number,
    maximumTwapTicks: maximumTwapTicks as number,
  };
}

function isWhole(value: unknown, maximum: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= maximum;
}
