// One price request, followed while it runs: the price it ended with, and its path source by source.
import type { PriceRequest } from '@assay/client/wire';
import { useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { inAddress, useApi } from '../api/use-api.ts';
import { RequestPath } from '../requests/path.tsx';
import { Instant } from '../show/age.tsx';
import { Facts, Page } from '../show/page.tsx';
import { StateDot } from '../show/state-dot.tsx';
import { Bar, Disconnected, Empty, Loaded } from '../show/states.tsx';
import { groupedText } from '../show/text.ts';
import { spanText } from '../show/time-line.tsx';

/** Sources answer within tenths of a second. */
const RUNNING_EVERY_MS = 300;
/** Nothing more happens to it; this only notices that the server is gone. */
const ENDED_EVERY_MS = 5_000;

export function RequestPage(): ReactNode {
  const { id = '' } = useParams({ strict: false }) as { id?: string };
  const path = `/v1/price-requests/${encodeURIComponent(id)}`;
  const known = useQueryClient().getQueryData<PriceRequest>([path]);
  const isRunning = known === undefined || known.status === 'pending';
  const query = useApi<PriceRequest>(path, { everyMs: isRunning ? RUNNING_EVERY_MS : ENDED_EVERY_MS });
  const isNone = query.data === undefined && query.error?.code === 'NOT_FOUND';
  return (
    <Page title="Request">
      {isNone ? (
        <None />
      ) : (
        <Loaded
          query={query}
          what="The request"
          skeleton={<Skeleton />}
          stillWorks="It ends by itself, and prices are still served."
        >
          {(request) => (
            <Disconnected>
              <div className="flex flex-col gap-7">
                <What request={request} />
                <RequestPath request={request} />
              </div>
            </Disconnected>
          )}
        </Loaded>
      )}
    </Page>
  );
}

function What({ request }: { request: PriceRequest }): ReactNode {
  const { id, feed, status, price, requestedAt, deadlineAt, sourcesAnswered, sourcesAsked } = request;
  const deadlineMs = Date.parse(deadlineAt) - Date.parse(requestedAt);
  return (
    <div className="flex flex-col gap-4">
      <p className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
        <span className={`font-semibold text-hero ${price === null ? 'text-muted' : ''}`}>
          {price === null ? 'No price yet' : groupedText(price.price)}
        </span>
        <Link to={`/feeds/${inAddress(feed)}`} className="text-accent hover:underline">
          {feed}
        </Link>
        <StateDot state={status} />
      </p>
      <Facts
        facts={[
          ['Sources that answered', `${sourcesAnswered} of ${sourcesAsked}`],
          ['State of the price', price === null ? '–' : <StateDot key="price" state={price.state} />],
          ['Requested', <Instant key="requested" at={requestedAt} />],
          ['Deadline', `after ${spanText(deadlineMs)}`],
          [
            'Id',
            <code key="id" title={id} className="font-mono text-table">
              {id}
            </code>,
          ],
        ]}
      />
    </div>
  );
}

function Skeleton(): ReactNode {
  return (
    <div className="flex flex-col gap-5">
      <Bar className="h-7 w-72" />
      <Bar className="h-8 w-full max-w-160" />
      <Bar className="h-60 w-full max-w-160" />
    </div>
  );
}

function None(): ReactNode {
  return (
    <Empty title="There is no such request, or it is of another client.">
      Was its address copied whole? Requests are kept for a day.{' '}
      <Link to="/requests" className="text-accent underline">
        All requests
      </Link>
    </Empty>
  );
}
