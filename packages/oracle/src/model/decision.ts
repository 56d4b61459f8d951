// Why an answer is what it is, compact: positions of the inputs in the log and a verdict on each.
// `explanation.ts` spells it out together with the records at those positions.
import { AssayError } from '@assay/kernel/errors/assay-error';
import { ANSWER_STATES, type AnswerState } from './answer.ts';
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

/**
 * Compact JSON: inputs as rows, pairs by number. `id` and `at` keep their names, so that the log can be
 * searched by them.
 */
export function encodeDecision(decision: Decision): string {
  const { id, at, feed, check, method, state, causes, withoutVenue } = decision;
  const { pairs, rows } = encodeInputs(decision.inputs);
  const without = withoutVenue.map(({ venue, price }) => [venue, price]);
  return JSON.stringify({ id, at, feed, check, method, state, causes, pairs, rows, without });
}

/** @throws AssayError RECORD_INVALID */
export function decodeDecision(text: string): Decision {
  const json = parseObject(text, DECISIONS_TOPIC);
  const { id, at, feed, check, method, state, causes, without } = json;
  if (typeof id !== 'string' || typeof feed !== 'string') throw invalid(DECISIONS_TOPIC, 'id', id);
  if (!ANSWER_STATES.includes(state as AnswerState)) throw invalid(DECISIONS_TOPIC, 'state', state);
  return {
    id,
    feed,
    at: Number(at),
    check: typeof check === 'string' ? check : null,
    method: String(method),
    state: state as AnswerState,
    causes: causes as string[],
    inputs: decodeInputs(json, DECISIONS_TOPIC),
    withoutVenue: (without as [string, string | null][]).map(([venue, price]) => ({ venue, price })),
  };
}

export function encodeCheck(check: Check): string {
  const { id, at, rates, inputsHash } = check;
  return JSON.stringify({ id, at, inputsHash, rates, ...encodeInputs(check.inputs) });
}

/** @throws AssayError RECORD_INVALID */
export function decodeCheck(text: string): Check {
  const json = parseObject(text, CHECKS_TOPIC);
  const { id, at, rates, inputsHash } = json;
  if (typeof id !== 'string') throw invalid(CHECKS_TOPIC, 'id', id);
  if (!Array.isArray(rates)) throw invalid(CHECKS_TOPIC, 'rates', rates);
  return {
    id,
    at: Number(at),
    rates: rates as CheckRate[],
    inputs: decodeInputs(json, CHECKS_TOPIC),
    inputsHash: String(inputsHash),
  };
}

/** What was made of each source price, by a record of either topic. @throws AssayError RECORD_INVALID */
export function decodeJudgements(text: string): DecisionInput[] {
  return decodeInputs(parseObject(text, 'decisions or checks'), 'decisions or checks');
}

/**
 * source, pair number, offset, verdict number, weight, age, confidence, residual, converted, implied, detail
 */
type Row = (string | number | null)[];

function encodeInputs(inputs: readonly DecisionInput[]): { pairs: Pair[]; rows: Row[] } {
  const pairs: Pair[] = [];
  const rows = inputs.map((input) => {
    let number = pairs.indexOf(input.pair);
    if (number < 0) number = pairs.push(input.pair) - 1;
    const row: Row = [
      input.source,
      number,
      input.offset,
      VERDICTS.indexOf(input.verdict),
      input.weightPpm,
      input.ageMs ?? null,
      input.confidence ?? null,
      input.residualCbps ?? null,
      input.converted ?? null,
      input.implied ?? null,
      input.detail ?? null,
    ];
    // What is absent at the end need not be said.
    while (row.at(-1) === null) row.pop();
    return row;
  });
  return { pairs, rows };
}

function decodeInputs(json: Record<string, unknown>, topic: string): DecisionInput[] {
  const { pairs, rows } = json as { pairs?: Pair[]; rows?: Row[] };
  if (!Array.isArray(pairs)) throw invalid(topic, 'pairs', pairs);
  if (!Array.isArray(rows)) throw invalid(topic, 'rows', rows);
  return rows.map((row) => {
    const [
      source,
      number,
      offset,
      verdict,
      weightPpm,
      age,
      confidence,
      residual,
      converted,
      implied,
      detail,
    ] = row;
    const pair = pairs[number as number];
    const name = VERDICTS[verdict as number];
    if (pair === undefined || name === undefined) throw invalid(topic, 'rows', JSON.stringify(row));
    const input: DecisionInput = {
      source: String(source),
      pair,
      offset: offset as number,
      verdict: name,
      weightPpm: weightPpm as number,
    };
    if (typeof age === 'number') input.ageMs = age;
    if (typeof confidence === 'number') input.confidence = confidence;
    if (typeof residual === 'number') input.residualCbps = residual;
    if (typeof converted === 'string') input.converted = converted;
    if (typeof implied === 'string') input.implied = implied;
    if (typeof detail === 'string') input.detail = detail;
    return input;
  });
}

function parseObject(text: string, topic: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new AssayError('RECORD_INVALID', `a record of ${topic} is not JSON`, { cause });
  }
  if (json === null || typeof json !== 'object') throw invalid(topic, 'record', json);
  return json as Record<string, unknown>;
}

function invalid(topic: string, field: string, value: unknown): AssayError {
  return new AssayError('RECORD_INVALID', `a record of ${topic} has no valid "${field}": ${String(value)}`, {
    context: { field, value },
  });
}
