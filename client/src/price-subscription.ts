// A subscription to prices that lasts. In: feeds. Out: their current prices, then every change, as long as
// somebody reads; across lost connections, restarts and silence, each time from the last event that was seen.
//
// Server-sent events through `fetch`, because a browser's EventSource can send no key. Invariants: events
// come in the order of the log; none is delivered twice on one connection; what waits to be read is bounded
// (the newest of each feed stays); a refusal that waiting cannot cure ends the subscription with a
// ClientError.
import { ClientError } from './client-error.ts';
import { EventStreamParser, type StreamedEvent } from './event-stream.ts';
import { type HttpDoor, sleep, waitBefore } from './http-door.ts';
import type { Price } from './wire.ts';

export type ConnectionState =
  | { state: 'connecting'; attempt: number }
  | { state: 'open' }
  | { state: 'waiting'; waitMs: number; error: ClientError }
  /** Something between was not kept by the server; the current prices follow. */
  | { state: 'gap'; reason: string };

export type SubscribeOptions = {
  signal?: AbortSignal;
  /** Resume after this event; `lastEventId` of an earlier subscription. */
  lastEventId?: string;
  onState?: (state: ConnectionState) => void;
  /** A connection without a sign of life for this long is given up. Default 45 s: three of the server's. */
  silenceMs?: number;
};

export interface PriceSubscription extends AsyncIterable<Price> {
  /** Where a later subscription can resume. */
  readonly lastEventId: string | undefined;
  close(): void;
}

const SILENCE_MS = 45_000;
/** Beyond this many unread prices only the newest of each feed is kept. */
const UNREAD_MAX = 1_000;

export function subscribePrices(
  door: HttpDoor,
  feeds: readonly string[] | undefined,
  options: SubscribeOptions,
): PriceSubscription {
  return new Subscription(door, feeds, options);
}

class Subscription implements PriceSubscription {
  readonly #door: HttpDoor;
  readonly #feeds: readonly string[] | undefined;
  readonly #options: SubscribeOptions;
  readonly #ended = new AbortController();
  #unread: Price[] = [];
  #lastEventId: string | undefined;
  #failure: ClientError | undefined;
  #isOver = false;
  #isRunning = false;
  #wake: (() => void) | undefined;

  constructor(door: HttpDoor, feeds: readonly string[] | undefined, options: SubscribeOptions) {
    this.#door = door;
    this.#feeds = feeds;
    this.#options = options;
    this.#lastEventId = options.lastEventId;
    const { signal } = options;
    if (signal?.aborted === true) this.close();
    signal?.addEventListener('abort', () => this.close(), { once: true, signal: this.#ended.signal });
  }

  get lastEventId(): string | undefined {
    return this.#lastEventId;
  }

  close(): void {
    this.#isOver = true;
    this.#ended.abort();
    this.#wake?.();
  }

  /** The connection opens with the first reader and ends when the reading loop is left. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Price> {
    if (!this.#isRunning && !this.#isOver) {
      this.#isRunning = true;
      // Only a callback of the caller can throw here; its error belongs into the caller's loop.
      this.#run().catch((cause: unknown) => {
        this.#failure = new ClientError('onState threw an error', { code: 'ABORTED', cause });
        this.#wake?.();
      });
    }
    try {
      for (;;) {
        const next = this.#unread.shift();
        if (next !== undefined) yield next;
        else if (this.#failure !== undefined) throw this.#failure;
        else if (this.#isOver) return;
        else await new Promise<void>((wake) => (this.#wake = wake));
      }
    } finally {
      this.close();
    }
  }

  async #run(): Promise<void> {
    const onState = this.#options.onState ?? (() => {});
    for (let attempt = 0; !this.#isOver; attempt++) {
      onState({ state: 'connecting', attempt });
      const { error, hadNews, retryMs } = await this.#connectOnce(onState);
      if (this.#isOver) return;
      if (!error.isTransient) {
        this.#failure = error;
        this.#isOver = true;
        return this.#wake?.();
      }
      if (hadNews) attempt = 0;
      const waitMs = error.retryAfterMs ?? Math.max(waitBefore(attempt), hadNews ? 0 : (retryMs ?? 0));
      onState({ state: 'waiting', waitMs, error });
      await sleep(waitMs, this.#ended.signal).catch(() => {});
    }
  }

  async #connectOnce(
    onState: (state: ConnectionState) => void,
  ): Promise<{ error: ClientError; hadNews: boolean; retryMs: number | undefined }> {
    const parser = new EventStreamParser();
    const connection = new AbortController();
    const abort = (): void => connection.abort();
    this.#ended.signal.addEventListener('abort', abort, { once: true });
    let silence: ReturnType<typeof setTimeout> | undefined;
    let hadNews = false;
    try {
      const response = await this.#door.open({
        path: '/v1/stream',
        query: { feeds: this.#feeds?.join(',') },
        accept: 'text/event-stream',
        headers: this.#lastEventId === undefined ? {} : { 'last-event-id': this.#lastEventId },
        signal: connection.signal,
      });
      onState({ state: 'open' });
      const decoder = new TextDecoder();
      const reader = response.body!.getReader();
      for (;;) {
        silence = setTimeout(abort, this.#options.silenceMs ?? SILENCE_MS);
        const { done, value } = await reader.read();
        clearTimeout(silence);
        if (done || this.#isOver) break;
        for (const event of parser.push(decoder.decode(value, { stream: true }))) {
          hadNews = true;
          this.#take(event, onState);
        }
      }
      return { error: lost('the stream ended'), hadNews, retryMs: parser.retryMs };
    } catch (cause) {
      const isOurs = cause instanceof ClientError && cause.code !== 'ABORTED';
      const error = isOurs ? cause : lost('the connection was lost', cause);
      return { error, hadNews, retryMs: parser.retryMs };
    } finally {
      clearTimeout(silence);
      connection.abort();
      this.#ended.signal.removeEventListener('abort', abort);
    }
  }

  #take(event: StreamedEvent, onState: (state: ConnectionState) => void): void {
    if (event.id !== '') this.#lastEventId = event.id;
    if (event.event === 'gap') {
      const { reason } = JSON.parse(event.data) as { reason?: string };
      onState({ state: 'gap', reason: reason ?? '' });
      return;
    }
    if (event.event !== 'price') return;
    const price = JSON.parse(event.data) as Price;
    if (this.#unread.length >= UNREAD_MAX) this.#unread = newestOfEach(this.#unread);
    this.#unread.push(price);
    this.#wake?.();
  }
}

function newestOfEach(prices: readonly Price[]): Price[] {
  const newest = new Map<string, Price>();
  for (const price of prices) {
    newest.delete(price.feed);
    newest.set(price.feed, price);
  }
  return [...newest.values()];
}

function lost(message: string, cause?: unknown): ClientError {
  return new ClientError(message, { code: 'NETWORK', cause });
}
