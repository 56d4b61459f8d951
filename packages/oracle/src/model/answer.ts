// What aggregation publishes on `answers`, and the form in which every door (CLI, REST, SSE, GraphQL) shows
// one price.
import type { Pair } from './pair.ts';

export const ANSWER_STATES = ['ok', 'degraded', 'stale', 'halted'] as const;
export type AnswerState = (typeof ANSWER_STATES)[number];

export type Answer = {
  feed: Pair;
  kind: 'live';
  /** Decimal texts at the feed's decimals. */
  price: string;
  low: string;
  high: string;
  state: AnswerState;
  /** A sentence; for `ok` it says on what the answer rests. */
  stateReason: string;
  /** Time of the newest news that the price rests on, ms. */
  observedAt: number;
  /** The instant of the log at which it was computed, ms. */
  answeredAt: number;
  /** Counts sources, not pairs of sources. */
  sourcesUsed: number;
  sourcesConfigured: number;
  /** Weighted mean of the confidence of the sources used, 0 to 1 in steps of 0.001. */
  confidence: number;
  /** Id of the decision record on `decisions`, unique: "<feed>@<answeredAt>". */
  decision: string;
  /** Hash (16 hex digits) over every source price the decision took in, direct or through a cross. */
  inputsHash: string;
  profile: string;
};

export const ANSWERS_TOPIC = 'answers';

/** One price, the same at every door (names are a contract). */
export type PriceRecord = {
  feed: Pair;
  kind: 'live' | 'final';
  price: string;
  low: string;
  high: string;
  state: AnswerState;
  stateReason: string;
  /** ISO 8601 with milliseconds. */
  observedAt: string;
  ageMs: number;
  /** Of the newest final price; null while none exists. */
  round: number | null;
  sourcesUsed: number;
  sourcesConfigured: number;
  confidence: number;
  signatures: number;
  quorum: number;
  profile: string;
};

/**
 * With fewer than three nodes nothing is certified: the smallest quorum is still what a final price would
 * need.
 */
const QUORUM_MINIMUM = 3;

export function priceRecordOf(answer: Answer, nowMs: number): PriceRecord {
  return {
    feed: answer.feed,
    kind: answer.kind,
    price: answer.price,
    low: answer.low,
    high: answer.high,
    state: answer.state,
    stateReason: answer.stateReason,
    observedAt: new Date(answer.observedAt).toISOString(),
    ageMs: Math.max(0, nowMs - answer.observedAt),
    round: null,
    sourcesUsed: answer.sourcesUsed,
    sourcesConfigured: answer.sourcesConfigured,
    confidence: answer.confidence,
    signatures: 0,
    quorum: QUORUM_MINIMUM,
    profile: answer.profile,
  };
}
