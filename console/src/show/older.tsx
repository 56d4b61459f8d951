// Beneath a list that comes by pages: older rows, and the way back to the newest.
import { useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { PagesQuery } from '../api/use-pages.ts';
import { Button } from './button.tsx';

/** `path`: under which `useApiPages` asks. */
export function Older({ path, query }: { path: string; query: PagesQuery<unknown> }): ReactNode {
  const cache = useQueryClient();
  if (query.onOlder === undefined && !query.isResting) return null;
  return (
    <div className="flex flex-wrap items-center gap-3 text-table">
      {query.onOlder !== undefined && (
        <Button onClick={query.onOlder} isBusy={query.isLoadingOlder}>
          Older ones
        </Button>
      )}
      {query.isResting && (
        <>
          <Button onClick={() => void cache.resetQueries({ queryKey: [path, 'pages'] })}>
            Only the newest
          </Button>
          <span className="text-muted">New ones are not added while older ones are shown.</span>
        </>
      )}
    </div>
  );
}
