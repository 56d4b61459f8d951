// How much each source agrees with the others, read from what aggregation decided. In: records of `decisions`
// and `checks`. Out: per source and pair a value from 0 (contradicted) to 1. Invariant: only prices that were
// judged against others say anything; a record that cannot be read says nothing and harms nobody.
import { type DecisionInput, decodeJudgements } from '../model/decision.ts';
import type { Pair } from '../model/pair.ts';
import { agreementOf } from './confidence.ts';

export type Agreement = { source: string; pair: Pair; agreement: number };

export function agreementsIn(records: readonly { key: string; value: string }[]): Agreement[] {
  // Of many decisions on one feed in one batch the newest is enough: scores are sampled once a second.
  const newest = new Map<string, string>();
  for (const { key, value } of records) newest.set(key, value);
  const found = new Map<string, Agreement>();
  for (const value of newest.values()) {
    for (const input of judgementsIn(value)) {
      const agreement = judged(input);
      if (agreement === undefined) continue;
      found.set(`${input.source} ${input.pair}`, { source: input.source, pair: input.pair, agreement });
    }
  }
  return [...found.values()];
}

function judgementsIn(text: string): DecisionInput[] {
  try {
    return decodeJudgements(text);
  } catch {
    return [];
  }
}

function judged({ verdict, residualCbps }: DecisionInput): number | undefined {
  if (typeof residualCbps !== 'number' || !Number.isFinite(residualCbps)) return undefined;
  if (verdict !== 'used' && verdict !== 'outlier') return undefined;
  return agreementOf(residualCbps / 100);
}
