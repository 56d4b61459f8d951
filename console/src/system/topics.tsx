// The topics of the bus: how much is on each, how fast it grows, how old its newest record is.
import type { ReactNode } from 'react';
import type { Topic } from '../api/system-records.ts';
import { useApi } from '../api/use-api.ts';
import { Disconnected, Loaded, TableSkeleton } from '../show/states.tsx';
import { type Column, Table } from '../show/table.tsx';
import { countText, durationText } from '../show/text.ts';

const EVERY_MS = 3_000;

const COLUMNS: readonly Column<Topic>[] = [
  {
    id: 'topic',
    title: 'Topic',
    cell: ({ topic }) => <code className="font-mono">{topic}</code>,
    sort: ({ topic }) => topic,
    text: ({ topic }) => topic,
    isOnPhone: true,
    phoneWidth: '46%',
  },
  {
    id: 'rate',
    title: 'A second',
    cell: ({ perSecond }) => perSecond.toFixed(1),
    sort: ({ perSecond }) => perSecond,
    text: ({ perSecond }) => String(perSecond),
    align: 'right',
    width: '110px',
    isOnPhone: true,
    phoneWidth: '27%',
  },
  {
    id: 'age',
    title: 'Newest',
    cell: ({ newestAgeMs }) => (newestAgeMs === null ? '–' : durationText(newestAgeMs)),
    sort: ({ newestAgeMs }) => newestAgeMs ?? undefined,
    text: ({ newestAgeMs }) => String(newestAgeMs ?? ''),
    align: 'right',
    width: '110px',
    isOnPhone: true,
    phoneWidth: '27%',
  },
  {
    id: 'records',
    title: 'Records kept',
    cell: ({ records }) => countText(records),
    sort: ({ records }) => records,
    text: ({ records }) => String(records),
    align: 'right',
    width: '130px',
  },
  {
    id: 'partitions',
    title: 'Partitions',
    cell: ({ partitions }) => partitions.length,
    sort: ({ partitions }) => partitions.length,
    text: ({ partitions }) => String(partitions.length),
    align: 'right',
    width: '100px',
  },
];

export function Topics(): ReactNode {
  const query = useApi<Topic[]>('/v1/topics', { everyMs: EVERY_MS });
  return (
    <Loaded
      query={query}
      what="The topics"
      skeleton={<TableSkeleton rows={8} columns={5} />}
      stillWorks="Prices are still served."
    >
      {(list) => (
        <Disconnected>
          <Table
            title="Topics"
            name="t"
            noun="topic"
            rows={list}
            columns={COLUMNS}
            rowKey={({ topic }) => topic}
            hasTools={false}
          />
        </Disconnected>
      )}
    </Loaded>
  );
}
