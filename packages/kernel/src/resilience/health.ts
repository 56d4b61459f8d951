// Health of one target as a value: what was observed of it, each signal forgotten with its own half-life. In:
// observations with their instant. Out: a score from 0 to 1, its parts and a band. Invariant: the state is
// plain JSON, so it can be saved, shown and loaded again, and time away only moves it toward what is assumed
// of a stranger.
import {
  AGREEMENT_HALF_LIFE_MS,
  BAND_DEGRADED,
  BAND_GOOD,
  BAND_HYSTERESIS,
  ERROR_HALF_LIFE_MS,
  FRESHNESS_HALF_LIFE_MS,
  LATENCY_FLOOR,
  LATENCY_GOOD_MS,
  LATENCY_HALF_LIFE_MS,
  LATENCY_HALF_MS,
  PRIOR_SIGNAL,
  PRIOR_WEIGHT,
} from './constants.ts';

/** A mean of observations (0 to 1, but for latency: ms) whose weight halves with every half-life. */
export type Signal = { mean: number; weight: number; at: number };

export type Health = {
  latencyMs: Signal;
  /** 1: the newest news is as new as it should be; 0: there is none. */
  freshness: Signal;
  /** Share of calls that failed. */
  errors: Signal;
  /** 1: says what the others say. Untouched where nobody compares. */
  agreement: Signal;
};

export type Observation =
  | { kind: 'success'; latencyMs?: number }
  | { kind: 'failure' }
  | { kind: 'freshness'; value: number }
  | { kind: 'agreement'; value: number };

export const BANDS = ['good', 'degraded', 'bad'] as const;
export type Band = (typeof BANDS)[number];

/** The parts multiply to the score, so each says by itself how much it costs. */
export type HealthScore = {
  score: number;
  latency: number;
  freshness: number;
  success: number;
  agreement: number;
};

export function newHealth(): Health {
  const untouched = (): Signal => ({ mean: 0, weight: 0, at: 0 });
  return {
    latencyMs: untouched(),
    freshness: untouched(),
    errors: untouched(),
    agreement: untouched(),
  };
}

/** The health after an observation. Instants that step back count as the same instant. */
export function observeHealth(health: Health, observation: Observation, nowMs: number): Health {
  switch (observation.kind) {
    case 'success': {
      const errors = observeSignal(health.errors, 0, nowMs, ERROR_HALF_LIFE_MS);
      if (observation.latencyMs === undefined) return { ...health, errors };
      const latencyMs = Math.max(0, observation.latencyMs);
      return {
        ...health,
        errors,
        latencyMs: observeSignal(health.latencyMs, latencyMs, nowMs, LATENCY_HALF_LIFE_MS),
      };
    }
    case 'failure':
      return { ...health, errors: observeSignal(health.errors, 1, nowMs, ERROR_HALF_LIFE_MS) };
    case 'freshness': {
      const value = clamp(observation.value);
      return {
        ...health,
        freshness: observeSignal(health.freshness, value, nowMs, FRESHNESS_HALF_LIFE_MS),
      };
    }
    case 'agreement': {
      const value = clamp(observation.value);
      return {
        ...health,
        agreement: observeSignal(health.agreement, value, nowMs, AGREEMENT_HALF_LIFE_MS),
      };
    }
  }
}

export function scoreHealth(health: Health, nowMs: number): HealthScore {
  const meanLatencyMs = readSignal(health.latencyMs, LATENCY_GOOD_MS, nowMs, LATENCY_HALF_LIFE_MS);
  const latency = latencyPart(meanLatencyMs);
  const freshness = readSignal(health.freshness, PRIOR_SIGNAL, nowMs, FRESHNESS_HALF_LIFE_MS);
  const success = 1 - readSignal(health.errors, 1 - PRIOR_SIGNAL, nowMs, ERROR_HALF_LIFE_MS);
  const agreement = readSignal(health.agreement, PRIOR_SIGNAL, nowMs, AGREEMENT_HALF_LIFE_MS);
  return { score: latency * freshness * success * agreement, latency, freshness, success, agreement };
}

/** Weight of what is known of a signal now: 0 is nothing, 1 is one observation made now. */
export function signalWeight(signal: Signal, nowMs: number, halfLifeMs: number): number {
  return signal.weight * 2 ** (-Math.max(0, nowMs - signal.at) / halfLifeMs);
}

export function bandOf(score: number, previous?: Band): Band {
  const edge = (limit: number, isInside: boolean) =>
    limit + (previous === undefined ? 0 : isInside ? -BAND_HYSTERESIS : BAND_HYSTERESIS);
  if (score >= edge(BAND_GOOD, previous === 'good')) return 'good';
  if (score >= edge(BAND_DEGRADED, previous !== 'bad')) return 'degraded';
  return 'bad';
}

/** The saved form of a health, or undefined when the value is not one. */
export function readHealth(value: unknown): Health | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  const read = (name: keyof Health): Signal | undefined => {
    const signal = (value as Record<string, unknown>)[name] as Partial<Signal> | undefined;
    if (signal === null || typeof signal !== 'object') return undefined;
    const { mean, weight, at } = signal;
    const isSignal = isCount(mean) && isCount(weight) && isCount(at);
    return isSignal ? { mean, weight, at } : undefined;
  };
  const [latencyMs, freshness, errors, agreement] = [
    read('latencyMs'),
    read('freshness'),
    read('errors'),
    read('agreement'),
  ];
  if (!latencyMs || !freshness || !errors || !agreement) return undefined;
  return { latencyMs, freshness, errors, agreement };
}

function observeSignal(signal: Signal, value: number, nowMs: number, halfLifeMs: number): Signal {
  const kept = signalWeight(signal, nowMs, halfLifeMs);
  const weight = kept + 1;
  return { mean: (signal.mean * kept + value) / weight, weight, at: Math.max(signal.at, nowMs) };
}

function readSignal(signal: Signal, prior: number, nowMs: number, halfLifeMs: number): number {
  const weight = signalWeight(signal, nowMs, halfLifeMs);
  return (signal.mean * weight + prior * PRIOR_WEIGHT) / (weight + PRIOR_WEIGHT);
}

function latencyPart(latencyMs: number): number {
  const excess = Math.max(0, latencyMs - LATENCY_GOOD_MS) / (LATENCY_HALF_MS - LATENCY_GOOD_MS);
  return LATENCY_FLOOR + (1 - LATENCY_FLOOR) / (1 + excess);
}

function clamp(value: number): number {
  return value >= 0 ? Math.min(1, value) : 0;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
