// The prioritised fallback list: which sources are asked for which pairs now. In: feeds with their sources
// and minimum, the health of each source for its pair. Out: the active pairs of every source, with the
// reason. Selection itself is the kernel's policy `all-of`. Invariant: sources of the first priority are
// always asked; a standby that was called in stays for a while, so that a venue on the edge does not switch
// others on and off.
import type { Random } from '@assay/kernel/random/random';
import { bandOf } from '@assay/kernel/resilience/health';
import { select, type TargetHealth } from '@assay/kernel/resilience/selection';
import type { Log } from '@assay/kernel/telemetry/log';
import { baseOf, type Pair } from '../model/pair.ts';
import type { SourceMetrics } from './source-metrics.ts';
import type { SourceRunner } from './source-runner.ts';

export type StandbyFeed = {
  feed: Pair;
  sources: readonly { source: string; pair: Pair }[];
  minimumVenues: number;
};

/**
 * Without feeds of its own a base currency wants as many healthy sources as the default feed
 * (ARCHITECTURE.md).
 */
const MINIMUM_DEFAULT = 3;

/** A source that was just asked is given this long before it counts as missing. */
const GRACE_MS = 10_000;

/** Once called in, a standby stays for at least this long. */
const STAY_MS = 60_000;

type Need = { reason: string; until: number };

export class Standby {
  readonly #runners: ReadonlyMap<string, SourceRunner>;
  readonly #feeds: readonly StandbyFeed[];
  readonly #tools: { random: Random; log: Log; metrics: SourceMetrics };
  /** Why a source was called in for a pair, by "source pair". */
  readonly #called = new Map<string, Need>();
  readonly #askedAt = new Map<string, number>();
  readonly #isNeeded: boolean;

  constructor(
    runners: readonly SourceRunner[],
    tools: { feeds: readonly StandbyFeed[] | undefined; random: Random; log: Log; metrics: SourceMetrics },
  ) {
    this.#runners = new Map(runners.map((runner) => [runner.id, runner]));
    this.#tools = tools;
    this.#feeds = tools.feeds ?? feedsByBase(runners);
    const priorities = new Set(runners.map(({ configured }) => configured.priority));
    this.#isNeeded = priorities.size > 1;
  }

  /** Calls standby sources in, and sends them back, by the health of those before them. */
  decide(now: number): void {
    // All of one priority: all are asked, always.
    if (!this.#isNeeded) return;
    const wanted = new Map<string, Map<Pair, string>>();
    const reasons = new Map<string, string>();
    for (const feed of this.#feeds) this.#decideFeed(feed, now, wanted, reasons);
    for (const [id, runner] of this.#runners) {
      const pairs = runner.configured.pairs.filter((pair) => wanted.get(id)?.has(pair));
      const isSwitch = pairs.length > 0 !== runner.active.length > 0 && this.#askedAt.size > 0;
      const reason = (pairs[0] && wanted.get(id)?.get(pairs[0])) ?? reasons.get(id) ?? 'no feed wants it';
      if (isSwitch && isStandby(runner, this.#runners)) {
        const direction = pairs.length > 0 ? 'in' : 'out';
        this.#tools.metrics.failovers.add({ source: id, direction });
        this.#tools.log.warn(`standby source called ${direction}`, { source: id, reason });
      }
      runner.activate(pairs, reason);
    }
    for (const [id, runner] of this.#runners) {
      if (runner.active.length === 0) this.#askedAt.delete(id);
      else if (!this.#askedAt.has(id)) this.#askedAt.set(id, now);
    }
  }

  #decideFeed(
    feed: StandbyFeed,
    now: number,
    wanted: Map<string, Map<Pair, string>>,
    reasons: Map<string, string>,
  ): void {
    const targets = feed.sources.flatMap(({ source, pair }) => {
      const runner = this.#runners.get(source);
      return runner === undefined
        ? []
        : [{ id: `${source} ${pair}`, priority: runner.configured.priority, runner, pair }];
    });
    const byId = new Map(targets.map((target) => [target.id, target]));
    const selection = select({
      targets,
      health: (id) => {
        const { runner, pair } = byId.get(id)!;
        return this.#health(runner, pair, now);
      },
      policy: { kind: 'all-of', minimum: feed.minimumVenues },
      random: this.#tools.random,
    });
    const first = Math.min(...targets.map(({ priority }) => priority));
    const want = (id: string, pair: Pair, reason: string) => {
      const pairs = wanted.get(id) ?? new Map<Pair, string>();
      pairs.set(pair, reason);
      wanted.set(id, pairs);
    };
    for (const { id, reason } of selection.candidates) {
      const { runner, pair, priority } = byId.get(id)!;
      if (priority > first) this.#called.set(id, { reason: `${feed.feed}: ${reason}`, until: now + STAY_MS });
      want(runner.id, pair, `${feed.feed}: ${reason}`);
    }
    for (const { id, reason } of selection.dropped) {
      const { runner, pair, priority } = byId.get(id)!;
      const called = this.#called.get(id);
      // Those of the first priority are asked even when they cannot be: their own blocks decide what is sent.
      if (priority === first || (called !== undefined && now < called.until)) {
        want(runner.id, pair, called?.reason ?? reason);
      } else reasons.set(runner.id, `${feed.feed}: ${reason}`);
    }
  }

  #health(runner: SourceRunner, pair: Pair, now: number): TargetHealth {
    const score = runner.desk.score(pair, now);
    if (runner.blocks.denied !== undefined) return { score, band: 'bad', unavailable: 'on the denylist' };
    const askedAt = this.#askedAt.get(runner.id);
    const isInGrace = askedAt === undefined || now - askedAt < GRACE_MS;
    const isPresent = runner.desk.book.isLive(pair) || isInGrace;
    return { score, band: isPresent ? bandOf(score) : 'bad' };
  }
}

function isStandby(runner: SourceRunner, all: ReadonlyMap<string, SourceRunner>): boolean {
  return [...all.values()].some(({ configured }) => configured.priority < runner.configured.priority);
}

function feedsByBase(runners: readonly SourceRunner[]): StandbyFeed[] {
  const byBase = new Map<string, { source: string; pair: Pair }[]>();
  for (const { id, configured } of runners) {
    for (const pair of configured.pairs) {
      const base = baseOf(pair);
      byBase.set(base, [...(byBase.get(base) ?? []), { source: id, pair }]);
    }
  }
  return [...byBase].map(([base, sources]) => ({ feed: base, sources, minimumVenues: MINIMUM_DEFAULT }));
}
