// From many source prices to one answer per feed. In: instants of the log `source-prices`. Out: answers, the
// decision behind each, and joint checks. A function of the sequence of instants and of nothing else: no
// clock, no randomness, no memory from before the last `start` record. So the live service, a replay and a
// verification agree to the last digit.
import type { Answer } from '../model/answer.ts';
import type { Check, Decision } from '../model/decision.ts';
import type { Instant } from '../model/instant.ts';
import type { Configure, SourcePrice, Start, Withdrawal } from '../model/source-price.ts';
import { FeedBook } from './feed-book.ts';
import { FeedState } from './feed-state.ts';
import { Hub } from './hub.ts';
import { type Plan, planOf } from './plan.ts';
import { type Slot, usableValue } from './slot.ts';

export type { Instant };
export type AggregationOutput = { answers: Answer[]; decisions: Decision[]; checks: Check[] };

const HEARD = 2;
const CHANGED = 1;

export class Aggregator {
  /** Price records that could not be used: no decimal, not above zero, not configured. */
  rejectedCount = 0;
  #run: Run | undefined;

  take(instant: Instant): AggregationOutput {
    const output: AggregationOutput = { answers: [], decisions: [], checks: [] };
    const startAt = this.#startOf(instant);
    const run = this.#run;
    if (run === undefined) return output;
    run.now = Math.max(run.now, instant.at);
    const withdrawals: Withdrawal[] = [];
    for (const { offset, record } of instant.records) {
      if (offset <= startAt) continue;
      if (record.type === 'price') this.#stage(run, record, offset);
      else if (record.type === 'withdrawal') withdrawals.push(record);
    }
    for (const withdrawal of withdrawals.sort(compareWithdrawals)) withdraw(run, withdrawal);
    commitStaged(run, withdrawals);
    checkHub(run, output);
    evaluateFeeds(run, output);
    return output;
  }

  /**
   * The last `start` of an instant begins anew; what stands before it belongs to the run before. Returns its
   * offset. A `configure` holds for its whole instant.
   */
  #startOf(instant: Instant): number {
    let startAt = -1;
    let found: Start | Configure | undefined;
    let foundAt = -1;
    for (const { offset, record } of instant.records) {
      if (record.type !== 'start' && record.type !== 'configure') continue;
      if (record.type === 'start') startAt = Math.max(startAt, offset);
      if (offset <= foundAt) continue;
      found = record;
      foundAt = offset;
    }
    if (found === undefined) return -1;
    // What a start in the same instant began, a configuration after it does not continue: there is nothing
    // yet.
    const before = startAt >= 0 ? undefined : this.#run;
    if (found.type === 'start' || before !== undefined || startAt >= 0) this.#run = newRun(found);
    if (before !== undefined && this.#run !== undefined) carryOver(before, this.#run);
    return startAt;
  }

  #stage(run: Run, price: SourcePrice, offset: number): void {
    const slot = run.plan.slotOf.get(price.source)?.get(price.pair);
    const value = slot === undefined ? Number.NaN : usableValue(price.price);
    if (slot === undefined || Number.isNaN(value)) this.rejectedCount++;
    else if (slot.stage(price, offset, value)) run.staged.push(slot);
  }
}

type Run = {
  plan: Plan;
  hub: Hub;
  feeds: FeedState[];
  now: number;
  staged: Slot[];
  /** A hub price arrived, or left, since the last check. */
  isHubDirty: boolean;
  dirty: FeedState[];
  /** No feed has to be woken before. */
  wakeAt: number;
};

function newRun(start: Start | Configure): Run {
  const plan = planOf(start.config, start.profile);
  const book = new FeedBook(plan);
  return {
    plan,
    hub: new Hub(plan),
    feeds: plan.feeds.map((feed) => new FeedState(plan, feed, book)),
    now: 0,
    staged: [],
    isHubDirty: false,
    dirty: [],
    wakeAt: Number.POSITIVE_INFINITY,
  };
}

/**
 * What is known of pairs, feeds and currencies that are still configured stays; everything is judged anew at
 * once.
 */
