// Leaving a source or one of its pairs out for a time, longer each time. In: reasons with their instant. Out:
// until when. Invariant: it always ends by itself; only the denylist, which belongs to the operator, does
// not.

export type Quarantine = {
  /** Ends at this instant, ms; 0 when there was none. */
  until: number;
  /** How often in a row, without an hour of good behaviour between. */
  count: number;
  reason: string;
};

/** First time: a minute, as long as the half-life in which a liar is recognised. */
const FIRST_MS = 60_000;

/** Never longer than an hour: markets and venues change. */
const LONGEST_MS = 3_600_000;

/** This long after the last one, the count begins anew. */
const FORGIVEN_AFTER_MS = 3_600_000;

export function noQuarantine(): Quarantine {
  return { until: 0, count: 0, reason: '' };
}

export function isQuarantined(quarantine: Quarantine, nowMs: number): boolean {
  return nowMs < quarantine.until;
}

export function enterQuarantine(quarantine: Quarantine, reason: string, nowMs: number): Quarantine {
  const isForgiven = nowMs - quarantine.until > FORGIVEN_AFTER_MS;
  const count = isForgiven ? 1 : quarantine.count + 1;
  const lastsMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(count - 1, 20));
  return { until: nowMs + lastsMs, count, reason };
}

/** The saved form of a quarantine, or undefined when the value is not one. */
export function readQuarantine(value: unknown): Quarantine | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  const { until, count, reason } = value as Partial<Quarantine>;
  if (typeof until !== 'number' || typeof count !== 'number' || typeof reason !== 'string') return undefined;
  return Number.isFinite(until) && Number.isInteger(count) && count >= 0
    ? { until, count, reason }
    : undefined;
}
