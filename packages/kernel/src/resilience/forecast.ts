// Where a score is going: a line through its newest values, old ones forgotten with a half-life. In: scores
// with their instant. Out: the score expected at a later instant, and when it will fall under a limit, so
// that a fallback can be warmed up before it is needed. Invariant: no forecast leaves 0 to 1, and none is
// given from too little.
import { TREND_HALF_LIFE_MS, TREND_WEIGHT_MINIMUM } from './constants.ts';

/** Decayed sums of a least-squares line; time is in minutes before `at`, so that the numbers stay small. */
export type Trend = { at: number; weight: number; t: number; tt: number; y: number; ty: number };

export type Forecast = { score: number; slopePerMinute: number };

const MINUTE_MS = 60_000;

export function newTrend(): Trend {
  return { at: 0, weight: 0, t: 0, tt: 0, y: 0, ty: 0 };
}

export function observeTrend(trend: Trend, score: number, nowMs: number): Trend {
  const moved = moveTo(trend, nowMs);
  return { ...moved, weight: moved.weight + 1, y: moved.y + score };
}

/** The line's value at an instant, or undefined while there is too little to draw it from. */
export function forecastAt(trend: Trend, atMs: number): Forecast | undefined {
  const { weight, t, tt, y, ty } = trend;
  if (weight < TREND_WEIGHT_MINIMUM) return undefined;
  const spread = weight * tt - t * t;
  // All observations at one instant have no slope.
  const slope = spread < 1e-9 ? 0 : (weight * ty - t * y) / spread;
  const level = (y - slope * t) / weight;
  const value = level + (slope * (atMs - trend.at)) / MINUTE_MS;
  return { score: Math.min(1, Math.max(0, value)), slopePerMinute: slope };
}

/**
 * Milliseconds until the line falls under `limit`, 0 when it is there; undefined when it does not within
 * `horizonMs`.
 */
export function fallsUnder(
  trend: Trend,
  limit: number,
  nowMs: number,
  horizonMs: number,
): number | undefined {
  const current = forecastAt(trend, nowMs);
  if (current === undefined) return undefined;
  if (current.score < limit) return 0;
  if (current.slopePerMinute >= 0) return undefined;
  const inMs = ((current.score - limit) / -current.slopePerMinute) * MINUTE_MS;
  return inMs <= horizonMs ? inMs : undefined;
}

function moveTo(trend: Trend, nowMs: number): Trend {
  const at = Math.max(trend.at, nowMs);
  if (trend.weight === 0) return { ...trend, at };
  const minutes = (at - trend.at) / MINUTE_MS;
  const kept = 2 ** (-(at - trend.at) / TREND_HALF_LIFE_MS);
  return {
    at,
    weight: trend.weight * kept,
    t: kept * (trend.t - trend.weight * minutes),
    tt: kept * (trend.tt - 2 * minutes * trend.t + trend.weight * minutes * minutes),
    y: trend.y * kept,
    ty: kept * (trend.ty - minutes * trend.y),
  };
}
