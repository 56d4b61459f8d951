// What is learned of the sources, as rows of the history. In: runners. Out: rows; and back. Invariant: a row
// that cannot be read is left out, and what a row does not say stays as for a stranger. Per pair: its health.
// Per source (feed "*"): breaker, credits spent, quarantines, how long it asked us to wait.
import { readBreaker } from '@assay/kernel/resilience/breaker';
import type { CreditBudget } from '@assay/kernel/resilience/limiter';
import type { ScoreRow } from '@assay/ports/history/history';
import type { SourceRunner } from './source-runner.ts';

const WHOLE_SOURCE = '*';

export function rowsOf(runners: readonly SourceRunner[], savedAt: number): ScoreRow[] {
  return runners.flatMap((runner) => {
    const source = runner.id;
    const whole = {
      breaker: runner.guard.breaker,
      budget: runner.guard.budget,
      blocks: runner.blocks.save(),
      holdUntil: runner.heldUntil ?? 0,
    };
    const pairs = runner.desk.confidence
      .save()
      .map(({ pair, health }): ScoreRow => ({ source, feed: pair, savedAt, state: JSON.stringify(health) }));
    return [{ source, feed: WHOLE_SOURCE, savedAt, state: JSON.stringify(whole) }, ...pairs];
  });
}

/** Signals decay by the time away by themselves: each carries its instant. */
export function loadScores(runners: readonly SourceRunner[], rows: readonly ScoreRow[], now: number): void {
  const byId = new Map(runners.map((runner) => [runner.id, runner]));
  for (const row of rows) {
    const runner = byId.get(row.source);
    const state = parsed(row.state);
    // A row from the future is from another clock: it would never decay.
    if (runner === undefined || state === undefined || row.savedAt > now) continue;
    if (row.feed === WHOLE_SOURCE) loadWhole(runner, state);
    else runner.desk.confidence.load(row.feed, state);
  }
}

function loadWhole(runner: SourceRunner, state: Record<string, unknown>): void {
  const breaker = readBreaker(state.breaker);
  const budget = readBudget(state.budget);
  runner.guard.restore({
    // Isolation is the operator's and stands in the configuration, not in what was learned.
    ...(breaker === undefined || breaker.phase === 'isolated' ? {} : { breaker }),
    ...(budget === undefined ? {} : { budget }),
    ...(typeof state.holdUntil === 'number' ? { holdUntil: state.holdUntil } : {}),
  });
  runner.blocks.load(state.blocks);
}

function readBudget(value: unknown): CreditBudget | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  const { periodStartAt, spent } = value as Partial<CreditBudget>;
  if (typeof periodStartAt !== 'number' || typeof spent !== 'number') return undefined;
  return Number.isFinite(periodStartAt) && spent >= 0 ? { periodStartAt, spent } : undefined;
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
