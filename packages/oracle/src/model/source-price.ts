// What is on the topic `source-prices`, in the order in which aggregation takes it in. Everything that an
// answer depends on is in these records, so that reading them again gives the same answers.
//
//   price       one source said one thing about one pair at one time
//   withdrawal  a source, or one pair of it, must not be believed until it speaks again (silence, denial)
//   mark        nothing but the passing of time, so that staleness is a fact of the log too
//   start       aggregation begins with no memory and with this configuration
//   configure   from here on this configuration; what is known of everything that is still in it stays
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { AggregationConfig } from './feed.ts';
import { isPair, type Pair } from './pair.ts';

export type PriceKind = 'trade' | 'ticker' | 'book' | 'bar' | 'index' | 'pool' | 'submission';

export type SourcePrice = {
  type: 'price';
  source: string;
  pair: Pair;
  /** Decimal text, the venue's own digits (for `book` the exact midpoint of its bid and ask). */
  price: string;
  kind: PriceKind;
  /** Venue time of the news, ms; our receive time where the venue gives none. */
  observedAt: number;
  /** Our wall time of arrival, ms. */
  receivedAt: number;
  /**
   * The source vouches for the price up to here: a later heartbeat of an intact stream, the block of a pool.
   * >= observedAt
   */
  freshAt?: number;
  /** For `bar`: its interval; limit and half-life of its age follow from it. */
  intervalMs?: number;
  /** Traded volume in base units that the news stands for, decimal text. */
  volume?: string;
  /** Health score of the source for this pair when this was published, 0 to 1 in steps of 0.001. */
  confidence: number;
  transport: 'stream' | 'poll' | 'submission' | 'recording';
  profile: string;
};

export type Withdrawal = {
  type: 'withdrawal';
  source: string;
  /** Absent: every pair of the source. */
  pair?: Pair;
  /** Only prices that came this way; absent: all. */
  transport?: SourcePrice['transport'];
  /** One word for programs: silent, quarantined, denied, refused, broken. */
  reason: WithdrawalReason;
  /** A sentence for people. */
  detail: string;
  receivedAt: number;
};

export const WITHDRAWAL_REASONS = [
  'silent',
  'quarantined',
  'denied',
  'refused',
  'broken',
  'stopped',
] as const;
export type WithdrawalReason = (typeof WITHDRAWAL_REASONS)[number];

export type Mark = { type: 'mark' };
export type Start = { type: 'start'; profile: string; config: AggregationConfig };

/** From here on this configuration holds; what is known of everything that is still in it stays. */
export type Configure = { type: 'configure'; profile: string; config: AggregationConfig };

export type SourceRecord = SourcePrice | Withdrawal | Mark | Start | Configure;

export const SOURCE_PRICES_TOPIC = 'source-prices';

export function keyOfSourceRecord(record: SourceRecord): string {
  return record.type === 'price' ? record.pair : record.type === 'withdrawal' ? record.source : record.type;
}

/** @throws AssayError RECORD_INVALID naming the field */
export function decodeSourceRecord(text: string): SourceRecord {
  let record: SourceRecord;
  try {
    record = JSON.parse(text) as SourceRecord;
  } catch (cause) {
    throw new AssayError('RECORD_INVALID', `a record of ${SOURCE_PRICES_TOPIC} is not JSON`, { cause });
  }
  if (record === null || typeof record !== 'object') throw invalid('type', record);
  switch (record.type) {
    case 'price':
      if (typeof record.source !== 'string' || record.source === '') throw invalid('source', record.source);
      if (typeof record.pair !== 'string' || !isPair(record.pair)) throw invalid('pair', record.pair);
      if (typeof record.price !== 'string') throw invalid('price', record.price);
      if (!Number.isFinite(record.observedAt)) throw invalid('observedAt', record.observedAt);
      if (!Number.isFinite(record.receivedAt)) throw invalid('receivedAt', record.receivedAt);
      if (!(record.confidence >= 0 && record.confidence <= 1)) throw invalid('confidence', record.confidence);
      return record;
    case 'withdrawal':
      if (typeof record.source !== 'string' || record.source === '') throw invalid('source', record.source);
      if (!WITHDRAWAL_REASONS.includes(record.reason)) throw invalid('reason', record.reason);
      return record;
    case 'mark':
      return record;
    case 'start':
    case 'configure':
      if (record.config === null || typeof record.config !== 'object') throw invalid('config', record.config);
      return record;
    default:
      throw invalid('type', (record as { type?: unknown }).type);
  }
}

function invalid(field: string, value: unknown): AssayError {
  return new AssayError(
    'RECORD_INVALID',
    `a record of ${SOURCE_PRICES_TOPIC} has no valid "${field}": ${String(value)}`,
    {
      context: { field, value },
    },
  );
}
