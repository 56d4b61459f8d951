// What becomes of submissions. In: the topics `submissions` (which of them became a submitted price, which
// did not) and `decisions` (what aggregation made of that price). Out: fates by submission id, each once.
//
// Invariants: memory is bounded; a decision that arrives before the record of whom it concerns is remembered
// for it; the same logs read again give the same fates.
import { decodeDecision, type Verdict } from '@assay/oracle/model/decision';
import { SUBMITTED_SOURCE, type SubmissionRecord } from '@assay/oracle/model/submission';
import { dropOldest } from '../limits/drop-oldest.ts';
import type { Fate } from './submission-tables.ts';

/** Submitted prices whose submissions are remembered: some minutes of all pairs. */
const PRICES_MAX = 5_000;

type Judged = { verdict: Verdict; decision: string; at: number };
type Price = { price: string; ids: readonly string[]; judged: Judged | undefined };

/** Not yet decided, or not heard at all. */
const UNDECIDED: readonly Verdict[] = ['pending', 'missing'];

const WHY: Partial<Record<Verdict, string>> = {
  stale: 'too old when the feed was computed',
  withdrawn: 'submissions were taken back',
  unconverted: 'no rate to the currency of the feed',
  unweighted: 'without weight',
};

export class SubmissionFates {
  /** By "pair offset". */
  readonly #prices = new Map<string, Price>();
  readonly #early = new Map<string, Judged>();

  takeRecord(record: SubmissionRecord): Fate[] {
    if (record.type === 'submission') return [];
    const { ids, at } = record;
    if (record.type === 'unused')
      return ids.map((id) => ({ id, status: 'unused', detail: record.reason, at }));
    const name = `${record.pair} ${record.offset}`;
    const price: Price = { price: record.price, ids, judged: undefined };
    remember(this.#prices, name, price);
    const others = ids.length === 1 ? 'it is' : `with those of ${ids.length - 1} other clients it makes`;
    const detail = `${others} the submitted price ${record.price} of ${record.pair}`;
    const fates = ids.map((id): Fate => ({ id, status: 'accepted', detail, at }));
    const early = this.#early.get(name);
    if (early === undefined) return fates;
    this.#early.delete(name);
    return [...fates, ...judge(price, early)];
  }

  /** The text of a decision; most of them have nothing to do with submissions. */
  takeDecision(text: string): Fate[] {
    if (!text.includes(MARK)) return [];
    const decision = decodeDecision(text);
    return decision.inputs.flatMap(({ source, pair, offset, verdict }) => {
      if (source !== SUBMITTED_SOURCE || offset < 0 || UNDECIDED.includes(verdict)) return [];
      const judged = { verdict, decision: decision.id, at: decision.at };
      const name = `${pair} ${offset}`;
      const price = this.#prices.get(name);
      if (price !== undefined) return judge(price, judged);
      if (!this.#early.has(name)) remember(this.#early, name, judged);
      return [];
    });
  }
}

const MARK = `"${SUBMITTED_SOURCE}"`;

/** The first verdict is the fate; later only that a price which counted turned out to be an outlier. */
function judge(price: Price, judged: Judged): Fate[] {
  const before = price.judged?.verdict;
  const isNews = before === undefined || (before === 'used' && judged.verdict === 'outlier');
  if (!isNews) return [];
  price.judged = judged;
  const { verdict, decision, at } = judged;
  const status = verdict === 'used' || verdict === 'outlier' ? verdict : 'unused';
  const detail =
    status === 'used'
      ? `used in decision ${decision}`
      : status === 'outlier'
        ? `an outlier in decision ${decision}`
        : `not used in decision ${decision}: ${WHY[verdict] ?? verdict}`;
  return price.ids.map((id) => ({ id, status, detail, at }));
}

function remember<T>(map: Map<string, T>, name: string, value: T): void {
  map.set(name, value);
  dropOldest(map, PRICES_MAX);
}
