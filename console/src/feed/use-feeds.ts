// Feeds as the API names them, and what is asked once per feed: the last hour, the last day, an explanation.
import type { CandlePage, Explanation, PriceState } from '@assay/client/wire';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ApiProblem } from '../api/http.ts';
import type { Feed } from '../api/records.ts';
import { inAddress, useApi } from '../api/use-api.ts';

export function useFeeds(): UseQueryResult<Feed[], ApiProblem> {
  return useApi<Feed[]>('/v1/feeds', { freshForMs: 60_000, everyMs: 60_000 });
}

export type Moment = { at: string; price: string; low: string; high: string; state: PriceState };
export type Moments = {
  feed: string;
  everyMs: number;
  moments: (Moment | null)[];
  changes: { at: string; state: PriceState | 'none'; reason: string }[];
};

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const MINUTES_OF_A_DAY = 1_440;

/** The closing prices of the last hour's minutes. */
export function useLastHour(feed: string): number[] | undefined {
  // Of this minute, so that all who look within it ask the same question.
  const from = new Date(Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - HOUR_MS).toISOString();
  const { data } = useApi<CandlePage>(`/v1/prices/${inAddress(feed)}/candles?interval=1m&from=${from}`, {
    freshForMs: MINUTE_MS,
  });
  return data?.candles.map(({ close }) => Number(close));
}

/** Asked for once in five minutes: what is new meanwhile is on the page already. */
const DAY_STEP_MS = 300_000;

export function useLastDay(feed: string): UseQueryResult<Moments, ApiProblem> {
  const toMs = Math.floor(Date.now() / DAY_STEP_MS) * DAY_STEP_MS;
  const [from, to] = [new Date(toMs - DAY_MS).toISOString(), new Date(toMs).toISOString()];
  const range = `from=${from}&to=${to}&points=${MINUTES_OF_A_DAY}`;
  return useApi<Moments>(`/v1/prices/${inAddress(feed)}/moments?${range}`, { freshForMs: DAY_STEP_MS });
}

/** Of now, asked again every `everyMs`; or as of an instant. */
export function useExplanation(
  feed: string,
  { at, everyMs }: { at?: string | undefined; everyMs?: number },
): UseQueryResult<Explanation, ApiProblem> {
  const query = at === undefined ? '' : `?at=${encodeURIComponent(at)}`;
  return useApi<Explanation>(`/v1/prices/${inAddress(feed)}/explain${query}`, {
    ...(at === undefined && everyMs !== undefined ? { everyMs } : {}),
    ...(at === undefined ? {} : { freshForMs: Number.POSITIVE_INFINITY }),
  });
}

/** Median absolute deviation of the prices that are used, in basis points of the answer. */
export function dispersionBps({ sources, price }: Explanation): number | undefined {
  const used = sources
    .filter((one) => one.used && one.converted !== null)
    .map((one) => Number(one.converted));
  if (used.length < 2) return undefined;
  const middle = median(used);
  return (median(used.map((value) => Math.abs(value - middle))) / Number(price)) * 10_000;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
