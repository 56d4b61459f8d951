// Prices that were asked for, newest first: how many sources answered, in what time. A key sees its own, an
// administrator all.
import type { PriceRequest } from '@assay/client/wire';
import type { ReactNode } from 'react';
import type { PriceRequestList } from '../api/client-records.ts';
import { useApiPages } from '../api/use-pages.ts';
import { useIsAdmin } from '../frame/use-status.ts';
import { RequestForm } from '../requests/request-form.tsx';
import { Age } from '../show/age.tsx';
import { Older } from '../show/older.tsx';
import { Page, Section } from '../show/page.tsx';
import { StateDot } from '../show/state-dot.tsx';
import { Disconnected, Empty, Loaded, TableSkeleton } from '../show/states.tsx';
import { type Column, Table } from '../show/table.tsx';
import { groupedText } from '../show/text.ts';
import { spanText } from '../show/time-line.tsx';

const LIST = '/v1/price-requests?limit=50';
const EVERY_MS = 2_000;

const COLUMNS: readonly Column<PriceRequest>[] = [
  {
    id: 'feed',
    title: 'Feed',
    cell: ({ feed }) => <span className="font-medium">{feed}</span>,
    sort: ({ feed }) => feed,
    text: ({ feed }) => feed,
    width: '110px',
    phoneWidth: '21%',
    isOnPhone: true,
  },
  {
    id: 'price',
    title: 'Price',
    cell: ({ price }) => (price === null ? '–' : groupedText(price.price)),
    sort: ({ price }) => (price === null ? undefined : Number(price.price)),
    text: ({ price }) => price?.price ?? '',
    align: 'right',
    width: '140px',
    isOnPhone: true,
  },
  {
    id: 'state',
    title: 'State',
    cell: ({ status }) => <StateDot state={status} />,
    sort: ({ status }) => status,
    text: ({ status }) => status,
    width: '120px',
    phoneWidth: '27%',
    isOnPhone: true,
  },
  {
    id: 'answered',
    title: 'Answered',
    cell: ({ sourcesAnswered, sourcesAsked }) => `${sourcesAnswered} of ${sourcesAsked}`,
    sort: ({ sourcesAnswered }) => sourcesAnswered,
    text: ({ sourcesAnswered, sourcesAsked }) => `${sourcesAnswered} of ${sourcesAsked}`,
    align: 'right',
    width: '100px',
  },
  {
    id: 'took',
    title: 'Took',
    cell: (request) => tookText(request),
    sort: (request) => tookMs(request),
    text: (request) => tookText(request),
    align: 'right',
    width: '84px',
  },
  {
    id: 'detail',
    title: 'In words',
    cell: ({ detail }) => (
      <span title={detail} className="text-muted">
        {detail.charAt(0).toUpperCase() + detail.slice(1)}
      </span>
    ),
    text: ({ detail }) => detail,
  },
  {
    id: 'id',
    title: 'Id',
    cell: ({ id }) => <code className="font-mono">{id}</code>,
    text: ({ id }) => id,
    width: '220px',
    isExtra: true,
  },
  {
    id: 'age',
    title: 'Age',
    cell: ({ requestedAt }) => <Age atMs={Date.parse(requestedAt)} />,
    sort: ({ requestedAt }) => -Date.parse(requestedAt),
    text: ({ requestedAt }) => requestedAt,
    align: 'right',
    width: '80px',
    phoneWidth: '16%',
    isOnPhone: true,
  },
];

function tookMs({ requestedAt, completedAt }: PriceRequest): number | undefined {
  return completedAt === null ? undefined : Date.parse(completedAt) - Date.parse(requestedAt);
}

function tookText(request: PriceRequest): string {
  const ms = tookMs(request);
  return ms === undefined ? '–' : spanText(ms);
}

export function RequestsPage(): ReactNode {
  const isAdmin = useIsAdmin();
  const query = useApiPages<PriceRequestList, PriceRequest>(LIST, (page) => page.requests, {
    everyMs: EVERY_MS,
  });
  return (
    <Page title="Requests">
      <Section title="Request a price">
        <RequestForm />
      </Section>
      <Section
        title="Requested"
        beside={isAdmin ? 'by all clients in the last day' : 'with this key in the last day'}
      >
        <Loaded
          query={query}
          what="The requests"
          skeleton={<TableSkeleton rows={10} columns={6} />}
          stillWorks="Prices are still served, and a request that runs ends by itself."
          isEmpty={(list) => list.length === 0}
          empty={
            <Empty title="Nothing was requested in the last day.">
              Request a price above, or with{' '}
              <code className="font-mono">POST /v1/price-requests {'{"feed": "BTC/USD"}'}</code>.
            </Empty>
          }
        >
          {(list) => (
            <Disconnected>
              <div className="flex flex-col gap-2">
                <Table
                  title="Requests"
                  noun="request"
                  rows={list}
                  columns={COLUMNS}
                  rowKey={({ id }) => id}
                  linkTo={({ id }) => `/requests/${id}`}
                  empty="No request of these has that in it."
                />
                <Older path={LIST} query={query} />
              </div>
            </Disconnected>
          )}
        </Loaded>
      </Section>
    </Page>
  );
}
