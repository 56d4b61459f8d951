// Reads:      the venues (HTTP and sockets, through `outbound`); `decisions` and `checks`, for who agrees.
// Writes:     `source-prices` (prices, withdrawals), `health` (status of each source), scores in the history,
//             the last payloads of each source in the cache.
// Decides:    what is asked when, whether an answer is a price, whether it is news, how far it is trusted,
//             who is left out.
// Guarantees: of one source and pair no older news follows newer; who falls silent is withdrawn, a stream
//             within 10 s, a polled source within two intervals and a timeout; no venue's limit is exceeded.
// Survives:   venues dead, silent, slow, lying or refusing; a bus that takes nothing for a while (memory is
//             bounded); a history that cannot save.
import { messageOf } from '@assay/kernel/errors/assay-error';
import type { Startable } from '@assay/kernel/lifecycle/startable';
import type { Random } from '@assay/kernel/random/random';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Metrics } from '@assay/kernel/telemetry/metrics';
import type { Clock } from '@assay/kernel/time/clock';
import type { Cache } from '@assay/ports/cache/cache';
import type { BusRecord, EventBus, Subscription } from '@assay/ports/event-bus/event-bus';
import type { History } from '@assay/ports/history/history';
import type { Outbound } from '@assay/ports/outbound/outbound';
import { CHECKS_TOPIC, DECISIONS_TOPIC } from '../model/decision.ts';
import { baseOf, type Pair } from '../model/pair.ts';
import { HEALTH_TOPIC, type SourceStatus } from '../model/source-status.ts';
import { type Agreement, agreementsIn } from './agreement.ts';
import type { ConfiguredSource as Configured } from './configured-source.ts';
import { withFallbacks } from './endpoint-fallback.ts';
import { LastFrames } from './last-frames.ts';
import { ListingWatch } from './listing-watch.ts';
import { Outbox } from './outbox.ts';
import { loadScores, rowsOf } from './saved-scores.ts';
import { machineSkewMs } from './skew.ts';
import { planOf, type SourceChanges } from './source-changes.ts';
import { declareSourceMetrics, type SourceMetrics } from './source-metrics.ts';
import { showInMetrics, statusOf } from './source-report.ts';
import { SourceRunner } from './source-runner.ts';
import { Standby, type StandbyFeed } from './standby.ts';

export type ConfiguredSource = Configured;

export type SourceServiceOptions = {
  sources: readonly ConfiguredSource[];
  outbound: Outbound;
  bus: EventBus;
  history: History;
  /** Takes the last payloads of each source; without it none are kept. */
  cache?: Cache;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
  profile: string;
  /** For which feeds standby sources are called in; absent: by base currency. */
  feeds?: readonly StandbyFeed[];
};

export interface SourceService extends Startable {
  status(): SourceStatus[];
  /** The operator's denylist: nothing of it is asked or believed until `allow`. False: no such source. */
  deny(source: string, reason: string): boolean;
  /** Forgets denial, refusal, quarantine and holds; asked again at once. False: no such source. */
  allow(source: string): boolean;
  /** Follows a new configuration: only sources that are new, gone or configured otherwise are touched. */
  update(sources: readonly ConfiguredSource[], feeds?: readonly StandbyFeed[]): Promise<SourceChanges>;
  /** Polls every source of these pairs once, now, within the limits, and tells of each as it is done. */
  fetchNow(pairs: readonly Pair[], onFetched?: (fetched: FetchedSource) => void): Promise<void>;
}

export type FetchedSource = { source: string; isAnswered: boolean; detail: string };

/**
 * How often each source is looked at: fine enough for silence within 10 s and renewals within 10 s, coarse
 * enough to cost nothing.
 */
const LOOK_EVERY_MS = 250;

/**
 * The sources are looked at one after the other, with pauses for prices between: ten of 1,000 pairs at once
 * held everything up for 20 to 35 ms of each second. Pauses shorter than this are not worth their timer.
 */
const PAUSE_MIN_MS = 5;

/** At most so much of what was learned is lost when the process is killed. */
const SAVE_EVERY_MS = 5_000;

const STATUS_EVERY_MS = 10_000;

