// What people and programs ask of the adapters, as records: fetch these pairs now (`fetch-requests`, with
// what each source made of it), leave a source out or take it back (`source-commands`). Demand flows against
// the prices, and so as records and never as an import.
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { Pair } from './pair.ts';

/** Please ask every source of these pairs now. */
export type FetchRequest = {
  type: 'request';
  id: string;
  feed: Pair;
  pairs: Pair[];
  at: number;
  /** Whoever reads it later need not do it any more, ms. */
  deadlineAt: number;
};

/** One source did, or could not, and why. */
export type FetchOutcome = {
  type: 'outcome';
  id: string;
  source: string;
  isAnswered: boolean;
  detail: string;
  at: number;
};

export type FetchRecord = FetchRequest | FetchOutcome;

export const FETCH_REQUESTS_TOPIC = 'fetch-requests';

/** An operator's word on a source; the newest one counts, also after a restart. */
export type SourceCommand = {
  id: string;
  source: string;
  action: 'isolate' | 'return';
  reason: string;
  /** Name of the key. */
  by: string;
  at: number;
};

export const SOURCE_COMMANDS_TOPIC = 'source-commands';

/** @throws AssayError RECORD_INVALID */
export function decodeFetchRecord(text: string): FetchRecord {
  const record = objectIn(text, FETCH_REQUESTS_TOPIC) as FetchRecord;
  const isRequest = record.type === 'request' && Array.isArray(record.pairs);
  const isOutcome = record.type === 'outcome' && typeof record.source === 'string';
  if (typeof record.id === 'string' && (isRequest || isOutcome)) return record;
  throw new AssayError('RECORD_INVALID', `a record of ${FETCH_REQUESTS_TOPIC} is of no known type`);
}

/** @throws AssayError RECORD_INVALID */
export function decodeSourceCommand(text: string): SourceCommand {
  const record = objectIn(text, SOURCE_COMMANDS_TOPIC) as SourceCommand;
  const isKnown = record.action === 'isolate' || record.action === 'return';
  if (typeof record.source === 'string' && isKnown) return record;
  throw new AssayError('RECORD_INVALID', `a record of ${SOURCE_COMMANDS_TOPIC} has no known action`);
}

function objectIn(text: string, topic: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === 'object') return value;
  } catch {
    // said below
  }
  throw new AssayError('RECORD_INVALID', `a record of ${topic} is not a JSON object`);
}
