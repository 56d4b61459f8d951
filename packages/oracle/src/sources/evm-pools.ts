// Pools on an EVM chain, read from a JSON-RPC node in one batch: the newest block, some calls for each pool,
// and the newest block again. In: the batch's answers, in any order. Out: for each pair the words of its
// calls, at the time of the block. Invariant: what was read while a block arrived, or on a node that fell
// behind, is not believed, and prices are computed in integers alone.
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { Pair } from '../model/pair.ts';
import type { Parsed, SourceContext, SourceRequest, SourceResponse } from './define-source.ts';
import {
  badPayload,
  batchesOf,
  type Fields,
  fieldsOf,
  isFields,
  listOf,
  parseJson,
  priceIn,
  readInBatch,
  refusal,
} from './payload.ts';

/** `latest` is seen first and may be reorganised away; the others come later and stay. */
export const BLOCK_TAGS = ['latest', 'safe', 'finalized'] as const;
type BlockTag = (typeof BLOCK_TAGS)[number];

/**
 * How old the newest block of a tag may be: two blocks of Ethereum and a half; an epoch of 6.4 minutes and
 * some; two epochs and some. An older one means a node that hangs.
 */
const BLOCK_AGE_MAX_MS: Record<BlockTag, number> = { latest: 30_000, safe: 600_000, finalized: 1_500_000 };

/** With four calls a pool 202 calls a batch; public nodes take at least so many. */
const POOLS_PER_REQUEST = 50;
/** A price is written with this many significant digits; the square root itself has no more than 48. */
const SIGNIFICANT_DIGITS = 30;
/** And at most this many decimals. */
const DECIMALS_MAX = 40;

export type PoolCall = { to: string; data: string };

export function blockTagOf(context: SourceContext): BlockTag {
  const tag = context.options.block ?? 'latest';
  if (BLOCK_TAGS.includes(tag as BlockTag)) return tag as BlockTag;
  throw new AssayError(
    'CONFIG_INVALID',
    `options.block is ${JSON.stringify(tag)}: it must be one of ${BLOCK_TAGS.join(', ')}`,
    { context: { field: 'options.block', value: tag } },
  );
}

/** `callsOf`: the calls of a pair, the same number for each. */
export function poolRequests(
  context: SourceContext,
  callsOf: (pair: Pair) => readonly PoolCall[],
): SourceRequest[] {
  const tag = blockTagOf(context);
  return batchesOf(context.pairs, POOLS_PER_REQUEST).map((pairs) => {
    const calls = pairs.flatMap(callsOf);
    const batch = [
      rpc(0, 'eth_getBlockByNumber', [tag, false]),
      ...calls.map((call, index) => rpc(index + 1, 'eth_call', [call, tag])),
      rpc(calls.length + 1, 'eth_getBlockByNumber', [tag, false]),
    ];
    return {
      method: 'POST',
      url: context.endpoints.rest ?? '',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(batch),
      pairs,
    };
  });
}

export type PoolAnswers = {
  response: SourceResponse;
  request: SourceRequest;
  context: SourceContext;
  callsPerPair: number;
};

/**
 * `priceOf` gets the words of each call of a pair, or the error of a call, and throws where they make no
 * price.
 * @throws AssayError SOURCE_REFUSED for a node that is behind or moved on meanwhile, SOURCE_BAD_PAYLOAD
 */
export function readPools(
  { response, request, context, callsPerPair }: PoolAnswers,
  priceOf: (pair: Pair, answers: readonly PoolAnswer[]) => string,
): Parsed[] {
  const answers = resultsById(parseJson(response.body, 'batch'));
  const last = request.pairs.length * callsPerPair + 1;
  const block = blockIn(answers.get(0), response.receivedAt, blockTagOf(context));
  const after = blockIn(answers.get(last), response.receivedAt, blockTagOf(context));
  if (block.id !== after.id) {
    throw refusal(
      'SOURCE_REFUSED',
      `a block came while its pools were read (${block.id}, then ${after.id})`,
      {
        frame: 'batch',
        isTransient: true,
      },
    );
  }
  const prices: Parsed[] = [];
  for (const [index, pair] of request.pairs.entries()) {
    readInBatch(context, pair, () => {
      const from = index * callsPerPair + 1;
      const own = Array.from({ length: callsPerPair }, (_, call) => answerOf(answers.get(from + call), pair));
      prices.push({ pair, kind: 'pool', price: priceOf(pair, own), observedAt: block.observedAt });
    });
  }
  return prices;
}

/** 32-byte words, or why the call failed: reading `words` throws it. */
export type PoolAnswer = { readonly words: readonly bigint[]; readonly error: AssayError | undefined };

function answerOf(result: unknown, pair: Pair): PoolAnswer {
  const error =
    result instanceof AssayError
      ? result
      : typeof result === 'string' && /^0x(?:[0-9a-f]{64})+$/i.test(result)
        ? undefined
        : badPayload(
            pair,
            'result',
            result,
            '32-byte words in hex digits: is there such a pool on this chain?',
          );
  return {
    error,
    get words() {
      if (error !== undefined) throw error;
      return ((result as string).slice(2).match(/.{64}/g) ?? []).map((word) => BigInt(`0x${word}`));
    },
  };
}

/**
 * Price of whole token0 in whole token1 from amounts of their smallest units; turned round by `invert`.
 * @throws AssayError SOURCE_BAD_PAYLOAD for amounts so far apart that no price can be written
 */
