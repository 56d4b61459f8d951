// Requests to the server. In: an address, a method, a body. Out: the text of the answer, or a ClientError.
//
// Whoever may be asked twice is asked again when the failure may pass by itself: after the time the server
// named, else after a wait that grows and varies. Invariants: nothing outlives its deadline or its signal; a
// request that changes something is repeated only under an idempotency key.
import { ClientError, errorOfAnswer } from './client-error.ts';

export type Fetch = typeof fetch;

export type HttpDoorOptions = {
  /** Without a slash at the end. */
  url: string;
  /** Headers that say who asks; asked anew for every request, so a token may change. */
  credentials: () => Promise<Record<string, string>>;
  fetch: Fetch;
  timeoutMs: number;
  retries: number;
};

export type HttpRequest = {
  method?: 'GET' | 'POST' | 'DELETE';
  path: string;
  query?: Record<string, string | number | undefined>;
  body?: string;
  headers?: Record<string, string>;
  accept?: string;
  /** Default: only GET. */
  isRepeatable?: boolean;
  signal?: AbortSignal | undefined;
  /** Of this request with all its repetitions. */
  timeoutMs?: number | undefined;
};

export type HttpAnswer = { status: number; headers: Headers; text: string };

/** The first wait; it doubles. A second try after less rarely meets another server. */
const FIRST_WAIT_MS = 200;
const WAIT_MAX_MS = 5_000;

export class HttpDoor {
  readonly #options: HttpDoorOptions;

  constructor(options: HttpDoorOptions) {
    this.#options = options;
  }

  /** @throws ClientError */
  async request(request: HttpRequest): Promise<HttpAnswer> {
    const timeoutMs = request.timeoutMs ?? this.#options.timeoutMs;
    const deadline = deadlineOf(timeoutMs, request.signal);
    const isRepeatable = request.isRepeatable ?? (request.method ?? 'GET') === 'GET';
    const endsAt = Date.now() + timeoutMs;
    try {
      for (let attempt = 0; ; attempt++) {
        try {
          return await this.#once(request, deadline.signal);
        } catch (error) {
          const known = deadline.errorOf(error);
          const waitMs = known.retryAfterMs ?? waitBefore(attempt);
          const hasTime = Date.now() + waitMs < endsAt;
          if (!isRepeatable || !known.isTransient || attempt >= this.#options.retries || !hasTime)
            throw known;
          await sleep(waitMs, deadline.signal).catch((cause: unknown) => {
            throw deadline.errorOf(cause);
          });
        }
      }
    } finally {
      deadline.clear();
    }
  }

  /** An answer whose body is read by the caller; only its beginning has a deadline. @throws ClientError */
  async open(request: HttpRequest): Promise<Response> {
    const deadline = deadlineOf(request.timeoutMs ?? this.#options.timeoutMs, request.signal);
    try {
      const response = await this.#fetch(request, deadline.signal);
      if (response.ok) return response;
      throw errorOfAnswer(response.status, response.headers, await response.text());
    } catch (error) {
      throw deadline.errorOf(error);
    } finally {
      deadline.disarm();
    }
  }

  async #once(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const response = await this.#fetch(request, signal);
    const text = await response.text();
    if (!response.ok) throw errorOfAnswer(response.status, response.headers, text);
    return { status: response.status, headers: response.headers, text };
  }

  async #fetch(request: HttpRequest, signal: AbortSignal): Promise<Response> {
    const { method = 'GET', path, query = {}, body, accept = 'application/json' } = request;
    const headers = { accept, ...(await this.#options.credentials()), ...request.headers };
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) parameters.set(name, String(value));
    }
    const search = parameters.size === 0 ? '' : `?${parameters}`;
    return await this.#options.fetch(`${this.#options.url}${path}${search}`, {
      method,
      headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body }),
      signal,
      cache: 'no-store',
    });
  }
}

/** Doubles, at most WAIT_MAX_MS, with full jitter: clients that failed together do not come back together. */
export function waitBefore(attempt: number): number {
  return Math.ceil(Math.random() * Math.min(WAIT_MAX_MS, FIRST_WAIT_MS * 2 ** attempt));
}

/** Rejects as soon as the signal is aborted. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

type Deadline = {
  signal: AbortSignal;
  /** Stops the clock; the caller's signal still counts. */
  disarm(): void;
  clear(): void;
  errorOf(error: unknown): ClientError;
};

/** One signal for a time limit and the caller's own; `AbortSignal.any` is missing in older browsers. */
function deadlineOf(timeoutMs: number, outer: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  let isLate = false;
  const onAbort = (): void => controller.abort(outer?.reason);
  if (outer?.aborted === true) onAbort();
  outer?.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => {
    isLate = true;
    controller.abort();
  }, timeoutMs);
  return {
    signal: controller.signal,
    disarm: () => clearTimeout(timer),
    clear() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', onAbort);
    },
    errorOf(cause) {
      if (cause instanceof ClientError) return cause;
      if (outer?.aborted === true) {
        return new ClientError('the request was aborted by its caller', { code: 'ABORTED', cause });
      }
      if (isLate) {
        const recovery = 'Raise timeoutMs, or look at the status of the server.';
        return new ClientError(`no answer within ${timeoutMs} ms`, { code: 'TIMEOUT', recovery, cause });
      }
      const recovery = 'Check the address and the network; prices come back by themselves.';
      return new ClientError('the server cannot be reached', { code: 'NETWORK', recovery, cause });
    },
  };
}
