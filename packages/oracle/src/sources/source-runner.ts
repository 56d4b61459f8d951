// One source at work: its poller and streamer, and what follows from what they bring. In: answers, frames, errors, silence, the
// operator's word, the passing of time. Out: records (by its desk) and facts for its status. Invariant: nothing is asked or
// published while the source is denied, refused, quarantined or on standby, and whoever becomes so is withdrawn at once.
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { Random } from '@assay/kernel/random/random';
import { Guard } from '@assay/kernel/resilience/guarded-call';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import type { Outbound } from '@assay/ports/outbound/outbound';
import type { Pair } from '../model/pair.ts';
import type { WithdrawalReason } from '../model/source-price.ts';
import { Blocks, type Transport } from './blocks.ts';
import { Complaints } from './complaints.ts';
import { freshnessOf } from './confidence.ts';
import { type ConfiguredSource, contextOf } from './configured-source.ts';
import type { Parsed, SourceContext } from './define-source.ts';
import { RATE_LIMIT_WAIT_MS } from './http-answer.ts';
import type { OutboxRecord } from './outbox.ts';
import { type PollAnswer, Poller } from './poller.ts';
import { PriceDesk } from './price-desk.ts';
import type { SourceMetrics } from './source-metrics.ts';
import { guardSettingsOf, pollIntervalMs } from './source-pace.ts';
import { Streamer, type StreamerEvents } from './streamer.ts';

export type RunnerTools = {
  outbound: Outbound;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: SourceMetrics;
  profile: string;
  publish: (records: readonly OutboxRecord[]) => void;
};

/** While a stream is up, REST only confirms that the two agree and that it could take over. */
const CONFIRM_INTERVAL_MS = 30_000;

/** A poll that is hurried begins within this. */
const PACE_GRACE_MS = 250;

/** So many unreadable answers or frames in a row are no accident. */
const INVALID_MAX = 5;

/** A streamed price without news for longer than this loses freshness, if nothing vouches for it. */
const STREAM_NEWS_MS = 60_000;

export class SourceRunner {
  readonly configured: ConfiguredSource;
  readonly desk: PriceDesk;
  readonly blocks: Blocks = new Blocks();
  readonly guard: Guard;
  readonly streamer: Streamer | undefined;
  readonly poller: Poller | undefined;
  readonly complaints: Complaints;
  standbyReason = '';
  /** Pairs asked for now: all of them, or those for which a standby source was called in. */
  active: readonly Pair[];
  readonly #tools: RunnerTools;
  readonly #log: Log;
  #isStarted = false;
  #context: SourceContext;
  #intervalMs = 0;
  #streamedPairs = '';
  #streamHoldUntil = 0;
  #wasStreamUp = false;
  #paceChangedAt = 0;
  #startedAt = 0;
  readonly #answeredAt = new Map<Pair, number>();
  readonly #invalidCount = { stream: 0, poll: 0 };
  readonly #invalidByPair = new Map<Pair, number>();

