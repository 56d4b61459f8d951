// What a new configuration changes. In: the runners at work and the sources wanted. Out: who stays as it is,
// who ends, who begins. Invariant: a source whose configuration says the same as before is not touched.
import type { ConfiguredSource } from './configured-source.ts';
import type { SourceRunner } from './source-runner.ts';

/** Source ids. */
export type SourceChanges = { added: string[]; removed: string[]; changed: string[] };

export type ChangePlan = {
  kept: SourceRunner[];
  ended: SourceRunner[];
  fresh: ConfiguredSource[];
  changes: SourceChanges;
};

export function planOf(runners: readonly SourceRunner[], wanted: readonly ConfiguredSource[]): ChangePlan {
  const before = new Map(runners.map((runner) => [runner.id, runner]));
  const after = new Map(wanted.map((configured) => [configured.source.id, configured]));
  const isSame = (runner: SourceRunner) => {
    const configured = after.get(runner.id);
    return configured !== undefined && textOf(configured) === textOf(runner.configured);
  };
  const kept = runners.filter(isSame);
  const keptIds = new Set(kept.map(({ id }) => id));
  const fresh = wanted.filter(({ source }) => !keptIds.has(source.id));
  return {
    kept,
    ended: runners.filter((runner) => !keptIds.has(runner.id)),
    fresh,
    changes: {
      added: fresh.map(({ source }) => source.id).filter((id) => !before.has(id)),
      removed: [...before.keys()].filter((id) => !after.has(id)),
      changed: fresh.map(({ source }) => source.id).filter((id) => before.has(id)),
    },
  };
}

/**
 * Everything that is configured. An adapter's functions are not compared: `revision` stands for what defined
 * them.
 */
function textOf({ source, ...rest }: ConfiguredSource): string {
  return JSON.stringify({ ...rest, id: source.id, limits: source.limits });
}
