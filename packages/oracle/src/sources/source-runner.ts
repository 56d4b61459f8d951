// One source at work: its poller and streamer, and what follows from what they bring. In: answers, frames,
// errors, silence, the operator's word, the passing of time. Out: records (by its desk) and facts for its
// status. Invariant: nothing is asked or published while the source is denied, refused, quarantined or on
// standby, and whoever becomes so is withdrawn at once.
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { Random } from '@assay/kernel/random/random';
import { Guard } from '@assay/kernel/resilience/guarded-call';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import type { Outbound } from '@assay/ports/outbound/outbound';
import type { ListingReport } from '../model/listing.ts';
import type { Pair } from '../model/pair.ts';
import type { WithdrawalReason } from '../model/source-price.ts';
import { Blocks, type Transport } from './blocks.ts';
import { Complaints } from './complaints.ts';
import { type ConfiguredSource, contextOf } from './configured-source.ts';
import type { HttpTransport, Parsed, SourceContext, StreamTransport } from './define-source.ts';
import { codeOfRefusal, RATE_LIMIT_WAIT_MS } from './http-answer.ts';
import { INVALID_MAX, InvalidTally } from './invalid-tally.ts';
import type { OutboxRecord } from './outbox.ts';
import { type GonePair, PairSelection } from './pair-selection.ts';
import { PollWatch } from './poll-watch.ts';
import { type PollAnswer, Poller } from './poller.ts';
import { PriceDesk } from './price-desk.ts';
import type { SourceMetrics } from './source-metrics.ts';
import { guardSettingsOf, pollIntervalMs } from './source-pace.ts';
import { Streamer, type StreamerEvents } from './streamer.ts';

export type RunnerTools = {
  outbound: Record<Transport, Outbound>;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: SourceMetrics;
  profile: string;
  publish: (records: readonly OutboxRecord[]) => void;
};

/** While a stream is up, REST only confirms that the two agree and that it could take over. */
const CONFIRM_INTERVAL_MS = 30_000;

/** A stream that was heard of a pair this recently is the better witness than a poll without a time. */
const STREAM_RECENT_MS = 10_000;

/** Nothing is streamed. */
const NONE: readonly Pair[] = [];

export class SourceRunner {
  readonly configured: ConfiguredSource;
  readonly desk: PriceDesk;
  readonly blocks: Blocks = new Blocks();
  readonly complaints: Complaints;
  readonly guard: Guard;
  readonly streamer: Streamer | undefined;
  readonly poller: Poller | undefined;
  readonly pairs: PairSelection;
  readonly #tools: RunnerTools;
  readonly #log: Log;
  readonly #tally = new InvalidTally();
  readonly #watch: PollWatch;
  #context: SourceContext;
  #intervalMs: number;
  #isStarted = false;
  #streamedPairs: readonly Pair[] = NONE;
  #streamHoldUntil = 0;
  #wasStreamUp = false;