export function priceText(
  amount1: bigint,
  amount0: bigint,
  pool: { decimals0: number; decimals1: number; invert: boolean },
): string {
  const shift = 10n ** BigInt(Math.abs(pool.decimals0 - pool.decimals1));
  const [over, under] = pool.invert ? [amount0, amount1] : [amount1, amount0];
  // 10^(decimals0 - decimals1), turned round with the price.
  const isUp = pool.decimals0 >= pool.decimals1 !== pool.invert;
  const text = quotientText(isUp ? over * shift : over, isUp ? under : under * shift);
  return priceIn(text, 'pool', 'price');
}

const Q192 = 2n ** 192n;

/** (sqrtPriceX96 / 2^96)^2 is the amount of token1 for one token0, in their smallest units. */
export function priceOfSquareRoot(
  sqrtPriceX96: bigint,
  pool: { decimals0: number; decimals1: number; invert: boolean },
): string {
  if (sqrtPriceX96 === 0n)
    throw badPayload('slot0', 'sqrtPriceX96', '0', 'above zero: the pool is not initialised');
  return priceText(sqrtPriceX96 * sqrtPriceX96, Q192, pool);
}

/** A word as a signed number of so many bits. */
export function signed(word: bigint, bits: number): bigint {
  return BigInt.asIntN(bits, word);
}

export function tooShallow(pair: Pair, what: string, has: bigint, floor: bigint): AssayError {
  return refusal(
    'SOURCE_REFUSED',
    `the pool of ${pair} has a ${what} of ${has}, under the floor of ${floor}`,
    {
      frame: what,
    },
  );
}

/** What every pool is configured with. @throws AssayError CONFIG_INVALID naming the field */
export function poolFields(
  source: string,
  pair: Pair,
  options: Record<string, unknown>,
): { fields: Fields; demand: Demand; decimals0: number; decimals1: number; invert: boolean } | undefined {
  const given = isFields(options.pools) ? options.pools[pair] : undefined;
  if (given === undefined) return undefined;
  const fields: Fields = isFields(given) ? given : {};
  const demand: Demand = (holds, field, fix) => {
    if (holds) return;
    const name = `sources.${source}.options.pools.${pair}.${field}`;
    const shown = JSON.stringify(fields[field]) ?? 'missing';
    throw new AssayError('CONFIG_INVALID', `${name} is ${shown}: it must be ${fix}`, {
      context: { field: name, value: fields[field] },
    });
  };
  const { decimals0, decimals1, invert = false } = fields;
  demand(isDecimals(decimals0), 'decimals0', "the decimals of the pool's token0, 0 to 36");
  demand(isDecimals(decimals1), 'decimals1', "the decimals of the pool's token1, 0 to 36");
  demand(typeof invert === 'boolean', 'invert', 'true when the base of the pair is token1');
  return {
    fields,
    demand,
    decimals0: decimals0 as number,
    decimals1: decimals1 as number,
    invert: invert as boolean,
  };
}

type Demand = (holds: boolean, field: string, fix: string) => void;

export function addressOf({ fields, demand }: { fields: Fields; demand: Demand }): string {
  const { address } = fields;
  demand(
    typeof address === 'string' && /^0x[0-9a-fA-F]{40}$/.test(address),
    'address',
    '0x and 40 hex digits',
  );
  return (address as string).toLowerCase();
}

/** A whole number in the pool's own units; `fallback` when it is not given. */
export function floorOf({ fields, demand }: { fields: Fields; demand: Demand }, field: string): bigint {
  const given = String(fields[field] ?? '1');
  demand(/^[1-9]\d{0,38}$/.test(given), field, 'a whole number in quotes');
  return BigInt(given);
}

function rpc(id: number, method: string, params: unknown[]): unknown {
  return { jsonrpc: '2.0', id, method, params };
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

/** @throws AssayError SOURCE_REFUSED when it is too old */
function blockIn(block: unknown, receivedAt: number, tag: BlockTag): { id: string; observedAt: number } {
  if (block instanceof AssayError) throw block;
  const { timestamp, number, hash } = fieldsOf(block, 'eth_getBlockByNumber', 'result');
  const isHex = typeof timestamp === 'string' && /^0x[0-9a-f]{1,10}$/i.test(timestamp);
  const seconds = isHex ? Number(timestamp) : Number.NaN;
  if (!(seconds > 0))
    throw badPayload('eth_getBlockByNumber', 'timestamp', timestamp, 'seconds as hex digits');
  const observedAt = seconds * 1000;
  // The hash as well: another block of the same number is another chain.
  const id = `${String(number)} ${typeof hash === 'string' ? hash.slice(0, 12) : ''}`.trim();
  if (receivedAt - observedAt <= BLOCK_AGE_MAX_MS[tag]) return { id, observedAt };
  const age = Math.round((receivedAt - observedAt) / 1000);
  throw refusal('SOURCE_REFUSED', `its newest block is ${age} s old: the node does not follow its chain`, {
    frame: 'eth_getBlockByNumber',
  });
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

function rpcError(error: unknown, frame: string): AssayError {
  const fields: Fields = isFields(error) ? error : {};
  const message = `${String(fields.code)} ${String(fields.message)}`;
  // -32005 and -32029 are what nodes answer to too many calls.
  const isLimit = /rate|limit|too many/i.test(message) || fields.code === -32005 || fields.code === -32029;
  return refusal(isLimit ? 'SOURCE_RATE_LIMITED' : 'SOURCE_REFUSED', message, { frame });
}

function isDecimals(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 36;
}
