// The parameters that routes share, as schemas. Every message is the fix: it says what is accepted.
import { AssayError } from '@assay/kernel/errors/assay-error';
import { z } from 'zod';
import { mayReadFeed, type Principal, requireFeed } from '../auth/principal.ts';
import type { CurrentPrice } from '../views/current-price.ts';
import type { PriceView } from '../views/prices.ts';
import { nearNames } from './near-names.ts';

/** As many as the largest installation has feeds. */
const FEEDS_MAX = 1_000;
/** The history returns at most this many rows at once. */
const LIMIT_MAX = 10_000;
/** Before this no market had a price; a smaller number is seconds, not milliseconds. */
const EARLIEST_MS = Date.UTC(2009, 0, 3);
/** Year 2200: later instants are a mistake of units. */
const LATEST_MS = 7_258_118_400_000;

const INSTANT_FIX = 'give ISO 8601 (2026-11-21T10:00:00.000Z) or milliseconds since 1970';

export const instant = z
  .string(INSTANT_FIX)
  .transform((text, context) => {
    const isNumber = /^\d{1,16}$/.test(text);
    const isDate = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d))?$/.test(text);
    const ms = isNumber ? Number(text) : isDate ? Date.parse(text) : Number.NaN;
    if (ms >= EARLIEST_MS && ms <= LATEST_MS) return ms;
    context.addIssue({ code: 'custom', message: INSTANT_FIX });
    return z.NEVER;
  })
  .describe('Instant: ISO 8601 with a zone, or milliseconds since 1970');

/** `?feeds=BTC/USD,ETH/USD` or repeated. */
export const feedList = z
  .union([z.string(), z.array(z.string())], 'give feeds separated by commas')
  .transform((value, context) => {
    const names = [value].flat().flatMap((text) => text.split(','));
    const feeds = [...new Set(names.map((name) => name.trim()).filter((name) => name !== ''))];
    if (feeds.length > 0 && feeds.length <= FEEDS_MAX) return feeds;
    context.addIssue({
      code: 'custom',
      message: `give 1 to ${FEEDS_MAX} feeds separated by commas, such as BTC/USD,ETH/USD`,
    });
    return z.NEVER;
  })
  .describe('Feeds separated by commas, or the parameter repeated');

const KIND_FIX = 'give live or final';
export const kind = z.enum(['live', 'final'], KIND_FIX).describe('live (default) or final');

const LIMIT_FIX = `give a whole number from 1 to ${LIMIT_MAX}`;
export const limit = z
  .string(LIMIT_FIX)
  .regex(/^[1-9]\d{0,4}$/, LIMIT_FIX)
  .transform(Number)
  .refine((count) => count <= LIMIT_MAX, LIMIT_FIX)
  .describe(`Rows of one page, at most ${LIMIT_MAX}`);

export const CURSOR_FIX = 'give the nextCursor of the page before, unchanged';
export const cursor = z
  .string(CURSOR_FIX)
  .min(1, CURSOR_FIX)
  .max(500, CURSOR_FIX)
  .describe('nextCursor of the page before');

const ORDER_FIX = 'give newest or oldest';
export const order = z.enum(['newest', 'oldest'], ORDER_FIX).describe('Which comes first; default oldest');

/**
 * "BTC-USD" of an address, "BTC/USD" of a parameter, in any case. @throws AssayError NOT_FOUND, ACCESS_DENIED
 */
export function findFeed(view: PriceView, name: string, principal: Principal): CurrentPrice {
  const wanted = name.toUpperCase();
  const current = view.byPath(wanted) ?? view.byFeed(wanted);
  if (current === undefined) throw unknownName('feed', name, view.feeds());
  requireFeed(principal, current.definition.feed);
  return current;
}

/** Those asked for, in that order; without a list all that the key may read. */
export function findFeeds(
  view: PriceView,
  names: readonly string[] | undefined,
  principal: Principal,
): CurrentPrice[] {
  if (names !== undefined) {
    return [...new Set(names.map((name) => findFeed(view, name, principal)))];
  }
  return [...view.all()].filter(({ definition }) => mayReadFeed(principal, definition.feed));
}

export function unknownName(what: string, name: string, known: readonly string[]): AssayError {
  const shown = name.slice(0, 80);
  const near = nearNames(name, known);
  const hint = near.length === 0 ? '' : `; near it: ${near.join(', ')}`;
  return new AssayError('NOT_FOUND', `there is no ${what} "${shown}"${hint}`, {
    context: { field: what, value: shown, near },
  });
}
