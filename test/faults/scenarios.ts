// What is done to the venues, and what is seen of it. In: a world, its coverage. Out: findings, each a
// sentence with the expected and the seen. A dead venue is dead in one of three ways in turn: cut off, silent
// with open connections, failing with 503.
import type { Answer, AnswerState } from '@assay/oracle/model/answer';
import { decodeDecision } from '@assay/oracle/model/decision';
import { contextOf } from '@assay/oracle/sources/configured-source';
import { pollIntervalMs } from '@assay/oracle/sources/source-pace';
import type { FaultKind } from '@assay/sandbox/faults';
import type { Coverage, Expectation } from './coverage.ts';
import { HonestRange } from './honest-range.ts';
import type { Setup, World } from './world.ts';

const DEATHS: readonly { kind: FaultKind; value: number }[] = [
  { kind: 'disconnect', value: 0 },
  { kind: 'silence', value: 0 },
  { kind: '5xx', value: 503 },
];

/**
 * A stream's silence shows within this; the service looks every quarter of a second and the aggregation every
 * half.
 */
const STREAM_NOTICE_MS = 10_000;
const BEAT_MS = 1_000;
/** How long the expected states must hold once they are due. */
const HOLD_MS = 5_000;
/** Reconnects wait up to half a minute; a feed is then ok within seconds. */
const RECOVER_WITHIN_MS = 60_000;
const POLL_MS = 500;
/** After a reconnect the rarest pair of a venue without snapshots needs so long for a streamed price. */
const SETTLE_MS = 20_000;

export type ChoiceResult = {
  dead: readonly string[];
  expected: Expectation[];
  mismatches: string[];
  /** Answers in state ok that were compared with the honest range. */
  comparedCount: number;
  recoveredAfterMs: number;
};

/**
 * Within what time a source's death must show, by its own transport and the pace at which it may be asked.
 */
export function noticeLimitMs(setup: Setup, world: World, source: string): number {
  const { http, stream } = setup.sources.get(source)!;
  if (stream !== undefined) return STREAM_NOTICE_MS;
  const configured = setup.configured(world.sandbox).find((one) => one.source.id === source)!;
  const context = contextOf(configured, configured.pairs, () => {});
  return 2 * pollIntervalMs(configured.source, context, configured.intervalMs) + http!.timeoutMs + BEAT_MS;
}

export async function killSome(
  setup: Setup,
  world: World,
  coverage: Coverage,
  dead: readonly string[],
  turn: number,
): Promise<ChoiceResult> {
  const expected = coverage.expect(new Set(dead));
  const isDead = (source: string) => dead.includes(source);
  const honest = new HonestRange(world.sandbox, setup.config.feeds);
  world.onStep = () => honest.observe(world.clock.now());
  await world.pass(2_000);
  for (const [index, venue] of dead.entries()) kill(world, venue, turn + index);
  // Aggregators are polled once a minute and decide no state; every witness must be noticed before the states
  // are judged.
  const witnesses = setup.config.sources.filter(({ source }) => isWitness(setup, source));
  const slowest = Math.max(...witnesses.map(({ source }) => noticeLimitMs(setup, world, source)));
  await world.pass(slowest + BEAT_MS);
  if (expected.some(({ state }) => state === 'stale')) {
    await world.pass(Math.max(...setup.config.feeds.map((feed) => feed.staleAfterMs)));
  }
  const result: ChoiceResult = { dead, expected, mismatches: [], comparedCount: 0, recoveredAfterMs: 0 };
  const states = new Map(expected.map(({ feed, state }) => [feed, state]));
  const judge = (answer: Answer) => {
    const state = states.get(answer.feed)!;
    if (answer.state !== state) {
      note(result, `${answer.feed} is ${answer.state} (${answer.stateReason}), not ${state}`);
    }
    if (answer.state !== 'ok') return;
    const range = honest.of(answer.feed, (source) => !isDead(source));
    result.comparedCount += 1;
    const price = Number(answer.price);
    if (price < range.low || price > range.high) {
      note(result, `${answer.feed} ${answer.price} is outside ${range.low} to ${range.high}`);
    }
  };
  world.onDecision = (text) => {
    const { feed, inputs } = decodeDecision(text);
    const used = inputs.find(
      ({ source, verdict }) => verdict === 'used' && isDead(source) && isWitness(setup, source),
    );
    if (used !== undefined) note(result, `${feed} still uses ${used.source}`);
  };
  for (const answer of world.answers.values()) judge(answer);
  world.onAnswer = judge;
  await world.pass(HOLD_MS);
  for (const { feed } of expected) {
    if (!world.answers.has(feed)) note(result, `${feed} never had an answer`);
  }
  release(world);
  for (const venue of dead) world.sandbox.host(venue).clearFaults();
  result.recoveredAfterMs = await untilAll(world, setup, 'ok', RECOVER_WITHIN_MS);
  if ((await untilStreamed(world)) === Infinity)
    note(result, 'a venue that lives again is not streamed from');
  if (result.recoveredAfterMs === Infinity) note(result, `not all ok again: ${statesOf(world, 'ok')}`);
  return result;
}

