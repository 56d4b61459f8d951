// A Decision that keeps what is needed to spell itself out (texts, numbers, the rates of its check) and does
// so only when it is read: aggregation makes thousands a second, and most are encoded once, by another hand.
import {
  FIXED_ONE,
  type Fixed,
  formatFixed,
  inverseOf,
  mulDiv,
  padDecimal,
  parseFixed,
} from '@assay/kernel/money/fixed';
import type { AnswerState } from '../model/answer.ts';
import { type Decision, type DecisionInput, VERDICTS } from '../model/decision.ts';
import type { Pair } from '../model/pair.ts';
import type { FeedBook } from './feed-book.ts';
import { impliedPrice } from './implied-price.ts';
import type { FeedPlan, Plan } from './plan.ts';
import type { RateSet, RateTable } from './rate-table.ts';
import * as columns from './slot-table.ts';

/** Numbers kept per input. */
const WIDTH = 6;
const OFFSET = 0;
const VERDICT = 1;
const WEIGHT = 2;
const RESIDUAL = 3;
const AGE = 4;
const CONFIDENCE = 5;
/** Numbers kept per venue without which the answer was computed: the venue and two positions. */
const LOSS_WIDTH = 3;
/** Decisions share pages of numbers: many small typed arrays would cost more than everything else here. */
const PAGE_NUMBERS = 4096;

type Facts = {
  id: string;
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
  readonly #feed: FeedPlan;
  readonly #plan: Plan;
  readonly #table: RateTable;
  readonly #texts: string[];
  readonly #details: (string | undefined)[] | undefined;
  readonly #lossCount: number;
  /** Page and place of the numbers. */
  readonly #numbers: Float64Array;
  readonly #from: number;

  constructor(facts: Facts) {
    const { book, at } = facts;
    this.feed = book.plan.definition.feed;
    this.id = facts.id;
    this.at = at;
    this.check = facts.check;
    this.method = book.plan.definition.method;
    this.state = facts.state;
    this.causes = facts.causes;
    this.#feed = book.plan;
    this.#plan = facts.plan;
    this.#table = book.table;
    this.#lossCount = book.lossCount;
    const { rows, inputs } = book.plan;
    const { numbers } = facts.plan.table;
    this.#from = reserve(rows.length * WIDTH + book.lossCount * LOSS_WIDTH);
    this.#numbers = page;
    const texts = new Array<string>(rows.length);
    let details: (string | undefined)[] | undefined;
    let to = this.#from;
    for (let i = 0; i < rows.length; i++, to += WIDTH) {
      const row = rows[i]!;
      texts[i] = book.slots.text(row);
      const offset = numbers[row + columns.OFFSET]!;
      page[to + OFFSET] = offset;
      page[to + VERDICT] = book.verdicts[i]!;
      page[to + WEIGHT] = book.weights[i]!;
      page[to + RESIDUAL] = book.residuals[i]!;
      page[to + AGE] = offset < 0 ? Number.NaN : at - numbers[row + columns.FRESH_AT]!;
      page[to + CONFIDENCE] = numbers[row + columns.CONFIDENCE]!;
      if (numbers[row + columns.IS_WITHDRAWN] === 1) {
        const { reason, detail } = inputs[i]!.slot.withdrawal!;
        details ??= [];
        details[i] = `${reason}: ${detail}`;
      }
    }
    this.#texts = texts;
    this.#details = details;
    for (let l = 0; l < book.lossCount; l++, to += LOSS_WIDTH) {
      const loss = book.losses[l]!;
      page[to] = loss.venue;
      page[to + 1] = loss.lower;
      page[to + 2] = loss.upper;
    }
  }

  get inputs(): DecisionInput[] {
    return this.#feed.inputs.map((_, i) => this.#spell(i));
  }

  get withoutVenue(): { venue: string; price: string | null }[] {
    const from = this.#from + this.#feed.inputs.length * WIDTH;
    const losses = new Array<{ venue: string; price: string | null }>(this.#lossCount);
    for (let l = 0; l < losses.length; l++) {
      const at = from + l * LOSS_WIDTH;
      const venue = this.#numbers[at]!;
      const lower = this.#numbers[at + 1]!;
      const upper = this.#numbers[at + 2]!;
      const set = this.#table.without(venue);
      const price = lower < 0 ? this.#implied(set) : this.#middle(lower, upper, set);
      losses[l] = { venue: this.#plan.venues[venue]!, price };
    }
    return losses;
  }

  #middle(lower: number, upper: number, set: RateSet): string {
    if (lower === upper) return this.#text(lower, set);
    const sum = this.#exact(lower, set) + this.#exact(upper, set);
    return this.#format(mulDiv(sum, 1n, 2n, 'halfEven'));
  }

  /** The price of an input in the feed's currency; a direct one is nearly its own text. */
  #text(i: number, set: RateSet): string {
    const { from, isInverse } = this.#feed.inputs[i]!;
    if (from === this.#feed.quote && !isInverse)
      return padDecimal(this.#texts[i]!, this.#feed.definition.decimals);
    return this.#format(this.#exact(i, set));
  }

  #spell(i: number): DecisionInput {
    const at = this.#from + i * WIDTH;
    const numbers = this.#numbers;
    const { slot, from } = this.#feed.inputs[i]!;
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
    const factor = this.#table.factor(main, from, this.#feed.quote);
    if (factor > 0) input.converted = this.#text(i, main);
    const residual = numbers[at + RESIDUAL]!;
    if (!Number.isNaN(residual)) input.residualCbps = residual;
    if (verdict === 'outlier') input.implied = impliedPrice(parseFixed(this.#texts[i]!), residual);
    return input;
  }

  #exact(i: number, set: RateSet): Fixed {
    const { isInverse, from } = this.#feed.inputs[i]!;
    const said = parseFixed(this.#texts[i]!);
    return this.#table.convert(set, isInverse ? inverseOf(said) : said, from, this.#feed.quote);
  }

  /** What the rest of the hub implies for the feed; null: nothing. */
  #implied(set: RateSet): string | null {
    const plan = this.#feed;
    const { base } = plan;
    if (!plan.isHub || !(this.#table.factor(set, base, plan.quote) > 0)) return null;
    return this.#format(this.#table.convert(set, FIXED_ONE, base, plan.quote));
  }

  #format(value: Fixed): string {
    return formatFixed(value, this.#feed.definition.decimals, 'halfEven');
  }
}

let page = new Float64Array(PAGE_NUMBERS);
let pageUsed = 0;

/** A place for so many numbers on the current page; a new page when they do not fit. */
function reserve(count: number): number {
  if (pageUsed + count > page.length) {
    page = new Float64Array(Math.max(PAGE_NUMBERS, count));
    pageUsed = 0;
  }
  const from = pageUsed;
  pageUsed += count;
  return from;
}
