// Uniswap v3 as an Ethereum node serves it: JSON-RPC over HTTP, single and in batches, with the mainnet pools
// and tokens. In and out: protocol.ts. A pool's price changes with a block, every twelve seconds, as on
// mainnet.
// Documentation: ethereum.github.io/execution-apis, docs.uniswap.org/contracts/v3 (IUniswapV3PoolState).
import type { Board, Row } from '../board.ts';
import {
  jsonResponse,
  NO_STREAM,
  type VenueDefinition,
  type VenueProtocol,
  type VenueRequest,
  type VenueResponse,
  type VenueStep,
} from '../protocol.ts';

const BLOCK_MS = 12_000;
/**
 * Block number at the Unix epoch of a chain that always had blocks of twelve seconds; near the real height in
 * 2024.
 */
const BLOCK_OFFSET = 122_000_000;

type Token = { address: string; symbol: string; asset: string; decimals: number };

const WETH: Token = {
  address: '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2',
  symbol: 'WETH',
  asset: 'ETH',
  decimals: 18,
};
const WBTC: Token = {
  address: '0x2260fac5e5542a773aa44fbcfedf7c193bc2c599',
  symbol: 'WBTC',
  asset: 'BTC',
  decimals: 8,
};
const USDC: Token = {
  address: '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48',
  symbol: 'USDC',
  asset: 'USDC',
  decimals: 6,
};
const USDT: Token = {
  address: '0xdac17f958d2ee523a2206206994597c13d831ec7',
  symbol: 'USDT',
  asset: 'USDT',
  decimals: 6,
};
const USDE: Token = {
  address: '0x4c9edd5852cd905f086c759e8383e09bff1e68b3',
  symbol: 'USDE',
  asset: 'USDE',
  decimals: 18,
};
const LINK: Token = {
  address: '0x514910771af9ca656af840dff83e8d4d9264eca0',
  symbol: 'LINK',
  asset: 'LINK',
  decimals: 18,
};

type Pool = { address: string; token0: Token; token1: Token; fee: number; liquidity: bigint };

/**
 * Real mainnet pools; token0 is the one with the smaller address. Liquidity of the size each of them had in
 * 2024.
 */
export const POOLS: readonly Pool[] = [
  {
    address: '0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640',
    token0: USDC,
    token1: WETH,
    fee: 500,
    liquidity: 12n * 10n ** 18n,
  },
  {
    address: '0x11b815efb8f581194ae79006d24e0d814b7697f6',
    token0: WETH,
    token1: USDT,
    fee: 500,
    liquidity: 2n * 10n ** 18n,
  },
  {
    address: '0x99ac8ca7087fa4a2a1fb6357269965a2014abc35',
    token0: WBTC,
    token1: USDC,
    fee: 3000,
    liquidity: 7n * 10n ** 14n,
  },
  {
    address: '0x9db9e0e53058c89e5b94e29621a205198648425b',
    token0: WBTC,
    token1: USDT,
    fee: 3000,
    liquidity: 5n * 10n ** 14n,
  },
  {
    address: '0x4585fe77225b41b697c938b018e2ac67ac5a20c0',
    token0: WBTC,
    token1: WETH,
    fee: 500,
    liquidity: 3n * 10n ** 17n,
  },
  {
    address: '0xa6cc3c2531fdaa6ae1a3ca84c2855806728693e8',
    token0: LINK,
    token1: WETH,
    fee: 3000,
    liquidity: 9n * 10n ** 22n,
  },
  {
    address: '0x3416cf6c708da44db2624d63ea0aaef7113527c6',
    token0: USDC,
    token1: USDT,
    fee: 100,
    liquidity: 6n * 10n ** 16n,
  },
  {
    address: '0x435664008f38b0650fbc1c9fc971d0a3bc2f1e47',
    token0: USDE,
    token1: USDT,
    fee: 100,
    liquidity: 10n ** 22n,
  },
];

/** Twelve minutes of blocks. */
const OBSERVATIONS_MAX = 60;
type Observation = { atS: number; tick: number; cumulative: number };

const SELECTOR = {
  slot0: '0x3850c7bd',
  liquidity: '0x1a686502',
  observe: '0x883bdbfd',
  token0: '0x0dfe1681',
  token1: '0xd21220a7',
  fee: '0xddca3f43',
  decimals: '0x313ce567',
} as const;

