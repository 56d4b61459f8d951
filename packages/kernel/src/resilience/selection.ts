// Which targets to use, in which order, and why. In: targets, what is known of their health, constraints, a
// policy, randomness. Out: ordered candidates and everything dropped, each with its reason as a sentence: the
// answer to "why this one?" is stored with what was done. Invariant: every target is in exactly one of the
// two lists, and a dropped one was never a candidate.
import type { Random } from '../random/random.ts';
import type { Band } from './health.ts';

export type Target = {
  id: string;
  /** 1 is asked first; larger numbers are further down the list. */
  priority: number;
  /** Relative share under policy `weighted`; default 1. */
  weight?: number;
};

export type TargetHealth = {
  /** 0 to 1. */
  score: number;
  band: Band;
  /** Calls under way, for `least-loaded`. */
  load?: number;
  /** A sentence when it cannot be called at all now (breaker open, denied, refused). */
  unavailable?: string;
};

export type Constraint<T extends Target> = {
  name: string;
  /** Undefined admits; a sentence drops. */
  objection(target: T): string | undefined;
};

export type Policy =
  /** The list in order of priority; inside one priority the healthiest first; bad ones last. */
  | { kind: 'prioritised' }
  /** Drawn by weight x score: all get traffic, the healthy get more. */
  | { kind: 'weighted' }
  /** Fewest calls under way first, healthiest first among equals. */
  | { kind: 'least-loaded' }
  /** All of the first priority; those further down only while fewer than `minimum` candidates are healthy. */
  | { kind: 'all-of'; minimum: number };

export type Choice = { id: string; reason: string };
export type Selection = { candidates: Choice[]; dropped: Choice[] };

export type SelectionInput<T extends Target> = {
  targets: readonly T[];
  health: (id: string) => TargetHealth;
  constraints?: readonly Constraint<T>[];
  policy: Policy;
  random: Random;
};

export function select<T extends Target>(input: SelectionInput<T>): Selection {
  const dropped: Choice[] = [];
  const usable: Judged<T>[] = [];
  for (const target of input.targets) {
    const health = input.health(target.id);
    const objection = objectionTo(target, health, input.constraints ?? []);
    if (objection === undefined) usable.push({ target, health });
    else dropped.push({ id: target.id, reason: objection });
  }
  switch (input.policy.kind) {
    case 'prioritised':
      return { candidates: usable.sort(byPriority).map(described), dropped };
    case 'weighted':
      return { candidates: drawByWeight(usable, input.random), dropped };
    case 'least-loaded':
      return {
        candidates: usable.sort(byLoad).map(({ target, health }) => ({
          id: target.id,
          reason: `${health.load ?? 0} calls under way, ${health.band} (score ${health.score.toFixed(3)})`,
        })),
        dropped,
      };
    case 'all-of':
      return takeLevels(usable.sort(byPriority), dropped, input.policy.minimum);
  }
}

type Judged<T extends Target> = { target: T; health: TargetHealth };

function objectionTo<T extends Target>(
  target: T,
  health: TargetHealth,
  constraints: readonly Constraint<T>[],
): string | undefined {
  if (health.unavailable !== undefined) return health.unavailable;
  for (const constraint of constraints) {
    const objection = constraint.objection(target);
    if (objection !== undefined) return `${constraint.name}: ${objection}`;
  }
  return undefined;
}

function described<T extends Target>({ target, health }: Judged<T>): Choice {
  return {
    id: target.id,
    reason: `priority ${target.priority}, ${health.band} (score ${health.score.toFixed(3)})`,
  };
}

function takeLevels<T extends Target>(
  ordered: readonly Judged<T>[],
  dropped: Choice[],
  minimum: number,
): Selection {
  const candidates: Choice[] = [];
  const first = ordered[0]?.target.priority;
  let healthyCount = 0;
  let healthyAbove = 0;
  let level = first;
  for (const judged of ordered) {
    if (judged.target.priority !== level) {
      level = judged.target.priority;
      healthyAbove = healthyCount;
    }
    if (level !== first && healthyAbove >= minimum) {
      const reason = `standby: ${healthyAbove} healthy before it, ${minimum} wanted`;
      dropped.push({ id: judged.target.id, reason });
      continue;
    }
    if (judged.health.band !== 'bad') healthyCount++;
    const choice = described(judged);
    if (level !== first) choice.reason += `, called in: ${healthyAbove} healthy before it, ${minimum} wanted`;
    candidates.push(choice);
  }
  return { candidates, dropped };
}

function drawByWeight<T extends Target>(usable: readonly Judged<T>[], random: Random): Choice[] {
  // A target at zero is still a last resort: it keeps a chance of one in a thousand instead of none.
  const shareOf = ({ target, health }: Judged<T>) => (target.weight ?? 1) * Math.max(0.001, health.score);
  const total = usable.reduce((sum, judged) => sum + shareOf(judged), 0);
  // Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006: order by -ln(u) / weight.
  return usable
    .map((judged) => ({ judged, key: -Math.log(1 - random.next()) / shareOf(judged) }))
    .sort((a, b) => a.key - b.key || compareText(a.judged.target.id, b.judged.target.id))
    .map(({ judged }) => ({
      id: judged.target.id,
      reason:
        `drawn at ${((100 * shareOf(judged)) / total).toFixed(1)} %: weight ${judged.target.weight ?? 1}, ` +
        `${judged.health.band} (score ${judged.health.score.toFixed(3)})`,
    }));
}

function byPriority<T extends Target>(a: Judged<T>, b: Judged<T>): number {
  return (
    a.target.priority - b.target.priority ||
    Number(a.health.band === 'bad') - Number(b.health.band === 'bad') ||
    b.health.score - a.health.score ||
    compareText(a.target.id, b.target.id)
  );
}

function byLoad<T extends Target>(a: Judged<T>, b: Judged<T>): number {
  return (a.health.load ?? 0) - (b.health.load ?? 0) || byPriority(a, b);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
