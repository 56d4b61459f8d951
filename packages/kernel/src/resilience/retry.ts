// Tries a task again while its error says that trying helps. In: a task, a total deadline and a count, both
// binding. Out: its result, or its last error. Invariant: only errors that are transient are tried again, a
// wait that the other side named is kept to the millisecond, and no attempt begins after the deadline: a wait
// that would not fit ends it at once.
import { AssayError } from '../errors/assay-error.ts';
import type { Random } from '../random/random.ts';
import type { Clock } from '../time/clock.ts';
import { type BackoffSettings, backoffMs } from './backoff.ts';

export type RetrySettings = {
  /** Attempts in all, the first one included. */
  attemptsMax: number;
  /** From the first attempt to the beginning of the last, ms. */
  deadlineMs: number;
  backoff: BackoffSettings;
  /** Wait for one kind of error, instead of the backoff; a named `retryAfterMs` still stands over it. */
  waitMsFor?: (error: AssayError, attempt: number) => number | undefined;
};

export type RetryTools = {
  clock: Clock;
  random: Random;
  signal?: AbortSignal;
  /** Told before each wait. */
  onRetry?: (error: AssayError, waitMs: number, attempt: number) => void;
};

/** @throws whatever the last attempt threw */
export async function retry<T>(
  task: (attempt: number) => Promise<T>,
  settings: RetrySettings,
  { clock, random, signal, onRetry }: RetryTools,
): Promise<T> {
  const startedAt = clock.monotonic();
  for (let attempt = 0; ; attempt++) {
    try {
      return await task(attempt);
    } catch (error) {
      if (!(error instanceof AssayError) || !error.isTransient) throw error;
      if (signal?.aborted || attempt + 1 >= settings.attemptsMax) throw error;
      const waitMs =
        error.retryAfterMs ??
        settings.waitMsFor?.(error, attempt) ??
        backoffMs(attempt, settings.backoff, random);
      if (clock.monotonic() - startedAt + waitMs > settings.deadlineMs) throw error;
      onRetry?.(error, waitMs, attempt);
      await clock.sleep(waitMs, signal);
    }
  }
}
