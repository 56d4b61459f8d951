// What a chart of a feed draws, as data: the line with its band, candles, and where the feed would have been
// published by its own rules. Pure. In: moments and candles of the API. Out: points for lightweight-charts.
import type { Candle } from '@assay/client/wire';
import type { UTCTimestamp } from 'lightweight-charts';
import type { Feed } from '../api/records.ts';
import type { Moment } from './use-feeds.ts';

export const RANGES = [
  { id: '15m', ms: 900_000, candle: '1m' },
  { id: '1h', ms: 3_600_000, candle: '1m' },
  { id: '6h', ms: 21_600_000, candle: '5m' },
  { id: '24h', ms: 86_400_000, candle: '5m' },
  { id: '7d', ms: 604_800_000, candle: '1h' },
  { id: '30d', ms: 2_592_000_000, candle: '1h' },
  { id: '1y', ms: 31_536_000_000, candle: '1d' },
] as const;
export type Range = (typeof RANGES)[number];

export type Point = { time: UTCTimestamp; value?: number; low?: number; high?: number; state?: string };

/** An instant without an answer keeps its place and has no value: a gap. */
export function pointsOf(moments: readonly (Moment | null)[], fromMs: number, everyMs: number): Point[] {
  return moments.map((moment, i) => {
    const time = seconds(fromMs + i * everyMs);
    if (moment === null) return { time };
    return {
      time,
      value: Number(moment.price),
      low: Number(moment.low),
      high: Number(moment.high),
      state: moment.state,
    };
  });
}

/** Closing prices, where there are no moments that far back. */
export function pointsOfCandles(candles: readonly Candle[]): Point[] {
  return candles.map(({ startAt, close }) => ({ time: seconds(Date.parse(startAt)), value: Number(close) }));
}

export function seconds(ms: number): UTCTimestamp {
  return Math.floor(ms / 1_000) as UTCTimestamp;
}

export type Publication = { time: UTCTimestamp; value: number; trigger: 'heartbeat' | 'deviation' };

/**
 * When the feed's own rules would have published: when it was a heartbeat old, or had moved by its threshold.
 * Counted from the first point, because what was published before is not known here.
 */
export function publicationsOf(
  points: readonly Point[],
  feed: Feed,
): { last: Point | undefined; all: Publication[] } {
  const all: Publication[] = [];
  let last: Point | undefined;
  for (const point of points) {
    if (point.value === undefined) continue;
    if (last?.value === undefined) {
      last = point;
      continue;
    }
    const move = Math.abs(point.value - last.value) / last.value;
    const isOld = (point.time - last.time) * 1_000 >= feed.heartbeatMs;
    if (move * 1e9 < feed.deviationThresholdPpb && !isOld) continue;
    const trigger = move * 1e9 >= feed.deviationThresholdPpb ? 'deviation' : 'heartbeat';
    all.push({ time: point.time, value: point.value, trigger });
    last = point;
  }
  return { last, all };
}
