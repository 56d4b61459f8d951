// Reads:      topic `source-prices`, without a group, from its own `start` record on.
// Writes:     topics `answers` and `decisions` (key: feed), `checks` (key: check), and marks of time to
//             `source-prices`.
// Decides:    nothing by itself: instants of the log go into the Aggregator, what comes out is published.
// Guarantees: every answer follows from the records at and after the last `start` alone; one instant is taken
//             in whole.
// Survives:   a damaged record (left out and counted), a log that is away (it waits and holds nothing back in
//             memory).
import { AssayError, isAssayError, messageOf } from '@assay/kernel/errors/assay-error';
import type { Startable } from '@assay/kernel/lifecycle/startable';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Metrics } from '@assay/kernel/telemetry/metrics';
import type { Clock } from '@assay/kernel/time/clock';
import type { BusRecord, EventBus, NewRecord, Subscription } from '@assay/ports/event-bus/event-bus';
import { ANSWER_STATES, ANSWERS_TOPIC, type Answer, type AnswerState } from '../model/answer.ts';
import { CHECKS_TOPIC, DECISIONS_TOPIC, encodeCheck, encodeDecision } from '../model/decision.ts';
import type { AggregationConfig } from '../model/feed.ts';
import type { Instant } from '../model/instant.ts';
import type { Pair } from '../model/pair.ts';
import {
  decodeSourceRecord,
  keyOfSourceRecord,
  SOURCE_PRICES_TOPIC,
  type SourceRecord,
} from '../model/source-price.ts';
import { type AggregationOutput, Aggregator } from './aggregator.ts';

export type AggregationServiceOptions = {
  bus: EventBus;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  config: AggregationConfig;
  profile: string;
};

/** Time must pass in the log too, or a feed whose sources all died would stay as it was. */
const MARK_EVERY_MS = 500;
/**
 * A third of what the bus lets a publisher have unacknowledged: each answer comes with its decision, checks
 * beside.
 */
const OUTSTANDING_MAX = 3_000;
/** A log that is away is asked again after this. */
const RETRY_AFTER_MS = 250;
/** Of aggregation itself, milliseconds: from one feed to a thousand. */
const DURATION_BUCKETS_MS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250];

export interface RunningAggregation extends Startable {
  /** Follows a new configuration; what is known of everything that is still in it stays. */
  reconfigure(config: AggregationConfig): Promise<void>;
}

export function createAggregationService(options: AggregationServiceOptions): RunningAggregation {
  return new AggregationService(options);
}

class AggregationService implements RunningAggregation {
  readonly #options: AggregationServiceOptions;
  readonly #metrics: ReturnType<typeof metricsOf>;
  readonly #aggregator = new Aggregator();
  #subscription: Subscription | undefined;
  #stopping = new AbortController();
  #marking: Promise<void> = Promise.resolve();
  #lastHeard = 0;
  #takenOffset = -1;
  readonly #onTheWay = new Set<Promise<void>>();
  /** What the gauges say of each feed. */
  readonly #shown = new Map<Pair, { state: AnswerState; sourcesUsed: number }>();
  /** Answers that the log has not confirmed yet. */
  #outstanding = 0;

  constructor(options: AggregationServiceOptions) {
    this.#options = options;
    this.#metrics = metricsOf(options.metrics);
  }