  constructor(configured: ConfiguredSource, tools: RunnerTools) {
    this.configured = configured;
    this.#tools = tools;
    const { source } = configured;
    this.#log = tools.log.child({ source: source.id });
    this.active = configured.pairs;
    this.#context = this.#contextOf(configured.pairs);
    this.desk = new PriceDesk({
      source: source.id,
      profile: tools.profile,
      pairs: configured.pairs,
      metrics: tools.metrics,
      publish: tools.publish,
    });
    this.guard = new Guard(guardSettingsOf(source), {
      clock: tools.clock,
      random: tools.random,
      metrics: tools.metrics.guard,
    });
    const { counts } = this.desk;
    this.complaints = new Complaints(source.id, { log: this.#log, errors: tools.metrics.errors, counts });
    if (configured.isDenied) {
      this.blocks.denied = typeof configured.isDenied === 'string' ? configured.isDenied : 'by configuration';
    }
    const { http, stream } = source;
    // A source that lacks the wanted transport uses the one it has.
    const wantsPoll = http !== undefined && (configured.transport !== 'stream' || stream === undefined);
    const wantsStream = stream !== undefined && (configured.transport !== 'poll' || http === undefined);
    if (wantsPoll) this.poller = this.#newPoller(http);
    if (wantsStream) this.streamer = this.#newStreamer(stream);
    this.#intervalMs = pollIntervalMs(source, this.#context, configured.intervalMs);
  }

  get id(): string {
    return this.configured.source.id;
  }

  /** Between two polls now, ms. */
  get pollIntervalMs(): number {
    const isConfirming = this.streamer?.isUp === true;
    return isConfirming ? Math.max(CONFIRM_INTERVAL_MS, this.#intervalMs) : this.#intervalMs;
  }

  get heldUntil(): number | undefined {
    const now = this.#tools.clock.now();
    const until = Math.max(this.guard.isHeld ? this.guard.retryAt : 0, this.#streamHoldUntil);
    return until > now ? until : undefined;
  }

  start(): void {
    this.#isStarted = true;
    this.#startedAt = this.#tools.clock.now();
    this.arrange();
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    this.streamer?.stop();
    await this.poller?.stop();
    this.withdraw('stopped', 'the service was stopped');
  }

  /** Which pairs to ask for; none is standby. */
  activate(pairs: readonly Pair[], reason: string): void {
    this.standbyReason = reason;
    if (pairs.length === this.active.length && pairs.every((pair, index) => pair === this.active[index]))
      return;
    const gone = this.active.filter((pair) => !pairs.includes(pair));
    this.active = pairs;
    this.#context = this.#contextOf(pairs);
    this.#intervalMs = pollIntervalMs(this.configured.source, this.#context, this.configured.intervalMs);
    if (gone.length > 0) this.withdraw('stopped', `on standby: ${reason}`, gone);
    this.arrange();
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
    this.#forgetInvalid();
    this.arrange();
  }

  async fetchNow(): Promise<void> {
    if (this.poller !== undefined && this.#mayUse('poll')) await this.poller.pollNow();
  }

  /** Starts and stops transports by what is allowed now. */
  arrange(): void {
    const now = this.#tools.clock.now();
    if (this.poller !== undefined) {
      if (this.#mayUse('poll')) this.poller.start();
      else if (this.poller.isRunning) void this.poller.stop();
    }
    if (this.streamer !== undefined) {
      const mayStream = this.#mayUse('stream') && now >= this.#streamHoldUntil;
      const wanted = mayStream ? this.#context.pairs.join(' ') : '';
      if (wanted !== this.#streamedPairs) {
        this.#streamedPairs = wanted;
        if (wanted === '') this.streamer.stop();
        else this.streamer.start(this.#context.pairs);
      }
    }
  }

  /** Called every few hundred milliseconds. */
  tick(): void {
    const now = this.#tools.clock.now();
    this.arrange();
    this.streamer?.tick();
    this.#watchPace(now);
    this.#watchPolls(now);
    if (this.streamer !== undefined) this.desk.renew(this.active, (pair) => this.streamer?.aliveAt(pair));
    for (const pair of this.active) this.#watchPair(pair, now);
  }

  /** What the others made of this source's price, 0 to 1. */
  learnAgreement(pair: Pair, value: number, now: number): void {
    if (this.blocks.pairQuarantined(pair, now) !== undefined) return;
    this.desk.observe([pair], { kind: 'agreement', value }, now);
    if (!this.desk.confidence.hasCollapsed(pair, now)) return;
    this.desk.confidence.forgetAgreement(pair);
    this.quarantinePair(pair, 'it disagrees with what the other sources imply');
  }

  quarantinePair(pair: Pair, reason: string): void {
    const now = this.#tools.clock.now();
    const { until } = this.blocks.quarantinePair(pair, reason, now);
    this.#countQuarantine(`${pair}: ${reason}`, until);
    this.withdraw('quarantined', reason, [pair]);
  }

  withdraw(reason: WithdrawalReason, detail: string, pairs?: readonly Pair[], transport?: Transport): void {
    const at = this.#tools.clock.now();
    const cause = { reason, detail, at, ...(transport === undefined ? {} : { transport }) };
    this.desk.withdraw(pairs ?? this.configured.pairs, cause);
  }

  #mayUse(transport: Transport): boolean {
    const now = this.#tools.clock.now();
    return this.#isStarted && this.active.length > 0 && this.blocks.isOpen(transport, now);
  }

  /** A stream that came up or went down changes the pace of polling at once. */
  #watchPace(now: number): void {
    const isStreamUp = this.streamer?.isUp === true;
    if (isStreamUp === this.#wasStreamUp) return;
    this.#wasStreamUp = isStreamUp;
    this.#paceChangedAt = now;
    if (!isStreamUp) this.poller?.hurry();
  }

  /** A polled price whose source has not answered for two intervals and a timeout is taken back. */
  #watchPolls(now: number): void {
    const timeoutMs = this.configured.source.http?.timeoutMs ?? 0;
    // After a change of pace the first poll at the new one has its chance to answer.
    if (this.poller === undefined || now < this.#paceChangedAt + timeoutMs + PACE_GRACE_MS) return;
    this.#withdrawUnanswered(2 * this.pollIntervalMs + timeoutMs, now);
  }

  #withdrawUnanswered(limitMs: number, now: number): void {
    const { book } = this.desk;
    const silent = this.active.filter((pair) => {
      const answeredAt = Math.max(this.#answeredAt.get(pair) ?? 0, this.#startedAt);
      return book.isLive(pair) && now - answeredAt >= limitMs;
    });
    if (silent.length === 0) return;
    const because = this.complaints.last === undefined ? '' : `: ${this.complaints.last.message}`;
    this.withdraw('silent', `no answer within two intervals and a timeout${because}`, silent, 'poll');
  }

  /** What was streamed is taken back, and what was polled to confirm it, unless REST answered just now. */
  #takeSilence(pairs: readonly Pair[], detail: string): void {
    this.withdraw('silent', `${this.id}: ${detail}`, pairs, 'stream');
    const timeoutMs = this.configured.source.http?.timeoutMs ?? 0;
    this.#withdrawUnanswered(2 * this.#intervalMs + timeoutMs, this.#tools.clock.now());
  }

  #watchPair(pair: Pair, now: number): void {
    const { book } = this.desk;
    const freshAt = book.freshAt(pair);
    if (freshAt === undefined) return;
    const http = this.configured.source.http;
    const isPolled = book.last(pair)?.transport === 'poll';
    const pollMs = 2 * this.pollIntervalMs + (http?.timeoutMs ?? 0);
    const expectedMs = Math.max(STREAM_NEWS_MS, isPolled ? pollMs : 0, book.last(pair)?.intervalMs ?? 0);
    const value = book.isLive(pair) ? freshnessOf(now - freshAt, expectedMs) : 0;
    this.desk.observe([pair], { kind: 'freshness', value }, now);
  }

  #takeAnswer({ request, prices, response }: PollAnswer): void {
    const now = this.#tools.clock.now();
    const { metrics } = this.#tools;
    metrics.latency.observe(response.durationMs / 1_000, { source: this.id, transport: 'poll' });
    const venueAt = prices[0]?.venueAt ?? Date.parse(response.headers.date ?? '');
    if (Number.isFinite(venueAt)) this.desk.observeClock(venueAt, response.receivedAt);
    for (const { pair } of prices) this.#answeredAt.set(pair, now);
    this.#invalidCount.poll = 0;
    this.desk.observe(request.pairs, { kind: 'success', latencyMs: response.durationMs }, now);
    this.#takePrices(prices, response.receivedAt, 'poll');
  }

  #takePrices(prices: readonly Parsed[], receivedAt: number, transport: Transport): void {
    const isStreamUp = this.streamer?.isUp === true;
    const isAllowed = (pair: Pair) =>
      this.active.includes(pair) && this.blocks.pairQuarantined(pair, receivedAt) === undefined;
    const { invalid } = this.desk.take(prices, { receivedAt, transport, isStreamUp }, isAllowed);
    if (this.#invalidByPair.size > 0) {
      for (const { pair } of prices) if (!invalid.includes(pair)) this.#invalidByPair.delete(pair);
    }
    for (const pair of invalid) {
      this.#takeInvalid(
        pair,
        new AssayError('SOURCE_BAD_PAYLOAD', `${this.id}: a price of ${pair} is malformed`),
      );
    }
  }

  /** One pair of an answer or frame that could otherwise be read. */
  #takeInvalid(pair: Pair, error: AssayError): void {
    this.#complain(error);
    const count = (this.#invalidByPair.get(pair) ?? 0) + 1;
    this.#invalidByPair.set(pair, count);
    if (count < INVALID_MAX) return;
    this.#invalidByPair.delete(pair);
    this.quarantinePair(pair, `${INVALID_MAX} malformed prices in a row, the last: ${error.message}`);
  }

  #takeError(error: AssayError, pairs: readonly Pair[], transport: Transport): void {
    if (error.code === 'TARGET_UNAVAILABLE') return;
    const now = this.#tools.clock.now();
    this.#complain(error);
    if (error.code === 'SOURCE_RATE_LIMITED') {
      this.#tools.metrics.rateLimitWaits.add({ source: this.id });
      const until = now + (error.retryAfterMs ?? RATE_LIMIT_WAIT_MS);
      if (transport === 'stream') this.#streamHoldUntil = until;
      this.guard.hold(until);
      this.arrange();
      return;
    }
    if (error.code === 'SOURCE_REGION_REFUSED') {
      this.blocks.refuse(transport, error.message, now);
      this.withdraw('refused', error.message, this.configured.pairs, transport);
      this.arrange();
      return;
    }
    this.desk.observe(pairs, { kind: 'failure' }, now);
    if (error.code === 'SOURCE_BAD_PAYLOAD') this.#countInvalid(error, transport);
  }

