// What is on the topic `health` under the key of a source: how it is, in one word, one sentence and the
// figures behind them. Written by sources on every change of state or band and every 10 s; read by api views,
// alerting and the command line. Invariant: the record is complete in itself; the newest one of a key is the
// truth, and an old one says so by its `at`.
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { SourceKind } from './feed.ts';
import type { Listing } from './listing.ts';
import type { Pair } from './pair.ts';

export const SOURCE_STATES = [
  'connecting', // started, nothing heard yet
  'live', // gives prices as it should
  'degraded', // gives prices, with part of its pairs, transports or confidence missing
  'silent', // gave prices and does not now
  'standby', // not needed: enough sources of higher priority are healthy
  'quarantined', // left out by ourselves for a time
  'denied', // left out by the operator until he allows it
  'refused', // refuses this region or client for good
  'rate-limited', // told us when to come back
  'unreachable', // cannot be reached, or its breaker is open
] as const;
export type SourceState = (typeof SOURCE_STATES)[number];

export type SourcePairStatus = {
  pair: Pair;
  isLive: boolean;
  /** Health score of this pair, 0 to 1 in steps of 0.001. */
  confidence: number;
  /** Age of its newest news; null when never heard. */
  ageMs: number | null;
  /** The last price published, decimal text; null when never heard. */
  price: string | null;
  /** Until when this pair alone is quarantined, ms; null when it is not. */
  quarantinedUntil: number | null;
  /** What the venue's own list of instruments says of it. */
  listing: Listing;
};

export type SourceStatus = {
  source: string;
  name: string;
  venue: string;
  kind: SourceKind;
  profile: string;
  /** When this was written, ms. */
  at: number;
  state: SourceState;
  /** A sentence for people: why it is in this state and what happens next. */
  sentence: string;
  /** What its prices come through now. */
  transport: 'stream' | 'poll' | 'both' | 'none';
  pairsConfigured: number;
  pairsLive: number;
  /** Mean over its pairs, 0 to 1 in steps of 0.001. */
  confidence: number;
  band: 'good' | 'degraded' | 'bad';
  /** What the confidence is made of, means over its pairs, 0 to 1 in steps of 0.001. */
  parts?: HealthParts;
  /** Mean time of its answers, ms; null when none was measured. */
  latencyMs: number | null;
  /** Of its last 500 answers and messages: half, and 99 of 100, were at most this slow, ms. */
  latencyP50Ms?: number | null;
  latencyP99Ms?: number | null;
  breaker: 'closed' | 'open' | 'half-open' | 'isolated';
  /** The venue's clock minus ours, ms; null while not measured. */
  skewMs: number | null;
  /** The median of the venues' clocks minus ours, ms; null with fewer than three measured venues. */
  machineSkewMs: number | null;
  lastError: { code: string; message: string; at: number } | null;
  /** When it is tried again, ms; null when nothing is waited for. */
  retryAt: number | null;
  limits?: LimitUse;
  counts: SourceCounts;
  /** When the venue's list of instruments was read, ms; null before that, or where it publishes none. */
  listedAt: number | null;
  /** Pairs that it trades and our feeds could use, but that are not configured; at most 100. */
  offers: readonly Pair[];
  pairs: SourcePairStatus[];
};

/** Each says by itself what share it leaves of the whole. */
export type HealthParts = { latency: number; freshness: number; success: number; agreement: number };

/** What the venue allows, and how much of it is used now. */
export type LimitUse = {
  /** In any window of `windowMs`, counted as the venue counts (a request may cost more than one). */
  requests: { count: number; windowMs: number; used: number };
  /** Of a paid plan; null where there is none. */
  credits: { count: number; periodMs: number; used: number; endsAt: number } | null;
  /** Between two polls now, ms; null for a source that is not polled. */
  pollIntervalMs: number | null;
};

/** Since the start of the process. */
export type SourceCounts = {
  published: number;
  /** Prices not published: malformed, out of range, older than one already published. */
  rejected: number;
  errors: number;
  reconnects: number;
  sequenceGaps: number;
  withdrawals: number;
  quarantines: number;
};

export const HEALTH_TOPIC = 'health';

/** @throws AssayError RECORD_INVALID naming the field */
export function decodeSourceStatus(text: string): SourceStatus {
  let record: SourceStatus;
  try {
    record = JSON.parse(text) as SourceStatus;
  } catch (cause) {
    throw new AssayError('RECORD_INVALID', `a record of ${HEALTH_TOPIC} is not JSON`, { cause });
  }
  if (record === null || typeof record !== 'object') throw invalid('record', record);
  if (typeof record.source !== 'string' || record.source === '') throw invalid('source', record.source);
  if (!SOURCE_STATES.includes(record.state)) throw invalid('state', record.state);
  if (typeof record.sentence !== 'string') throw invalid('sentence', record.sentence);
  if (!(record.confidence >= 0 && record.confidence <= 1)) throw invalid('confidence', record.confidence);
  if (!Number.isFinite(record.at)) throw invalid('at', record.at);
  if (!Array.isArray(record.pairs)) throw invalid('pairs', record.pairs);
  return record;
}

function invalid(field: string, value: unknown): AssayError {
  return new AssayError('RECORD_INVALID', `a record of ${HEALTH_TOPIC} has no valid "${field}"`, {
    context: { field, value },
  });
}