export type DeathOfAll = {
  staleAfterMs: Map<string, { seenMs: number; limitMs: number }>;
  recoveredAfterMs: number;
};

/** Every venue dies; each feed must say `stale` within its limit, and be ok again without a restart. */
export async function killAll(setup: Setup, world: World): Promise<DeathOfAll> {
  const killedAt = world.clock.now();
  for (const [index, venue] of [...world.sandbox.hosts.keys()].entries()) kill(world, venue, index);
  const limits = new Map(
    setup.config.feeds.map((feed) => {
      const noticed = Math.max(
        ...feed.sources
          .filter(({ source }) => isWitness(setup, source))
          .map(({ source }) => noticeLimitMs(setup, world, source)),
      );
      return [feed.feed, noticed + feed.staleAfterMs + BEAT_MS];
    }),
  );
  const seen = new Map<string, number>();
  world.onAnswer = ({ feed, state, answeredAt }) => {
    if (state === 'stale' && !seen.has(feed)) seen.set(feed, answeredAt - killedAt);
  };
  await world.pass(Math.max(...limits.values()) + POLL_MS);
  release(world);
  for (const host of world.sandbox.hosts.values()) host.clearFaults();
  const recoveredAfterMs = await untilAll(world, setup, 'ok', RECOVER_WITHIN_MS);
  const staleAfterMs = new Map(
    [...limits].map(([feed, limitMs]) => [feed, { seenMs: seen.get(feed) ?? Infinity, limitMs }]),
  );
  return { staleAfterMs, recoveredAfterMs };
}

export type Silence = { source: string; noticedMs: number; limitMs: number; frames: string };

/** One venue falls silent with its connections open: how long is its price still used? */
export async function fallSilent(setup: Setup, world: World, source: string): Promise<Silence> {
  const limitMs = noticeLimitMs(setup, world, source);
  let lastUsedAt = 0;
  world.onDecision = (text) => {
    const { at, inputs } = decodeDecision(text);
    if (inputs.some((input) => input.source === source && input.verdict === 'used')) lastUsedAt = at;
  };
  // A price that nobody uses could not show that it is no longer used.
  const isUsed = () => world.clock.now() - lastUsedAt < BEAT_MS;
  if ((await until(world, isUsed, limitMs)) === Infinity) lastUsedAt = Infinity;
  const silentAt = world.clock.now();
  world.sandbox.setFault({ venue: source, kind: 'silence', value: 0 });
  await world.pass(limitMs + 2 * BEAT_MS);
  release(world);
  world.sandbox.host(source).clearFaults();
  await untilStreamed(world);
  const frames = setup.sources.get(source)!.stream === undefined ? 'polled' : 'streamed';
  return { source, noticedMs: lastUsedAt - silentAt, limitMs, frames };
}

/** Milliseconds until every feed has this state, or Infinity. */
export async function untilAll(
  world: World,
  setup: Setup,
  state: AnswerState,
  withinMs: number,
): Promise<number> {
  const isDone = () => setup.config.feeds.every(({ feed }) => world.answers.get(feed)?.state === state);
  return until(world, isDone, withinMs);
}

/**
 * Waits until every venue that streams is streamed from again: REST stands in before, feeds are ok by it, and
 * a death in that time shows by the limits of polling, which is another experiment.
 */
async function untilStreamed(world: World): Promise<number> {
  const streams = [...world.sandbox.hosts.values()].filter(
    (host) => host.definition.paths.stream !== undefined,
  );
  const waited = await until(
    world,
    () => streams.every((host) => host.connectionCount > 0),
    RECOVER_WITHIN_MS,
  );
  await world.pass(SETTLE_MS);
  return waited;
}

async function until(world: World, isDone: () => boolean, withinMs: number): Promise<number> {
  for (let passed = 0; passed <= withinMs; passed += POLL_MS) {
    if (isDone()) return passed;
    await world.pass(POLL_MS);
  }
  return Infinity;
}

/** Aggregators are none. */
function isWitness(setup: Setup, source: string): boolean {
  const kind = setup.sources.get(source)?.kind;
  return kind === 'exchange' || kind === 'pool';
}

function kill(world: World, venue: string, turn: number): void {
  world.sandbox.setFault({ venue, ...DEATHS[turn % DEATHS.length]! });
}

function release(world: World): void {
  world.onAnswer = () => {};
  world.onDecision = () => {};
  world.onStep = () => {};
}

/** The same finding many times is one finding; a broken run must not fill the memory. */
const FINDINGS_MAX = 40;

function note(result: ChoiceResult, finding: string): void {
  const isKnown = result.mismatches.some((one) => one.slice(0, 24) === finding.slice(0, 24));
  if (!isKnown && result.mismatches.length < FINDINGS_MAX) result.mismatches.push(finding);
}

function statesOf(world: World, but: AnswerState): string {
  const others = [...world.answers.values()].filter(({ state }) => state !== but);
  return others.map(({ feed, state, stateReason }) => `${feed} ${state} (${stateReason})`).join('; ');
}
