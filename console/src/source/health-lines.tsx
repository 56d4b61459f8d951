// The health of a source over time: its state as a strip, its figures as lines on one time axis. What the
// pointer is over is told beside every line, at that instant; without one, the newest. The range stands in
// the address.
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type PointerEvent, type ReactNode, useMemo, useState } from 'react';
import type { PastHealth } from '../api/records.ts';
import { useNowMs } from '../live/now.ts';
import { Choice } from '../show/choice.tsx';
import { Section } from '../show/page.tsx';
import { StateDot, type Tone, toneOf } from '../show/state-dot.tsx';
import { Bar, Disconnected, Empty, Loaded } from '../show/states.tsx';
import { clockText, exactText, whenText } from '../show/text.ts';
import {
  gapMsOf,
  type Line,
  linesOf,
  pointAt,
  type Run,
  runsOf,
  runsSentence,
  type TimedPoint,
  timed,
} from './health-data.ts';
import { RANGES, usePastHealth } from './use-sources.ts';
import { wordOf } from './words.ts';

export function HealthOverTime({ source, name }: { source: string; name: string }): ReactNode {
  const search = useSearch({ strict: false }) as { range?: string };
  const navigate = useNavigate();
  const range = RANGES.find(({ id }) => id === search.range) ?? RANGES[1];
  const query = usePastHealth(source, range, useNowMs());
  return (
    <Section
      title="Over time"
      actions={
        <Choice
          label="Range"
          all={RANGES.map(({ id }) => id)}
          chosen={range.id}
          onChoose={(id) =>
            void navigate({
              to: '.',
              search: { ...search, range: id } as never,
              replace: true,
              resetScroll: false,
            })
          }
        />
      }
    >
      <Loaded
        query={query}
        what={`The past of ${name}`}
        skeleton={<Bar className="h-72 w-full" />}
        stillWorks="How it is now stands above."
        isEmpty={({ points }) => points.length === 0}
        empty={
          <Empty title={`${name} reported nothing in the last ${range.id}.`}>
            Sources report every 10 s while <code className="font-mono">adapters</code> runs; a longer range
            may show when it did.
          </Empty>
        }
      >
        {(past) => (
          <Disconnected>
            <Drawn past={past} name={name} />
          </Disconnected>
        )}
      </Loaded>
    </Section>
  );
}

/** Columns of every row: what it is, the drawing, the figure. */
const ROW =
  'grid grid-cols-[76px_minmax(0,1fr)_76px] items-center gap-x-3 px-3 sm:grid-cols-[132px_minmax(0,1fr)_104px]';

function Drawn({ past, name }: { past: PastHealth; name: string }): ReactNode {
  const [hoveredMs, hover] = useState<number>();
  const [fromMs, toMs] = [Date.parse(past.from), Date.parse(past.to)];
  const points = useMemo(() => timed(past.points), [past]);
  const lines = useMemo(() => linesOf(points), [points]);
  const gapMs = gapMsOf(fromMs, toMs, points.length);
  const runs = runsOf(points, toMs, gapMs);
  const at = hoveredMs === undefined ? points.length - 1 : pointAt(points, hoveredMs, gapMs);
  const shownMs = hoveredMs ?? points.at(-1)!.ms;
  const state = at === undefined ? undefined : points[at]!.state;
  const axis = { fromMs, toMs, hoveredMs, onHover: hover };
  return (
    <div className="rounded-box border border-line py-1 text-table">
      <div className={`${ROW} min-h-8`}>
        <span className="text-muted">State</span>
        <Plot axis={axis} height={10} label={`State of ${name}: ${runsSentence(runs)}`} className="h-3">
          <rect x="0" y="4.5" width={WIDTH} height="1" fill="var(--line)" />
          {runs.map((run) => (
            <RunRect key={run.fromMs} run={run} fromMs={fromMs} toMs={toMs} />
          ))}
        </Plot>
        <span className="truncate text-right">
          {state === undefined ? 'no report' : <StateDot state={state} word={wordOf(state)} />}
        </span>
      </div>
      {lines.map((line) => (
        <div key={line.id} className={`${ROW} min-h-11 border-line border-t`}>
          <span className="text-muted">{line.title}</span>
          <Plot axis={axis} height={HEIGHT} label={labelOf(line, name)} className="h-8">
            <Drawing line={line} points={points} fromMs={fromMs} toMs={toMs} gapMs={gapMs} />
          </Plot>
          <span className="text-right">{at === undefined ? '–' : line.text(line.values[at] ?? null)}</span>
        </div>
      ))}
      <div className={`${ROW} border-line border-t pt-1 text-muted`}>
        <span className="max-sm:hidden">Local time</span>
        <span className="flex justify-between max-sm:col-span-2 max-sm:px-0">
          <span title={exactText(fromMs)}>{whenText(fromMs)}</span>
          <span title={exactText((fromMs + toMs) / 2)} className="max-sm:hidden">
            {whenText((fromMs + toMs) / 2)}
          </span>
          <span title={exactText(toMs)}>{whenText(toMs)}</span>
        </span>
        <span title={exactText(shownMs)} className="text-right text-ink">
          {clockText(shownMs)}
        </span>
      </div>
    </div>
  );
}