  constructor(configured: ConfiguredSource, tools: RunnerTools) {
    const { source, pairs } = configured;
    const { metrics, profile, publish } = tools;
    this.configured = configured;
    this.#tools = tools;
    this.#log = tools.log.child({ source: source.id });
    this.#context = this.#contextOf(pairs);
    this.pairs = new PairSelection(this.#context.pairs);
    this.desk = new PriceDesk({ source: source.id, profile, pairs, metrics, publish });
    const { counts } = this.desk;
    this.complaints = new Complaints(source.id, { log: this.#log, errors: metrics.errors, counts });
    this.guard = new Guard(guardSettingsOf(source), {
      ...{ clock: tools.clock, random: tools.random, metrics: metrics.guard },
      onOutcome: (outcome) => void (outcome.isSuccess || this.#complain(outcome.error)),
    });
    if (configured.isDenied) {
      this.blocks.denied = typeof configured.isDenied === 'string' ? configured.isDenied : 'by configuration';
    }
    const { http, stream } = source;
    this.#watch = new PollWatch(http?.timeoutMs ?? 0);
    // A source that lacks the wanted transport uses the one it has.
    const { transport } = configured;
    if (http !== undefined && (transport !== 'stream' || stream === undefined))
      this.poller = this.#newPoller(http);
    if (stream !== undefined && (transport !== 'poll' || http === undefined))
      this.streamer = this.#newStreamer(stream);
    this.#intervalMs = pollIntervalMs(source, this.#context, configured.intervalMs);
  }

  get id(): string {
    return this.configured.source.id;
  }

  /** Pairs asked for now: all that the venue can have, or those for which a standby source was called in. */
  get active(): readonly Pair[] {
    return this.pairs.active;
  }

  /** Between two polls now, ms. */
  get pollIntervalMs(): number {
    const isConfirming = this.streamer?.isUp === true;
    return isConfirming ? Math.max(CONFIRM_INTERVAL_MS, this.#intervalMs) : this.#intervalMs;
  }

  /** Until when the venue told us to stay away from one transport or both. */
  get heldUntil(): number | undefined {
    const until = Math.max(this.guard.isHeld ? this.guard.retryAt : 0, this.#streamHoldUntil);
    return until > this.#now() ? until : undefined;
  }

  start(): void {
    this.#isStarted = true;
    this.#watch.start(this.#monotonic());
    const missing = this.configured.pairs.filter((pair) => !this.pairs.isServable(pair));
    if (missing.length > 0) this.#log.warn('the venue has no name for some pairs', { pairs: missing });
    this.arrange();
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    this.streamer?.stop();
    await this.poller?.stop();
    this.withdraw('stopped', 'the service was stopped');
  }

  /** Which pairs to ask for; none is standby. */
  activate(wanted: readonly Pair[], reason: string): void {
    this.#rearrange(this.pairs.want(wanted, reason));
  }

  followList(report: ListingReport): void {
    this.#rearrange(this.pairs.followList(report));
  }

  deny(reason: string): void {
    this.blocks.denied = reason;
    this.withdraw('denied', `on the denylist: ${reason}`);
    this.arrange();
  }

  /** Forgets denial, refusal, quarantine, holds and an open breaker: asked again at once. */
  allow(): void {
    this.blocks.forgive();
    this.guard.release();
    this.#streamHoldUntil = 0;
    this.#tally.forget();
    this.arrange();
    this.poller?.hurry();
  }

  /** Asks now and returns what failed; undefined: it may not be asked. */
  async fetchNow(): Promise<AssayError[] | undefined> {
    return this.poller !== undefined && this.#mayUse('poll') ? await this.poller.pollNow() : undefined;
  }

  /** Starts and stops transports by what is allowed now. */
  arrange(): void {
    if (this.poller !== undefined) {
      if (this.#mayUse('poll')) this.poller.start();
      else if (this.poller.isRunning) void this.poller.stop();
    }
    if (this.streamer === undefined) return;
    const mayStream = this.#mayUse('stream') && this.#now() >= this.#streamHoldUntil;
    const wanted = mayStream ? this.active : NONE;
    if (wanted === this.#streamedPairs) return;
    this.#streamedPairs = wanted;
    if (wanted === NONE) this.streamer.stop();
    else this.streamer.start(wanted);
  }

  /** Called every few hundred milliseconds; `isSecond` once in a second. */
  look(isSecond: boolean): void {
    const now = this.#now();
    this.arrange();
    this.streamer?.tick();
    this.#watchPace();
    if (this.poller !== undefined) {
      const { book } = this.desk;
      this.#withdrawUnanswered(this.#watch.silent(this.active, book, this.pollIntervalMs, this.#monotonic()));
    }
    if (!isSecond) return;
    if (this.streamer !== undefined) this.desk.renew(this.active, (pair) => this.streamer?.aliveAt(pair));
    this.desk.watchFreshness(this.active, this.#watch.limitMs(this.pollIntervalMs), now);
  }

  /** What the others made of this source's price, 0 to 1; true when they contradict it for good. */
  learnAgreement(pair: Pair, value: number, now: number): boolean {
    if (this.blocks.pairQuarantined(pair, now) !== undefined) return false;
    this.desk.observe([pair], { kind: 'agreement', value }, now);
    return this.desk.confidence.hasCollapsed(pair, now);
  }

  quarantinePair(pair: Pair, reason: string): void {
    const { until } = this.blocks.quarantinePair(pair, reason, this.#now());
    this.desk.confidence.doubtAgreement(pair, until);
    this.#countQuarantine(`${pair}: ${reason}`, until);
    this.withdraw('quarantined', reason, [pair]);
  }

  withdraw(reason: WithdrawalReason, detail: string, pairs?: readonly Pair[], transport?: Transport): void {
    const cause = { reason, detail, at: this.#now(), ...(transport === undefined ? {} : { transport }) };
    this.desk.withdraw(pairs ?? this.configured.pairs, cause);
  }

  #rearrange(gone: readonly GonePair[] | undefined): void {
    if (gone === undefined) return;
    this.#context = this.#contextOf(this.active);
    this.#intervalMs = pollIntervalMs(this.configured.source, this.#context, this.configured.intervalMs);
    for (const { pair, detail } of gone) this.withdraw('stopped', detail, [pair]);
    this.arrange();
  }

  #mayUse(transport: Transport): boolean {
    return this.#isStarted && this.active.length > 0 && this.blocks.isOpen(transport, this.#now());
  }

  /** A stream that came up or went down changes the pace of polling at once. */
  #watchPace(): void {
    const isStreamUp = this.streamer?.isUp === true;
    if (isStreamUp === this.#wasStreamUp) return;
    this.#wasStreamUp = isStreamUp;
    this.#watch.paceChanged(this.#monotonic());
    if (!isStreamUp) this.poller?.hurry();
  }

  #withdrawUnanswered(silent: readonly Pair[]): void {
    if (silent.length === 0) return;
    const because = this.complaints.last === undefined ? '' : `: ${this.complaints.last.message}`;
    this.withdraw('silent', `no answer within two intervals and a timeout${because}`, silent, 'poll');
  }

  /** What was streamed is taken back, and what was polled to confirm it, unless REST answered just now. */
  #takeSilence(pairs: readonly Pair[], detail: string): void {
    this.withdraw('silent', `${this.id}: ${detail}`, pairs, 'stream');
    const { book } = this.desk;
    this.#withdrawUnanswered(this.#watch.unanswered(pairs, book, this.#intervalMs, this.#monotonic()));
  }

  #takeAnswer({ request, prices, response }: PollAnswer): void {
    const now = this.#now();
    const { metrics } = this.#tools;
    metrics.latency.observe(response.durationMs / 1_000, { source: this.id, transport: 'poll' });
    const venueAt = prices[0]?.venueAt ?? Date.parse(response.headers.date ?? '');
    if (Number.isFinite(venueAt)) this.desk.observeClock(venueAt, response.receivedAt);
    for (const { pair } of prices) this.#watch.answered(pair, this.#monotonic());
    this.#tally.readable('poll');
    this.desk.observe(request.pairs, { kind: 'success', latencyMs: response.durationMs }, now);
    this.#takePrices(prices, response.receivedAt, 'poll');
  }

  #takePrices(prices: readonly Parsed[], receivedAt: number, transport: Transport): void {
    const { sound, malformed } = this.desk.take(prices, {
      receivedAt,
      transport,
      isAllowed: (pair) =>
        this.pairs.isActive(pair) && this.blocks.pairQuarantined(pair, receivedAt) === undefined,
      isStreamHeard: (pair) => receivedAt - (this.streamer?.aliveAt(pair) ?? 0) < STREAM_RECENT_MS,
    });
    for (const pair of sound) this.#tally.sound(pair);
    for (const pair of malformed) {
      const message = `${this.id}: a price of ${pair} is malformed or out of range`;
      this.#takeMalformed(pair, new AssayError('SOURCE_BAD_PAYLOAD', message, { context: { pair } }));
    }
  }

  /** One pair of an answer or frame that could otherwise be read. */
  #takeMalformed(pair: Pair, error: AssayError): void {
    this.#complain(error);
    this.desk.observe([pair], { kind: 'failure' }, this.#now());
    if (!this.#tally.malformed(pair)) return;
    this.quarantinePair(pair, `${INVALID_MAX} malformed prices in a row, the last: ${error.message}`);
  }

  #takeError(error: AssayError, pairs: readonly Pair[], transport: Transport): void {
    switch (error.code) {
      case 'TARGET_UNAVAILABLE':
        return;
      case 'SOURCE_RATE_LIMITED':
        // The guard keeps the wait of its own calls; a stream's has to be told.
        if (transport === 'poll') return;
        this.#streamHoldUntil = this.#now() + (error.retryAfterMs ?? RATE_LIMIT_WAIT_MS);
        this.guard.hold(this.#streamHoldUntil);
        this.arrange();
        return;
      case 'SOURCE_REGION_REFUSED':
        this.blocks.refuse(transport, error.message, this.#now());
        this.withdraw('refused', error.message, this.configured.pairs, transport);
        this.arrange();
        return;
      default:
        this.desk.observe(pairs, { kind: 'failure' }, this.#now());
        if (error.code === 'SOURCE_BAD_PAYLOAD') this.#takeUnreadable(error, transport);
    }
  }

  #takeUnreadable(error: AssayError, transport: Transport): void {
    if (!this.#tally.unreadable(transport)) return;
    // Polls that cannot be read are no reason to leave out a stream that can.
    if (transport === 'poll' && this.streamer?.isUp === true) return;
    const reason = `${INVALID_MAX} unreadable answers in a row, the last: ${error.message}`;
    const { until } = this.blocks.quarantine(reason, this.#now());
    this.#countQuarantine(reason, until);
    this.withdraw('quarantined', reason);
    this.arrange();
  }

  #countQuarantine(reason: string, until: number): void {
    this.desk.counts.quarantines++;
    this.#tools.metrics.quarantines.add({ source: this.id });
    this.#log.warn('quarantined', { reason, until: new Date(until).toISOString() });
  }

  #complain(error: AssayError): void {
    this.complaints.add(error, this.#now());
    if (error.code === 'SOURCE_RATE_LIMITED') this.#tools.metrics.rateLimitWaits.add({ source: this.id });
  }

  #contextOf(pairs: readonly Pair[]): SourceContext {
    return contextOf(this.configured, pairs, (pair, error) => this.#takeMalformed(pair, error));
  }

  #newPoller(http: HttpTransport): Poller {
    const { outbound, clock, random } = this.#tools;
    return new Poller({
      source: this.id,
      http,
      context: () => this.#context,
      intervalMs: () => this.pollIntervalMs,
      guard: this.guard,
      outbound: outbound.poll,
      clock,
      random,
      events: {
        onAnswer: (answer) => this.#takeAnswer(answer),
        onError: (error, request) => this.#takeError(error, request.pairs, 'poll'),
        onUnusable: (error) => this.#complain(error),
      },
    });
  }

  #newStreamer(stream: StreamTransport): Streamer {
    const { outbound, clock, random } = this.#tools;
    const events = this.#streamEvents();
    const shell = { outbound: outbound.stream, clock, random, events };
    return new Streamer({ source: this.id, stream, contextOf: (pairs) => this.#contextOf(pairs), ...shell });
  }

  #streamEvents(): StreamerEvents {
    const { metrics } = this.#tools;
    const source = this.id;
    const fail = (error: AssayError) => {
      this.#complain(error);
      this.#takeError(error, this.active, 'stream');
    };
    return {
      onFrame: (kind, venueAt) => {
        metrics.frames.add({ source, kind });
        if (kind !== 'invalid') this.#tally.readable('stream');
        if (venueAt !== undefined) this.desk.observeClock(venueAt, this.#now());
      },
      onPrices: (prices, receivedAt) => this.#takePrices(prices, receivedAt, 'stream'),
      onProblem: fail,
      onGap: () => {
        this.desk.counts.sequenceGaps++;
        metrics.sequenceGaps.add({ source });
      },
      onReconnect: (cause, detail) => {
        this.desk.counts.reconnects++;
        metrics.reconnects.add({ source, cause });
        if (cause !== 'closed' && cause !== 'silent') this.#log.info('reconnecting', { cause, detail });
        else fail(new AssayError('OUTBOUND_FAILED', `${source}: the stream was lost (${detail})`));
      },
      onSilent: (pairs, detail) => this.#takeSilence(pairs, detail),
      onUpgradeRefused: (status, detail) => {
        const code = codeOfRefusal(status);
        if (code === undefined) return;
        const context = { source, status };
        fail(new AssayError(code, `${source} refused the stream: ${detail}`, { context }));
      },
      onChange: () => this.#watchPace(),
    };
  }

  #monotonic(): number {
    return this.#tools.clock.monotonic();
  }

  #now(): number {
    return this.#tools.clock.now();
  }
}
