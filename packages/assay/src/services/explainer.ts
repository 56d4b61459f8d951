// "Why this number?": finds the decision behind an answer, the check it used and the source prices it took
// in, all by their positions in the log, and spells them out. The newest decision of each feed is kept at
// hand; older ones are looked up.
import type { Startable } from '@assay/kernel/lifecycle/startable';
import type { Clock } from '@assay/kernel/time/clock';
import { ANSWERS_TOPIC, type Answer } from '@assay/oracle/model/answer';
import {
  CHECKS_TOPIC,
  type Check,
  DECISIONS_TOPIC,
  type Decision,
  decodeCheck,
  decodeDecision,
} from '@assay/oracle/model/decision';
import { type Explanation, explain } from '@assay/oracle/model/explanation';
import type { AggregationConfig } from '@assay/oracle/model/feed';
import { decodeSourceRecord, SOURCE_PRICES_TOPIC, type SourcePrice } from '@assay/oracle/model/source-price';
import type { BusRecord, EventBus, Subscription } from '@assay/ports/event-bus/event-bus';

export type Explainer = Startable & {
  /**
   * The newest explanation, or that of the answer served at an instant; undefined when there is none (any
   * more).
   */
  explain(feed: string, atMs?: number): Promise<Explanation | undefined>;
};

/**
 * Answers and their decisions are published together; this far around an instant the log is searched for one
 * feed.
 */
const SEARCH_RECORDS = 20_000;
const PAGE = 1_000;
/**
 * Checks come at most ten a second and a decision may be as old as a heartbeat: two minutes of them are kept.
 */
const CHECKS_KEPT = 1_200;

/** @param config the configuration in force when it is called */
export function createExplainer(bus: EventBus, config: () => AggregationConfig, clock: Clock): Explainer {
  const newest = new Map<string, { answer?: Answer; decision?: Decision }>();
  const checks = new Map<string, Check>();
  const subscriptions: Subscription[] = [];
  const slot = (feed: string) => newest.get(feed) ?? newest.set(feed, {}).get(feed)!;

  async function spellOut(answer: Answer, decision: Decision): Promise<Explanation> {
    const check =
      decision.check === null ? undefined : (checks.get(decision.check) ?? (await findCheck(decision)));
    const offsets = [...decision.inputs, ...(check?.inputs ?? [])].map((input) => input.offset);
    const prices = new Map<number, SourcePrice>();
    await Promise.all(
      [...new Set(offsets)]
        .filter((offset) => offset >= 0)
        .map(async (offset) => {
          const [record] = await bus.read(SOURCE_PRICES_TOPIC, 0, offset, 1);
          const read = record?.offset === offset ? decodeSourceRecord(record.value) : undefined;
          if (read?.type === 'price') prices.set(offset, read);
        }),
    );
    return explain(answer, decision, check, prices, config(), clock.now());
  }

  async function findCheck(decision: Decision): Promise<Check | undefined> {
    const found = await lastBefore(bus, CHECKS_TOPIC, decision.at, (record) => record.key === decision.check);
    return found === undefined ? undefined : decodeCheck(found.value);
  }

  return {
    async start() {
      const follow = async (topic: string, take: (record: BusRecord) => void) => {
        const position = (await bus.positions(topic))[0];
        // The last few records, so that a restart can explain at once what it serves.
        const from = Math.max(position?.firstOffset ?? 0, (position?.nextOffset ?? 0) - PAGE);
        const handler = (records: readonly BusRecord[]) => records.forEach(take);
        subscriptions.push(await bus.subscribe({ topic, from: { 0: from } }, handler));
      };
      await follow(CHECKS_TOPIC, (record) => {
        const check = decodeCheck(record.value);
        checks.set(check.id, check);
        if (checks.size > CHECKS_KEPT) checks.delete(checks.keys().next().value!);
      });
      await follow(DECISIONS_TOPIC, (record) => {
        slot(record.key).decision = decodeDecision(record.value);
      });
      await follow(ANSWERS_TOPIC, (record) => {
        slot(record.key).answer = JSON.parse(record.value) as Answer;
      });
    },
    async stop() {
      await Promise.all(subscriptions.splice(0).map((subscription) => subscription.close()));
    },
    async explain(feed, atMs) {
      const { answer, decision } = newest.get(feed) ?? {};
      if (atMs === undefined && answer !== undefined && decision?.id === answer.decision) {
        return await spellOut(answer, decision);
      }
      const until = atMs ?? Number.POSITIVE_INFINITY;
      const found = await lastBefore(bus, ANSWERS_TOPIC, until, (record) => record.key === feed);
      if (found === undefined) return undefined;
      const then = JSON.parse(found.value) as Answer;
      const isIts = (record: BusRecord) =>
        record.key === feed && decodeDecision(record.value).id === then.decision;
      const record = await lastBefore(bus, DECISIONS_TOPIC, until, isIts);
      return record === undefined ? undefined : await spellOut(then, decodeDecision(record.value));
    },
  };
}

/**
 * The newest record committed up to an instant that passes, at most SEARCH_RECORDS back. Commit times never
 * decrease.
 */
async function lastBefore(
  bus: EventBus,
  topic: string,
  atMs: number,
  passes: (record: BusRecord) => boolean,
): Promise<BusRecord | undefined> {
  const [position] = await bus.positions(topic);
  if (position === undefined) return undefined;
  let low = position.firstOffset;
  let high = position.nextOffset;
  // An answer is computed at the instant of its inputs and committed a little later: that much is looked at
  // beyond it.
  const limit = atMs + 2_000;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [record] = await bus.read(topic, 0, middle, 1);
    if (record !== undefined && record.at <= limit) low = middle + 1;
    else high = middle;
  }
  for (let end = low; end > position.firstOffset && end > low - SEARCH_RECORDS; end -= PAGE) {
    const from = Math.max(position.firstOffset, end - PAGE);
    const records = await bus.read(topic, 0, from, end - from);
    const found = records.findLast(
      (record) => record.offset < end && timeOf(record) <= atMs && passes(record),
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * When the thing happened: decisions and answers say it themselves, anything else is as old as its commit.
 */
function timeOf(record: BusRecord): number {
  const { answeredAt, at } = JSON.parse(record.value) as { answeredAt?: number; at?: number };
  return answeredAt ?? at ?? record.at;
}
