// One subscriber of the price stream. In: events, already serialised. Out: bytes on its connection.
//
// A subscriber that reads slowly gets the newest event of each feed once it can take one: at most one waits
// per feed, and not more than BUFFERED_MAX_BYTES lie in the connection. Who takes nothing for too long is cut
// off by the stream. Invariant: events reach the subscriber in the order of their positions, so that the last
// id it saw is a place to resume.
import type { ServerResponse } from 'node:http';
import type { Principal } from '../auth/principal.ts';

export type StreamEvent = { feed: string; text: string };

/** What may wait in one connection: a quarter of a second of 1,000 busy feeds. */
const BUFFERED_MAX_BYTES = 256 * 1_024;

export class StreamClient {
  readonly principal: Principal;
  /** undefined: all feeds. */
  readonly feeds: ReadonlySet<string> | undefined;
  readonly #response: ServerResponse;
  readonly #onConflated: (count: number) => void;
  readonly #waiting = new Map<string, string>();
  /** Replaying what it missed: what is new waits. */
  #isHeld = false;
  #isBlocked = false;
  #blockedSinceMs = 0;

  constructor(options: {
    principal: Principal;
    feeds: ReadonlySet<string> | undefined;
    response: ServerResponse;
    onConflated: (count: number) => void;
  }) {
    this.principal = options.principal;
    this.feeds = options.feeds;
    this.#response = options.response;
    this.#onConflated = options.onConflated;
    this.#response.on('drain', () => {
      this.#isBlocked = false;
      this.#flush();
    });
  }

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#flush();
  }

  /** `bytes` are the texts of `events` in one piece, shared by all subscribers of the same feeds. */
  deliver(events: readonly StreamEvent[], bytes: Buffer, nowMs: number): void {
    if (!this.#isHeld && !this.#isBlocked) {
      this.#write(bytes, nowMs);
      return;
    }
    let conflated = 0;
    for (const { feed, text } of events) {
      // Taken out and put in again: what waits stays in the order of its positions.
      if (this.#waiting.delete(feed)) conflated += 1;
      this.#waiting.set(feed, text);
    }
    if (conflated > 0) this.#onConflated(conflated);
  }

  /** Bytes that go out whatever waits: the opening, a replay. Resolves when there is room again. */
  async send(text: string, nowMs: number): Promise<void> {
    this.#write(Buffer.from(text), nowMs);
    if (!this.#isBlocked) return;
    await new Promise<void>((resolve) => {
      this.#response.once('drain', resolve);
      this.#response.once('close', resolve);
    });
  }

  /** A sign of life, unless there is traffic enough. */
  pulse(nowMs: number): void {
    if (!this.#isHeld && !this.#isBlocked) this.#write(PULSE, nowMs);
  }

  /** How long the connection has taken nothing; 0 when it does. */
  blockedForMs(nowMs: number): number {
    return this.#isBlocked ? nowMs - this.#blockedSinceMs : 0;
  }

  end(text?: string): void {
    if (text !== undefined && !this.#isBlocked) this.#write(Buffer.from(text), 0);
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
    const text = [...this.#waiting.values()].join('');
    this.#waiting.clear();
    this.#write(Buffer.from(text), this.#blockedSinceMs);
  }
}

const PULSE = Buffer.from(': alive\n\n');