  async start(): Promise<void> {
    const { bus, clock, config, profile } = this.#options;
    this.#stopping = new AbortController();
    const [position] = await bus.publish(SOURCE_PRICES_TOPIC, [
      newRecord({ type: 'start', profile, config }),
    ]);
    const { partition, offset } = position!;
    this.#lastHeard = clock.monotonic();
    this.#subscription = await bus.subscribe(
      { topic: SOURCE_PRICES_TOPIC, from: { [partition]: offset } },
      (records) => this.#take(records),
    );
    this.#marking = this.#markTime();
  }

  async reconfigure(config: AggregationConfig): Promise<void> {
    const { bus, profile } = this.#options;
    await bus.publish(SOURCE_PRICES_TOPIC, [newRecord({ type: 'configure', profile, config })]);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    const subscription = this.#subscription;
    this.#subscription = undefined;
    await subscription?.close();
    await Promise.all(this.#onTheWay);
    await this.#marking;
  }

  /**
   * Answers are handed to the log at once and awaited later, so that one commit carries what many instants
   * gave; the bus delivers the next batch only while at most OUTSTANDING_MAX answers are on their way.
   */
  async #take(records: readonly BusRecord[]): Promise<void> {
    this.#lastHeard = this.#options.clock.monotonic();
    for (const instant of this.#instantsOf(records)) {
      const before = this.#options.clock.monotonic();
      const output = this.#aggregator.take(instant);
      this.#metrics.duration.observe(this.#options.clock.monotonic() - before);
      this.#hand(output);
      while (this.#outstanding > OUTSTANDING_MAX && !this.#stopping.signal.aborted) await this.#oldest();
    }
  }

  #hand(output: AggregationOutput): void {
    const count = output.answers.length;
    if (count === 0 && output.checks.length === 0) return;
    this.#outstanding += count;
    const published = this.#publish(output)
      .catch((error: unknown) => {
        // Not for want of room or time, which is waited out: the log will never take these.
        this.#options.log.error('answers were lost', { count, reason: messageOf(error) });
      })
      .finally(() => {
        this.#outstanding -= count;
        this.#onTheWay.delete(published);
      });
    this.#onTheWay.add(published);
  }

  #oldest(): Promise<void> {
    return this.#onTheWay.values().next().value ?? Promise.resolve();
  }

  #instantsOf(records: readonly BusRecord[]): Instant[] {
    const instants: { at: number; records: { offset: number; record: SourceRecord }[] }[] = [];
    for (const { at, offset, value } of records) {
      if (offset <= this.#takenOffset) continue; // a batch is delivered again when its handler failed
      this.#takenOffset = offset;
      let instant = instants.at(-1);
      if (instant?.at !== at) instants.push((instant = { at, records: [] }));
      try {
        instant.records.push({ offset, record: decodeSourceRecord(value) });
      } catch (error) {
        if (!isAssayError(error, 'RECORD_INVALID')) throw error;
        this.#metrics.damaged.add();
        this.#options.log.warn('a source price record was left out', { offset, reason: messageOf(error) });
      }
    }
    return instants;
  }

  async #publish({ answers, decisions, checks }: AggregationOutput): Promise<void> {
    await Promise.all([
      this.#send(
        CHECKS_TOPIC,
        checks.map((check) => record(check.id, encodeCheck(check))),
      ),
      this.#send(
        DECISIONS_TOPIC,
        decisions.map((decision) => record(decision.feed, encodeDecision(decision))),
      ),
      this.#send(
        ANSWERS_TOPIC,
        answers.map((answer) => record(answer.feed, JSON.stringify(answer))),
      ),
    ]);
    this.#measure(answers);
  }

  /**
   * Until the log has it: the aggregator has moved on, so a batch that is delivered again could not make it
   * anew.
   */
  async #send(topic: string, records: readonly NewRecord[]): Promise<void> {
    if (records.length === 0) return;
    for (;;) {
      try {
        await this.#options.bus.publish(topic, records);
        return;
      } catch (error) {
        if (!(error instanceof AssayError && error.isTransient)) throw error;
        this.#options.log.warn('answers wait for the log', { topic, reason: error.message });
        if (!(await this.#slept(RETRY_AFTER_MS))) return;
      }
    }
  }

  /** Says only what changed: at 10,000 answers a second all of it took 5 % of the processor's time. */
  #measure(answers: readonly Answer[]): void {
    const metrics = this.#metrics;
    const now = this.#options.clock.now();
    const counts = new Map<AnswerState, number>();
    for (const { feed, state, sourcesUsed, observedAt } of answers) {
      counts.set(state, (counts.get(state) ?? 0) + 1);
      metrics.age.set(Math.max(0, now - observedAt) / 1000, { feed });
      const shown = this.#shown.get(feed);
      if (shown?.sourcesUsed !== sourcesUsed) metrics.used.set(sourcesUsed, { feed });
      if (shown?.state !== state) {
        for (const each of ANSWER_STATES) metrics.state.set(each === state ? 1 : 0, { feed, state: each });
      }
      if (shown?.state !== state || shown.sourcesUsed !== sourcesUsed) {
        this.#shown.set(feed, { state, sourcesUsed });
      }
    }
    for (const [state, count] of counts) metrics.answers.add({ state }, count);
  }

  async #markTime(): Promise<void> {
    const { bus, clock, log } = this.#options;
    const { signal } = this.#stopping;
    for (;;) {
      const quietMs = clock.monotonic() - this.#lastHeard;
      const waitMs = quietMs >= MARK_EVERY_MS ? MARK_EVERY_MS : MARK_EVERY_MS - quietMs;
      if (!(await this.#slept(Math.max(1, waitMs)))) return;
      if (clock.monotonic() - this.#lastHeard < MARK_EVERY_MS) continue;
      try {
        await bus.publish(SOURCE_PRICES_TOPIC, [newRecord({ type: 'mark' })]);
      } catch (error) {
        log.warn('time could not be marked in the log', { reason: messageOf(error) });
        if (!(await this.#slept(RETRY_AFTER_MS))) return;
      }
      if (signal.aborted) return;
    }
  }

  async #slept(ms: number): Promise<boolean> {
    try {
      await this.#options.clock.sleep(ms, this.#stopping.signal);
      return true;
    } catch {
      return false;
    }
  }
}

function metricsOf(metrics: Metrics) {
  return {
    duration: metrics.histogram({
      name: 'assay_aggregation_duration_milliseconds',
      help: 'Time to aggregate one instant of source prices',
      buckets: DURATION_BUCKETS_MS,
    }),
    answers: metrics.counter({
      name: 'assay_answers_total',
      help: 'Answers published, by state',
      labels: ['state'],
    }),
    state: metrics.gauge({
      name: 'assay_feed_state',
      help: '1 for the state that the newest answer of a feed is in',
      labels: ['feed', 'state'],
    }),
    age: metrics.gauge({
      name: 'assay_feed_age_seconds',
      help: 'Age of the newest news that the answer of a feed rests on, when it was published',
      labels: ['feed'],
    }),
    used: metrics.gauge({
      name: 'assay_feed_sources_used',
      help: 'Sources that the newest answer of a feed rests on',
      labels: ['feed'],
    }),
    damaged: metrics.counter({
      name: 'assay_aggregation_damaged_records_total',
      help: 'Records of source-prices that could not be read and were left out',
    }),
  };
}

function newRecord(sourceRecord: SourceRecord): NewRecord {
  return record(keyOfSourceRecord(sourceRecord), JSON.stringify(sourceRecord));
}

function record(key: string, value: string): NewRecord {
  return { key, value };
}
