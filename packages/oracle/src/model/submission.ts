// What is on the topic `submissions`: prices that clients offer, and what became of each. In: records as JSON
// texts, keyed by the pair. Invariant: a submission comes before every fate that names its id.
import { AssayError } from '@assay/kernel/errors/assay-error';
import { isPair, type Pair } from './pair.ts';

/** A client offers a price; the API has checked it. */
export type OfferedPrice = {
  type: 'submission';
  id: string;
  /** Id of the principal: however many prices it offers, it has one voice. */
  client: string;
  pair: Pair;
  /** Decimal text, the client's own digits. */
  price: string;
  /** Ms. */
  observedAt: number;
  receivedAt: number;
  submittedBy: string;
};

/** These prices became one source price of `submitted`, found at `offset` of `source-prices`. */
export type TakenPrices = {
  type: 'taken';
  pair: Pair;
  price: string;
  offset: number;
  /** The newest submission of each client. */
  ids: string[];
  at: number;
};

/** These will not take part, and why. */
export type UnusedPrices = { type: 'unused'; pair: Pair; ids: string[]; reason: string; at: number };

export type SubmissionRecord = OfferedPrice | TakenPrices | UnusedPrices;

export const SUBMISSIONS_TOPIC = 'submissions';

/** The source under which they enter aggregation. */
export const SUBMITTED_SOURCE = 'submitted';

/** @throws AssayError RECORD_INVALID naming the field */
export function decodeSubmissionRecord(text: string): SubmissionRecord {
  let record: SubmissionRecord;
  try {
    record = JSON.parse(text) as SubmissionRecord;
  } catch (cause) {
    throw new AssayError('RECORD_INVALID', `a record of ${SUBMISSIONS_TOPIC} is not JSON`, { cause });
  }
  if (record === null || typeof record !== 'object') throw invalid('record', record);
  if (typeof record.pair !== 'string' || !isPair(record.pair)) throw invalid('pair', record.pair);
  if (record.type === 'submission') {
    if (typeof record.id !== 'string') throw invalid('id', record.id);
    if (typeof record.client !== 'string') throw invalid('client', record.client);
    if (typeof record.price !== 'string') throw invalid('price', record.price);
    if (!Number.isFinite(record.observedAt)) throw invalid('observedAt', record.observedAt);
    return record;
  }
  if (record.type !== 'taken' && record.type !== 'unused') throw invalid('type', record);
  if (!Array.isArray(record.ids)) throw invalid('ids', record.ids);
  return record;
}

function invalid(field: string, value: unknown): AssayError {
  const shown = JSON.stringify(value);
  return new AssayError(
    'RECORD_INVALID',
    `a record of ${SUBMISSIONS_TOPIC} has no valid "${field}": ${shown}`,
    {
      context: { field, value },
    },
  );
}
