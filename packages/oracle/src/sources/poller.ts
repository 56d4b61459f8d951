// Polls one source on a schedule. In: the adapter's requests and parse, an interval, a guard. Out: parsed
// prices of each answer, or the error that ended it. Invariant: the guard alone decides what may be sent; a
// wait that the venue named is kept, an answer that cannot be read is fetched again after a short delay, and
// polls of one source never overlap.
import { AssayError, isAssayError, messageOf } from '@assay/kernel/errors/assay-error';
import type { Random } from '@assay/kernel/random/random';
import type { Guard } from '@assay/kernel/resilience/guarded-call';
import type { Clock } from '@assay/kernel/time/clock';
import type { Outbound, OutboundResponse } from '@assay/ports/outbound/outbound';
import type { HttpTransport, Parsed, SourceContext, SourceRequest } from './define-source.ts';
import { errorOfAnswer, withDefaultWait } from './http-answer.ts';

export type PollAnswer = { request: SourceRequest; prices: Parsed[]; response: OutboundResponse };

export type PollerEvents = {
  onAnswer(answer: PollAnswer): void;
  onError(error: AssayError, request: SourceRequest): void;
  /** The adapter could not even say what to ask: its configuration is wrong. */
  onUnusable(error: AssayError): void;
};

export type PollerOptions = {
  source: string;
  http: HttpTransport;
  context: () => SourceContext;
  /** Time between two polls now: shorter while the stream is down. */
  intervalMs: () => number;
  guard: Guard;
  outbound: Outbound;
  clock: Clock;
  random: Random;
  events: PollerEvents;
};

/** An interval varies by this share, so that sources started together do not stay together. */
const INTERVAL_JITTER = 0.1;

/** The requests of one poll are spread over this share of the interval, and over at most so long. */
const STAGGER_SHARE = 0.5;
const STAGGER_MAX_MS = 5_000;

/** The first poll waits at most this long: a start should show prices within a second. */
const FIRST_POLL_MS = 200;

export class Poller {
  readonly #options: PollerOptions;
  #controller: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();
  #wake: (() => void) | undefined;

  constructor(options: PollerOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#controller !== undefined;
  }

  start(): void {
    if (this.#controller !== undefined) return;
    const controller = new AbortController();
    this.#controller = controller;
    this.#running = this.#run(controller.signal).catch(() => {});
  }

  async stop(): Promise<void> {
    this.#controller?.abort(new AssayError('TARGET_UNAVAILABLE', `${this.#options.source} was stopped`));
    this.#controller = undefined;
    this.#wake?.();
    await this.#running;
  }

  /** Polls at once instead of at the end of the interval. */
  hurry(): void {
    this.#wake?.();
  }

  /** All requests once, now, beside the schedule and under the same guard; returns what failed. */
  async pollNow(): Promise<AssayError[]> {
    return await this.#pollAll(this.#controller?.signal, 0);
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, random, guard, intervalMs } = this.#options;
    await this.#wait(random.next() * FIRST_POLL_MS, signal);
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      const startedAt = clock.monotonic();
      await this.#pollAll(signal, isFirst ? 0 : intervalMs() * STAGGER_SHARE);
      if (signal.aborted) return;
      const jitter = 1 + INTERVAL_JITTER * (random.next() - 0.5);
      const untilNext = startedAt + intervalMs() * jitter - clock.monotonic();
      const untilAllowed = guard.retryAt - clock.now();
      // Isolated by an operator: looked at again every interval, sent nothing.
      const waitMs = Number.isFinite(untilAllowed) ? Math.max(untilNext, untilAllowed) : intervalMs();
      await this.#wait(Math.max(0, waitMs), signal);
    }
  }

  async #pollAll(signal: AbortSignal | undefined, spreadMs: number): Promise<AssayError[]> {
    const { http, context, clock } = this.#options;
    let requests: SourceRequest[];
    try {
      requests = http.requests(context());
    } catch (thrown) {
      const error = asError(this.#options.source, thrown);
      this.#options.events.onUnusable(error);
      return [error];
    }
    const gapMs = Math.min(STAGGER_MAX_MS, spreadMs) / Math.max(1, requests.length);
    const outcomes = await Promise.all(
      requests.map(async (request, index) => {
        if (index > 0 && gapMs > 0) await clock.sleep(index * gapMs, signal).catch(() => {});
        return signal?.aborted ? undefined : await this.#poll(request, signal);
      }),
    );
    return outcomes.filter((error) => error !== undefined);
  }

  async #poll(request: SourceRequest, signal: AbortSignal | undefined): Promise<AssayError | undefined> {
    const { guard, events, source } = this.#options;
    try {
      const answer = await guard.call((attemptSignal) => this.#fetch(request, attemptSignal), {
        cost: request.weight ?? 1,
        credits: request.credits ?? 1,
        ...(signal === undefined ? {} : { signal }),
      });
      if (!signal?.aborted) events.onAnswer(answer);
      return undefined;
    } catch (thrown) {
      const error = asError(source, thrown);
      if (!signal?.aborted) events.onError(error, request);
      return error;
    }
  }

  /** One request and its reading: an answer that cannot be read counts as a failed call. */
  async #fetch(request: SourceRequest, signal: AbortSignal): Promise<PollAnswer> {
    const { http, outbound, source, context } = this.#options;
    const response = await outbound.request(
      {
        method: request.method ?? 'GET',
        url: request.url,
        ...(request.headers === undefined ? {} : { headers: request.headers }),
        ...(request.body === undefined ? {} : { body: request.body }),
        timeoutMs: http.timeoutMs,
      },
      signal,
    );
    const error = errorOfAnswer(source, response, http.explain);
    if (error !== undefined) throw error;
    try {
      return { request, response, prices: http.parse(response, request, context()) };
    } catch (thrown) {
      throw withDefaultWait(asError(source, thrown));
    }
  }

  /** Sleeps until the time is over, somebody hurries or it is stopped. */
  #wait(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = () => {
        cancel();
        this.#wake = undefined;
        resolve();
      };
      const cancel = this.#options.clock.after(ms, finish);
      this.#wake = finish;
    });
  }
}

function asError(source: string, thrown: unknown): AssayError {
  if (isAssayError(thrown)) return thrown;
  return new AssayError(
    'SOURCE_BAD_PAYLOAD',
    `${source}: an answer could not be read: ${messageOf(thrown)}`,
    {
      context: { source },
      cause: thrown,
    },
  );
}
