// How old something is, counting up; the exact instant on hover. `Instant` is for what happened at a time:
// relative under an hour, a clock time after it.
import type { ReactNode } from 'react';
import { useNowMs } from '../live/now.ts';
import { durationText, exactText, whenText } from './text.ts';

/** Relative times are for what a person still has in mind. */
const RELATIVE_UNTIL_MS = 3_600_000;

/** `atMs` when it was; older than `lateAfterMs` it is written in amber. */
export function Age({ atMs, lateAfterMs }: { atMs: number | undefined; lateAfterMs?: number }): ReactNode {
  const nowMs = useNowMs();
  if (atMs === undefined) return <span className="text-muted">–</span>;
  const ageMs = Math.max(0, nowMs - atMs);
  const isLate = lateAfterMs !== undefined && ageMs > lateAfterMs;
  return (
    <time
      dateTime={new Date(atMs).toISOString()}
      title={exactText(atMs)}
      className={`whitespace-nowrap ${isLate ? 'text-warn' : ''}`}
    >
      {durationText(ageMs)}
    </time>
  );
}

/** `at`: ISO text or milliseconds. */
export function Instant({ at }: { at: string | number | null | undefined }): ReactNode {
  const nowMs = useNowMs();
  if (at === null || at === undefined) return <span className="text-muted">–</span>;
  const ms = typeof at === 'number' ? at : Date.parse(at);
  const text =
    nowMs - ms < RELATIVE_UNTIL_MS && ms <= nowMs + 999
      ? `${durationText(nowMs - ms)} ago`
      : whenText(ms, nowMs);
  return (
    <time dateTime={new Date(ms).toISOString()} title={exactText(ms)} className="whitespace-nowrap">
      {text}
    </time>
  );
}
