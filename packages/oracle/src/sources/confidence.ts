// The confidence score of each pair of one source, 0 to 1: response time x freshness x success x agreement
// with the others (kernel/resilience/health.ts; half-lives in its constants.ts). In: what happened, with its
// instant. Out: the score as it stands in every record. Invariant: each signal of a pair is heard at most
// once a second, so that a busy stream does not forget its bad minute faster than a quiet one, and loading
// what was saved gives the score back, decayed for the time away.
import { AGREEMENT_HALF_LIFE_MS } from '@assay/kernel/resilience/constants';
import {
  type Health,
  type HealthScore,
  newHealth,
  type Observation,
  observeHealth,
  readHealth,
  scoreHealth,
  signalWeight,
} from '@assay/kernel/resilience/health';
import type { Pair } from '../model/pair.ts';

/** Signals are sampled: one observation a second and kind. */
const SAMPLE_MS = 1_000;

/**
 * A residual up to this is noise between honest venues (ARCHITECTURE.md: p99 of honest differences is 9 to 24
 * bps).
 */
const AGREEMENT_FULL_BPS = 15;

/** At this much beyond it, half of the agreement is gone; the outlier floor of 60 bps leaves 0.24. */
const AGREEMENT_HALF_BPS = 25;

/** Fewer observations than this, three quarters of a minute's, are no verdict on agreement. */
const AGREEMENT_WEIGHT_MINIMUM = 40;

/** Under this a pair disagrees far more than it agrees: it is quarantined. */
const AGREEMENT_COLLAPSED = 0.3;

type Entry = { health: Health; sampledAt: Partial<Record<Observation['kind'], number>> };

export class Confidence {
  readonly #entries = new Map<Pair, Entry>();

  constructor(pairs: readonly Pair[]) {
    for (const pair of pairs) this.#entries.set(pair, { health: newHealth(), sampledAt: {} });
  }

  observe(pair: Pair, observation: Observation, nowMs: number): void {
    const entry = this.#entries.get(pair);
    if (entry === undefined) return;
    const sampledAt = entry.sampledAt[observation.kind] ?? Number.NEGATIVE_INFINITY;
    if (nowMs - sampledAt < SAMPLE_MS && nowMs >= sampledAt) return;
    entry.sampledAt[observation.kind] = nowMs;
    entry.health = observeHealth(entry.health, observation, nowMs);
  }

  scores(pair: Pair, nowMs: number): HealthScore {
    return scoreHealth(this.#entries.get(pair)?.health ?? newHealth(), nowMs);
  }

  /** In steps of 0.001, as records carry it. */
  score(pair: Pair, nowMs: number): number {
    return Math.round(this.scores(pair, nowMs).score * 1_000) / 1_000;
  }

  /** True when the others have contradicted this pair for long enough to be sure. */
  hasCollapsed(pair: Pair, nowMs: number): boolean {
    const signal = this.#entries.get(pair)?.health.agreement;
    if (signal === undefined) return false;
    if (signalWeight(signal, nowMs, AGREEMENT_HALF_LIFE_MS) < AGREEMENT_WEIGHT_MINIMUM) return false;
    return signal.mean < AGREEMENT_COLLAPSED;
  }

  /** After a quarantine, which ends at `until`, the others judge anew, from half trust. */
  doubtAgreement(pair: Pair, until: number): void {
    const entry = this.#entries.get(pair);
    const agreement = { mean: 0.5, weight: AGREEMENT_WEIGHT_MINIMUM / 2, at: until };
    if (entry !== undefined) entry.health = { ...entry.health, agreement };
  }

  meanLatencyMs(): number | undefined {
    const heard = [...this.#entries.values()].filter(({ health }) => health.latencyMs.weight > 0);
    if (heard.length === 0) return undefined;
    return heard.reduce((sum, { health }) => sum + health.latencyMs.mean, 0) / heard.length;
  }

  save(): { pair: Pair; health: Health }[] {
    return [...this.#entries].map(([pair, { health }]) => ({ pair, health }));
  }

  load(pair: Pair, saved: unknown): void {
    const health = readHealth(saved);
    if (health !== undefined && this.#entries.has(pair)) this.#entries.set(pair, { health, sampledAt: {} });
  }
}

/** How much a residual against what the others imply leaves of the agreement, 0 to 1. */
export function agreementOf(residualBps: number): number {
  const excess = Math.max(0, Math.abs(residualBps) - AGREEMENT_FULL_BPS) / AGREEMENT_HALF_BPS;
  return 1 / (1 + excess ** 2);
}

/** 1 while news is no older than expected, falling to 0 at three times that. */
export function freshnessOf(ageMs: number, expectedMs: number): number {
  return Math.min(1, Math.max(0, 1 - (ageMs - expectedMs) / (2 * expectedMs)));
}
