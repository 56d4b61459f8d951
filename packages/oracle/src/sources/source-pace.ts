// How often and how hard a source may be asked. In: the adapter's limits, the configuration, the requests
// that a poll needs. Out: the interval of its polls, and the settings of its guard. Invariant: the interval
// is never so short that the venue's limit or a paid budget could not keep up with it.
import { consecutive } from '@assay/kernel/resilience/breaker';
import type { GuardSettings } from '@assay/kernel/resilience/guarded-call';
import { creditIntervalMs } from '@assay/kernel/resilience/limiter';
import type { Source, SourceContext } from './define-source.ts';

/** The venue's limit is used to this share: its count of us is not exactly ours. */
const LIMIT_SHARE = 0.9;

/**
 * An answer that could not be read is fetched again after this: a cache in front of the venue may have been
 * mid-write.
 */
const REFETCH_MS = 500;

/** Of one poll: the first attempt and two more. */
const ATTEMPTS_MAX = 3;

/** Attempts of one poll end after this at the latest; the next poll is another chance. */
const POLL_DEADLINE_MS = 15_000;

/** Five in a row is one poll with its retries and most of the next. */
const FAILURES_MAX = 5;

/**
 * A dead venue is asked again after this, and at least twice a minute, so that it is back half a minute after
 * it is.
 */
const OPEN_MS = 2_000;
const OPEN_MAXIMUM_MS = 30_000;

/** Time between two polls of all the context's pairs, ms. */
export function pollIntervalMs(source: Source, context: SourceContext, wantedMs: number | undefined): number {
  const { http, limits } = source;
  if (http === undefined) return wantedMs ?? 0;
  let cost = 0;
  let credits = 0;
  for (const request of requestsOf(source, context)) {
    cost += request.weight ?? 1;
    credits += request.credits ?? 1;
  }
  const byWindow = (limits.requests.windowMs * cost) / (limits.requests.count * LIMIT_SHARE);
  const byCredits = limits.credits === undefined ? 0 : creditIntervalMs(limits.credits, credits);
  return Math.ceil(Math.max(wantedMs ?? http.intervalMs, byWindow, byCredits));
}

export function guardSettingsOf(source: Source): GuardSettings {
  const { requests, credits } = source.limits;
  return {
    target: source.id,
    timeoutMs: source.http?.timeoutMs ?? POLL_DEADLINE_MS,
    window: { count: Math.max(1, Math.floor(requests.count * LIMIT_SHARE)), windowMs: requests.windowMs },
    ...(credits === undefined ? {} : { credits }),
    breaker: {
      trip: consecutive(FAILURES_MAX),
      openMs: OPEN_MS,
      openMaximumMs: OPEN_MAXIMUM_MS,
      trialsMax: 1,
      successesToClose: 1,
      trialTimeoutMs: POLL_DEADLINE_MS,
    },
    retry: {
      attemptsMax: ATTEMPTS_MAX,
      deadlineMs: POLL_DEADLINE_MS,
      backoff: { baseMs: 300, maximumMs: 5_000 },
      waitMsFor: (error) => (error.code === 'SOURCE_BAD_PAYLOAD' ? REFETCH_MS : undefined),
    },
    // Being told to wait or to go away is no fault of the venue's health.
    isNeutral: ({ code }) => code === 'SOURCE_RATE_LIMITED' || code === 'SOURCE_REGION_REFUSED',
  };
}

function requestsOf(source: Source, context: SourceContext): { weight?: number; credits?: number }[] {
  try {
    return source.http?.requests(context) ?? [];
  } catch {
    // A configuration that gives no request is reported by the first poll.
    return [];
  }
}
