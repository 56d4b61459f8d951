// What clients submitted, newest first: who said which price, and what became of it. A key sees its own, an
// administrator all.
import type { Submission, SubmissionPage } from '@assay/client/wire';
import type { ReactNode } from 'react';
import { useApiPages } from '../api/use-pages.ts';
import { useIsAdmin } from '../frame/use-status.ts';
import { NeedsScope } from '../session/needs-scope.tsx';
import { Age } from '../show/age.tsx';
import { Older } from '../show/older.tsx';
import { Page, Section } from '../show/page.tsx';
import { Said } from '../show/said.tsx';
import { StateDot } from '../show/state-dot.tsx';
import { Disconnected, Empty, Loaded, TableSkeleton } from '../show/states.tsx';
import { type Column, Table } from '../show/table.tsx';
import { groupedText } from '../show/text.ts';
import { SubmitForm } from '../submissions/submit-form.tsx';
import { STATUS_WORDS, sentenceText } from '../submissions/words.tsx';

const LIST = '/v1/submissions?limit=50';
/** A submission goes its way in about a second. */
const EVERY_MS = 2_000;

const COLUMNS: readonly Column<Submission>[] = [
  {
    id: 'feed',
    title: 'Feed',
    cell: ({ feed }) => <span className="font-medium">{feed}</span>,
    sort: ({ feed }) => feed,
    text: ({ feed }) => feed,
    width: '110px',
    phoneWidth: '24%',
    isOnPhone: true,
  },
  {
    id: 'price',
    title: 'Price',
    cell: ({ price_usd }) => <span title={price_usd}>{groupedText(price_usd)}</span>,
    sort: ({ price_usd }) => Number(price_usd),
    text: ({ price_usd }) => price_usd,
    align: 'right',
    width: '140px',
    isOnPhone: true,
  },
  {
    id: 'by',
    title: 'Submitted by',
    cell: ({ submitted_by }) => <Said>{submitted_by}</Said>,
    sort: ({ submitted_by }) => submitted_by,
    text: ({ submitted_by }) => submitted_by,
    width: '200px',
  },
  {
    id: 'state',
    title: 'State',
    cell: ({ status }) => <StateDot state={status} word={STATUS_WORDS[status]} />,
    sort: ({ status }) => status,
    text: ({ status }) => STATUS_WORDS[status],
    width: '140px',
    phoneWidth: '33%',
    isOnPhone: true,
  },
  {
    id: 'detail',
    title: 'What became of it',
    cell: ({ detail }) => (
      <span title={detail} className="text-muted">
        {sentenceText(detail)}
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
    cell: ({ receivedAt }) => <Age atMs={Date.parse(receivedAt)} />,
    sort: ({ receivedAt }) => -Date.parse(receivedAt),
    text: ({ receivedAt }) => receivedAt,
    align: 'right',
    width: '80px',
    phoneWidth: '15%',
    isOnPhone: true,
  },
];

export function SubmissionsPage(): ReactNode {
  return (
    <Page title="Submissions">
      <NeedsScope scope="prices:submit" what="Submissions" skeleton={<TableSkeleton />}>
        <Section title="Submit a price">
          <SubmitForm listPath={LIST} />
        </Section>
        <Submissions />
      </NeedsScope>
    </Page>
  );
}

function Submissions(): ReactNode {
  const isAdmin = useIsAdmin();
  const query = useApiPages<SubmissionPage, Submission>(LIST, (page) => page.submissions, {
    everyMs: EVERY_MS,
  });
  return (
    <Section
      title="Submitted"
      beside={isAdmin ? 'by all clients, newest first' : 'with this key, newest first'}
    >
      <Loaded
        query={query}
        what="The submissions"
        skeleton={<TableSkeleton rows={10} columns={6} />}
        stillWorks="Prices are still served; a submission that was accepted goes its way."
        isEmpty={(list) => list.length === 0}
        empty={
          <Empty title="Nothing was submitted in the last 30 days.">
            Submit one above, or with{' '}
            <code className="font-mono">
              curl -X POST /v1/submissions -d '{'{'}"symbol": "BTC", "price_usd": 67012.34, …{'}'}'
            </code>
            . The guide has the whole command.
          </Empty>
        }
      >
        {(list) => (
          <Disconnected>
            <div className="flex flex-col gap-2">
              <Table
                title="Submissions"
                noun="submission"
                rows={list}
                columns={COLUMNS}
                rowKey={({ id }) => id}
                linkTo={({ id }) => `/submissions/${id}`}
                empty="No submission of these has that in it."
              />
              <Older path={LIST} query={query} />
            </div>
          </Disconnected>
        )}
      </Loaded>
    </Section>
  );
}
