// Every feed as one row: what it is, how sure, how old, on how many sources it rests, and the shape of its
// last hour. Figures move by themselves; the order follows them every two seconds at most.
import { type ReactNode, useEffect, useState } from 'react';
import type { Feed } from '../api/records.ts';
import { inAddress } from '../api/use-api.ts';
import {
  DispersionCell,
  LastHourCell,
  LiveAgeCell,
  LiveConfidenceCell,
  LiveIntervalCell,
  LivePriceCell,
  LiveSourcesCell,
  LiveStateCell,
} from '../feed/live-cells.tsx';
import { useFeeds } from '../feed/use-feeds.ts';
import { currentPrices, type LivePrice } from '../live/board.ts';
import { halfWidthBps } from '../show/interval-bar.tsx';
import { Page } from '../show/page.tsx';
import { Disconnected, Empty, Loaded, TableSkeleton } from '../show/states.tsx';
import { type Column, Table } from '../show/table.tsx';

type FeedRow = { feed: string; definition: Feed; live: LivePrice | undefined };

/** Rows that change places under the pointer are worse than an order two seconds old. */
const ORDER_EVERY_MS = 2_000;

/** What needs a look comes first. */
const URGENCY = ['halted', 'stale', 'missing', 'degraded', 'ok'];

const COLUMNS: readonly Column<FeedRow>[] = [
  {
    id: 'feed',
    title: 'Feed',
    cell: ({ feed }) => <span className="font-medium">{feed}</span>,
    sort: ({ feed }) => feed,
    text: ({ feed }) => feed,
    isOnPhone: true,
    width: '110px',
    phoneWidth: '26%',
  },
  {
    id: 'price',
    title: 'Price',
    cell: ({ feed }) => <LivePriceCell feed={feed} />,
    sort: ({ live }) => (live === undefined ? undefined : Number(live.price)),
    text: ({ live }) => live?.price ?? '',
    align: 'right',
    isOnPhone: true,
    width: '150px',
  },
  {
    id: 'interval',
    title: 'Interval, bps',
    cell: ({ feed }) => <LiveIntervalCell feed={feed} />,
    sort: ({ live }) => (live === undefined ? undefined : halfWidthBps(live)),
    text: ({ live }) => (live === undefined ? '' : halfWidthBps(live).toFixed(1)),
    align: 'right',
    width: '150px',
  },
  {
    id: 'state',
    title: 'State',
    cell: ({ feed }) => <LiveStateCell feed={feed} />,
    sort: ({ live }) => URGENCY.indexOf(live?.state ?? 'missing'),
    text: ({ live }) => live?.state ?? 'missing',
    isOnPhone: true,
    width: '105px',
    phoneWidth: '24%',
  },
  {
    id: 'age',
    title: 'Age',
    cell: ({ feed, definition }) => <LiveAgeCell feed={feed} lateAfterMs={definition.staleAfterMs} />,
    sort: ({ live }) => (live === undefined ? undefined : live.receivedAtMs - live.ageMs),
    text: ({ live }) => (live === undefined ? '' : String(live.ageMs)),
    align: 'right',
    isOnPhone: true,
    width: '72px',
    phoneWidth: '17%',
  },
  {
    id: 'sources',
    title: 'Sources',
    cell: ({ feed }) => <LiveSourcesCell feed={feed} />,
    sort: ({ live }) => live?.sourcesUsed,
    text: ({ live }) => (live === undefined ? '' : `${live.sourcesUsed} of ${live.sourcesConfigured}`),
    align: 'right',
    width: '92px',
  },
  {
    id: 'dispersion',
    title: 'Dispersion, bps',
    cell: ({ feed }) => <DispersionCell feed={feed} />,
    align: 'right',
    width: '120px',
  },
  {
    id: 'confidence',
    title: 'Confidence',
    cell: ({ feed }) => <LiveConfidenceCell feed={feed} />,
    sort: ({ live }) => live?.confidence,
    text: ({ live }) => live?.confidence.toFixed(3) ?? '',
    align: 'right',
    width: '96px',
    isExtra: true,
  },
  { id: 'hour', title: 'Last hour', cell: ({ feed }) => <LastHourCell feed={feed} /> },
];

export function FeedsPage(): ReactNode {
  const feeds = useFeeds();
  return (
    <Page title="Feeds">
      <Loaded
        query={feeds}
        what="The feeds"
        skeleton={<TableSkeleton rows={14} columns={7} />}
        stillWorks="Prices are still served to clients, and the other pages still work."
        isEmpty={(list) => list.length === 0}
        empty={
          <Empty title="No feed is configured, or this key may read none.">
            Feeds stand in <code className="font-mono">feeds.yaml</code>; a running program takes a changed
            file over by itself. The guide says how one is written.
          </Empty>
        }
      >
        {(list) => (
          <Disconnected>
            <FeedTable feeds={list} />
          </Disconnected>
        )}
      </Loaded>
    </Page>
  );
}

function FeedTable({ feeds }: { feeds: readonly Feed[] }): ReactNode {
  const live = useSnapshot();
  const rows = feeds.map((definition) => {
    return { feed: definition.feed, definition, live: live.get(definition.feed) };
  });
  return (
    <Table
      title="Feeds"
      noun="feed"
      rows={rows}
      columns={COLUMNS}
      rowKey={({ feed }) => feed}
      linkTo={({ feed }) => `/feeds/${inAddress(feed)}`}
      empty="No feed is called that."
    />
  );
}

/** All live prices as they were at most two seconds ago: what the order and the filter go by. */
function useSnapshot(): ReadonlyMap<string, LivePrice> {
  const [snapshot, setSnapshot] = useState(read);
  useEffect(() => {
    const timer = setInterval(() => setSnapshot(read()), ORDER_EVERY_MS);
    // The first prices arrive within a blink of the page.
    const soon = setTimeout(() => setSnapshot(read()), 300);
    return () => {
      clearInterval(timer);
      clearTimeout(soon);
    };
  }, []);
  return snapshot;
}

function read(): ReadonlyMap<string, LivePrice> {
  return new Map(currentPrices().map((price) => [price.feed, price]));
}
