// Lists that the API gives by pages, newest first. In: an address, and where the rows stand in a page. Out:
// all rows that were asked for so far, and how to get older ones. While only the newest page is shown it is
// asked for again; with older ones beneath it, it stays as it is, so that nothing moves away while it is
// read.
import { useInfiniteQuery } from '@tanstack/react-query';
import type { LoadedQuery } from '../show/states.tsx';
import { type ApiProblem, ask } from './http.ts';
import { paced } from './use-api.ts';

export type PagesQuery<T> = LoadedQuery<T[]> & {
  /** Undefined: there are none. */
  onOlder: (() => void) | undefined;
  isLoadingOlder: boolean;
  /** Older ones are shown, and so nothing is asked for by itself. */
  isResting: boolean;
};

type AnyPage = { nextCursor: string | null };

export function useApiPages<P extends AnyPage, T>(
  path: string,
  rowsOf: (page: P) => readonly T[],
  { everyMs, isEnabled = true }: { everyMs: number; isEnabled?: boolean },
): PagesQuery<T> {
  const query = useInfiniteQuery<P, ApiProblem, { pages: P[] }, string[], string>({
    queryKey: [path, 'pages'],
    queryFn: ({ pageParam, signal }) => ask<P>(withCursor(path, pageParam), { signal }),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor,
    refetchInterval: (all) => ((all.state.data?.pages.length ?? 0) > 1 ? false : paced(everyMs)(all)),
    enabled: isEnabled,
  });
  const { data, error, dataUpdatedAt, errorUpdatedAt, isFetching, refetch } = query;
  const rows = data?.pages.flatMap((page) => rowsOf(page));
  const standard = { data: rows, error, dataUpdatedAt, errorUpdatedAt, isFetching, refetch };
  return {
    ...standard,
    onOlder: query.hasNextPage ? () => void query.fetchNextPage() : undefined,
    isLoadingOlder: query.isFetchingNextPage,
    isResting: (data?.pages.length ?? 0) > 1,
  };
}

function withCursor(path: string, cursor: string): string {
  if (cursor === '') return path;
  return `${path}${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}`;
}
