// A day as a strip: each minute coloured by the state a feed was in, runs of one state drawn as one. In:
// states per minute, old to new; null where nothing was served. Read aloud as a sentence.
import type { PriceState } from '@assay/client/wire';
import type { ReactNode } from 'react';
import { percentText } from './text.ts';

const COLOURS: Record<string, string> = {
  ok: 'var(--strip-ok)',
  degraded: 'var(--warn)',
  stale: 'var(--muted)',
  halted: 'var(--critical)',
};

export function StateStrip({
  states,
  label,
}: {
  states: readonly (PriceState | null)[];
  label: string;
}): ReactNode {
  const runs: { state: PriceState | null; from: number; length: number }[] = [];
  for (const [i, state] of states.entries()) {
    const last = runs.at(-1);
    if (last?.state === state) last.length += 1;
    else runs.push({ state, from: i, length: 1 });
  }
  return (
    <svg
      role="img"
      aria-label={`${label}: ${sentence(states)}`}
      viewBox={`0 0 ${Math.max(1, states.length)} 10`}
      preserveAspectRatio="none"
      className="h-3 w-full"
    >
      <rect x="0" y="4.5" width={states.length} height="1" fill="var(--line)" />
      {runs.map(({ state, from, length }) =>
        state === null ? null : (
          // A minute that was bad is seen even where a pixel holds three.
          <rect
            key={from}
            x={from}
            y={state === 'ok' ? 2 : 0}
            width={state === 'ok' ? length : Math.max(length, states.length / 300)}
            height={state === 'ok' ? 6 : 10}
            fill={COLOURS[state]}
          />
        ),
      )}
    </svg>
  );
}

function sentence(states: readonly (PriceState | null)[]): string {
  const served = states.filter((state) => state !== null);
  if (served.length === 0) return 'nothing was served';
  const share = (wanted: string) => served.filter((state) => state === wanted).length / served.length;
  return ['ok', 'degraded', 'stale', 'halted']
    .filter((state) => share(state) > 0)
    .map(
      (state) =>
        `${state} ${percentText(share(state), share(state) > 0.99 && share(state) < 1 ? 1 : 0)} of the time`,
    )
    .join(', ');
}
