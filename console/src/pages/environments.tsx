// This installation and the others that its settings name, side by side: which is well, which version each
// runs, how fresh its prices are, and what is wrong where one does not answer. The server asks them; this
// page asks the server alone.
import type { ReactNode } from 'react';
import type { Environment } from '../api/system-records.ts';
import { useApi } from '../api/use-api.ts';
import { NeedsScope } from '../session/needs-scope.tsx';
import { Instant } from '../show/age.tsx';
import { Page } from '../show/page.tsx';
import { StateDot } from '../show/state-dot.tsx';
import { Disconnected, Empty, Loaded, TableSkeleton } from '../show/states.tsx';
import { type Column, Table } from '../show/table.tsx';
import { durationText } from '../show/text.ts';

/** As often as the server asks them. */
const EVERY_MS = 10_000;

const STATE: Record<Environment['state'], { tone: string; word: string }> = {
  ready: { tone: 'ok', word: 'ready' },
  'not-ready': { tone: 'degraded', word: 'not ready' },
  refused: { tone: 'degraded', word: 'refuses us' },
  unreachable: { tone: 'halted', word: 'unreachable' },
};

const COLUMNS: readonly Column<Environment>[] = [
  {
    id: 'name',
    title: 'Environment',
    cell: ({ name, url, isThis }) =>
      isThis ? (
        <span className="font-medium">{name} (this one)</span>
      ) : (
        <a href={url} rel="noreferrer" className="font-medium text-accent hover:underline">
          {name}
        </a>
      ),
    sort: ({ name }) => name,
    text: ({ name }) => name,
    width: '190px',
    isOnPhone: true,
    phoneWidth: '40%',
  },
  {
    id: 'state',
    title: 'State',
    cell: ({ state }) => <StateDot state={STATE[state].tone} word={STATE[state].word} />,
    sort: ({ state }) => Object.keys(STATE).indexOf(state),
    text: ({ state }) => state,
    width: '120px',
    isOnPhone: true,
    phoneWidth: '35%',
  },
  {
    id: 'since',
    title: 'Since',
    cell: ({ since }) => <Instant at={since} />,
    sort: ({ since }) => Date.parse(since),
    text: ({ since }) => since,
    width: '110px',
  },
  {
    id: 'version',
    title: 'Version',
    cell: ({ version }) => version ?? '–',
    sort: ({ version }) => version ?? undefined,
    text: ({ version }) => version ?? '',
    width: '90px',
  },
  {
    id: 'profile',
    title: 'Profile',
    cell: ({ profile }) => profile ?? '–',
    sort: ({ profile }) => profile ?? undefined,
    text: ({ profile }) => profile ?? '',
    width: '90px',
  },
  {
    id: 'fresh',
    title: 'Feeds fresh',
    cell: ({ feedsFresh, feedsConfigured }) =>
      feedsConfigured === null ? '–' : `${feedsFresh ?? 0} of ${feedsConfigured}`,
    sort: ({ feedsFresh }) => feedsFresh ?? undefined,
    text: ({ feedsFresh }) => String(feedsFresh ?? ''),
    align: 'right',
    width: '125px',
    isOnPhone: true,
    phoneWidth: '25%',
  },
  {
    id: 'lag',
    title: 'Newest price',
    cell: ({ newestAgeMs }) => (newestAgeMs === null ? '–' : durationText(newestAgeMs)),
    sort: ({ newestAgeMs }) => newestAgeMs ?? undefined,
    text: ({ newestAgeMs }) => String(newestAgeMs ?? ''),
    align: 'right',
    width: '130px',
  },
  {
    id: 'answer',
    title: 'Answered in',
    cell: ({ durationMs, isThis }) => (durationMs === null || isThis ? '–' : `${Math.round(durationMs)} ms`),
    sort: ({ durationMs }) => durationMs ?? undefined,
    text: ({ durationMs }) => String(durationMs ?? ''),
    align: 'right',
    width: '110px',
  },
  {
    id: 'detail',
    title: 'In words',
    cell: ({ detail }) => (
      <span title={detail} className="text-muted">
        {detail}
      </span>
    ),
    text: ({ detail }) => detail,
  },
];

export function EnvironmentsPage(): ReactNode {
  return (
    <Page title="Environments">
      <NeedsScope scope="admin" what="Environments" skeleton={<TableSkeleton rows={3} columns={7} />}>
        <Environments />
      </NeedsScope>
    </Page>
  );
}

function Environments(): ReactNode {
  const query = useApi<Environment[]>('/v1/environments', { everyMs: EVERY_MS });
  return (
    <Loaded
      query={query}
      what="The environments"
      skeleton={<TableSkeleton rows={3} columns={7} />}
      stillWorks="This installation still serves prices."
      isEmpty={(list) => list.length === 0}
      empty={<Empty title="No environment is known." />}
    >
      {(list) => (
        <Disconnected>
          <div className="flex flex-col gap-3">
            <Table
              title="Environments"
              noun="environment"
              rows={list}
              columns={COLUMNS}
              rowKey={({ name, url }) => `${name} ${url}`}
              empty="No environment is called that."
            />
            {list.length === 1 && (
              <Empty title="No other installation is configured.">
                Name them in <code className="font-mono">assay.yaml</code> under{' '}
                <code className="font-mono">environments</code>: each with a name, its address, and a key of
                it that may read prices. The server asks each every ten seconds.
              </Empty>
            )}
          </div>
        </Disconnected>
      )}
    </Loaded>
  );
}
