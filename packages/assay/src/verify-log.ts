// Recomputes the answers of a run from its stored source prices alone, through the production aggregator, and
// compares them with what was stored. Stored answers and decisions are read for the comparison only, never
// for the computation.
// In: the event log, read-only. Out: how many answers there were, which ones differ, and why some could not
//   be compared.
import { isAssayError, messageOf } from '@assay/kernel/errors/assay-error';
import { Aggregator } from '@assay/oracle/aggregation/aggregator';
import { ANSWERS_TOPIC, type Answer } from '@assay/oracle/model/answer';
import { decodeSourceRecord, SOURCE_PRICES_TOPIC, type SourceRecord } from '@assay/oracle/model/source-price';
import type { BusRecord } from '@assay/ports/event-bus/event-bus';
import type { StoredLog } from './drivers.ts';

export type Difference = {
  feed: string;
  decision: string;
  field: string;
  stored: unknown;
  recomputed: unknown;
};

export type Verification = {
  /** Stored answers that were compared. */
  answers: number;
  differ: number;
  /** At most DIFFERENCES_KEPT of them. */
  differences: Difference[];
  sourcePrices: number;
  /** Times aggregation began anew; what it had computed and not stored when it died is in `notStored`. */
  starts: number;
  notStored: number;
  /** Stored before the first retained start: their source prices are gone, they cannot be recomputed. */
  beforeFirstStart: number;
  /** Source price records that cannot be read (damaged): aggregation left them out too. */
  unreadable: { offset: number; reason: string }[];
};

const PAGE = 5_000;
const DIFFERENCES_KEPT = 1_000;

export function verifyLog(log: StoredLog): Verification {
  const result: Verification = {
    answers: 0,
    differ: 0,
    differences: [],
    sourcePrices: 0,
    starts: 0,
    notStored: 0,
    beforeFirstStart: 0,
    unreadable: [],
  };
  const stored = storedAnswers(log);
  const aggregator = new Aggregator();
  let instant: { at: number; records: { offset: number; record: SourceRecord }[] } | undefined;
  const take = () => {
    if (instant === undefined) return;
    for (const answer of aggregator.take(instant).answers) compare(answer, stored, result);
  };
  for (const record of every(log, SOURCE_PRICES_TOPIC)) {
    if (instant === undefined || record.at !== instant.at) {
      take();
      instant = { at: record.at, records: [] };
    }
    const decoded = decode(record, result);
    if (decoded === undefined) continue;
    if (decoded.type === 'price') result.sourcePrices += 1;
    if (decoded.type === 'start') result.starts += 1;
    instant.records.push({ offset: record.offset, record: decoded });
  }
  take();
  for (const [decision, { answer, isCompared }] of stored) {
    if (isCompared) continue;
    if (result.starts === 0 || answer.answeredAt < firstStartAt(stored)) {
      result.beforeFirstStart += 1;
    } else {
      differs(result, {
        feed: answer.feed,
        decision,
        field: 'answer',
        stored: answer.price,
        recomputed: null,
      });
      result.answers += 1;
    }
  }
  return result;
}

type Stored = Map<string, { answer: Answer; isCompared: boolean }>;

function storedAnswers(log: StoredLog): Stored {
  const stored: Stored = new Map();
  for (const record of every(log, ANSWERS_TOPIC)) {
    const answer = JSON.parse(record.value) as Answer;
    stored.set(answer.decision, { answer, isCompared: false });
  }
  return stored;
}

/** The earliest instant that was recomputed. */
function firstStartAt(stored: Stored): number {
  let first = Number.POSITIVE_INFINITY;
  for (const { answer, isCompared } of stored.values()) {
    if (isCompared) first = Math.min(first, answer.answeredAt);
  }
  return first;
}

function compare(recomputed: Answer, stored: Stored, result: Verification): void {
  const entry = stored.get(recomputed.decision);
  if (entry === undefined) {
    result.notStored += 1;
    return;
  }
  entry.isCompared = true;
  result.answers += 1;
  const fields = Object.keys(recomputed) as (keyof Answer)[];
  const field = fields.find((each) => recomputed[each] !== entry.answer[each]);
  if (field === undefined) return;
  const { feed, decision } = recomputed;
  differs(result, { feed, decision, field, stored: entry.answer[field], recomputed: recomputed[field] });
}

function differs(result: Verification, difference: Difference): void {
  result.differ += 1;
  if (result.differences.length < DIFFERENCES_KEPT) result.differences.push(difference);
}

/** Damaged records are left out, as the live service leaves them out. */
function decode(record: BusRecord, result: Verification): SourceRecord | undefined {
  try {
    return decodeSourceRecord(record.value);
  } catch (error) {
    if (!isAssayError(error, 'RECORD_INVALID')) throw error;
    result.unreadable.push({ offset: record.offset, reason: messageOf(error) });
    return undefined;
  }
}

function* every(log: StoredLog, topic: string): Generator<BusRecord> {
  const [position] = log.positions(topic);
  if (position === undefined) return;
  let next = position.firstOffset;
  while (next < position.nextOffset) {
    const records = log.read(topic, 0, next, PAGE);
    if (records.length === 0) return;
    for (const record of records) if (record.offset < position.nextOffset) yield record;
    next = records.at(-1)!.offset + 1;
  }
}
