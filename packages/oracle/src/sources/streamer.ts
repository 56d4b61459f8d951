// Keeps the connections of one streaming source alive. In: the pairs to serve, frames, closes, the passing of
// time. Out: prices, who vouches for them, silence. Invariant: of each group of pairs at most two connections
// exist, the second only while the first is being replaced; a connection without a frame for the source's
// limit is dead, whatever its socket says.
import type { AssayError } from '@assay/kernel/errors/assay-error';
import type { Random } from '@assay/kernel/random/random';
import { type BackoffSettings, backoffMs } from '@assay/kernel/resilience/backoff';
import type { Clock } from '@assay/kernel/time/clock';
import type { Outbound } from '@assay/ports/outbound/outbound';
import type { Pair } from '../model/pair.ts';
import type { Frame, Parsed, SourceContext, StreamTransport } from './define-source.ts';
import { type ConnectionEvents, StreamConnection } from './stream-connection.ts';

export type ReconnectCause = 'closed' | 'silent' | 'life' | 'gap' | 'asked' | 'invalid';

export type StreamerEvents = {
  onPrices(prices: readonly Parsed[], receivedAt: number): void;
  onFrame(kind: Frame['kind'] | 'invalid', venueAt: number | undefined): void;
  onProblem(error: AssayError): void;
  onGap(): void;
  onReconnect(cause: ReconnectCause, detail: string): void;
  /** No frame for the source's limit: what was streamed of these pairs must not be believed. */
  onSilent(pairs: readonly Pair[], detail: string): void;
  /** The venue answered the upgrade with an HTTP error. */
  onUpgradeRefused(status: number, detail: string): void;
  /** The connection of these pairs went down or came (back) up. */
  onChange(): void;
};

export type StreamerOptions = {
  source: string;
  stream: StreamTransport;
  contextOf: (pairs: readonly Pair[]) => SourceContext;
  outbound: Outbound;
  clock: Clock;
  random: Random;
  events: StreamerEvents;
};

/**
 * First wait under a second, for most closes are restarts behind a load balancer; never more than half a
 * minute.
 */
const RECONNECT: BackoffSettings = { baseMs: 500, maximumMs: 30_000 };

/** A connection that lived this long ends a row of failures. */
const STABLE_MS = 30_000;

/** Silence must show within 10 s, the beat of `tick` included. */
const SILENCE_MAX_MS = 9_500;

/**
 * A connection is replaced at this share of its life, less up to a twentieth, so that many do not move
 * together.
 */
const LIFE_SHARE = 0.95;
const LIFE_JITTER = 0.05;

/** Replacements are no closer than this: a venue that always skips numbers must not be hammered. */
const REPLACE_AGAIN_MS = 10_000;

/** A new connection that is not ready after this is given up; the old one stays. */
const HANDOVER_MAX_MS = 20_000;

/** A new connection with frames, but no price yet, takes over after this: its pairs are quiet. */
const HANDOVER_QUIET_MS = 5_000;

type Slot = {
  pairs: readonly Pair[];
  context: SourceContext;
  current: StreamConnection | undefined;
  next: StreamConnection | undefined;
  attempt: number;
  cancelRetry: (() => void) | undefined;
  /** Monotonic; undefined before the first frame. */
  heardAt: number | undefined;
  isSilent: boolean;
  lifeMs: number;
  /** Why the connection is to be replaced as soon as that may be. */
  wanted: { cause: ReconnectCause; detail: string } | undefined;
  replacedAt: number;
};

export class Streamer {
  readonly #options: StreamerOptions;
  #slots: Slot[] = [];
  #slotOf: ReadonlyMap<Pair, Slot> = new Map();
  #isRunning = false;

  constructor(options: StreamerOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Frames arrive for every group of pairs. */
  get isUp(): boolean {
    return this.#isRunning && this.#slots.every((slot) => isSlotUp(slot));
  }

  /** Up to when the stream vouches for a pair, wall ms. */
  aliveAt(pair: Pair): number | undefined {
    return this.#slotOf.get(pair)?.current?.aliveAt(pair);
  }

  start(pairs: readonly Pair[]): void {
    this.stop();
    this.#isRunning = true;
    const { stream, contextOf } = this.#options;
    for (let from = 0; from < pairs.length; from += stream.pairsPerConnection) {
      const some = pairs.slice(from, from + stream.pairsPerConnection);
      this.#slots.push({
        pairs: some,
        context: contextOf(some),
        current: undefined,
        next: undefined,
        attempt: 0,
        cancelRetry: undefined,
        heardAt: undefined,
        isSilent: false,
        lifeMs: this.#drawLife(),
        wanted: undefined,
        replacedAt: Number.NEGATIVE_INFINITY,
      });
    }
    this.#slotOf = new Map(this.#slots.flatMap((slot) => slot.pairs.map((pair) => [pair, slot] as const)));
    for (const slot of this.#slots) this.#connect(slot);
  }

  stop(): void {
    this.#isRunning = false;
    for (const slot of this.#slots) {
      slot.cancelRetry?.();
      slot.current?.close();
      slot.next?.close();
    }
    this.#slots = [];
  }

