// Figures of a source as they stand in a table and on its page, the same in both.
import type { ReactNode } from 'react';
import type { Source } from '../api/records.ts';
import { StateDot } from '../show/state-dot.tsx';
import { clockText, exactText } from '../show/text.ts';
import { msText, PARTS, quarantineOf } from './words.ts';

/** Score as a bar and a figure, then the band in its own words. */
export function Confidence({ source }: { source: Source }): ReactNode {
  const { confidence, band = 'unknown', parts } = source;
  if (typeof confidence !== 'number') return <span className="text-muted">–</span>;
  const why =
    parts === undefined
      ? ''
      : PARTS.map(({ id, title }) => `${title.toLowerCase()} ${parts[id].toFixed(3)}`).join(' × ');
  return (
    <span title={why} className="inline-flex items-center gap-2">
      <ShareBar share={confidence} className="w-8 max-sm:hidden" />
      <span>{confidence.toFixed(3)}</span>
      <span className="max-sm:hidden">
        <StateDot state={band} />
      </span>
    </span>
  );
}

/** 0 to 1 as a bar; the figure stands beside it. */
export function ShareBar({ share, className }: { share: number; className: string }): ReactNode {
  return (
    <svg
      viewBox="0 0 40 6"
      preserveAspectRatio="none"
      className={`h-1.5 shrink-0 ${className}`}
      aria-hidden="true"
    >
      <rect width="40" height="6" fill="var(--line)" />
      <rect width={Math.min(1, Math.max(0, share)) * 40} height="6" fill="currentColor" opacity="0.6" />
    </svg>
  );
}

export function QuarantineUntil({ source }: { source: Source }): ReactNode {
  const quarantine = quarantineOf(source);
  if (quarantine === undefined) return <span className="text-muted">–</span>;
  const { until, pairs } = quarantine;
  const isPart = source.state !== 'quarantined';
  return (
    <span title={exactText(until)} className="text-warn">
      {clockText(until)}
      {isPart && ` (${pairs})`}
    </span>
  );
}

/** "12 / 85": half of the answers and 99 of 100 were at most this slow. */
export function Latency({ source }: { source: Source }): ReactNode {
  const { latencyP50Ms, latencyP99Ms } = source;
  if (typeof latencyP50Ms !== 'number') return <span className="text-muted">–</span>;
  return `${msText(latencyP50Ms)} / ${msText(latencyP99Ms)}`;
}

export function Pairs({ source }: { source: Source }): ReactNode {
  const { pairsLive, pairsConfigured } = source;
  if (pairsLive === undefined || pairsConfigured === undefined) return <span className="text-muted">–</span>;
  const isMissing = pairsLive < pairsConfigured && source.state !== 'standby';
  return (
    <span className={isMissing ? 'text-warn' : ''}>
      {pairsLive} of {pairsConfigured}
    </span>
  );
}
