// Whether a submission can be accepted. In: the founding shape as it was sent, the newest price, the time.
// Out: the feed and the numbers, or an error that names field, value and fix; and a sentence when it is well
// formed but too far from the price to be meant. Invariant: what leaves here as a price is a plain positive
// decimal of at most 60 digits with the digits that were sent.
import { isAssayError, messageOf } from '@assay/kernel/errors/assay-error';
import { parseFixed } from '@assay/kernel/money/fixed';
import { type Principal, requireFeed } from '../auth/principal.ts';
import { unknownName } from '../rest/parameters.ts';
import { invalid } from '../rest/route.ts';
import type { CurrentPrice } from '../views/current-price.ts';
import type { PriceView } from '../views/prices.ts';
import type { SubmissionInput } from './desk.ts';

export type CheckedSubmission = {
  current: CurrentPrice;
  price: string;
  observedAt: number;
  submittedBy: string;
};

/** Clients' clocks differ by seconds. */
export const FUTURE_MAX_MS = 5_000;
/** What is older says nothing about now. */
export const AGE_MAX_MS = 300_000;
export const SUBMITTER_MAX = 64;

const PLAIN_DECIMAL = /^\d{1,60}(\.\d{1,60})?$/;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)$/;
// Control characters, and those that turn the direction of what follows: a name must look as it is.
const HIDDEN = /[\p{Cc}\p{Cs}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;

/** @throws AssayError REQUEST_INVALID, NOT_FOUND, ACCESS_DENIED */
export function checkSubmission(
  input: SubmissionInput,
  view: PriceView,
  principal: Principal,
  nowMs: number,
): CheckedSubmission {
  return {
    current: feedOf(input.symbol, view, principal),
    price: priceOf(input.price_usd),
    observedAt: timeOf(input.timestamp, nowMs),
    submittedBy: nameOf(input.submitted_by),
  };
}

/** Why a price is too far from the current one; undefined when it is not, or nothing is known yet. */
export function tooFar(
  { current, price }: CheckedSubmission,
  boundPercent: number,
  nowMs: number,
): string | undefined {
  const known = current.record(nowMs)?.price;
  if (known === undefined) return undefined;
  const now = parseFixed(known);
  const given = parseFixed(price);
  const distance = given > now ? given - now : now - given;
  if (distance * 100n <= now * BigInt(boundPercent)) return undefined;
  return `price_usd ${price} is more than ${boundPercent} % from ${known}, the price of ${current.definition.feed} now`;
}

/** "BTC" or "BTC/USD": prices are in dollars. */
function feedOf(symbol: string, view: PriceView, principal: Principal): CurrentPrice {
  const wanted = symbol.toUpperCase();
  const name = wanted.includes('/') ? wanted : `${wanted}/USD`;
  const current = view.byFeed(name);
  if (current === undefined) throw unknownName('symbol', symbol, view.feeds());
  if (!name.endsWith('/USD')) {
    throw invalid('symbol', symbol, 'a submission is in dollars: give an asset such as BTC, or BTC/USD');
  }
  requireFeed(principal, name);
  return current;
}

function priceOf(text: string): string {
  const fix = 'give a decimal above zero with at most 60 digits, such as 67012.34';
  if (!PLAIN_DECIMAL.test(text)) throw invalid('price_usd', text, fix);
  try {
    if (parseFixed(text) > 0n) return text;
  } catch (error) {
    if (!isAssayError(error)) throw error;
    throw invalid('price_usd', text, `${fix} (${messageOf(error)})`);
  }
  throw invalid('price_usd', text, fix);
}

function timeOf(text: string, nowMs: number): number {
  const at = ISO.test(text) ? Date.parse(text) : Number.NaN;
  const now = new Date(nowMs).toISOString();
  if (Number.isNaN(at)) throw invalid('timestamp', text, `give ISO 8601 with a zone, such as ${now}`);
  if (at > nowMs + FUTURE_MAX_MS) {
    throw invalid('timestamp', text, `it lies in the future: here it is ${now}`);
  }
  if (at < nowMs - AGE_MAX_MS) {
    throw invalid('timestamp', text, `it is older than five minutes: here it is ${now}`);
  }
  return Math.min(at, nowMs);
}

function nameOf(text: string): string {
  const isShort = text.length > 0 && text.length <= SUBMITTER_MAX;
  if (isShort && text.trim() === text && !HIDDEN.test(text)) return text;
  throw invalid(
    'submitted_by',
    text.replace(HIDDEN, '?'),
    `give 1 to ${SUBMITTER_MAX} visible characters without spaces around them`,
  );
}
