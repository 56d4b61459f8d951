// The stream of prices, as server-sent events or WebSocket messages. In: updates of the price view,
// subscribers with the feeds they want. Out: `price` events whose id is the position in the log, so that
// `Last-Event-ID` resumes at any process of this operator.
//
// Each update is serialised once, whoever listens; subscribers of the same feeds share the same bytes.
// Invariants: subscribers are bounded, and so is what is held for each; a key that no longer counts loses its
// streams.
import type { ServerResponse } from 'node:http';
import { AssayError, messageOf } from '@assay/kernel/errors/assay-error';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Counter, Gauge, Metrics } from '@assay/kernel/telemetry/metrics';
import type { Clock } from '@assay/kernel/time/clock';
import { priceRecordOf } from '@assay/oracle/model/answer';
import type { EventBus } from '@assay/ports/event-bus/event-bus';
import type { Authenticator } from '../auth/authenticator.ts';
import type { Principal } from '../auth/principal.ts';
import { parsePosition } from '../views/answer-log.ts';
import { asciiJson, type CurrentPrice } from '../views/current-price.ts';
import type { PriceUpdate, PriceView } from '../views/prices.ts';
import { replayMissed } from './replay-missed.ts';
import { StreamClient, type StreamSink } from './stream-client.ts';
import { SERVER_SENT_EVENTS, type StreamEvent, type WireFormat } from './wire-format.ts';

export type PriceStreamOptions = {
  view: PriceView;
  bus: EventBus;
  authenticator: Authenticator;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  /** Default 2,000: about 60 MB. */
  clientsMax?: number;
  /** A subscriber that takes nothing for this long is cut off. Default 30 s. */
  stalledAfterMs?: number;
};

export type StreamRequest = {
  response: ServerResponse;
} & Wish;

type Wish = {
  currents: readonly CurrentPrice[];
  isAll: boolean;
  principal: Principal;
  lastEventId: string | undefined;
};

const CLIENTS_MAX = 2_000;
const STALLED_AFTER_MS = 30_000;
/** Proxies close connections that are silent for a minute. */
const PULSE_EVERY_MS = 15_000;
/** Late news, revoked keys and stalled subscribers are noticed within this. */
const SWEEP_EVERY_MS = 1_000;
/** A full server says when to come back. */
const FULL_RETRY_AFTER_MS = 5_000;
/** After a restart everybody resumes at once; more than these get the current prices instead. */
const REPLAYS_MAX = 8;

type Group = { feeds: ReadonlySet<string> | undefined; format: WireFormat; clients: Set<StreamClient> };

export class PriceStream {
  readonly #options: PriceStreamOptions;
  readonly #clients = new Set<StreamClient>();
  readonly #groups = new Map<string, Group>();
  readonly #overdue = new Set<CurrentPrice>();
  readonly #clientGauge: Gauge;
  readonly #conflated: Counter;
  readonly #dropped: Counter;
  #replays = 0;
  #pulsedAtMs = 0;
  #checking: Promise<void> | undefined;
  #cancelSweep: (() => void) | undefined;
  #endUpdates: (() => void) | undefined;

