// Why an answer is what it is, compact: positions of the inputs in the log and a verdict on each. `explanation.ts` spells it
// out together with the records at those positions.
import type { AnswerState } from './answer.ts';
import type { Pair } from './pair.ts';

export const VERDICTS = [
  'used',
  'stale',
  'outlier',
  'pending', // jumped away from its own last value: waits for the next joint check
  'withdrawn',
  'unconverted', // no rate from its quote currency to the feed's
  'missing', // configured, never heard
  'unweighted', // confidence 0
] as const;
export type Verdict = (typeof VERDICTS)[number];

export type DecisionInput = {
  source: string;
  pair: Pair;
  /** Offset on `source-prices` of the price taken in; -1 when there was none. */
  offset: number;
  verdict: Verdict;
  /** In the feed's quote currency at the feed's decimals; absent when it could not be converted. */
  converted?: string;
  /** Millionths of the weight of a fresh, fully trusted, direct price. */
  weightPpm: number;
  /** ln(price / what the others imply) in hundredths of a basis point; absent when not judged. */
  residualCbps?: number;
  /** Price that the others imply for this pair, decimal text; with verdict outlier. */
  implied?: string;
  ageMs?: number;
  confidence?: number;
  /** For `withdrawn`: reason and detail. */
  detail?: string;
};

/** A joint check of the hub: which crosses it found, and on what they rest. Published on `checks`. */
export type Check = {
  id: string;
  at: number;
  rates: CheckRate[];
  inputs: DecisionInput[];
  /** Over the inputs, as in Answer.inputsHash. */
  inputsHash: string;
};

export type CheckRate = {
  currency: string;
  /** Dollars for one unit, decimal text; absent when there is no path to the dollar. */
  price?: string;
  low?: string;
  high?: string;
  state: 'ok' | 'degraded' | 'missing';
  reason: string;
  sourcesUsed: number;
  venues: string[];
};

export type Decision = {
  id: string;
  feed: Pair;
  at: number;
  /** The check whose rates and verdicts were used; null when none was needed. */
  check: string | null;
  method: string;
  state: AnswerState;
  /** Machine-readable causes of the state, e.g. "venue-loss:coinbase", "venues:2<3", "move:812bps". */
  causes: string[];
  inputs: DecisionInput[];
  /** The answer recomputed without each venue in turn; null: no answer would exist. */
  withoutVenue: { venue: string; price: string | null }[];
};

export const DECISIONS_TOPIC = 'decisions';
export const CHECKS_TOPIC = 'checks';