export const uniswapV3: VenueDefinition = {
  id: 'uniswap_v3',
  name: 'Uniswap v3',
  paths: { rest: '' },
  create: (board) => new UniswapV3(board),
};

type PoolState = { sqrtPriceX96: bigint; tick: number };

class UniswapV3 implements VenueProtocol {
  readonly #board: Board;
  readonly #rowOf: Map<string, Row>;
  readonly #states = new Map<string, PoolState>();
  #block = 0;
  #factor = 1;
  readonly #observations = new Map<string, Observation[]>();
  readonly connect = NO_STREAM.connect;
  readonly message = NO_STREAM.message;
  readonly disconnect = NO_STREAM.disconnect;

  constructor(board: Board) {
    this.#board = board;
    this.#rowOf = new Map(
      POOLS.map((pool) => {
        const [a, b] = [pool.token0.asset, pool.token1.asset];
        return [
          pool.address,
          board.rows.find((row) => row.pair === `${a}/${b}` || row.pair === `${b}/${a}`)!,
        ];
      }),
    );
  }

  http(request: VenueRequest): VenueResponse {
    if (request.method !== 'POST') return { status: 405, body: 'Method Not Allowed' };
    let body: unknown;
    try {
      body = JSON.parse(request.body);
    } catch {
      return jsonResponse(failure(null, -32700, 'parse error'));
    }
    if (!Array.isArray(body)) return jsonResponse(this.#answer(body));
    if (body.length === 0) return jsonResponse(failure(null, -32600, 'empty batch'));
    return jsonResponse(body.map((call: unknown) => this.#answer(call)));
  }

  advance({ nowMs }: VenueStep): void {
    // A frozen chain makes no block: its newest one grows old.
    if (this.#board.isFrozen && this.#block > 0) return;
    const block = Math.floor(nowMs / BLOCK_MS);
    const hasAll = this.#states.size > 0;
    if (block === this.#block && hasAll && this.#factor === this.#board.priceFactor) return;
    this.#block = block;
    this.#factor = this.#board.priceFactor;
    for (const pool of POOLS) {
      const row = this.#rowOf.get(pool.address);
      if (row === undefined || row.tradeId === 0) continue;
      const isDirect = row.listing.base === pool.token0.asset;
      const state = stateOf(pool, isDirect ? row.price : 1 / row.price);
      this.#states.set(pool.address, state);
      this.#note(pool.address, state.tick, (block * BLOCK_MS) / 1_000);
    }
  }

  /** A wrong price of the moment is no new block: the last observation stands. */
  #note(address: string, tick: number, atS: number): void {
    const seen = this.#observations.get(address) ?? [];
    const last = seen.at(-1);
    if (last !== undefined && last.atS >= atS) return;
    const cumulative = last === undefined ? 0 : last.cumulative + last.tick * (atS - last.atS);
    seen.push({ atS, tick, cumulative });
    if (seen.length > OBSERVATIONS_MAX) seen.shift();
    this.#observations.set(address, seen);
  }

  /**
   * observe(uint32[]): cumulative ticks so many seconds before the newest block; before the first, its own
   * tick.
   */
  #observe(id: unknown, address: string, encoded: string): unknown {
    const words = (encoded.match(/.{64}/g) ?? []).map((one) => Number(BigInt(`0x${one}`)));
    const agos = words.slice(2, 2 + (words[1] ?? 0));
    const seen = this.#observations.get(address) ?? [];
    const first = seen[0];
    if (first === undefined || agos.length === 0) return failure(id, 3, 'execution reverted');
    const nowS = ((this.#number + BLOCK_OFFSET) * BLOCK_MS) / 1_000;
    const ticks = agos.map((ago) => {
      const atS = nowS - ago;
      const from = seen.findLast((one) => one.atS <= atS) ?? first;
      return BigInt(Math.round(from.cumulative + from.tick * (atS - from.atS)));
    });
    const list = [BigInt(ticks.length), ...ticks];
    const zeros = [BigInt(ticks.length), ...ticks.map(() => 0n)];
    const offsets = [64n, BigInt(64 + 32 * list.length)];
    return result(id, `0x${[...offsets, ...list, ...zeros].map(word).join('')}`);
  }

  #answer(call: unknown): unknown {
    const { id = null, method, params } = (call ?? {}) as Record<string, unknown>;
    if (typeof method !== 'string') return failure(id, -32600, 'invalid request');
    const list = Array.isArray(params) ? (params as unknown[]) : [];
    switch (method) {
      case 'eth_chainId':
        return result(id, '0x1');
      case 'net_version':
        return result(id, '1');
      case 'eth_blockNumber':
        return result(id, hex(this.#number));
      case 'eth_getBlockByNumber':
        return result(id, this.#blockAt(list[0]));
      case 'eth_call':
        return this.#call(id, (list[0] ?? {}) as Record<string, unknown>);
      default:
        return failure(id, -32601, `the method ${method} does not exist/is not available`);
    }
  }

  get #number(): number {
    return Math.max(0, this.#block - BLOCK_OFFSET);
  }

  #blockAt(asked: unknown): unknown {
    const isNewest = asked === 'latest' || asked === 'safe' || asked === 'finalized' || asked === 'pending';
    const number = isNewest ? this.#number : Number(asked);
    if (!Number.isInteger(number) || number < 0 || number > this.#number) return null;
    return {
      number: hex(number),
      hash: blockHash(number),
      parentHash: blockHash(number - 1),
      timestamp: hex(((number + BLOCK_OFFSET) * BLOCK_MS) / 1000),
      gasLimit: '0x1c9c380',
      gasUsed: '0xe4e1c0',
      baseFeePerGas: '0x2540be400',
      miner: '0x95222290dd7278aa3ddd389cc1e1d165cc4bafe5',
      transactions: [],
    };
  }

  #call(id: unknown, call: Record<string, unknown>): unknown {
    const to = String(call.to).toLowerCase();
    const data = String(call.data ?? call.input).slice(0, 10);
    const token = [WETH, WBTC, USDC, USDT, LINK].find((one) => one.address === to);
    if (token !== undefined && data === SELECTOR.decimals)
      return result(id, `0x${word(BigInt(token.decimals))}`);
    const pool = POOLS.find((one) => one.address === to);
    // An address without code answers nothing, a pool without the function reverts.
    if (pool === undefined) return result(id, '0x');
    const state = this.#states.get(pool.address);
    switch (data) {
      case SELECTOR.slot0:
        if (state === undefined) return failure(id, 3, 'execution reverted');
        // sqrtPriceX96, tick, observationIndex, observationCardinality, observationCardinalityNext,
        // feeProtocol, unlocked
        return result(
          id,
          `0x${[state.sqrtPriceX96, BigInt(state.tick), 680n, 723n, 723n, 0n, 1n].map(word).join('')}`,
        );
      case SELECTOR.liquidity:
        return result(id, `0x${word(pool.liquidity)}`);
      case SELECTOR.observe:
        return this.#observe(id, pool.address, String(call.data ?? call.input).slice(10));
      case SELECTOR.token0:
        return result(id, `0x${word(BigInt(pool.token0.address))}`);
      case SELECTOR.token1:
        return result(id, `0x${word(BigInt(pool.token1.address))}`);
      case SELECTOR.fee:
        return result(id, `0x${word(BigInt(pool.fee))}`);
      default:
        return failure(id, 3, 'execution reverted');
    }
  }
}

/** Fixed-point state of a pool in which one whole token0 costs `price` whole token1. */
function stateOf(pool: Pool, price: number): PoolState {
  const raw = price * 10 ** (pool.token1.decimals - pool.token0.decimals);
  const root = Math.sqrt(raw);
  // A double carries 53 bits: they are placed at the top, so that small roots keep their precision too.
  const exponent = Math.floor(Math.log2(root));
  const mantissa = BigInt(Math.round(root * 2 ** (52 - exponent)));
  const shift = BigInt(96 - 52 + exponent);
  const sqrtPriceX96 = shift >= 0n ? mantissa << shift : mantissa >> -shift;
  return { sqrtPriceX96, tick: Math.floor(Math.log(raw) / Math.log(1.0001)) };
}

function word(value: bigint): string {
  return BigInt.asUintN(256, value).toString(16).padStart(64, '0');
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

function blockHash(number: number): string {
  return `0x${Math.max(0, number).toString(16).padStart(64, 'b')}`;
}

function result(id: unknown, value: unknown): unknown {
  return { jsonrpc: '2.0', id, result: value };
}

function failure(id: unknown, code: number, message: string): unknown {
  return { jsonrpc: '2.0', id, error: { code, message } };
}
