// The newest answer of one feed, ready to be sent. In: answers in the order of the log. Out: its record, and
// its JSON text.
//
// The text is cut once per answer around `ageMs`, so that a request costs one addition and one concatenation.
// Invariants: `ageMs` is true at the moment of asking; an answer older than the feed's limit is never shown
// as fresh; the text is ASCII, so that its length in characters is its length in bytes.
import { type Answer, type PriceRecord, priceRecordOf } from '@assay/oracle/model/answer';
import type { FeedDefinition } from '@assay/oracle/model/feed';

export class CurrentPrice {
  readonly definition: FeedDefinition;
  #answer: Answer | undefined;
  /** From here on the answer is stale whatever it says of itself. */
  #staleAtMs = Number.POSITIVE_INFINITY;
  #isOverdue = false;
  #head = '';
  #tail = '';
  #text = '';
  #textAtMs = -1;

  constructor(definition: FeedDefinition) {
    this.definition = definition;
  }

  get answer(): Answer | undefined {
    return this.#answer;
  }

  /** Takes an answer unless it is older than the one here (records are delivered at least once). */
  take(answer: Answer): boolean {
    if (this.#answer !== undefined && answer.answeredAt < this.#answer.answeredAt) return false;
    this.#answer = answer;
    this.#staleAtMs = answer.answeredAt + this.definition.staleAfterMs;
    this.#isOverdue = false;
    this.#head = '';
    this.#textAtMs = -1;
    return true;
  }

  record(nowMs: number): PriceRecord | undefined {
    if (this.#answer === undefined) return undefined;
    return priceRecordOf(asOf(this.#answer, nowMs >= this.#staleAtMs), nowMs);
  }

  /** No answer came for longer than the feed allows. */
  isOverdue(nowMs: number): boolean {
    return nowMs >= this.#staleAtMs;
  }

  /** `ok` or `degraded`, and not overdue. */
  isFresh(nowMs: number): boolean {
    const state = this.#answer?.state;
    return (state === 'ok' || state === 'degraded') && nowMs < this.#staleAtMs;
  }

  /** The record as JSON, all ASCII; undefined before the first answer. */
  text(nowMs: number): string | undefined {
    const answer = this.#answer;
    if (answer === undefined) return undefined;
    if (nowMs === this.#textAtMs) return this.#text;
    const isOverdue = nowMs >= this.#staleAtMs;
    if (this.#head === '' || isOverdue !== this.#isOverdue) this.#cut(answer, isOverdue);
    const ageMs = nowMs > answer.observedAt ? nowMs - answer.observedAt : 0;
    this.#textAtMs = nowMs;
    return (this.#text = this.#head + ageMs + this.#tail);
  }

  #cut(answer: Answer, isOverdue: boolean): void {
    const text = asciiJson(priceRecordOf(asOf(answer, isOverdue), answer.observedAt));
    // Inside a string value the quotation marks would be escaped, so the first occurrence is the field
    // itself.
    const at = text.indexOf(AGE_FIELD) + AGE_FIELD.length;
    this.#head = text.slice(0, at);
    this.#tail = text.slice(text.indexOf(',', at));
    this.#isOverdue = isOverdue;
  }
}

/** JSON in which every character is ASCII. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(NOT_ASCII, (mark) => {
    return `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

const AGE_FIELD = '"ageMs":';
const NOT_ASCII = /[\u007f-\uffff]/g;

function asOf(answer: Answer, isOverdue: boolean): Answer {
  if (!isOverdue || answer.state === 'halted' || answer.state === 'stale') return answer;
  const since = new Date(answer.answeredAt).toISOString();
  return { ...answer, state: 'stale', stateReason: `no new answer since ${since}` };
}
