// Queries as hooks. In: an address of the API. Out: TanStack Query's result, whose error is an ApiProblem.
// The address is the cache's key, so two components that ask the same share one request.
import { keepPreviousData, QueryClient, type UseQueryResult, useQuery } from '@tanstack/react-query';
import { type ApiProblem, ask } from './http.ts';

export type ApiQueryOptions = {
  /** Ask again after this while the page is looked at; default: only when it is opened. */
  everyMs?: number;
  /** Younger answers are not asked for again. Default 5 s. */
  freshForMs?: number;
  isEnabled?: boolean;
  /** While the answer to a new address is on its way, that to the one before stays. */
  keepsLast?: boolean;
};

/** Two more attempts hide a restart; more only delay the sentence that says what is wrong. */
const RETRIES = 2;

/** What cannot be shown at all says so, with a button: asking every second would make it flicker. */
const FAILED_EVERY_MS = 15_000;

/** For `refetchInterval`. */
export function paced(everyMs: number | false) {
  return ({ state }: { state: { status: string; data: unknown } }): number | false => {
    const isBare = state.status === 'error' && state.data === undefined;
    return everyMs !== false && isBare ? Math.max(everyMs, FAILED_EVERY_MS) : everyMs;
  };
}

export const queryClient: QueryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // Most of what the server refuses once it refuses again.
      retry: (count, error) => count < RETRIES && isPassing(error as unknown as ApiProblem),
      retryDelay: (count) => 500 * 2 ** count,
      staleTime: 5_000,
      gcTime: 300_000,
      // The server is on this machine or behind a tunnel; the browser's idea of being online says nothing.
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
});

function isPassing({ status }: ApiProblem): boolean {
  return status === 0 || status >= 500;
}

export function useApi<T>(path: string, options: ApiQueryOptions = {}): UseQueryResult<T, ApiProblem> {
  return useQuery<T, ApiProblem>({
    queryKey: [path],
    queryFn: ({ signal }) => ask<T>(path, { signal }),
    refetchInterval: paced(options.everyMs ?? false),
    ...(options.freshForMs === undefined ? {} : { staleTime: options.freshForMs }),
    ...(options.keepsLast === true ? { placeholderData: keepPreviousData } : {}),
    enabled: options.isEnabled ?? true,
  });
}

/** "BTC/USD" as it stands in an address: "BTC-USD". */
export function inAddress(feed: string): string {
  return encodeURIComponent(feed.replaceAll('/', '-'));
}
