// The one number of the page, large, with its interval, its state in words and what it rests on.
import type { ReactNode } from 'react';
import type { Feed } from '../api/records.ts';
import { useLivePrice } from '../live/board.ts';
import { halfWidthBps } from '../show/interval-bar.tsx';
import { Facts } from '../show/page.tsx';
import { PriceText } from '../show/price.tsx';
import { StateDot } from '../show/state-dot.tsx';
import { Bar } from '../show/states.tsx';
import { durationText, groupedText, percentText } from '../show/text.ts';
import { LiveAgeCell } from './live-cells.tsx';

export function FeedNumber({ definition }: { definition: Feed }): ReactNode {
  const { feed } = definition;
  const live = useLivePrice(feed);
  if (live === undefined) return <NoNumber feed={feed} />;
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-col gap-1">
        <p className="flex flex-wrap items-baseline gap-x-4 gap-y-1">
          <span className="font-semibold text-hero">
            <PriceText price={live.price} />
          </span>
          <span className="text-muted">
            {groupedText(live.low)} to {groupedText(live.high)} (±{halfWidthBps(live).toFixed(1)} bps)
          </span>
        </p>
        <p className="flex flex-wrap items-baseline gap-x-2">
          <StateDot state={live.state} />
          <span className="text-muted">{live.stateReason}.</span>
        </p>
      </div>
      <Facts
        facts={[
          ['Age', <LiveAgeCell key="age" feed={feed} lateAfterMs={definition.staleAfterMs} />],
          ['Sources used', `${live.sourcesUsed} of ${live.sourcesConfigured}`],
          ['Confidence', live.confidence.toFixed(2)],
          [
            'Signatures',
            live.signatures === 0 ? `none: live, not final` : `${live.signatures} of ${live.quorum}`,
          ],
          ['Heartbeat', durationText(definition.heartbeatMs)],
          ['Deviation threshold', percentText(definition.deviationThresholdPpb / 1e9, 2)],
          ['Stale after', durationText(definition.staleAfterMs)],
          ['Method', definition.method.replaceAll('-', ' ')],
        ]}
      />
    </div>
  );
}

function NoNumber({ feed }: { feed: string }): ReactNode {
  return (
    <div role="status" className="flex flex-col gap-3">
      <Bar className="h-8 w-64" />
      <p className="after-a-blink text-muted">
        {feed} has no price yet: no source has said anything about it since the program started. One appears
        here with the first of them.
      </p>
    </div>
  );
}