function carryOver(before: Run, after: Run): void {
  after.now = before.now;
  for (const slot of after.plan.slots) {
    const known = before.plan.slotOf.get(slot.source)?.get(slot.pair);
    if (known !== undefined) slot.inherit(known);
  }
  const feeds = new Map(before.feeds.map((feed) => [feed.plan.definition.feed, feed]));
  for (const feed of after.feeds) {
    const known = feeds.get(feed.plan.definition.feed);
    if (known !== undefined) feed.inherit(known);
    markFeed(after, feed, CHANGED);
  }
  after.hub.inherit(before.hub);
  after.isHubDirty = true;
}

function withdraw(run: Run, withdrawal: Withdrawal): void {
  for (const slot of run.plan.slotOf.get(withdrawal.source)?.values() ?? []) {
    if (!concerns(withdrawal, slot)) continue;
    slot.withdrawal = withdrawal;
    touch(run, slot, HEARD);
  }
}

function concerns(withdrawal: Withdrawal, slot: Slot): boolean {
  if (withdrawal.pair !== undefined && withdrawal.pair !== slot.pair) return false;
  const { transport } = withdrawal;
  return transport === undefined || slot.transport === undefined || transport === slot.transport;
}

/** Of two for one slot the later stands. */
function compareWithdrawals(a: Withdrawal, b: Withdrawal): number {
  if (a.receivedAt !== b.receivedAt) return a.receivedAt - b.receivedAt;
  const left = a.reason + a.detail;
  const right = b.reason + b.detail;
  return left < right ? -1 : left > right ? 1 : 0;
}

function commitStaged(run: Run, withdrawals: readonly Withdrawal[]): void {
  for (const slot of run.staged) {
    const price = slot.staged!;
    if (!slot.commit(run.now)) continue;
    // A price of the same instant speaks again only when it was received after the withdrawal.
    const isSilenced = withdrawals.some(
      (withdrawal) =>
        withdrawal.source === slot.source &&
        concerns(withdrawal, slot) &&
        withdrawal.receivedAt >= price.receivedAt,
    );
    if (!isSilenced) slot.withdrawal = undefined;
    touch(run, slot, HEARD);
  }
  run.staged.length = 0;
}

function touch(run: Run, slot: Slot, dirt: number): void {
  if (slot.isHub) run.isHubDirty = true;
  // Nearly every slot has one feed, and its number is at hand where the price was just written.
  const only = slot.onlyFeed;
  if (only >= 0) markFeed(run, run.feeds[only]!, dirt);
  else for (const index of slot.feeds) markFeed(run, run.feeds[index]!, dirt);
}

function markFeed(run: Run, feed: FeedState, dirt: number): void {
  if (feed.dirt === 0) run.dirty.push(feed);
  if (feed.dirt < dirt) feed.dirt = dirt;
}

/** The joint check runs when a hub price came or went, at most every `checkIntervalMs`. */
function checkHub(run: Run, output: AggregationOutput): void {
  const { hub, now, plan } = run;
  if (!hub.isNeeded || !(run.isHubDirty || now > hub.wakeAt)) return;
  if (now - hub.lastCheckAt < plan.checkIntervalMs) return;
  run.isHubDirty = false;
  hub.run(now);
  output.checks.push(hub.check!);
  for (const feed of run.feeds) {
    if (feed.plan.isHub || feed.plan.foreign.length > 0) markFeed(run, feed, CHANGED);
  }
}

function evaluateFeeds(run: Run, output: AggregationOutput): void {
  if (run.now > run.wakeAt) {
    for (const feed of run.feeds) if (run.now > feed.wakeAt) markFeed(run, feed, CHANGED);
  }
  for (const feed of run.dirty) {
    const evaluation = feed.evaluate(run.now, run.hub, feed.dirt === HEARD);
    feed.dirt = 0;
    if (evaluation === undefined) continue;
    output.answers.push(evaluation.answer);
    output.decisions.push(evaluation.decision);
  }
  run.dirty.length = 0;
  let wakeAt = Number.POSITIVE_INFINITY;
  for (const feed of run.feeds) if (feed.wakeAt < wakeAt) wakeAt = feed.wakeAt;
  run.wakeAt = wakeAt;
}
