// What a feed was at regular instants, for charts and strips of states: a day of ten answers a second is not
// a picture that anybody can fetch. In: a range and how many instants. Out: the answer served at each of
// them, and every change of state between two of them with the instant at which it happened.
//
// Cost: one look-up per instant and sixteen per change, in pieces, so that nobody else waits. A state that
// came and went between two instants is not seen: `everyMs` says how close they are.
import type { Answer, AnswerState } from '@assay/oracle/model/answer';
import type { History } from '@assay/ports/history/history';
import { decodeAnswer } from '../views/answer-log.ts';

export type MomentRange = {
  feed: string;
  fromMs: number;
  toMs: number;
  points: number;
  /** Of the feed: a good answer is followed by another, or by a stale one, within this. */
  staleAfterMs: number;
  /** A stale or halted one stands this long. */
  heartbeatMs: number;
};

export type Moment = {
  at: string;
  price: string;
  low: string;
  high: string;
  state: AnswerState;
};

export type StateChange = { at: string; state: AnswerState | 'none'; reason: string };

export type Moments = {
  feed: string;
  everyMs: number;
  /** Null where nothing was served. */
  moments: (Moment | null)[];
  changes: StateChange[];
};

/** A few milliseconds of look-ups. */
const PIECE = 50;
/** Twice the time in which anything would have been written: the program was not there. */
const SILENCES = 2;
/** A feed that flickers all day says so by its first changes. */
const CHANGES_MAX = 200;

export async function momentsOf(history: History, range: MomentRange): Promise<Moments> {
  const { feed, fromMs, toMs, points } = range;
  const everyMs = Math.max(1, Math.floor((toMs - fromMs) / points));
  const moments: (Moment | null)[] = [];
  const changes: StateChange[] = [];
  let before: Answer | undefined;
  for (let i = 0; i <= points; i++) {
    const atMs = fromMs + i * everyMs;
    const answer = await served(history, range, atMs);
    const isChange = i > 0 && answer?.state !== before?.state;
    if (isChange && changes.length < CHANGES_MAX) {
      changes.push(
        await changeBetween(history, range, { earlyMs: atMs - everyMs, lateMs: atMs, late: answer }),
      );
    }
    moments.push(answer === undefined ? null : sampleOf(answer, atMs));
    before = answer;
    if (i % PIECE === PIECE - 1) await new Promise((resolve) => setImmediate(resolve));
  }
  return { feed, everyMs, moments, changes };
}

function sampleOf({ price, low, high, state }: Answer, atMs: number): Moment {
  return { at: new Date(atMs).toISOString(), price, low, high, state };
}

async function served(history: History, range: MomentRange, atMs: number): Promise<Answer | undefined> {
  const row = await history.answerAt(range.feed, atMs);
  const answer = row === undefined ? undefined : decodeAnswer(row.record);
  if (answer === undefined) return undefined;
  const isGood = answer.state === 'ok' || answer.state === 'degraded';
  const goneAfterMs = isGood
    ? SILENCES * range.staleAfterMs
    : Math.max(range.heartbeatMs, range.staleAfterMs);
  return atMs - answer.answeredAt > goneAfterMs ? undefined : answer;
}

/** Halves the time between two instants until the change stands between two neighbouring milliseconds. */
async function changeBetween(
  history: History,
  range: MomentRange,
  { earlyMs, lateMs, late }: { earlyMs: number; lateMs: number; late: Answer | undefined },
): Promise<StateChange> {
  let [low, high] = [earlyMs, lateMs];
  let first = late;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const answer = await served(history, range, middle);
    if (answer?.state === late?.state) {
      high = middle;
      first = answer;
    } else low = middle;
  }
  return {
    at: new Date(high).toISOString(),
    state: late?.state ?? 'none',
    reason: first?.stateReason ?? 'Nothing was served: the program was not running, or no source answered.',
  };
}