const WIDTH = 1_000;
const HEIGHT = 40;

type Axis = {
  fromMs: number;
  toMs: number;
  hoveredMs: number | undefined;
  onHover: (ms: number | undefined) => void;
};

type PlotProps = { axis: Axis; height: number; label: string; className: string; children: ReactNode };

function Plot({ axis, height, label, className, children }: PlotProps): ReactNode {
  const { fromMs, toMs, hoveredMs, onHover } = axis;
  const move = (event: PointerEvent<SVGSVGElement>): void => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    onHover(fromMs + ((event.clientX - left) / Math.max(1, width)) * (toMs - fromMs));
  };
  const x = hoveredMs === undefined ? undefined : placeOf(hoveredMs, fromMs, toMs);
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${WIDTH} ${height}`}
      preserveAspectRatio="none"
      className={`w-full ${className}`}
      onPointerMove={move}
      onPointerLeave={() => onHover(undefined)}
    >
      {children}
      {/* Without something to be over, only the lines themselves would be hovered. */}
      <rect width={WIDTH} height={height} fill="transparent" />
      {x !== undefined && (
        <line x1={x} x2={x} y1="0" y2={height} stroke="var(--muted)" vectorEffect="non-scaling-stroke" />
      )}
    </svg>
  );
}

function placeOf(ms: number, fromMs: number, toMs: number): number {
  return ((ms - fromMs) / Math.max(1, toMs - fromMs)) * WIDTH;
}

const FILLS: Record<Tone, string> = {
  ok: 'var(--strip-ok)',
  warn: 'var(--warn)',
  idle: 'var(--muted)',
  critical: 'var(--critical)',
};
/** What was bad is seen even where a pixel holds minutes. */
const RUN_MIN = 3;

function RunRect({ run, fromMs, toMs }: { run: Run; fromMs: number; toMs: number }): ReactNode {
  const tone = toneOf(run.state);
  const x = placeOf(run.fromMs, fromMs, toMs);
  const width = placeOf(run.toMs, fromMs, toMs) - x;
  const isWell = tone === 'ok';
  return (
    <rect
      x={x}
      y={isWell ? 2 : 0}
      width={isWell ? width : Math.max(RUN_MIN, width)}
      height={isWell ? 6 : 10}
      fill={FILLS[tone]}
    >
      <title>{`${wordOf(run.state)}, ${clockText(run.fromMs)} to ${clockText(run.toMs)}`}</title>
    </rect>
  );
}

type DrawingProps = {
  line: Line;
  points: readonly TimedPoint[];
  fromMs: number;
  toMs: number;
  gapMs: number;
};

function Drawing({ line, points, fromMs, toMs, gapMs }: DrawingProps): ReactNode {
  const y = (value: number) => 1 + (1 - Math.min(1, value / line.top)) * (HEIGHT - 2);
  let path = '';
  let lastMs: number | undefined;
  for (const [i, { ms }] of points.entries()) {
    const value = line.values[i];
    if (value === null || value === undefined) {
      lastMs = undefined;
      continue;
    }
    const isNew = lastMs === undefined || ms - lastMs > gapMs;
    path += `${isNew ? 'M' : 'L'}${placeOf(ms, fromMs, toMs).toFixed(1)} ${y(value).toFixed(2)}`;
    // A point between two gaps is a dot: a line of no length has round ends.
    if (isNew) path += 'h0.01';
    lastMs = ms;
  }
  return (
    <>
      {line.borders?.map((border) => (
        <line
          key={border}
          x1="0"
          x2={WIDTH}
          y1={y(border)}
          y2={y(border)}
          stroke="var(--line)"
          strokeDasharray="4 3"
          vectorEffect="non-scaling-stroke"
        />
      ))}
      <path
        d={path}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.3"
        strokeLinecap="round"
        strokeLinejoin="round"
        vectorEffect="non-scaling-stroke"
      />
    </>
  );
}

function labelOf({ title, values, text }: Line, name: string): string {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return `${title} of ${name}: not known`;
  return `${title} of ${name}: from ${text(Math.min(...known))} to ${text(Math.max(...known))}, now ${text(values.at(-1) ?? null)}`;
}
