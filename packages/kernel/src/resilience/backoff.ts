// How long to wait before trying again: exponential with full jitter ("Exponential Backoff And Jitter", AWS,
// 2015): any time between nothing and the ceiling, so that many who failed together do not return together.
// Invariant: 0 <= wait <= ceiling <= maximumMs, and the ceiling never falls with the attempt.
import type { Random } from '../random/random.ts';

export type BackoffSettings = {
  /** Ceiling of the first wait, ms. */
  baseMs: number;
  /** No ceiling is above this, ms. */
  maximumMs: number;
  /** Growth of the ceiling from one attempt to the next; default 2. */
  factor?: number;
};

/** @param attempt 0 for the wait after the first failure */
export function backoffCeilingMs(attempt: number, settings: BackoffSettings): number {
  return Math.min(settings.maximumMs, settings.baseMs * (settings.factor ?? 2) ** Math.max(0, attempt));
}

export function backoffMs(attempt: number, settings: BackoffSettings, random: Random): number {
  return Math.floor(random.next() * backoffCeilingMs(attempt, settings));
}
