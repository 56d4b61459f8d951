// One operator's oracle on sandbox venues in virtual time: the production sources, aggregation and memory
// bus, with the feeds of feeds.yaml. In: a seed and time as it passes. Out: the newest answer of each feed,
// decisions, the market behind them.
// Invariant: everything between the venue's frame and the answer is production code; only clock, wire and
//   disk are replaced.

import {
  aggregationConfigOf,
  loadSettingsAndFeeds,
  pairsBySource,
  settingsOfSource,
} from '@assay/assay/config/feeds';
import { loadConfiguredSources } from '@assay/assay/configured-sources';
import { AssayError, assert } from '@assay/kernel/errors/assay-error';
import { seededRandom } from '@assay/kernel/random/random';
import { silentLog } from '@assay/kernel/telemetry/log';
import { memoryMetrics } from '@assay/kernel/telemetry/metrics';
import { SimulatedClock } from '@assay/kernel/time/clock';
import { createAggregationService } from '@assay/oracle/aggregation/aggregation-service';
import { ANSWERS_TOPIC, type Answer } from '@assay/oracle/model/answer';
import { DECISIONS_TOPIC } from '@assay/oracle/model/decision';
import type { AggregationConfig } from '@assay/oracle/model/feed';
import type { Source } from '@assay/oracle/sources/define-source';
import { type ConfiguredSource, createSourceService } from '@assay/oracle/sources/source-service';
import { createMemoryBus } from '@assay/ports/event-bus/memory';
import type { History, ScoreRow } from '@assay/ports/history/history';
import { Sandbox } from '@assay/sandbox/sandbox';
import { endpointsOf, SandboxOutbound } from './sandbox-outbound.ts';

export const START_MS: number = Date.UTC(2026, 0, 5, 12);
/** As the sandbox process steps. */
const STEP_MS = 100;

export type Setup = {
  config: AggregationConfig;
  sources: ReadonlyMap<string, Source>;
  configured: Configured;
};
type Configured = (sandbox: Sandbox) => ConfiguredSource[];

/** Feeds and sources as `npm start` has them, without environment and flags. */
export async function readSetup(): Promise<Setup> {
  const settings = loadSettingsAndFeeds({ env: {} });
  const sources = await loadConfiguredSources(settings);
  const config = aggregationConfigOf(settings, sources);
  const configured: Configured = (sandbox) =>
    [...pairsBySource(config)].flatMap(([id, pairs]) => {
      const source = sources.get(id);
      assert(source !== undefined, `feeds.yaml names ${id}, which is no source`);
      // What clients submit is asked of nobody.
      if (source.http === undefined && source.stream === undefined) return [];
      const its = settingsOfSource(settings, id);
      return {
        source,
        pairs,
        endpoints: { ...source.endpoints, ...endpointsOf(sandbox.host(id)) },
        credentials: Object.fromEntries((source.credentials ?? []).map(({ name }) => [name, 'sandbox'])),
        options: its.options,
        priority: its.priority,
        transport: its.transport,
        ...(its.intervalMs === undefined ? {} : { intervalMs: its.intervalMs }),
      };
    });
  return { config, sources, configured };
}

export type World = {
  clock: SimulatedClock;
  sandbox: Sandbox;
  /** The newest answer of each feed. */
  answers: Map<string, Answer>;
  /** Every answer goes through here as it is published. */
  onAnswer: (answer: Answer) => void;
  /** The record as it stands on the bus: decoded only by who needs it. */
  onDecision: (text: string) => void;
  metrics: Map<string, number>;
  /** Called after every step of the sandbox. */
  onStep: () => void;
  pass(ms: number): Promise<void>;
  stop(): Promise<void>;
};

export async function startWorld(setup: Setup, seed: number): Promise<World> {
  const clock = new SimulatedClock(START_MS);
  const sandbox = new Sandbox({ seed, nowMs: START_MS });
  const outbound = new SandboxOutbound({ hosts: sandbox.hosts.values(), clock });
  const bus = createMemoryBus({ clock });
  const metrics = memoryMetrics();
  const shared = { bus, clock, log: silentLog, metrics, profile: 'sandbox' };
  const sourceService = createSourceService({
    ...shared,
    sources: setup.configured(sandbox),
    outbound,
    history: new MemoryScores(),
    random: seededRandom(seed),
    feeds: setup.config.feeds,
  });
  const aggregation = createAggregationService({ ...shared, config: setup.config });
  const world: World = {
    clock,
    sandbox,
    answers: new Map(),
    onAnswer() {},
    onDecision() {},
    onStep() {},
    metrics: metrics.values,
    pass: (ms) => clock.advance(ms),
    async stop() {
      cancelStep();
      const stopping = Promise.all([sourceService.stop(), aggregation.stop()]);
      await clock.advance(5_000);
      await stopping;
      await outbound.close();
      await bus.stop();
    },
  };
  await bus.start();
  await bus.subscribe({ topic: ANSWERS_TOPIC, from: 'earliest' }, (records) => {
    for (const { value } of records) {
      const answer = JSON.parse(value) as Answer;
      world.answers.set(answer.feed, answer);
      world.onAnswer(answer);
    }
  });
  await bus.subscribe({ topic: DECISIONS_TOPIC, from: 'earliest' }, (records) => {
    for (const { value } of records) world.onDecision(value);
  });
  const started = Promise.all([aggregation.start(), sourceService.start()]);
  await clock.advance(1);
  await started;
  let cancelStep: () => void;
  const step = () => {
    sandbox.advance(clock.now());
    world.onStep();
    cancelStep = clock.after(STEP_MS, step);
  };
  cancelStep = clock.after(STEP_MS, step);
  return world;
}

/** The part of a history that sources use: what they have learned. */
class MemoryScores implements History {
  #rows: ScoreRow[] = [];

  async saveScores(rows: readonly ScoreRow[]): Promise<void> {
    this.#rows = [...rows];
  }

  async loadScores(): Promise<ScoreRow[]> {
    return this.#rows;
  }

  async start(): Promise<void> {}
  async stop(): Promise<void> {}
  appendPrices = notHere;
  appendAnswers = notHere;
  prices = notHere;
  answers = notHere;
  answerAt = notHere;
  candles = notHere;
}

function notHere(): never {
  throw new AssayError('ASSERTION_FAILED', 'sources keep scores in the history and nothing else');
}
