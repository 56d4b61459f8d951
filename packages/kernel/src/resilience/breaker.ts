// The circuit breaker as a value: (state, outcome, now) -> state. Closed lets calls through; a trip rule
// opens it; after a wait a few trial calls decide whether it closes or opens for longer; an operator may
// isolate it until he releases it. Invariant: while open or isolated nothing is admitted, and half-open never
// admits more than `trialsMax` at a time.

export const BREAKER_PHASES = ['closed', 'open', 'half-open', 'isolated'] as const;
export type BreakerPhase = (typeof BREAKER_PHASES)[number];

export type CallOutcome = { at: number; isSuccess: boolean };

export type Breaker = {
  phase: BreakerPhase;
  /** Since when it is in this phase, ms. */
  since: number;
  /** Open: not before this instant, ms. */
  retryAt: number;
  /** Times it opened without having closed since; each makes the wait longer. */
  tripCount: number;
  /** Half-open: trial calls admitted and not yet answered, and those that succeeded. */
  trialCount: number;
  trialSuccessCount: number;
  /** Newest outcomes while closed, oldest first, at most RECENT_MAX. */
  recent: CallOutcome[];
  /** Isolated: the operator's words. */
  reason: string;
};

/** Judges the newest outcomes, the last of which was a failure. */
export type TripRule = (recent: readonly CallOutcome[], nowMs: number) => boolean;

export type BreakerSettings = {
  trip: TripRule;
  /** First wait after a trip, ms; doubles with each further trip. */
  openMs: number;
  openMaximumMs: number;
  /** Trial calls at a time while half-open. */
  trialsMax: number;
  /** Trial successes that close it. */
  successesToClose: number;
  /** A trial that was never answered gives its place back after this, ms. */
  trialTimeoutMs: number;
};

export type Admission = { isAdmitted: boolean; retryAt: number; breaker: Breaker };

// Rules look back at most this far; more would be memory without a further verdict.
const RECENT_MAX = 64;

/** Opens after `count` failures in a row. */
export function consecutive(count: number): TripRule {
  return (recent) => recent.length >= count && recent.slice(-count).every((outcome) => !outcome.isSuccess);
}

/** Opens when `failures` of the newest `size` outcomes failed. */
export function count({ failures, size }: { failures: number; size: number }): TripRule {
  return (recent) => recent.slice(-size).filter((outcome) => !outcome.isSuccess).length >= failures;
}

/**
 * Opens when at least `share` of the outcomes within `windowMs` failed, and there were at least `minimum`.
 */
export function sampling(options: { windowMs: number; share: number; minimum: number }): TripRule {
  return (recent, nowMs) => {
    const inside = recent.filter((outcome) => outcome.at > nowMs - options.windowMs);
    if (inside.length < options.minimum) return false;
    const failed = inside.filter((outcome) => !outcome.isSuccess).length;
    return failed >= options.share * inside.length;
  };
}

export function closedBreaker(nowMs: number): Breaker {
  return {
    phase: 'closed',
    since: nowMs,
    retryAt: 0,
    tripCount: 0,
    trialCount: 0,
    trialSuccessCount: 0,
    recent: [],
    reason: '',
  };
}

/** Whether a call may be made now; the returned breaker counts it when it may. */
export function admitCall(breaker: Breaker, settings: BreakerSettings, nowMs: number): Admission {
  switch (breaker.phase) {
    case 'closed':
      return { isAdmitted: true, retryAt: 0, breaker };
    case 'isolated':
      return { isAdmitted: false, retryAt: Number.POSITIVE_INFINITY, breaker };
    case 'open':
      if (nowMs < breaker.retryAt) return { isAdmitted: false, retryAt: breaker.retryAt, breaker };
      return {
        isAdmitted: true,
        retryAt: 0,
        breaker: { ...breaker, phase: 'half-open', since: nowMs, trialCount: 1, trialSuccessCount: 0 },
      };
    case 'half-open': {
      const expiresAt = breaker.since + settings.trialTimeoutMs;
      if (breaker.trialCount < settings.trialsMax) {
        return {
          isAdmitted: true,
          retryAt: 0,
          breaker: { ...breaker, trialCount: breaker.trialCount + 1 },
        };
      }
      if (nowMs < expiresAt) return { isAdmitted: false, retryAt: expiresAt, breaker };
      return { isAdmitted: true, retryAt: 0, breaker: { ...breaker, since: nowMs, trialCount: 1 } };
    }
  }
}

export function recordOutcome(
  breaker: Breaker,
  settings: BreakerSettings,
  isSuccess: boolean,
  nowMs: number,
): Breaker {
  switch (breaker.phase) {
    // Answers of calls made before it opened or was isolated change nothing.
    case 'open':
    case 'isolated':
      return breaker;
    case 'closed': {
      const recent = [...breaker.recent.slice(1 - RECENT_MAX), { at: nowMs, isSuccess }];
      const isTripped = !isSuccess && settings.trip(recent, nowMs);
      return isTripped ? openBreaker(breaker, settings, nowMs) : { ...breaker, recent };
    }
    case 'half-open': {
      if (!isSuccess) return openBreaker(breaker, settings, nowMs);
      const trialSuccessCount = breaker.trialSuccessCount + 1;
      if (trialSuccessCount >= settings.successesToClose) return closedBreaker(nowMs);
      return { ...breaker, trialSuccessCount, trialCount: Math.max(0, breaker.trialCount - 1) };
    }
  }
}

/** Gives a trial's place back without a verdict: the call was not made, or says nothing about the target. */
export function cancelCall(breaker: Breaker): Breaker {
  if (breaker.phase !== 'half-open') return breaker;
  return { ...breaker, trialCount: Math.max(0, breaker.trialCount - 1) };
}

/** An operator takes the target out; only `releaseBreaker` brings it back. */
export function isolateBreaker(reason: string, nowMs: number): Breaker {
  return { ...closedBreaker(nowMs), phase: 'isolated', reason };
}

export function releaseBreaker(breaker: Breaker, nowMs: number): Breaker {
  return breaker.phase === 'isolated' ? closedBreaker(nowMs) : breaker;
}

/** The saved form of a breaker, or undefined when the value is not one. Trials under way are not kept. */
export function readBreaker(value: unknown): Breaker | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  const saved = value as Partial<Breaker>;
  if (!BREAKER_PHASES.includes(saved.phase as BreakerPhase)) return undefined;
  const numbers = [saved.since, saved.retryAt, saved.tripCount];
  if (!numbers.every((each) => typeof each === 'number' && Number.isFinite(each))) return undefined;
  if (!Array.isArray(saved.recent) || typeof saved.reason !== 'string') return undefined;
  const recent = saved.recent.filter(
    (each) => typeof each?.at === 'number' && typeof each.isSuccess === 'boolean',
  );
  return { ...(saved as Breaker), recent: recent.slice(-RECENT_MAX), trialCount: 0 };
}

function openBreaker(breaker: Breaker, settings: BreakerSettings, nowMs: number): Breaker {
  const waitMs = Math.min(settings.openMaximumMs, settings.openMs * 2 ** Math.min(breaker.tripCount, 30));
  return {
    ...closedBreaker(nowMs),
    phase: 'open',
    retryAt: nowMs + waitMs,
    tripCount: breaker.tripCount + 1,
  };
}
