// Reads answers as they stand on the bus. In: texts that another process wrote, perhaps another version. Out:
// answers of known shape, or undefined. Positions in the log are written as one text, the id of a stream
// event.
import { ANSWER_STATES, type Answer } from '@assay/oracle/model/answer';
import type { BusRecord } from '@assay/ports/event-bus/event-bus';

/** undefined when it is not an answer that can be shown. */
export function decodeAnswer(text: string): Answer | undefined {
  let answer: Answer;
  try {
    answer = JSON.parse(text) as Answer;
  } catch {
    return undefined;
  }
  if (answer === null || typeof answer !== 'object') return undefined;
  const isShown =
    typeof answer.feed === 'string' &&
    DECIMAL.test(answer.price) &&
    DECIMAL.test(answer.low) &&
    DECIMAL.test(answer.high) &&
    ANSWER_STATES.includes(answer.state) &&
    typeof answer.stateReason === 'string' &&
    Number.isSafeInteger(answer.observedAt) &&
    Number.isSafeInteger(answer.answeredAt);
  return isShown ? answer : undefined;
}

/** Next offset of each partition: what a reader has seen. */
export type LogPosition = number[];

export function seen(position: LogPosition, record: BusRecord): void {
  while (position.length <= record.partition) position.push(0);
  position[record.partition] = record.offset + 1;
}

/** "12.0.7": the next offset of partition 0, 1, 2. */
export function positionText(position: LogPosition): string {
  return position.join('.');
}

/** undefined when it is no text that positionText writes. */
export function parsePosition(text: string): LogPosition | undefined {
  // A log has at most a few dozen partitions; a longer text is not ours.
  if (text.length > 1_000 || !/^\d{1,15}(\.\d{1,15})*$/.test(text)) return undefined;
  return text.split('.').map(Number);
}

const DECIMAL = /^-?\d{1,60}(\.\d{1,60})?$/;
