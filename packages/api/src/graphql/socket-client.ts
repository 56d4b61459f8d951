// One client on a WebSocket. In: events of its subscriptions, already serialised. Out: frames on its
// connection.
//
// A client that does not keep up gets the newest event of each feed once it can take one: it is held back
// while more than BUFFERED_MAX_BYTES wait in its connection, and while a ping has found no answer for
// LATE_AFTER_MS (the buffers of the system alone hide a slow reader for minutes). Invariants: at most one
// event waits per subscription and feed; nothing is written to a client that is held back.
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Principal } from '../auth/principal.ts';
import { textFrame } from './text-frame.ts';

/** An event as all subscribers of one group get it; `bytes` is a message without its id. */
export type SharedEvent = { key: string; bytes: Buffer };

export type ClientSubscription = {
  client: SocketClient;
  /** What makes a message of shared bytes: the id and the closing brace. */
  tail: Buffer;
  /** Newest event per key while the client is held back. */
  waiting: Map<string, Buffer> | undefined;
  /** Ends it at its source. */
  end: () => void;
};

/** Two hundred prices; with the frames that wait it bounds what a slow client costs. */
const BUFFERED_MAX_BYTES = 65_536;
/** Twice the longest way around the world, and the pause of a busy browser. */
const LATE_AFTER_MS = 2_000;

export class SocketClient {
  readonly webSocket: WebSocket;
  readonly joinedAtMs: number;
  principal: Principal | undefined;
  /** `connection_init` came; the acknowledgement follows the check of the key. */
  isInitialising = false;
  /** Acknowledged. */
  isReady = false;
  messagesThisSecond = 0;
  /** By operation id; those that only run are there without a subscription. */
  readonly operations = new Map<string, ClientSubscription | undefined>();
  readonly #socket: Socket;
  readonly #onConflated: (count: number) => void;
  #isFull = false;
  #isLate = false;
  #heldSinceMs = 0;
  /** When the ping that is still unanswered was sent; -1: there is none. */
  #pingedAtMs = -1;

  constructor(options: {
    webSocket: WebSocket;
    socket: Socket;
    nowMs: number;
    principal: Principal | undefined;
    onConflated: (count: number) => void;
  }) {
    this.webSocket = options.webSocket;
    this.#socket = options.socket;
    this.joinedAtMs = options.nowMs;
    this.principal = options.principal;
    this.#onConflated = options.onConflated;
    this.#socket.on('drain', () => {
      this.#isFull = false;
      this.#flush();
    });
    this.webSocket.on('pong', () => {
      this.#pingedAtMs = -1;
      this.#isLate = false;
      this.#flush();
    });
  }

  /** Messages of the protocol itself: small, few, and never held back. */
  send(message: string, nowMs: number): void {
    this.#write(textFrame(Buffer.from(message), NOTHING), nowMs);
  }

  deliver(subscription: ClientSubscription, events: readonly SharedEvent[], nowMs: number): void {
    if (!this.#isFull && !this.#isLate) {
      for (const { bytes } of events) this.#write(textFrame(bytes, subscription.tail), nowMs);
      return;
    }
    subscription.waiting ??= new Map();
    let conflated = 0;
    for (const { key, bytes } of events) {
      // Taken out and put in again: what waits stays in the order of its events.
      if (subscription.waiting.delete(key)) conflated += 1;
      subscription.waiting.set(key, bytes);
    }
    if (conflated > 0) this.#onConflated(conflated);
  }

  /** A ping is sent unless one is still unanswered. */
  ping(nowMs: number): void {
    if (this.#pingedAtMs >= 0 || this.#isFull) return;
    this.#pingedAtMs = nowMs;
    this.webSocket.ping();
  }

  /** How long it has taken nothing; 0 when it keeps up. Holds it back from LATE_AFTER_MS on. */
  heldForMs(nowMs: number): number {
    const isLate = this.#pingedAtMs >= 0 && nowMs - this.#pingedAtMs >= LATE_AFTER_MS;
    if (isLate && !this.#isLate) {
      this.#isLate = true;
      if (!this.#isFull) this.#heldSinceMs = this.#pingedAtMs;
    }
    return this.#isFull || this.#isLate ? nowMs - this.#heldSinceMs : 0;
  }

  #write(frame: Buffer, nowMs: number): void {
    if (this.#socket.destroyed || this.webSocket.readyState !== OPEN) return;
    this.#socket.write(frame);
    if (!this.#isFull && this.#socket.writableLength > BUFFERED_MAX_BYTES) {
      this.#isFull = true;
      if (!this.#isLate) this.#heldSinceMs = nowMs;
    }
  }

  #flush(): void {
    if (this.#isFull || this.#isLate) return;
    for (const subscription of this.operations.values()) {
      const waiting = subscription?.waiting;
      if (subscription === undefined || waiting === undefined) continue;
      subscription.waiting = undefined;
      const events = [...waiting].map(([key, bytes]) => ({ key, bytes }));
      this.deliver(subscription, events, this.#heldSinceMs);
    }
  }
}

const NOTHING = Buffer.alloc(0);
/** WebSocket.OPEN. */
const OPEN = 1;
