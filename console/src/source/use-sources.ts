// The sources and what is asked of one of them. In: a source's id. Out: queries.
import type { UseQueryResult } from '@tanstack/react-query';
import type { ApiProblem } from '../api/http.ts';
import type { PastHealth, Source, SourceFrames } from '../api/records.ts';
import { useApi } from '../api/use-api.ts';

export const SOURCES_PATH = '/v1/sources';

/** A change of state is told within a second, figures every ten. */
const EVERY_MS = 2_000;

export function useSources(): UseQueryResult<Source[], ApiProblem> {
  return useApi<Source[]>(SOURCES_PATH, { everyMs: EVERY_MS });
}

export const RANGES = [
  { id: '15m', ms: 900_000 },
  { id: '1h', ms: 3_600_000 },
  { id: '6h', ms: 21_600_000 },
  { id: '24h', ms: 86_400_000 },
] as const;
export type Range = (typeof RANGES)[number];

const MINUTE_MS = 60_000;
/** As often as sources report. */
const REPORTED_EVERY_MS = 10_000;

export function usePastHealth(
  source: string,
  range: Range,
  nowMs: number,
): UseQueryResult<PastHealth, ApiProblem> {
  // Of this minute, so that one address is asked six times and not once.
  const from = new Date(Math.floor((nowMs - range.ms) / MINUTE_MS) * MINUTE_MS).toISOString();
  const path = `${SOURCES_PATH}/${encodeURIComponent(source)}/health?from=${from}`;
  return useApi<PastHealth>(path, { everyMs: Math.max(REPORTED_EVERY_MS, range.ms / 300), keepsLast: true });
}

/** Only when asked for: what moves cannot be read. */
export function useFrames(source: string): UseQueryResult<SourceFrames, ApiProblem> {
  return useApi<SourceFrames>(`${SOURCES_PATH}/${encodeURIComponent(source)}/frames`, {
    freshForMs: Number.POSITIVE_INFINITY,
  });
}
