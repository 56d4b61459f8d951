// One subscriber of the price stream. In: events, already serialised. Out: bytes on its connection.
//
// A subscriber that reads slowly gets the newest event of each feed once it can take one: at most one waits
// per feed, and not more than BUFFERED_MAX_BYTES lie in the connection. Who takes nothing for too long is cut
// off by the stream. Invariant: events reach the subscriber in the order of their positions, so that the last
// id it saw is a place to resume.
import type { EventEmitter } from 'node:events';
import type { Principal } from '../auth/principal.ts';
import type { StreamEvent, WireFormat } from './wire-format.ts';

/** What bytes go into: a response, or the socket of a WebSocket. */
export type StreamSink = EventEmitter & {
  write(bytes: Buffer): unknown;
  end(): unknown;
  destroy(): unknown;
  readonly destroyed: boolean;
  readonly writableLength: number;
};

/** What may wait in one connection: a quarter of a second of 1,000 busy feeds. */
const BUFFERED_MAX_BYTES = 256 * 1_024;

export class StreamClient {
  readonly principal: Principal;
  /** undefined: all feeds. */
  readonly feeds: ReadonlySet<string> | undefined;
  readonly format: WireFormat;
  readonly #response: StreamSink;
  readonly #onConflated: (count: number) => void;
  readonly #waiting = new Map<string, StreamEvent>();
  /** Replaying what it missed: what is new waits. */
  #isHeld = false;
  #isBlocked = false;
  #blockedSinceMs = 0;

  constructor(options: {
    principal: Principal;
    feeds: ReadonlySet<string> | undefined;
    response: StreamSink;
    format: WireFormat;
    onConflated: (count: number) => void;
  }) {
    this.principal = options.principal;
    this.feeds = options.feeds;
    this.format = options.format;
    this.#response = options.response;
    this.#onConflated = options.onConflated;
    this.#response.on('drain', this.#onDrain);
  }

  readonly #onDrain = (): void => {
    this.#isBlocked = false;
    this.#flush();
  };

  /** Whoever subscribes anew on the same connection is another client of it. */
  detach(): void {
    this.#response.off('drain', this.#onDrain);
  }

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#flush();
  }

  /** `bytes` are the `events` encoded, shared by all subscribers of the same feeds. */
  deliver(events: readonly StreamEvent[], bytes: Buffer, nowMs: number): void {
    if (!this.#isHeld && !this.#isBlocked) {
      this.#write(bytes, nowMs);
      return;
    }
    let conflated = 0;
    for (const event of events) {
      // Taken out and put in again: what waits stays in the order of its positions.
      if (this.#waiting.delete(event.feed)) conflated += 1;
      this.#waiting.set(event.feed, event);
    }
    if (conflated > 0) this.#onConflated(conflated);
  }

  /** Bytes that go out whatever waits: the opening, a replay. Resolves when there is room again. */
  async send(bytes: Buffer, nowMs: number): Promise<void> {
    this.#write(bytes, nowMs);
    if (!this.#isBlocked) return;
    await new Promise<void>((resolve) => {
      this.#response.once('drain', resolve);
      this.#response.once('close', resolve);
    });
  }

  /** A sign of life, unless there is traffic enough. */
  pulse(nowMs: number): void {
    if (!this.#isHeld && !this.#isBlocked) this.#write(this.format.pulse, nowMs);
  }

  /** How long the connection has taken nothing; 0 when it does. */
  blockedForMs(nowMs: number): number {
    return this.#isBlocked ? nowMs - this.#blockedSinceMs : 0;
  }

  end(): void {
    if (!this.#isBlocked) this.#write(this.format.farewell, 0);
    this.#response.end();
  }

  cut(): void {
    this.#response.destroy();
  }

  #write(bytes: Buffer, nowMs: number): void {
    if (this.#response.destroyed) return;
    this.#response.write(bytes);
    if (!this.#isBlocked && this.#response.writableLength > BUFFERED_MAX_BYTES) {
      this.#isBlocked = true;
      this.#blockedSinceMs = nowMs;
    }
  }

  #flush(): void {
    if (this.#isHeld || this.#isBlocked || this.#waiting.size === 0) return;
    const bytes = this.format.encode([...this.#waiting.values()]);
    this.#waiting.clear();
    this.#write(bytes, this.#blockedSinceMs);
  }
}
