// A feed: a pair that is published, with all its parameters resolved to numbers. Aggregation knows nothing
// but these.
import type { Pair } from './pair.ts';

export const AGGREGATION_METHODS = [
  'weighted-median',
  'median',
  'trimmed-mean',
  'vwap',
  'twap',
  'single-source',
] as const;
export type AggregationMethod = (typeof AGGREGATION_METHODS)[number];

/**
 * One pair of one source that takes part in a feed: the feed's base in any currency, or any asset in the
 * feed's base, which is read the other way round (USDT/KRW in KRW/USD).
 */
export type FeedSource = {
  source: string;
  pair: Pair;
  /** Relative; 1 is normal. */
  weight: number;
};

export type FeedDefinition = {
  feed: Pair;
  /** Decimals of the answer, 0 to 18. */
  decimals: number;
  heartbeatMs: number;
  deviationThresholdPpb: number;
  method: AggregationMethod;
  /** For `single-source`: which. */
  methodSource?: string;
  /** For `vwap` and `twap`: the window. */
  windowMs?: number;
  sources: FeedSource[];
  /** Independent venues wanted; below it the answer is `degraded`. */
  minimumVenues: number;
  /** A residual under this is never an outlier, basis points. */
  outlierFloorBps: number;
  /**
   * How far the answer may move when one venue is removed and still be `ok`; absent: 40, or 100 where venues
   * differ.
   */
  venueLossLimitBps?: number;
  /** A larger move within a minute waits for confirmation, basis points. */
  maximumMoveBps: number;
  /** Bounds; outside them the feed is `halted`. Decimal texts. */
  minimumPrice?: string;
  maximumPrice?: string;
  /** No new answer for this long: `stale`. */
  staleAfterMs: number;
};

export const SOURCE_KINDS = ['exchange', 'pool', 'aggregator', 'submitted'] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

/** What aggregation must know of a source. */
export type SourceTraits = {
  source: string;
  name: string;
  /** Sources with one venue are one witness; aggregators and submissions are none. */
  venue: string;
  kind: SourceKind;
};

export type AggregationConfig = {
  feeds: FeedDefinition[];
  sources: SourceTraits[];
  /** Currencies whose crosses are checked jointly; those that feeds are quoted in are added. */
  hub: string[];
  /** The joint check runs at most this often, ms. */
  checkIntervalMs: number;
};
