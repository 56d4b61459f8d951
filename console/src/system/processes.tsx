// Every process with its services: how it is, for how long, what it takes, and since when one is gone.
import type { ReactNode } from 'react';
import type { Process } from '../api/system-records.ts';
import { useApi } from '../api/use-api.ts';
import { Age, Instant } from '../show/age.tsx';
import { StateDot } from '../show/state-dot.tsx';
import { Disconnected, Empty, Loaded, TableSkeleton } from '../show/states.tsx';
import { type Column, Table } from '../show/table.tsx';
import { durationText, percentText } from '../show/text.ts';

/** As often as they speak. */
const EVERY_MS = 5_000;
/** Prices that are read this late are felt as well. */
const BEHIND_MS = 1_000;
/** A loop that is late by more than this is felt by clients. */
const LATE_MS = 50;

const COLUMNS: readonly Column<Process>[] = [
  {
    id: 'services',
    title: 'Services',
    cell: ({ services }) => <span title={services.join(', ')}>{services.join(', ')}</span>,
    sort: ({ services }) => services.join(),
    text: ({ services }) => services.join(' '),
    isOnPhone: true,
    phoneWidth: '52%',
  },
  {
    id: 'state',
    title: 'State',
    cell: ({ state, seenAt }) =>
      state === 'running' ? (
        <StateDot state="ok" word="running" />
      ) : (
        <span className="flex items-center gap-1.5">
          <StateDot state="stale" word="gone" /> since <Instant at={seenAt} />
        </span>
      ),
    sort: ({ state }) => state,
    text: ({ state }) => state,
    width: '170px',
    isOnPhone: true,
    phoneWidth: '28%',
  },
  {
    id: 'process',
    title: 'Process',
    cell: ({ host, pid }) => <code className="font-mono">{`${host} ${pid}`}</code>,
    sort: ({ pid }) => pid,
    text: ({ id }) => id,
    width: '180px',
  },
  {
    id: 'version',
    title: 'Version',
    cell: ({ version }) => version,
    sort: ({ version }) => version,
    text: ({ version }) => version,
    width: '96px',
  },
  {
    id: 'up',
    title: 'Up for',
    cell: ({ startedAt }) => <Age atMs={Date.parse(startedAt)} />,
    sort: ({ startedAt }) => -Date.parse(startedAt),
    text: ({ startedAt }) => startedAt,
    align: 'right',
    width: '80px',
    isOnPhone: true,
    phoneWidth: '20%',
  },
  {
    id: 'memory',
    title: 'Memory',
    cell: ({ memoryBytes }) => `${Math.round(memoryBytes / 1_048_576)} MB`,
    sort: ({ memoryBytes }) => memoryBytes,
    text: ({ memoryBytes }) => String(memoryBytes),
    align: 'right',
    width: '90px',
  },
  {
    id: 'cpu',
    title: 'Of a core',
    cell: ({ cpuShare }) => percentText(cpuShare),
    sort: ({ cpuShare }) => cpuShare,
    text: ({ cpuShare }) => cpuShare.toFixed(3),
    align: 'right',
    width: '110px',
  },
  {
    id: 'behind',
    title: 'Behind',
    cell: ({ readLag }) =>
      readLag === null ? (
        <span className="text-muted">reads nothing</span>
      ) : (
        <span
          className={readLag.ms > BEHIND_MS ? 'text-warn' : ''}
          title={`from the commit of a record to the end of its handling, longest on ${readLag.topic}`}
        >
          {durationText(readLag.ms)}
        </span>
      ),
    sort: ({ readLag }) => readLag?.ms,
    text: ({ readLag }) => (readLag === null ? '' : `${readLag.ms} ms on ${readLag.topic}`),
    align: 'right',
    width: '90px',
  },
  {
    id: 'loop',
    title: 'Event loop late, p99',
    cell: ({ eventLoopP99Ms }) => (
      <span className={eventLoopP99Ms > LATE_MS ? 'text-warn' : ''}>{eventLoopP99Ms.toFixed(1)} ms</span>
    ),
    sort: ({ eventLoopP99Ms }) => eventLoopP99Ms,
    text: ({ eventLoopP99Ms }) => String(eventLoopP99Ms),
    align: 'right',
    width: '180px',
  },
];

export function Processes(): ReactNode {
  const query = useApi<Process[]>('/v1/services', { everyMs: EVERY_MS });
  return (
    <Loaded
      query={query}
      what="The processes"
      skeleton={<TableSkeleton rows={2} columns={8} />}
      stillWorks="Prices are still served."
      isEmpty={(list) => list.length === 0}
      empty={
        <Empty title="No process has spoken yet.">
          Each does within five seconds of its start, through the cache that they share.
        </Empty>
      }
    >
      {(list) => (
        <Disconnected>
          <Table
            title="Processes"
            name="p"
            noun="process"
            rows={list}
            columns={COLUMNS}
            rowKey={({ id }) => id}
            hasTools={false}
          />
        </Disconnected>
      )}
    </Loaded>
  );
}
