// The four designed states of everything that is loaded: a skeleton of the real layout (after 150 ms), an
// empty place that says what would be here and how to get it, an error that says what failed, since when,
// what still works and how to retry, and data that is no longer fresh: it stays, greyed, with its age.
//
// Use `Loaded` around what a query brings; it chooses. For what arrives by stream, `Disconnected` greys.
import type { ReactNode } from 'react';
import type { ApiProblem } from '../api/http.ts';
import { useStreamState } from '../live/board.ts';
import { useNowMs } from '../live/now.ts';
import { Button } from './button.tsx';
import { Dot } from './state-dot.tsx';
import { clockText, durationText } from './text.ts';

/** What is needed of a query: those of one answer and those of pages both have it. */
export type LoadedQuery<T> = {
  data: T | undefined;
  error: ApiProblem | null;
  dataUpdatedAt: number;
  errorUpdatedAt: number;
  isFetching: boolean;
  refetch: () => unknown;
};

export type LoadedProps<T> = {
  query: LoadedQuery<T>;
  /** In a sentence: "The sources", "History of BTC/USD". */
  what: string;
  skeleton: ReactNode;
  /** Shown instead of `children` when this says so. */
  isEmpty?: (data: T) => boolean;
  empty?: ReactNode;
  /** What still works while this does not, a sentence. */
  stillWorks?: string;
  children: (data: T) => ReactNode;
};

export function Loaded<T>({
  query,
  what,
  skeleton,
  isEmpty,
  empty,
  stillWorks,
  children,
}: LoadedProps<T>): ReactNode {
  const { data, error, dataUpdatedAt, refetch, isFetching } = query;
  if (data === undefined) {
    if (error === null) return <Loading what={what}>{skeleton}</Loading>;
    return (
      <Failed
        what={what}
        problem={error}
        sinceMs={query.errorUpdatedAt}
        isRetrying={isFetching}
        onRetry={() => void refetch()}
        {...(stillWorks === undefined ? {} : { stillWorks })}
      />
    );
  }
  const body = isEmpty?.(data) === true && empty !== undefined ? empty : children(data);
  if (error === null) return body;
  return (
    <Aged what={what} problem={error} atMs={dataUpdatedAt} onRetry={() => void refetch()}>
      {body}
    </Aged>
  );
}

export function Loading({ what, children }: { what: string; children: ReactNode }): ReactNode {
  return (
    <div role="status" className="after-a-blink">
      <span className="sr-only">{what}: loading</span>
      <div aria-hidden="true">{children}</div>
    </div>
  );
}

/** One grey bar; `className` gives its size. */
export function Bar({ className = 'h-3 w-24' }: { className?: string }): ReactNode {
  return <div className={`skeleton ${className}`} />;
}

/** Rows of a table that is coming. */
export function TableSkeleton({ rows = 8, columns = 5 }: { rows?: number; columns?: number }): ReactNode {
  return (
    <div className="border-t border-line">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike and never move
        <div key={row} className="flex h-7 items-center gap-6 border-line border-b px-3">
          {Array.from({ length: columns }, (_, column) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike and never move
            <Bar key={column} className={`h-2.5 ${column === 0 ? 'w-28' : 'flex-1'}`} />
          ))}
        </div>
      ))}
    </div>
  );
}

/** Nothing here, on purpose: what would be, and the command or button that makes one. */
export function Empty({ title, children }: { title: string; children?: ReactNode }): ReactNode {
  return (
    <div className="flex flex-col items-start gap-2 rounded-box border border-line border-dashed px-4 py-6">
      <p className="font-medium">{title}</p>
      {children !== undefined && <div className="max-w-prose text-muted">{children}</div>}
    </div>
  );
}

type FailedProps = {
  what: string;
  problem: ApiProblem;
  sinceMs: number;
  isRetrying: boolean;
  stillWorks?: string;
  onRetry: () => void;
};

export function Failed({ what, problem, sinceMs, isRetrying, stillWorks, onRetry }: FailedProps): ReactNode {
  return (
    <div role="alert" className="flex flex-col items-start gap-2 rounded-box border border-line px-4 py-4">
      <p className="flex items-center gap-2 font-medium">
        <Dot tone="critical" />
        {what} cannot be shown since {clockText(sinceMs)}.
      </p>
      <p className="max-w-prose">
        {problem.message} {problem.recovery}
      </p>
      {stillWorks !== undefined && <p className="max-w-prose text-muted">{stillWorks}</p>}
      <div className="flex items-center gap-3">
        <Button onClick={onRetry} isBusy={isRetrying}>
          Try again
        </Button>
        <code className="font-mono text-muted text-small">{problem.code}</code>
      </div>
    </div>
  );
}

type AgedProps = {
  what: string;
  problem: ApiProblem;
  atMs: number;
  onRetry: () => void;
  children: ReactNode;
};

function Aged({ what, problem, atMs, onRetry, children }: AgedProps): ReactNode {
  const nowMs = useNowMs();
  return (
    <div>
      <div role="status" className="mb-2 flex flex-wrap items-center gap-2 text-warn">
        <Dot tone="warn" />
        <span>
          {what}: {durationText(nowMs - atMs)} old. {problem.message}
        </span>
        <button type="button" className="text-accent underline" onClick={onRetry}>
          Try again
        </button>
      </div>
      <div className="is-aged">{children}</div>
    </div>
  );
}

/** Greys live data while the stream is lost; the top bar says why and until when. */
export function Disconnected({ children }: { children: ReactNode }): ReactNode {
  const { kind } = useStreamState();
  const isLost = kind === 'reconnecting' || kind === 'refused';
  return <div className={isLost ? 'is-aged' : ''}>{children}</div>;
}
