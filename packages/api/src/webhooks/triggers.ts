// When a webhook has something to say. In: its condition, the answer before and the answer now. Out: what to
// send, or nothing. Pure.
//
// Invariants: only prices that may be relied on (`ok`, `degraded`) cross or deviate; a threshold is crossed
// once each way; the price itself counts as above.
import { type Fixed, parseFixed } from '@assay/kernel/money/fixed';
import type { Answer, AnswerState } from '@assay/oracle/model/answer';
import type { WebhookCondition } from './webhook.ts';

export type TriggerState = {
  /** Side of the threshold. */
  side?: 'above' | 'below';
  reference?: Fixed;
  state?: AnswerState;
};

export type Firing = { what: string; facts: Record<string, unknown> };

/** Changes `seen` to what is known after the answer. */
export function fires(condition: WebhookCondition, answer: Answer, seen: TriggerState): Firing | undefined {
  if (condition.type === 'state-changes') return stateChange(answer, seen);
  if (answer.state !== 'ok' && answer.state !== 'degraded') return undefined;
  const price = parseFixed(answer.price);
  return condition.type === 'price-crosses'
    ? crossing(condition, answer, price, seen)
    : deviation(condition, answer, price, seen);
}

function stateChange(answer: Answer, seen: TriggerState): Firing | undefined {
  const before = seen.state;
  seen.state = answer.state;
  if (before === undefined || before === answer.state) return undefined;
  const what = `${answer.feed} was ${before} and is ${answer.state}`;
  return { what, facts: { from: before, to: answer.state, reason: answer.stateReason } };
}

function crossing(
  { price: threshold, direction }: Extract<WebhookCondition, { type: 'price-crosses' }>,
  answer: Answer,
  price: Fixed,
  seen: TriggerState,
): Firing | undefined {
  const before = seen.side;
  const side = price >= parseFixed(threshold) ? 'above' : 'below';
  seen.side = side;
  if (before === undefined || before === side) return undefined;
  if (direction !== 'both' && direction !== side) return undefined;
  const what = `${answer.feed} is ${side} ${threshold}: ${answer.price}`;
  return { what, facts: { threshold, direction: side } };
}

function deviation(
  { percent }: Extract<WebhookCondition, { type: 'price-deviates' }>,
  answer: Answer,
  price: Fixed,
  seen: TriggerState,
): Firing | undefined {
  const reference = seen.reference;
  if (reference === undefined) {
    seen.reference = price;
    return undefined;
  }
  const distance = price > reference ? price - reference : reference - price;
  // A ten-thousandth of a per cent is as fine as anybody asks.
  const limit = BigInt(Math.round(percent * 10_000));
  if (distance * 1_000_000n < reference * limit) return undefined;
  seen.reference = price;
  const movedPercent = Number(((price - reference) * 1_000_000n) / reference) / 10_000;
  const what = `${answer.feed} moved ${movedPercent} % to ${answer.price}`;
  return { what, facts: { percent, movedPercent } };
}