/** Scores take one observation a second; half of that loses none of them. */
const LEARN_EVERY_MS = 500;

/** What need not be noticed within a quarter of a second is looked at once in one. */
const SECOND_MS = 1_000;

/** A machine's clock that is a second off makes ages wrong by a second: worth a word. */
const MACHINE_SKEW_WARN_MS = 1_000;

/**
 * Of the prices of one base currency at most so many are left out for disagreeing: past that nobody knows who
 * lies.
 */
const DISAGREEING_MAX_SHARE = 1 / 3;

const STOP_WITHIN_MS = 2_000;

const NOT_ASKED = 'it is not asked now: /v1/sources says why';

export function createSourceService(options: SourceServiceOptions): SourceService {
  return new Service(options);
}

class Service implements SourceService {
  readonly #options: SourceServiceOptions;
  readonly #metrics: SourceMetrics;
  readonly #outbox: Outbox;
  readonly #listings: ListingWatch;
  readonly #frames: LastFrames | undefined;
  readonly #newRunner: (configured: ConfiguredSource) => SourceRunner;
  readonly #seen = new Map<string, Seen>();
  #runners: SourceRunner[];
  #standby: Standby;
  #subscriptions: Subscription[] = [];
  #cancelLook: (() => void) | undefined;
  #isRunning = false;
  /** Which source is looked at next; with the first, what concerns them all. */
  #turn = 0;
  #secondAt = 0;
  #saving: Promise<unknown> = Promise.resolve();
  readonly #sampledAt = new Map<string, number>();
  #wasSkewed = false;

  constructor(options: SourceServiceOptions) {
    this.#options = options;
    const { bus, cache, clock, log, outbound, random, profile } = options;
    this.#metrics = declareSourceMetrics(options.metrics);
    this.#outbox = new Outbox({ bus, clock, log, coalesced: this.#metrics.coalesced });
    const publish = this.#outbox.add.bind(this.#outbox);
    const tools = { clock, random, log, metrics: this.#metrics, profile, publish };
    const frames = cache === undefined ? undefined : new LastFrames({ cache, clock, log });
    this.#frames = frames;
    this.#newRunner = (configured) => {
      const { source, credentials, fallbacks = {} } = configured;
      const endpoints = { ...source.endpoints, ...configured.endpoints };
      const own = withFallbacks({ source: source.id, outbound, endpoints, fallbacks, log });
      const watched = frames?.watch(source.id, credentials, own) ?? { poll: own, stream: own };
      return new SourceRunner(configured, { ...tools, outbound: watched });
    };
    this.#runners = options.sources.map(this.#newRunner);
    this.#listings = new ListingWatch({ outbound, clock, random, log });
    this.#standby = this.#newStandby(options.feeds);
  }

  #newStandby(feeds: readonly StandbyFeed[] | undefined): Standby {
    const { random, log } = this.#options;
    this.#listings.follow(feeds);
    return new Standby(this.#runners, { feeds, random, log, metrics: this.#metrics });
  }

