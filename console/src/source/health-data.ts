// How a source was over time, as lines that can be drawn. Pure. In: points of the API. Out: runs of state,
// and figures per point; where the source did not report there is a gap, not a line.
import type { HealthPoint } from '../api/records.ts';
import { msText, wordOf } from './words.ts';

export type TimedPoint = HealthPoint & { ms: number };

export type Line = {
  id: string;
  title: string;
  /** Of each point; null where it is not known. */
  values: readonly (number | null)[];
  /** Top of the drawing; its bottom is 0. */
  top: number;
  text: (value: number | null) => string;
  /** A thin dashed line at these, the borders of bands. */
  borders?: readonly number[];
};

/** Sources report every 10 s; three missed are a silence. */
const SILENT_MS = 30_000;
/** As kernel/resilience/constants.ts has them. */
const BAND_BORDERS = [0.75, 0.4];
const MINUTE_MS = 60_000;

export function timed(points: readonly HealthPoint[]): TimedPoint[] {
  return points.map((point) => ({ ...point, ms: Date.parse(point.at) }));
}

/** Two points further apart have a gap between them. */
export function gapMsOf(fromMs: number, toMs: number, count: number): number {
  return Math.max(SILENT_MS, (2.5 * (toMs - fromMs)) / Math.max(1, count), (toMs - fromMs) / 100);
}

export function linesOf(points: readonly TimedPoint[]): Line[] {
  const ms = (values: (number | null)[], id: string, title: string): Line => {
    return {
      id,
      title,
      values,
      top: topOf(values, 10),
      text: (value) => (value === null ? '–' : `${msText(value)} ms`),
    };
  };
  const errors = rateOf(points, 'errors');
  const reconnects = rateOf(points, 'reconnects');
  const rate = (value: number | null) => (value === null ? '–' : value.toFixed(value < 10 ? 1 : 0));
  return [
    {
      id: 'confidence',
      title: 'Confidence',
      values: points.map(({ confidence }) => confidence),
      top: 1,
      text: (value) => value?.toFixed(3) ?? '–',
      borders: BAND_BORDERS,
    },
    ms(
      points.map(({ latencyP50Ms }) => latencyP50Ms),
      'p50',
      'Latency p50',
    ),
    ms(
      points.map(({ latencyP99Ms }) => latencyP99Ms),
      'p99',
      'Latency p99',
    ),
    {
      id: 'pairs',
      title: 'Pairs live',
      values: points.map(({ pairsLive }) => pairsLive),
      top: Math.max(1, ...points.map(({ pairsConfigured }) => pairsConfigured)),
      text: (value) => value?.toFixed(0) ?? '–',
    },
    { id: 'errors', title: 'Errors a minute', values: errors, top: topOf(errors, 1), text: rate },
    {
      id: 'reconnects',
      title: 'Reconnects a minute',
      values: reconnects,
      top: topOf(reconnects, 1),
      text: rate,
    },
  ];
}

/** A little air above the highest value; never less than `least`, so that noise does not fill the drawing. */
function topOf(values: readonly (number | null)[], least: number): number {
  return Math.max(least, ...values.map((value) => (value ?? 0) * 1.1));
}

/** Of a count since the start of the adapters: how fast it grew. A restart begins at nothing. */
function rateOf(points: readonly TimedPoint[], count: 'errors' | 'reconnects'): (number | null)[] {
  return points.map((point, i) => {
    const before = points[i - 1];
    if (before === undefined || point.ms <= before.ms) return null;
    return (Math.max(0, point[count] - before[count]) * MINUTE_MS) / (point.ms - before.ms);
  });
}

export type Run = { state: string; fromMs: number; toMs: number };

/** One state as long as it was reported; each point stands until the next, unless that is beyond a gap. */
export function runsOf(points: readonly TimedPoint[], toMs: number, gapMs: number): Run[] {
  const runs: Run[] = [];
  for (const [i, { state, ms }] of points.entries()) {
    const nextMs = points[i + 1]?.ms ?? toMs;
    const endMs = nextMs - ms > gapMs ? Math.min(nextMs, ms + SILENT_MS) : nextMs;
    const last = runs.at(-1);
    if (last?.state === state && last.toMs >= ms) last.toMs = endMs;
    else runs.push({ state, fromMs: ms, toMs: endMs });
  }
  return runs;
}

/** For those who do not see the strip. */
export function runsSentence(runs: readonly Run[]): string {
  const total = runs.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  const byState = new Map<string, number>();
  for (const { state, fromMs, toMs } of runs) byState.set(state, (byState.get(state) ?? 0) + toMs - fromMs);
  return [...byState]
    .sort(([, a], [, b]) => b - a)
    .map(([state, ms]) => `${wordOf(state)} ${((100 * ms) / Math.max(1, total)).toFixed(1)} % of the time`)
    .join(', ');
}

/** The point that stands at an instant; undefined within a gap. */
export function pointAt(points: readonly TimedPoint[], atMs: number, gapMs: number): number | undefined {
  let nearest: number | undefined;
  for (const [i, { ms }] of points.entries()) {
    if (Math.abs(ms - atMs) > gapMs) continue;
    if (nearest === undefined || Math.abs(ms - atMs) < Math.abs(points[nearest]!.ms - atMs)) nearest = i;
  }
  return nearest;
}
