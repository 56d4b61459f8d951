// The one place where limiter, breaker, timeout, retry, health and metrics meet. One call goes through them
// in this order:
//
//   retry      1 to n attempts under a total deadline; each attempt passes all of the following
//   hold       the target told us when to come back: before that nothing is sent
//   breaker    open or isolated: nothing is sent
//   limiter    waits for a place in the target's window and for a credit; never past the deadline
//   timeout    the attempt is aborted when its time is over
//   task       the caller's own work, answer checks included: what it throws is what the target did
//   record     health, breaker and metrics learn from the outcome; a named wait becomes the hold
//
// Invariant: nothing is sent that hold, breaker and limits do not allow, whoever calls and however often it
// is retried.
import { AssayError, isAssayError, messageOf } from '../errors/assay-error.ts';
import type { Random } from '../random/random.ts';
import type { Counter, Gauge, Histogram, Metrics } from '../telemetry/metrics.ts';
import type { Clock } from '../time/clock.ts';
import {
  admitCall,
  BREAKER_PHASES,
  type Breaker,
  type BreakerSettings,
  cancelCall,
  closedBreaker,
  isolateBreaker,
  recordOutcome,
  releaseBreaker,
} from './breaker.ts';
import {
  type BurstWindow,
  type BurstWindowSettings,
  budgetAt,
  type CreditBudget,
  type CreditBudgetSettings,
  emptyWindow,
  newBudget,
  spendCredits,
  takeInWindow,
  usedInWindow,
} from './limiter.ts';
import { type RetrySettings, retry } from './retry.ts';

export type GuardSettings = {
  target: string;
  timeoutMs: number;
  window?: BurstWindowSettings;
  credits?: CreditBudgetSettings;
  breaker: BreakerSettings;
  retry: RetrySettings;
  /** Errors that say nothing about the target's health (we were too fast, we were stopped). Default: none. */
  isNeutral?: (error: AssayError) => boolean;
};

export type GuardTools = {
  clock: Clock;
  random: Random;
  metrics: GuardMetrics;
  onOutcome?: (outcome: GuardOutcome) => void;
};

export type GuardOutcome =
  | { isSuccess: true; latencyMs: number }
  | { isSuccess: false; latencyMs: number; error: AssayError; isNeutral: boolean };

export type GuardedCall = {
  /** What it costs in the window, default 1. */
  cost?: number;
  /** What it costs of the budget, default 0. */
  credits?: number;
  signal?: AbortSignal;
};

export type GuardMetrics = {
  calls: Counter;
  retries: Counter;
  limitWaits: Counter;
  latency: Histogram;
  breaker: Gauge;
};

/** Declared once a process and handed to every guard. */
export function declareGuardMetrics(metrics: Metrics): GuardMetrics {
  return {
    calls: metrics.counter({
      name: 'assay_target_calls_total',
      help: 'Attempts to call a target, by outcome: ok, the code of the error, or held.',
      labels: ['target', 'outcome'],
    }),
    retries: metrics.counter({
      name: 'assay_target_retries_total',
      help: 'Attempts after the first one of a call.',
      labels: ['target', 'code'],
    }),
    limitWaits: metrics.counter({
      name: 'assay_target_limit_waits_total',
      help: "Calls that waited for a place: in the target's window, for a credit, or because it said when to come back.",
      labels: ['target', 'limit'],
    }),
    latency: metrics.histogram({
      name: 'assay_target_latency_seconds',
      help: 'Time of one attempt, without waiting for its place.',
      labels: ['target'],
      // From a neighbour in the same room to the usual timeout of a slow API.
      buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    }),
    breaker: metrics.gauge({
      name: 'assay_target_breaker_state',
      help: 'Circuit breaker: 0 closed, 1 open, 2 half-open, 3 isolated by an operator.',
      labels: ['target'],
    }),
  };
}

export class Guard {
  readonly #settings: GuardSettings;
  readonly #tools: GuardTools;
  /** Wall time at monotonic 0: durations must not follow a wall clock that jumps. */
  readonly #originMs: number;
  #breaker: Breaker;
  #window: BurstWindow = emptyWindow();
  #budget: CreditBudget;
  #holdUntil = 0;

  constructor(settings: GuardSettings, tools: GuardTools) {
    this.#settings = settings;
    this.#tools = tools;
    this.#originMs = tools.clock.now() - tools.clock.monotonic();
    this.#breaker = closedBreaker(this.#now());
    this.#budget = newBudget(this.#now());
    this.#setBreaker(this.#breaker);
  }

  get breaker(): Breaker {
    return this.#breaker;
  }

