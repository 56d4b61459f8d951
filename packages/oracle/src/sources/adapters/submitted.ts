// Prices that clients offer through the API: a source without a transport. In: the JSON body of a
// submission (`symbol`, `price_usd`, `timestamp`, `submitted_by`). Out: a source price, or RECORD_INVALID
// naming field, value and fix. Invariant: the price keeps the digits that the client wrote, number or text,
// and its time is neither in the future nor older than an hour. A submission is no independent witness:
// aggregation decides how little it counts.
import { AssayError, isAssayError } from '@assay/kernel/errors/assay-error';
import { isPair, type Pair, quoteOf } from '../../model/pair.ts';
import type { SourcePrice } from '../../model/source-price.ts';
import { defineSource } from '../define-source.ts';
import { isFields, isoIn, isPrice, parseJsonExact } from '../payload.ts';

export type Submission = {
  price: SourcePrice;
  /** Who says so, as the client wrote it; who it is, the API knows from the key. */
  submittedBy: string;
};

export type SubmissionStamp = {
  receivedAt: number;
  profile: string;
  /** Health score of submissions for this pair, 0 to 1. */
  confidence: number;
};

/** Clients' clocks differ by seconds; a price from further ahead is not one. */
const FUTURE_MAX_MS = 5000;
/** A price older than this says nothing about now. */
const AGE_MAX_MS = 3_600_000;
const SUBMITTER_MAX = 64;

export default defineSource({
  id: 'submitted',
  name: 'Submitted',
  homepage: '/',
  documentation: '/docs',
  kind: 'submitted',
  endpoints: {},
  // Every price is in dollars.
  symbol: (pair) => (quoteOf(pair) === 'USD' ? pair : undefined),
  // What one feed can make use of: a price a second.
  limits: { requests: { count: 60, windowMs: 60_000 } },
  examples: [
    {
      name: 'a price as a number',
      transport: 'submission',
      payload:
        '{"symbol":"ETH","price_usd":4500.10,"timestamp":"2024-10-05T15:05:00Z","submitted_by":"ClientX"}',
      pairs: ['ETH/USD'],
      receivedAt: 1728140701000,
      expect: {
        prices: [{ pair: 'ETH/USD', kind: 'submission', price: '4500.10', observedAt: 1728140700000 }],
      },
      from: 'the interface as first described, with cents',
    },
    {
      name: 'a price below zero',
      transport: 'submission',
      payload: '{"symbol":"ETH","price_usd":-1,"timestamp":"2024-10-05T15:05:00Z","submitted_by":"ClientX"}',
      pairs: ['ETH/USD'],
      receivedAt: 1728140701000,
      expect: { error: 'RECORD_INVALID' },
      from: 'constructed',
    },
  ],
});

/** @throws AssayError RECORD_INVALID naming the field that cannot be used */
export function readSubmission(body: string | Uint8Array, stamp: SubmissionStamp): Submission {
  const fields = fieldsOfBody(body);
  const pair = pairOf(fields.symbol);
  const price = fields.price_usd;
  if (!isPrice(price)) throw invalid('price_usd', price, 'a decimal above zero, such as 4500.10');
  const observedAt = timeOf(fields.timestamp, stamp.receivedAt);
  const submittedBy = fields.submitted_by;
  if (typeof submittedBy !== 'string' || submittedBy === '' || submittedBy.length > SUBMITTER_MAX)
    throw invalid('submitted_by', submittedBy, `a name of at most ${SUBMITTER_MAX} characters`);
  return {
    price: {
      type: 'price',
      source: 'submitted',
      pair,
      price,
      kind: 'submission',
      observedAt: Math.min(observedAt, stamp.receivedAt),
      receivedAt: stamp.receivedAt,
      confidence: stamp.confidence,
      transport: 'submission',
      profile: stamp.profile,
    },
    submittedBy,
  };
}

function fieldsOfBody(body: string | Uint8Array): Record<string, unknown> {
  try {
    const value = parseJsonExact(body, 'submission');
    if (isFields(value)) return value;
  } catch (cause) {
    if (!isAssayError(cause)) throw cause;
    throw new AssayError('RECORD_INVALID', 'the submission is not JSON', {
      cause,
      context: { field: 'body' },
    });
  }
  throw invalid('body', undefined, 'a JSON object with symbol, price_usd, timestamp and submitted_by');
}

/** "ETH" or "ETH/USD". */
function pairOf(symbol: unknown): Pair {
  if (typeof symbol === 'string') {
    const pair = symbol.includes('/') ? symbol : `${symbol}/USD`;
    if (isPair(pair) && quoteOf(pair) === 'USD') return pair;
  }
  throw invalid('symbol', symbol, 'an asset in upper case such as ETH: its price is in dollars');
}

function timeOf(timestamp: unknown, receivedAt: number): number {
  let at: number;
  try {
    at = isoIn(timestamp, 'submission', 'timestamp');
  } catch {
    throw invalid('timestamp', timestamp, 'a time such as 2026-01-31T12:00:00Z');
  }
  if (at > receivedAt + FUTURE_MAX_MS)
    throw invalid('timestamp', timestamp, 'a time that is not in the future');
  if (at < receivedAt - AGE_MAX_MS) throw invalid('timestamp', timestamp, 'a time of the last hour');
  return at;
}

function invalid(field: string, value: unknown, wanted: string): AssayError {
  const shown = value === undefined ? 'missing' : JSON.stringify(value).slice(0, 120);
  return new AssayError('RECORD_INVALID', `"${field}" of the submission is ${shown}: it must be ${wanted}`, {
    context: { field, value: shown },
  });
}
