// Cells of a feed that follow its live price by themselves, so that a table of two hundred feeds draws again
// only the figures that moved.
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useLiveField } from '../live/board.ts';
import { useNowMs } from '../live/now.ts';
import { halfWidthBps, IntervalBar } from '../show/interval-bar.tsx';
import { PriceText } from '../show/price.tsx';
import { Sparkline } from '../show/sparkline.tsx';
import { StateDot } from '../show/state-dot.tsx';
import { durationText, exactText } from '../show/text.ts';
import { dispersionBps, useExplanation, useLastHour } from './use-feeds.ts';

export function LivePriceCell({ feed }: { feed: string }): ReactNode {
  return <PriceText price={useLiveField(feed, (live) => live?.price)} />;
}

export function LiveStateCell({ feed }: { feed: string }): ReactNode {
  const state = useLiveField(feed, (live) => live?.state);
  const reason = useLiveField(feed, (live) => live?.stateReason);
  return (
    <span title={reason}>
      <StateDot state={state ?? 'missing'} />
    </span>
  );
}

/** Since the newest news that the price rests on. Counts by the second, whatever arrives between. */
export function LiveAgeCell({ feed, lateAfterMs }: { feed: string; lateAfterMs?: number }): ReactNode {
  useNowMs();
  const live = useLiveField(feed, (price) =>
    price === undefined ? undefined : Math.floor(observedAtMs(price) / 1_000),
  );
  if (live === undefined) return <span className="text-muted">–</span>;
  const ageMs = Math.max(0, Date.now() - live * 1_000);
  const isLate = lateAfterMs !== undefined && ageMs > lateAfterMs;
  return (
    <span title={exactText(live * 1_000)} className={isLate ? 'text-warn' : ''}>
      {durationText(ageMs)}
    </span>
  );
}

/** By this computer's clock: the server's may differ, its ages do not. */
function observedAtMs({ receivedAtMs, ageMs }: { receivedAtMs: number; ageMs: number }): number {
  return receivedAtMs - ageMs;
}

export function LiveSourcesCell({ feed }: { feed: string }): ReactNode {
  return useLiveField(feed, (live) =>
    live === undefined ? '–' : `${live.sourcesUsed} of ${live.sourcesConfigured}`,
  );
}

export function LiveIntervalCell({ feed }: { feed: string }): ReactNode {
  // In tenths: a wider one than the last by less is not worth a drawing.
  const tenths = useLiveField(feed, (live) =>
    live === undefined ? undefined : Math.round(halfWidthBps(live) * 10),
  );
  return tenths === undefined ? <span className="text-muted">–</span> : <IntervalBar bps={tenths / 10} />;
}

export function LiveConfidenceCell({ feed }: { feed: string }): ReactNode {
  return useLiveField(feed, (live) => (live === undefined ? '–' : live.confidence.toFixed(2)));
}

export function LastHourCell({ feed }: { feed: string }): ReactNode {
  const seen = useRef<HTMLSpanElement>(null);
  const isSeen = useIsSeen(seen);
  return (
    <span ref={seen} className="block min-h-4">
      {isSeen && <HourLine feed={feed} />}
    </span>
  );
}

function HourLine({ feed }: { feed: string }): ReactNode {
  const values = useLastHour(feed);
  return values === undefined ? null : <Sparkline values={values} label={`${feed} over the last hour`} />;
}

/** Of the newest explanation; asked for only while the row is on the screen. */
export function DispersionCell({ feed }: { feed: string }): ReactNode {
  const seen = useRef<HTMLSpanElement>(null);
  const isSeen = useIsSeen(seen);
  return (
    <span ref={seen} className="block min-h-4">
      {isSeen && <Dispersion feed={feed} />}
    </span>
  );
}

/** It moves with the market's mood, not with its prices. */
const DISPERSION_EVERY_MS = 30_000;

function Dispersion({ feed }: { feed: string }): ReactNode {
  const { data } = useExplanation(feed, { everyMs: DISPERSION_EVERY_MS });
  const bps = data === undefined ? undefined : dispersionBps(data);
  return bps === undefined ? <span className="text-muted">–</span> : bps.toFixed(2);
}

/** Once it has been on the screen. */
function useIsSeen(element: { current: Element | null }): boolean {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    if (element.current === null || isSeen) return undefined;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) setSeen(true);
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element, isSeen]);
  return isSeen;
}