  get budget(): CreditBudget {
    return this.#budget;
  }

  /** How much of each limit is used now: cost in the window, credits of the period and when it ends. */
  get use(): { window: number; credits: number; creditsEndAt: number | undefined } {
    const { window, credits } = this.#settings;
    const now = this.#now();
    const used = window === undefined ? 0 : usedInWindow(this.#window, window, now);
    if (credits === undefined) return { window: used, credits: 0, creditsEndAt: undefined };
    const { spent, periodStartAt } = budgetAt(this.#budget, credits, now);
    return { window: used, credits: spent, creditsEndAt: periodStartAt + credits.periodMs };
  }

  /** The earliest instant at which a call can go out, ms; 0 when it can now. */
  get retryAt(): number {
    const now = this.#now();
    const openUntil = this.#breaker.phase === 'open' ? this.#breaker.retryAt : 0;
    const isolated = this.#breaker.phase === 'isolated' ? Number.POSITIVE_INFINITY : 0;
    const retryAt = Math.max(this.#holdUntil, openUntil, isolated);
    return retryAt > now ? Math.ceil(retryAt) : 0;
  }

  /** True while the target's own words, not our breaker, keep us away. */
  get isHeld(): boolean {
    return this.#holdUntil > this.#now();
  }

  /** Takes over what was saved before a restart. */
  restore(saved: { breaker?: Breaker; budget?: CreditBudget; holdUntil?: number }): void {
    if (saved.breaker !== undefined) this.#setBreaker(saved.breaker);
    if (saved.budget !== undefined) this.#budget = saved.budget;
    if (saved.holdUntil !== undefined) this.#holdUntil = saved.holdUntil;
  }

  /** Nothing is sent before then. */
  hold(untilMs: number): void {
    this.#holdUntil = Math.max(this.#holdUntil, untilMs);
  }

  isolate(reason: string): void {
    this.#setBreaker(isolateBreaker(reason, this.#now()));
  }

  /** An operator's word: forgets hold, isolation and an open breaker. */
  release(): void {
    this.#holdUntil = 0;
    this.#setBreaker(releaseBreaker(closedBreaker(this.#now()), this.#now()));
  }

  /** @throws AssayError of the last attempt; TARGET_UNAVAILABLE when nothing could be sent in time */
  async call<T>(
    task: (signal: AbortSignal, attempt: number) => Promise<T>,
    options: GuardedCall = {},
  ): Promise<T> {
    const { clock, random, metrics } = this.#tools;
    const target = this.#settings.target;
    const endsAt = clock.monotonic() + this.#settings.retry.deadlineMs;
    let told: AssayError | undefined;
    return await retry(
      async (attempt) => {
        try {
          return await this.#attempt((signal) => task(signal, attempt), options, endsAt);
        } catch (error) {
          // That a later attempt could not be sent says less than why the one before it failed.
          if (isAssayError(error, 'TARGET_UNAVAILABLE') && told !== undefined) throw told;
          if (isAssayError(error)) told = error;
          throw error;
        }
      },
      this.#settings.retry,
      {
        clock,
        random,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        onRetry: (error) => metrics.retries.add({ target, code: error.code }),
      },
    );
  }

  async #attempt<T>(
    task: (signal: AbortSignal) => Promise<T>,
    options: GuardedCall,
    endsAt: number,
  ): Promise<T> {
    const { clock, metrics } = this.#tools;
    const target = this.#settings.target;
    this.#checkHold();
    this.#admit();
    try {
      await this.#takePlace(options, endsAt);
      // Another call may have been told to wait while this one queued for its place.
      this.#checkHold();
    } catch (error) {
      this.#breaker = cancelCall(this.#breaker);
      throw error;
    }
    const startedAt = clock.monotonic();
    try {
      const result = await this.#withTimeout(task, options.signal);
      const latencyMs = clock.monotonic() - startedAt;
      metrics.latency.observe(latencyMs / 1_000, { target });
      metrics.calls.add({ target, outcome: 'ok' });
      this.#setBreaker(recordOutcome(this.#breaker, this.#settings.breaker, true, this.#now()));
      this.#tools.onOutcome?.({ isSuccess: true, latencyMs });
      return result;
    } catch (thrown) {
      const error = asAssayError(thrown);
      const latencyMs = clock.monotonic() - startedAt;
      this.#recordFailure(error, latencyMs, options.signal?.aborted === true);
      throw error;
    }
  }

  #recordFailure(error: AssayError, latencyMs: number, isStopped: boolean): void {
    const { metrics } = this.#tools;
    const target = this.#settings.target;
    metrics.calls.add({ target, outcome: error.code });
    if (error.retryAfterMs !== undefined) this.hold(this.#now() + error.retryAfterMs);
    const isNeutral = isStopped || this.#settings.isNeutral?.(error) === true;
    this.#setBreaker(
      isNeutral
        ? cancelCall(this.#breaker)
        : recordOutcome(this.#breaker, this.#settings.breaker, false, this.#now()),
    );
    if (!isStopped) this.#tools.onOutcome?.({ isSuccess: false, latencyMs, error, isNeutral });
  }

  #checkHold(): void {
    const waitMs = this.#holdUntil - this.#now();
    if (waitMs <= 0) return;
    this.#tools.metrics.limitWaits.add({ target: this.#settings.target, limit: 'hold' });
    throw this.#unavailable(`asked us to come back in ${Math.ceil(waitMs / 1_000)} s`, waitMs);
  }

  #admit(): void {
    const admission = admitCall(this.#breaker, this.#settings.breaker, this.#now());
    this.#setBreaker(admission.breaker);
    if (admission.isAdmitted) return;
    const { phase, reason } = admission.breaker;
    if (phase === 'isolated') throw this.#unavailable(`is isolated: ${reason}`, undefined);
    const waitMs = Math.max(1, admission.retryAt - this.#now());
    throw this.#unavailable(`failed too often; tried again in ${Math.ceil(waitMs / 1_000)} s`, waitMs);
  }

  async #takePlace(options: GuardedCall, endsAt: number): Promise<void> {
    const { clock, metrics } = this.#tools;
    const { window, credits, target } = this.#settings;
    for (;;) {
      const budget =
        credits === undefined || (options.credits ?? 0) === 0
          ? { waitMs: 0, state: this.#budget }
          : spendCredits(this.#budget, credits, options.credits ?? 0, this.#now());
      const place =
        window === undefined
          ? { waitMs: 0, state: this.#window }
          : takeInWindow(this.#window, window, options.cost ?? 1, this.#now());
      const waitMs = Math.max(budget.waitMs, place.waitMs);
      if (waitMs === 0) {
        this.#budget = budget.state;
        this.#window = place.state;
        return;
      }
      const limit = budget.waitMs > place.waitMs ? 'credits' : 'window';
      metrics.limitWaits.add({ target, limit });
      if (clock.monotonic() + waitMs > endsAt) {
        throw this.#unavailable(`has no free place (${limit}) for ${Math.ceil(waitMs / 1_000)} s`, waitMs);
      }
      await clock.sleep(waitMs, options.signal);
    }
  }

  #withTimeout<T>(task: (signal: AbortSignal) => Promise<T>, outer: AbortSignal | undefined): Promise<T> {
    const { clock } = this.#tools;
    const { target, timeoutMs } = this.#settings;
    const controller = new AbortController();
    const signal = outer === undefined ? controller.signal : AbortSignal.any([outer, controller.signal]);
    return new Promise<T>((resolve, reject) => {
      if (outer?.aborted) return reject(asAssayError(outer.reason));
      const cancel = clock.after(timeoutMs, () => {
        const error = new AssayError('OUTBOUND_TIMEOUT', `${target} did not answer within ${timeoutMs} ms`, {
          context: { target, timeoutMs },
        });
        controller.abort(error);
        reject(error);
      });
      const onAbort = () => reject(asAssayError(outer?.reason));
      outer?.addEventListener('abort', onAbort, { once: true });
      const finish = () => {
        cancel();
        outer?.removeEventListener('abort', onAbort);
      };
      task(signal).then(
        (value) => {
          finish();
          resolve(value);
        },
        (error: unknown) => {
          finish();
          reject(error);
        },
      );
    });
  }

  #unavailable(why: string, retryAfterMs: number | undefined): AssayError {
    const target = this.#settings.target;
    this.#tools.metrics.calls.add({ target, outcome: 'held' });
    return new AssayError('TARGET_UNAVAILABLE', `${target} ${why}`, {
      context: { target },
      isTransient: retryAfterMs !== undefined,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }

  #setBreaker(breaker: Breaker): void {
    this.#breaker = breaker;
    const { metrics } = this.#tools;
    metrics.breaker.set(BREAKER_PHASES.indexOf(breaker.phase), { target: this.#settings.target });
  }

  #now(): number {
    return this.#originMs + this.#tools.clock.monotonic();
  }
}

function asAssayError(thrown: unknown): AssayError {
  if (thrown instanceof AssayError) return thrown;
  return new AssayError('OUTBOUND_FAILED', messageOf(thrown), { cause: thrown });
}