  constructor(options: PriceStreamOptions) {
    this.#options = options;
    const { metrics } = options;
    this.#clientGauge = metrics.gauge({
      name: 'assay_stream_clients',
      help: 'Subscribers of the price stream.',
    });
    this.#conflated = metrics.counter({
      name: 'assay_stream_conflated_total',
      help: 'Updates that a slow subscriber did not get because a newer one of the feed replaced them.',
    });
    this.#dropped = metrics.counter({
      name: 'assay_stream_dropped_total',
      help: 'Subscribers that were cut off, by reason.',
      labels: ['reason'],
    });
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  start(): void {
    this.#endUpdates = this.#options.view.onUpdate((updates) => this.#broadcast(updates));
    this.#sweepLater();
  }

  stop(): void {
    this.#cancelSweep?.();
    this.#endUpdates?.();
    for (const client of this.#clients) client.end();
  }

  /** @throws AssayError NOT_READY when the server is full */
  async serve({ response, ...wish }: StreamRequest): Promise<void> {
    this.requireRoom();
    // The stream ends with its connection, so chunk frames around every event would say nothing.
    response.useChunkedEncodingByDefault = false;
    response.writeHead(200, STREAM_HEADERS);
    const leave = await this.follow(response, SERVER_SENT_EVENTS, wish);
    if (response.destroyed) leave();
  }

  /** @throws AssayError NOT_READY when the server is full */
  requireRoom(): void {
    if (this.#clients.size < (this.#options.clientsMax ?? CLIENTS_MAX)) return;
    throw new AssayError('NOT_READY', `there are ${this.#clients.size} subscribers already`, {
      retryAfterMs: FULL_RETRY_AFTER_MS,
    });
  }

  /** Writes the current prices, or what was missed, and then every change. The returned function ends it. */
  async follow(sink: StreamSink, format: WireFormat, wish: Wish): Promise<() => void> {
    const { clock, log } = this.#options;
    const { currents, principal } = wish;
    const client = new StreamClient({
      principal,
      feeds: wish.isAll ? undefined : new Set(currents.map(({ definition }) => definition.feed)),
      response: sink,
      format,
      onConflated: (count) => this.#conflated.add({}, count),
    });
    const end = this.#join(client);
    const leave = (): void => {
      end();
      client.detach();
      sink.off('close', leave);
    };
    sink.once('close', leave);
    const since = wish.lastEventId === undefined ? undefined : parsePosition(wish.lastEventId);
    if (since === undefined) {
      void client.send(this.#opening(format, currents), clock.now());
      return leave;
    }
    client.hold();
    try {
      const gap = await this.#replay(client, since, sink);
      if (gap !== undefined) {
        const bytes = Buffer.concat([format.gap(gap), this.#opening(format, currents)]);
        await client.send(bytes, clock.now());
      }
    } catch (error) {
      log.warn('a stream could not be resumed', { reason: messageOf(error) });
      await client.send(this.#opening(format, currents), clock.now());
    }
    client.release();
    return leave;
  }

  async #replay(client: StreamClient, since: number[], sink: StreamSink): Promise<string | undefined> {
    if (this.#replays >= REPLAYS_MAX) return 'too many resume at once: these are the current prices';
    this.#replays += 1;
    try {
      const { bus, view, clock } = this.#options;
      const until = parsePosition(view.position()) ?? [];
      return await replayMissed({ bus, since, until, feeds: client.feeds }, async (events) => {
        const nowMs = clock.now();
        const told = events.map(({ answer, position }) => {
          return { feed: answer.feed, position, text: asciiJson(priceRecordOf(answer, nowMs)) };
        });
        const { opening, encode } = client.format;
        await client.send(Buffer.concat([opening, encode(told)]), nowMs);
        return !sink.destroyed;
      });
    } finally {
      this.#replays -= 1;
    }
  }

  #opening(format: WireFormat, currents: readonly CurrentPrice[]): Buffer {
    const nowMs = this.#options.clock.now();
    const position = this.#options.view.position();
    const events = currents.flatMap((current) => {
      const text = current.text(nowMs);
      return text === undefined ? [] : [{ feed: current.definition.feed, position, text }];
    });
    return Buffer.concat([format.opening, format.encode(events)]);
  }

  #join(client: StreamClient): () => void {
    const { feeds, format } = client;
    const name = `${format.name} ${feeds === undefined ? '' : [...feeds].sort().join()}`;
    let group = this.#groups.get(name);
    if (group === undefined) this.#groups.set(name, (group = { feeds, format, clients: new Set() }));
    const joined = group;
    joined.clients.add(client);
    this.#clients.add(client);
    this.#clientGauge.set(this.#clients.size);
    return () => {
      joined.clients.delete(client);
      if (joined.clients.size === 0) this.#groups.delete(name);
      this.#clients.delete(client);
      this.#clientGauge.set(this.#clients.size);
    };
  }

  #broadcast(updates: readonly PriceUpdate[]): void {
    if (this.#clients.size === 0) return;
    const nowMs = this.#options.clock.now();
    const events = updates.map(({ current, answer, position }) => {
      // A batch may hold several answers of one feed; only the last of them is the current one.
      const text = current.answer === answer ? current.text(nowMs)! : asciiJson(priceRecordOf(answer, nowMs));
      return { feed: answer.feed, position, text };
    });
    for (const { current } of updates) this.#overdue.delete(current);
    this.#deliver(events, nowMs);
  }

  #deliver(events: readonly StreamEvent[], nowMs: number): void {
    for (const { feeds, format, clients } of this.#groups.values()) {
      const wanted = feeds === undefined ? events : events.filter(({ feed }) => feeds.has(feed));
      if (wanted.length === 0) continue;
      const bytes = format.encode(wanted);
      for (const client of clients) client.deliver(wanted, bytes, nowMs);
    }
  }

  #sweepLater(): void {
    this.#cancelSweep = this.#options.clock.after(SWEEP_EVERY_MS, () => {
      this.#sweepLater();
      this.#sweep();
      // Asking the key store may take longer than a sweep; one question at a time.
      this.#checking ??= this.#dropRevoked()
        .catch((error) => this.#options.log.warn('keys of streams not checked', { reason: messageOf(error) }))
        .finally(() => {
          this.#checking = undefined;
        });
    });
  }

  #sweep(): void {
    const nowMs = this.#options.clock.now();
    this.#announceOverdue(nowMs);
    const stalledAfterMs = this.#options.stalledAfterMs ?? STALLED_AFTER_MS;
    const isPulse = nowMs - this.#pulsedAtMs >= PULSE_EVERY_MS;
    if (isPulse) this.#pulsedAtMs = nowMs;
    for (const client of this.#clients) {
      if (client.blockedForMs(nowMs) >= stalledAfterMs) this.#drop(client, 'slow');
      else if (isPulse) client.pulse(nowMs);
    }
  }

  async #dropRevoked(): Promise<void> {
    const verdicts = new Map<string, boolean>();
    for (const client of this.#clients) {
      const { principal } = client;
      // Two tokens of one client may end at different times.
      const who = `${principal.id} ${principal.expiresAt ?? ''}`;
      const known = verdicts.get(who) ?? (await this.#options.authenticator.isStillValid(principal));
      verdicts.set(who, known);
      if (!known) this.#drop(client, 'key');
    }
  }

  /** A price that has become stale by the passing of time alone is news too. */
  #announceOverdue(nowMs: number): void {
    const events: StreamEvent[] = [];
    for (const current of this.#options.view.all()) {
      if (!current.isOverdue(nowMs) || this.#overdue.has(current)) continue;
      this.#overdue.add(current);
      const position = this.#options.view.position();
      events.push({ feed: current.definition.feed, position, text: current.text(nowMs)! });
    }
    if (events.length > 0) this.#deliver(events, nowMs);
  }

  #drop(client: StreamClient, reason: string): void {
    this.#dropped.add({ reason });
    client.cut();
  }
}

const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  connection: 'close',
  'x-accel-buffering': 'no',
};