  #countInvalid(error: AssayError, transport: Transport): void {
    const now = this.#tools.clock.now();
    if (++this.#invalidCount[transport] < INVALID_MAX) return;
    // Polls that cannot be read are no reason to leave out a stream that can.
    if (transport === 'poll' && this.streamer?.isUp === true) return;
    this.#forgetInvalid();
    const reason = `${INVALID_MAX} unreadable answers in a row, the last: ${error.message}`;
    const { until } = this.blocks.quarantine(reason, now);
    this.#countQuarantine(reason, until);
    this.withdraw('quarantined', reason);
    this.arrange();
  }

  #forgetInvalid(): void {
    this.#invalidCount.stream = 0;
    this.#invalidCount.poll = 0;
    this.#invalidByPair.clear();
  }

  #countQuarantine(reason: string, until: number): void {
    this.desk.counts.quarantines++;
    this.#tools.metrics.quarantines.add({ source: this.id });
    this.#log.warn('quarantined', { reason, until: new Date(until).toISOString() });
  }

  #complain(error: AssayError): void {
    this.complaints.add(error, this.#tools.clock.now());
  }

  #contextOf(pairs: readonly Pair[]): SourceContext {
    return contextOf(this.configured, pairs, (pair, error) => {
      this.desk.observe([pair], { kind: 'failure' }, this.#tools.clock.now());
      this.#takeInvalid(pair, error);
    });
  }

  #newPoller(http: NonNullable<ConfiguredSource['source']['http']>): Poller {
    const { outbound, clock, random } = this.#tools;
    return new Poller({
      source: this.id,
      http,
      context: () => this.#context,
      intervalMs: () => this.pollIntervalMs,
      guard: this.guard,
      outbound,
      clock,
      random,
      events: {
        onAnswer: (answer) => this.#takeAnswer(answer),
        onError: (error, request) => this.#takeError(error, request.pairs, 'poll'),
      },
    });
  }

  #newStreamer(stream: NonNullable<ConfiguredSource['source']['stream']>): Streamer {
    const { outbound, clock, random } = this.#tools;
    return new Streamer({
      source: this.id,
      stream,
      contextOf: (pairs) => this.#contextOf(pairs),
      outbound,
      clock,
      random,
      events: this.#streamEvents(),
    });
  }

  #streamEvents(): StreamerEvents {
    const { clock, metrics } = this.#tools;
    const source = this.id;
    return {
      onFrame: (kind, venueAt) => {
        metrics.frames.add({ source, kind });
        if (kind !== 'invalid') this.#invalidCount.stream = 0;
        if (venueAt === undefined) return;
        const delayMs = this.desk.observeClock(venueAt, clock.now());
        if (delayMs !== undefined) metrics.latency.observe(delayMs / 1_000, { source, transport: 'stream' });
      },
      onPrices: (prices, receivedAt) => this.#takePrices(prices, receivedAt, 'stream'),
      onProblem: (error) => this.#takeError(error, this.active, 'stream'),
      onGap: () => {
        this.desk.counts.sequenceGaps++;
        metrics.sequenceGaps.add({ source });
      },
      onReconnect: (cause, detail) => {
        this.desk.counts.reconnects++;
        metrics.reconnects.add({ source, cause });
        this.#log.info('reconnecting', { cause, detail });
        if (cause !== 'closed' && cause !== 'silent') return;
        const message = `${source}: the stream was lost (${detail})`;
        this.#takeError(new AssayError('OUTBOUND_FAILED', message), this.active, 'stream');
      },
      onSilent: (pairs, detail) => this.#takeSilence(pairs, detail),
      onUpgradeRefused: (status, detail) => {
        const message = `${source} refused the stream with ${status}: ${detail}`;
        const isLimit = status === 429 || status === 418;
        if (!isLimit && status !== 403 && status !== 451) return;
        const code = isLimit ? 'SOURCE_RATE_LIMITED' : 'SOURCE_REGION_REFUSED';
        this.#takeError(
          new AssayError(code, message, { context: { source, status } }),
          this.active,
          'stream',
        );
      },
      onChange: () => this.#watchPace(clock.now()),
    };
  }
}