  /** Called every few hundred milliseconds; sees what no event tells. */
  tick(): void {
    const now = this.#options.clock.monotonic();
    for (const slot of this.#slots) {
      this.#watchSilence(slot, now);
      this.#watchHandover(slot, now);
      const isOld = slot.current !== undefined && now - slot.current.openedAt >= slot.lifeMs;
      if (isOld) slot.wanted ??= { cause: 'life', detail: 'before the venue ends it' };
      this.#replace(slot, now);
    }
  }

  #watchSilence(slot: Slot, now: number): void {
    const limitMs = this.#silenceMs();
    const { current } = slot;
    if (current !== undefined && now - current.lastFrameAt >= limitMs) {
      const detail = `no frame for ${((now - current.lastFrameAt) / 1_000).toFixed(1)} s`;
      current.close();
      slot.current = undefined;
      this.#lost(slot, 'silent', detail);
    }
    if (slot.isSilent || slot.heardAt === undefined || now - slot.heardAt < limitMs) return;
    slot.isSilent = true;
    const detail = `no frame for ${((now - slot.heardAt) / 1_000).toFixed(1)} s`;
    this.#options.events.onSilent(slot.pairs, detail);
  }

  #watchHandover(slot: Slot, now: number): void {
    const { next } = slot;
    if (next === undefined) return;
    const age = now - next.openedAt;
    if (next.hasPrices || (next.hasFrames && age >= HANDOVER_QUIET_MS)) {
      slot.current?.close();
      slot.current = next;
      slot.next = undefined;
      slot.wanted = undefined;
      slot.lifeMs = this.#drawLife();
      this.#options.events.onChange();
    } else if (age >= HANDOVER_MAX_MS) {
      next.close();
      slot.next = undefined;
    }
  }

  /** Opens the next connection when one is wanted; the old one stays until the new one speaks. */
  #replace(slot: Slot, now: number): void {
    if (slot.wanted === undefined || slot.current === undefined || slot.next !== undefined) return;
    if (now - slot.replacedAt < REPLACE_AGAIN_MS) return;
    slot.replacedAt = now;
    this.#options.events.onReconnect(slot.wanted.cause, slot.wanted.detail);
    slot.next = this.#open(slot);
  }

  #connect(slot: Slot): void {
    slot.cancelRetry = undefined;
    slot.wanted = undefined;
    slot.lifeMs = this.#drawLife();
    slot.current = this.#open(slot);
  }

  #open(slot: Slot): StreamConnection {
    const { source, stream, outbound, clock } = this.#options;
    const connection = new StreamConnection({
      source,
      stream,
      context: slot.context,
      outbound,
      clock,
      events: this.#eventsOf(slot),
    });
    // Opened a turn later, so that the slot knows it before its first event.
    clock.after(0, () => {
      if (slot.current === connection || slot.next === connection) connection.open();
    });
    return connection;
  }

  #eventsOf(slot: Slot): ConnectionEvents {
    const { events, clock } = this.#options;
    return {
      onFrame: (_connection, kind, venueAt) => {
        const wasUp = isSlotUp(slot);
        slot.heardAt = clock.monotonic();
        slot.isSilent = false;
        events.onFrame(kind, venueAt);
        if (!wasUp && isSlotUp(slot)) events.onChange();
      },
      onPrices: (_connection, prices, receivedAt) => events.onPrices(prices, receivedAt),
      onProblem: (_connection, error) => events.onProblem(error),
      onGap: (connection) => {
        events.onGap();
        if (connection !== slot.current) return;
        slot.wanted ??= { cause: 'gap', detail: 'a sequence number is missing or stepped back' };
        this.#replace(slot, clock.monotonic());
      },
      onReconnectAsked: (connection) => {
        if (connection !== slot.current) return;
        slot.wanted ??= { cause: 'asked', detail: 'the venue asked for it' };
        this.#replace(slot, clock.monotonic());
      },
      onClosed: (connection, reason, status) => this.#closed(slot, connection, reason, status),
    };
  }

  #closed(slot: Slot, connection: StreamConnection, reason: string, status: number | undefined): void {
    const { clock, events } = this.#options;
    if (connection === slot.next) {
      slot.next = undefined;
      return;
    }
    if (connection !== slot.current) return;
    if (clock.monotonic() - connection.openedAt >= STABLE_MS) slot.attempt = 0;
    slot.current = slot.next;
    slot.next = undefined;
    if (status !== undefined) events.onUpgradeRefused(status, reason);
    if (slot.current === undefined && this.#isRunning) this.#lost(slot, 'closed', reason);
  }

  #lost(slot: Slot, cause: ReconnectCause, detail: string): void {
    const { clock, random, events } = this.#options;
    if (slot.next !== undefined) {
      slot.current = slot.next;
      slot.next = undefined;
    } else {
      const waitMs = backoffMs(slot.attempt++, RECONNECT, random);
      slot.cancelRetry?.();
      slot.cancelRetry = clock.after(waitMs, () => this.#connect(slot));
    }
    events.onReconnect(cause, detail);
    events.onChange();
  }

  #silenceMs(): number {
    return Math.min(SILENCE_MAX_MS, this.#options.stream.silenceAfterMs);
  }

  #drawLife(): number {
    const { stream, random } = this.#options;
    if (stream.lifeMs === undefined) return Number.POSITIVE_INFINITY;
    return stream.lifeMs * (LIFE_SHARE - LIFE_JITTER * random.next());
  }
}

function isSlotUp(slot: Slot): boolean {
  return slot.current?.hasFrames === true;
}
