// Server-sent events with the key in a header, read with fetch (a browser's EventSource sends no headers).
// In: an address and what to do with an event. Out: a function that ends it. It reconnects by itself, resumes
// after the last event it saw, and lets go of the connection while the page is hidden: a browser has six per
// origin.
import { session } from '../session/session.ts';

export type StreamState =
  | { kind: 'connecting' }
  | { kind: 'live' }
  /** `sinceMs`: when it was lost; `atMs`: when the next attempt begins. */
  | { kind: 'reconnecting'; sinceMs: number; attempt: number; atMs: number }
  | { kind: 'paused' }
  | { kind: 'refused'; status: number };

export type StreamEvent = { type: string; id: string | undefined; data: string };

export type StreamOptions = {
  path: string;
  onEvent: (event: StreamEvent) => void;
  onState: (state: StreamState) => void;
  /** Whenever anything arrives, pulses included. */
  onFrame?: () => void;
};

/** The server pulses every 15 s; two of them missed, and the connection is dead. */
const SILENT_AFTER_MS = 35_000;
const SILENCE_CHECK_MS = 5_000;
const WAIT_MIN_MS = 500;
const WAIT_MAX_MS = 15_000;
/** A look at another tab is shorter than this. */
const PAUSE_AFTER_HIDDEN_MS = 60_000;

export function openStream(options: StreamOptions): () => void {
  const stream = new EventStream(options);
  stream.open();
  return () => stream.close();
}

class EventStream {
  readonly #options: StreamOptions;
  #lastId: string | undefined;
  #attempt = 0;
  #lostAtMs = 0;
  #heardAtMs = 0;
  #connection: AbortController | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #hiding: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;
  #isClosed = false;

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  open(): void {
    document.addEventListener('visibilitychange', this.#onVisibility);
    window.addEventListener('online', this.#retryNow);
    window.addEventListener('offline', this.#letGo);
    this.#watch = setInterval(() => {
      if (this.#connection !== undefined && Date.now() - this.#heardAtMs > SILENT_AFTER_MS)
        this.#connection.abort();
    }, SILENCE_CHECK_MS);
    this.#options.onState({ kind: 'connecting' });
    void this.#connect();
  }

  close(): void {
    this.#isClosed = true;
    document.removeEventListener('visibilitychange', this.#onVisibility);
    window.removeEventListener('online', this.#retryNow);
    window.removeEventListener('offline', this.#letGo);
    clearInterval(this.#watch);
    clearTimeout(this.#retry);
    clearTimeout(this.#hiding);
    this.#connection?.abort();
  }

  async #connect(): Promise<void> {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    const connection = new AbortController();
    this.#connection = connection;
    this.#heardAtMs = Date.now();
    try {
      const response = await fetch(this.#options.path, {
        headers: {
          'x-api-key': session.key() ?? '',
          accept: 'text/event-stream',
          ...(this.#lastId === undefined ? {} : { 'last-event-id': this.#lastId }),
        },
        signal: connection.signal,
        cache: 'no-store',
      });
      if (response.status === 401) return this.#refused(401);
      if (response.status === 403 || response.status === 404) return this.#refused(response.status);
      if (!response.ok || response.body === null) throw new TypeError(`status ${response.status}`);
      this.#attempt = 0;
      this.#options.onState({ kind: 'live' });
      await this.#read(response.body);
    } catch {
      // Whatever it was, the cure is the same: connect again.
    }
    if (this.#connection === connection) this.#connection = undefined;
    if (!this.#isClosed && this.#connection === undefined && !isPaused()) this.#later();
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const parser = new EventParser((event) => {
      if (event.id !== undefined) this.#lastId = event.id;
      this.#options.onEvent(event);
    });
    const reader = body
      .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
      .getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.#heardAtMs = Date.now();
      this.#options.onFrame?.();
      parser.take(value);
    }
  }

  #refused(status: number): void {
    this.#connection = undefined;
    this.#isClosed = true;
    this.#options.onState({ kind: 'refused', status });
    if (status === 401) session.signOut('The server no longer accepts this key: it expired or was revoked.');
  }

  #later(): void {
    if (this.#attempt === 0) this.#lostAtMs = Date.now();
    this.#attempt += 1;
    // Not all consoles at once after a restart.
    const waitMs = Math.min(WAIT_MAX_MS, WAIT_MIN_MS * 2 ** (this.#attempt - 1)) * (0.75 + Math.random() / 2);
    this.#options.onState({
      kind: 'reconnecting',
      sinceMs: this.#lostAtMs,
      attempt: this.#attempt,
      atMs: Date.now() + waitMs,
    });
    this.#retry = setTimeout(() => void this.#connect(), waitMs);
  }

  readonly #retryNow = (): void => {
    if (this.#retry !== undefined && !this.#isClosed) void this.#connect();
  };

  /** Without a network nothing more arrives: better said now than after 35 s of silence. */
  readonly #letGo = (): void => {
    this.#connection?.abort();
  };

  readonly #onVisibility = (): void => {
    clearTimeout(this.#hiding);
    if (this.#isClosed) return;
    if (document.hidden) {
      this.#hiding = setTimeout(() => this.#pause(), PAUSE_AFTER_HIDDEN_MS);
      return;
    }
    if (this.#connection === undefined) void this.#connect();
  };

  #pause(): void {
    // What happened meanwhile is of no interest: the current prices open the next connection.
    this.#lastId = undefined;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    const connection = this.#connection;
    this.#connection = undefined;
    this.#options.onState({ kind: 'paused' });
    connection?.abort();
  }
}

function isPaused(): boolean {
  return document.hidden;
}

/** The lines of an event stream, in whatever pieces they arrive. */
class EventParser {
  readonly #onEvent: (event: StreamEvent) => void;
  #rest = '';
  #type = 'message';
  #id: string | undefined;
  #data: string[] = [];

  constructor(onEvent: (event: StreamEvent) => void) {
    this.#onEvent = onEvent;
  }

  take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    if (line === '' || line === '\r') {
      if (this.#data.length > 0) {
        this.#onEvent({ type: this.#type, id: this.#id, data: this.#data.join('\n') });
      }
      this.#type = 'message';
      this.#id = undefined;
      this.#data = [];
    } else if (line.startsWith('data:')) this.#data.push(line.slice(line[5] === ' ' ? 6 : 5));
    else if (line.startsWith('id:')) this.#id = line.slice(3).trim();
    else if (line.startsWith('event:')) this.#type = line.slice(6).trim();
  }
}
