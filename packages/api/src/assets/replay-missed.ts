// What a subscriber missed. In: the position it saw last, the position up to which it will hear the rest, the
// log. Out: the answers between, oldest first, each with its own position; or a sentence when they are no
// longer all there.
//
// Invariants: at most REPLAY_MAX answers; nothing twice; no answer at or after `until`.
import { ANSWERS_TOPIC, type Answer } from '@assay/oracle/model/answer';
import type { BusRecord, EventBus } from '@assay/ports/event-bus/event-bus';
import { decodeAnswer, type LogPosition, positionText, seen } from '../views/answer-log.ts';

export type Missed = { answer: Answer; position: string };

export type ReplayOptions = {
  bus: EventBus;
  since: LogPosition;
  until: LogPosition;
  feeds: ReadonlySet<string> | undefined;
};

/** About five minutes of a dozen feeds, and 3 MB; who was away longer wants to know the price now. */
const REPLAY_MAX = 5_000;
/** Events handed over at once. */
const PORTION = 200;

/** Calls `send` with portions until it says no; resolves to the reason when they cannot be replayed. */
export async function replayMissed(
  options: ReplayOptions,
  send: (events: Missed[]) => Promise<boolean>,
): Promise<string | undefined> {
  const { bus, since, until, feeds } = options;
  const gap = await gapIn(options);
  if (gap !== undefined) return gap;
  const records: BusRecord[] = [];
  for (const [partition, end] of until.entries()) {
    records.push(...(await readBetween(bus, partition, since[partition] ?? 0, end)));
  }
  // Within a partition the order of offsets, across them that of the commits.
  records.sort((a, b) => a.at - b.at || a.partition - b.partition || a.offset - b.offset);
  const position = until.map((_, partition) => since[partition] ?? 0);
  let portion: Missed[] = [];
  for (const record of records) {
    seen(position, record);
    if (feeds !== undefined && !feeds.has(record.key)) continue;
    const answer = decodeAnswer(record.value);
    if (answer === undefined) continue;
    portion.push({ answer, position: positionText(position) });
    if (portion.length < PORTION) continue;
    if (!(await send(portion))) return undefined;
    portion = [];
  }
  if (portion.length > 0) await send(portion);
  return undefined;
}

async function gapIn({ bus, since, until }: ReplayOptions): Promise<string | undefined> {
  if (since.length > until.length) return 'that position is not of this log: these are the current prices';
  let count = 0;
  for (const { partition, firstOffset } of await bus.positions(ANSWERS_TOPIC)) {
    const from = since[partition] ?? 0;
    const end = until[partition] ?? 0;
    if (from > end) return 'that position is not of this log: these are the current prices';
    if (from < firstOffset && firstOffset <= end && from !== end) {
      return 'what followed that position is no longer kept: these are the current prices';
    }
    count += end - from;
  }
  if (count <= REPLAY_MAX) return undefined;
  return `more than ${REPLAY_MAX} answers followed that position: these are the current prices`;
}

async function readBetween(
  bus: EventBus,
  partition: number,
  from: number,
  end: number,
): Promise<BusRecord[]> {
  const records: BusRecord[] = [];
  for (let offset = from; offset < end; ) {
    const read = await bus.read(ANSWERS_TOPIC, partition, offset, Math.min(1_000, end - offset));
    if (read.length === 0) break;
    records.push(...read);
    offset = read.at(-1)!.offset + 1;
  }
  return records;
}
