// A Decision that keeps what is needed to spell itself out (texts, numbers, the rates of its check) and does so only when it
// is read: aggregation makes thousands a second, and most are encoded once, by another hand.
import { FIXED_ONE, type Fixed, formatFixed, parseFixed } from '@assay/kernel/money/fixed';
import type { AnswerState } from '../model/answer.ts';
import { type Decision, type DecisionInput, VERDICTS } from '../model/decision.ts';
import type { Pair } from '../model/pair.ts';
import type { FeedBook } from './feed-book.ts';
import type { Plan } from './plan.ts';
import type { RateSet, RateTable } from './rate-table.ts';
import { CBPS_PER_LN } from './slot.ts';

/** Numbers kept per input. */
const WIDTH = 6;
const OFFSET = 0;
const VERDICT = 1;
const WEIGHT = 2;
const RESIDUAL = 3;
const AGE = 4;
const CONFIDENCE = 5;
const NAN = Number.NaN;

type Facts = {
  book: FeedBook;
  plan: Plan;
  at: number;
  check: string | null;
  state: AnswerState;
  causes: string[];
};

export class DecisionRecord implements Decision {
  readonly id: string;
  readonly feed: Pair;
  readonly at: number;
  readonly check: string | null;
  readonly method: string;
  readonly state: AnswerState;
  readonly causes: string[];
  readonly #book: FeedBook;
  readonly #plan: Plan;
  readonly #table: RateTable;
  readonly #texts: string[];
  readonly #numbers: Float64Array;
  readonly #details: (string | undefined)[] | undefined;
  readonly #losses: { venue: number; lower: number; upper: number; set: RateSet }[];

  constructor(facts: Facts) {
    const { book, at } = facts;
    this.feed = book.plan.definition.feed;
    this.id = `${this.feed}@${at}`;
    this.at = at;
    this.check = facts.check;
    this.method = book.plan.definition.method;
    this.state = facts.state;
    this.causes = facts.causes;
    this.#book = book;
    this.#plan = facts.plan;
    this.#table = book.table;
    const inputs = book.plan.inputs;
    const texts = new Array<string>(inputs.length);
    const numbers = new Float64Array(inputs.length * WIDTH);
    let details: (string | undefined)[] | undefined;
    for (let i = 0, to = 0; i < inputs.length; i++, to += WIDTH) {
      const slot = inputs[i]!.slot;
      texts[i] = slot.text;
      numbers[to + OFFSET] = slot.offset;
      numbers[to + VERDICT] = book.verdicts[i]!;
      numbers[to + WEIGHT] = book.weights[i]!;
      numbers[to + RESIDUAL] = book.residuals[i]!;
      numbers[to + AGE] = slot.offset < 0 ? NAN : at - slot.freshAt;
      numbers[to + CONFIDENCE] = slot.confidence;
      if (slot.withdrawal !== undefined) {
        details ??= [];
        details[i] = `${slot.withdrawal.reason}: ${slot.withdrawal.detail}`;
      }
    }
    this.#texts = texts;
    this.#numbers = numbers;
    this.#details = details;
    this.#losses = book.losses.map(({ venue, lower, upper, set }) => ({ venue, lower, upper, set }));
  }

  get inputs(): DecisionInput[] {
    return this.#book.plan.inputs.map((_, i) => this.#spell(i));
  }

  get withoutVenue(): { venue: string; price: string | null }[] {
    return this.#losses.map(({ venue, lower, upper, set }) => {
      const name = this.#plan.venues[venue]!;
      if (lower < 0) return { venue: name, price: this.#implied(set) };
      const sum = this.#exact(lower, set) + this.#exact(upper, set);
      return { venue: name, price: this.#format(sum / 2n) };
    });
  }

  #spell(i: number): DecisionInput {
    const at = i * WIDTH;
    const numbers = this.#numbers;
    const { slot } = this.#book.plan.inputs[i]!;
    const verdict = VERDICTS[numbers[at + VERDICT]!]!;
    const offset = numbers[at + OFFSET]!;
    const weightPpm = numbers[at + WEIGHT]!;
    const input: DecisionInput = { source: slot.source, pair: slot.pair, offset, verdict, weightPpm };
    if (verdict === 'missing') return input;
    input.ageMs = numbers[at + AGE]!;
    input.confidence = numbers[at + CONFIDENCE]!;
    const detail = this.#details?.[i];
    if (detail !== undefined) input.detail = detail;
    const { main } = this.#table;
    const factor = this.#table.factor(main, slot.quote, this.#book.plan.quote);
    if (factor > 0) input.converted = this.#format(this.#exact(i, main));
    const residual = numbers[at + RESIDUAL]!;
    if (!Number.isNaN(residual)) input.residualCbps = residual;
    if (verdict === 'outlier') input.implied = impliedPrice(parseFixed(this.#texts[i]!), residual);
    return input;
  }

  #exact(i: number, set: RateSet): Fixed {
    const { slot } = this.#book.plan.inputs[i]!;
    return this.#table.convert(set, parseFixed(this.#texts[i]!), slot.quote, this.#book.plan.quote);
  }

  /** What the rest of the hub implies for the feed; null: nothing. */
  #implied(set: RateSet): string | null {
    const { plan } = this.#book;
    const base = plan.inputs[0]!.slot.base;
    if (!plan.isHub || !(this.#table.factor(set, base, plan.quote) > 0)) return null;
    return this.#format(this.#table.convert(set, FIXED_ONE, base, plan.quote));
  }

  #format(value: Fixed): string {
    return formatFixed(value, this.#book.plan.definition.decimals, 'halfEven');
  }
}

/** Digits after the point of an implied price: it is for reading. */
const IMPLIED_DIGITS = 8;

/** price / e^residual: what the others imply, as exact as the residual is (a hundredth of a basis point). */
export function impliedPrice(price: Fixed, residualCbps: number): string {
  const factor = BigInt(Math.round(Math.exp(-residualCbps / CBPS_PER_LN) * 1e9));
  const implied = (price * factor) / 1_000_000_000n;
  const whole = (implied / 10n ** 18n).toString();
  const decimals = whole === '0' ? 12 : Math.max(2, IMPLIED_DIGITS - whole.length);
  return formatFixed(implied, decimals, 'halfEven');
}