  async start(): Promise<void> {
    if (this.#isRunning) return;
    const { history, log, clock, bus } = this.#options;
    try {
      loadScores(this.#runners, await history.loadScores(), clock.now());
    } catch (error) {
      log.warn('the saved scores could not be read; every source begins as a stranger', {
        error: messageOf(error),
      });
    }
    try {
      for (const topic of [DECISIONS_TOPIC, CHECKS_TOPIC]) {
        const subscription = await bus.subscribe({ topic, from: 'latest' }, (records) => {
          for (const agreement of agreementsIn(this.#sampled(records))) this.#learn(agreement, clock.now());
        });
        this.#subscriptions.push(subscription);
      }
    } catch (error) {
      await this.#unsubscribe();
      throw error;
    }
    this.#isRunning = true;
    this.#standby.decide(clock.now());
    for (const runner of this.#runners) runner.start();
    this.#turn = 0;
    this.#frames?.start();
    this.#look(this.#runners.length);
  }

  async stop(): Promise<void> {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#cancelLook?.();
    this.#listings.stop();
    this.#frames?.stop();
    await this.#unsubscribe();
    await Promise.all(this.#runners.map((runner) => runner.stop()));
    await this.#outbox.drain(STOP_WITHIN_MS);
    await this.#saving;
    await this.#save(this.#runners);
  }

  async update(sources: readonly ConfiguredSource[], feeds?: readonly StandbyFeed[]): Promise<SourceChanges> {
    const now = this.#options.clock.now();
    const plan = planOf(this.#runners, sources);
    const learned = rowsOf(this.#runners, now);
    const fresh = plan.fresh.map(this.#newRunner);
    loadScores(fresh, learned, now);
    this.#runners = [...plan.kept, ...fresh];
    this.#standby = this.#newStandby(feeds);
    this.#standby.decide(now);
    // Stopped before the new ones speak: what a stopped source withdraws must not follow its successor's
    // first word.
    await Promise.all(plan.ended.map((runner) => runner.stop()));
    if (this.#isRunning) for (const runner of fresh) runner.start();
    return plan.changes;
  }

  status(): SourceStatus[] {
    const { clock, profile } = this.#options;
    const machine = this.#machineSkewMs();
    return this.#runners.map((runner) => {
      const previousBand = this.#seen.get(runner.id)?.band;
      return statusOf(runner, { now: clock.now(), profile, machine, previousBand });
    });
  }

  deny(source: string, reason: string): boolean {
    const runner = this.#runner(source);
    runner?.deny(reason);
    return runner !== undefined;
  }

  allow(source: string): boolean {
    const runner = this.#runner(source);
    runner?.allow();
    return runner !== undefined;
  }

  async fetchNow(pairs: readonly Pair[], onFetched?: (fetched: FetchedSource) => void): Promise<void> {
    const asked = this.#runners.filter(({ configured }) =>
      configured.pairs.some((pair) => pairs.includes(pair)),
    );
    await Promise.all(
      asked.map(async (runner) => {
        const errors = await runner.fetchNow();
        // A stream gives its prices as they come: there is no need to ask.
        const isAnswered = runner.streamer?.isUp === true || errors?.length === 0;
        const refusal = errors === undefined ? NOT_ASKED : (errors[0]?.message ?? '');
        onFetched?.({ source: runner.id, isAnswered, detail: isAnswered ? 'answered' : refusal });
      }),
    );
  }

  /** Looks at the next so many sources, and goes on after a pause. */
  #look(count: number): void {
    if (!this.#isRunning) return;
    const { clock } = this.#options;
    const now = clock.now();
    for (let i = 0; i < count && this.#turn < this.#runners.length; i++) {
      this.#lookAt(this.#runners[this.#turn++]!, now);
    }
    if (this.#turn >= this.#runners.length) {
      this.#turn = 0;
      if (isDue(now, this.#secondAt, SECOND_MS)) {
        this.#secondAt = now;
        this.#standby.decide(now);
        this.#listings.look(this.#runners);
        this.#watchMachine(this.#machineSkewMs());
      }
    }
    const pauseMs = Math.max(PAUSE_MIN_MS, LOOK_EVERY_MS / Math.max(1, this.#runners.length));
    const next = Math.ceil((this.#runners.length * pauseMs) / LOOK_EVERY_MS);
    this.#cancelLook = clock.after(pauseMs, () => this.#look(next));
  }

  #lookAt(runner: SourceRunner, now: number): void {
    const seen = this.#seenOf(runner.id, now);
    const isSecond = isDue(now, seen.secondAt, SECOND_MS);
    runner.look(isSecond);
    if (isSecond) {
      seen.secondAt = now;
      this.#report(runner, seen, now);
    }
    if (!isDue(now, seen.savedAt, SAVE_EVERY_MS)) return;
    seen.savedAt = now;
    this.#saving = Promise.all([this.#saving, this.#save([runner])]);
  }

  #seenOf(source: string, now: number): Seen {
    let seen = this.#seen.get(source);
    if (seen === undefined) {
      seen = { secondAt: 0, statusAt: 0, savedAt: now, told: '', band: undefined };
      this.#seen.set(source, seen);
    }
    return seen;
  }

  /** Publishes the status of a source when it changed, and every 10 s. */
  #report(runner: SourceRunner, seen: Seen, now: number): void {
    const { profile, bus, log } = this.#options;
    const machine = this.#machineSkewMs();
    const status = statusOf(runner, { now, profile, machine, previousBand: seen.band });
    seen.band = status.band;
    const told = `${status.state} ${status.band} ${status.breaker} ${status.pairsLive}`;
    if (told === seen.told && !isDue(now, seen.statusAt, STATUS_EVERY_MS)) return;
    if (!seen.told.startsWith(`${status.state} `)) this.#logChange(runner.id, status);
    seen.told = told;
    seen.statusAt = now;
    showInMetrics(status, this.#metrics);
    bus.publish(HEALTH_TOPIC, [{ key: runner.id, value: JSON.stringify(status) }]).catch((error: unknown) => {
      log.debug('the status of a source was not published', { error: messageOf(error) });
    });
  }

  #logChange(source: string, status: SourceStatus): void {
    const isWell = status.state === 'live' || status.state === 'standby' || status.state === 'connecting';
    this.#options.log[isWell ? 'info' : 'warn'](status.sentence, { source, state: status.state });
  }

  #watchMachine(machine: number | undefined): void {
    if (machine === undefined) return;
    this.#metrics.machineSkew.set(machine / 1_000);
    const isSkewed = Math.abs(machine) > MACHINE_SKEW_WARN_MS;
    if (isSkewed && !this.#wasSkewed) {
      this.#options.log.warn("this machine's clock differs from the venues'", {
        differenceMs: Math.round(machine),
        recovery: 'Synchronise the clock (NTP): ages of prices are wrong by this much.',
      });
    }
    this.#wasSkewed = isSkewed;
  }

  /** A pair that the others contradict for good is left out, unless too many of its kind are already. */
  #learn({ source, pair, agreement }: Agreement, now: number): void {
    const runner = this.#runner(source);
    if (runner?.learnAgreement(pair, agreement, now) !== true) return;
    const alike = this.#runners.flatMap(({ blocks, active }) =>
      active
        .filter((other) => baseOf(other) === baseOf(pair))
        .map((other) => blocks.pairQuarantined(other, now)),
    );
    const outCount = alike.filter((quarantine) => quarantine !== undefined).length;
    if ((outCount + 1) / alike.length > DISAGREEING_MAX_SHARE) return;
    runner.quarantinePair(pair, 'it disagrees with what the other sources imply');
  }

  /**
   * At most one decision of a feed, and one check, a second: reading them all would cost more than making
   * them.
   */
  #sampled(records: readonly BusRecord[]): BusRecord[] {
    const now = this.#options.clock.now();
    const newest = new Map<string, BusRecord>();
    for (const record of records) newest.set(record.topic === CHECKS_TOPIC ? '' : record.key, record);
    return [...newest].flatMap(([key, record]) => {
      if (now - (this.#sampledAt.get(key) ?? 0) < LEARN_EVERY_MS) return [];
      this.#sampledAt.set(key, now);
      return [record];
    });
  }

  #machineSkewMs(): number | undefined {
    return machineSkewMs(this.#runners.map((runner) => runner.desk.skewMs));
  }

  async #save(runners: readonly SourceRunner[]): Promise<void> {
    try {
      await this.#options.history.saveScores(rowsOf(runners, this.#options.clock.now()));
    } catch (error) {
      this.#options.log.warn('the scores could not be saved', { error: messageOf(error) });
    }
  }

  async #unsubscribe(): Promise<void> {
    const closing = this.#subscriptions;
    this.#subscriptions = [];
    await Promise.all(closing.map((subscription) => subscription.close()));
  }

  #runner(source: string): SourceRunner | undefined {
    return this.#runners.find(({ id }) => id === source);
  }
}

/** What the service remembers of a source between two looks; instants in wall ms. */
type Seen = {
  secondAt: number;
  statusAt: number;
  savedAt: number;
  /** What its last published status said in short. */
  told: string;
  band: SourceStatus['band'] | undefined;
};

/** True also after the wall clock was set back. */
function isDue(now: number, last: number, everyMs: number): boolean {
  return now - last >= everyMs || now < last;
}
