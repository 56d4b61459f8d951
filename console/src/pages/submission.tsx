// One submission: what was said, and its path from the client to the answer it took part in.
import type { Submission } from '@assay/client/wire';
import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { inAddress, useApi } from '../api/use-api.ts';
import { useNowMs } from '../live/now.ts';
import { NeedsScope } from '../session/needs-scope.tsx';
import { Instant } from '../show/age.tsx';
import { Facts, Page, Section } from '../show/page.tsx';
import { Said } from '../show/said.tsx';
import { StateDot, toneOf } from '../show/state-dot.tsx';
import { Bar, Disconnected, Empty, Loaded } from '../show/states.tsx';
import { groupedText } from '../show/text.ts';
import { spanText, TimeLine, type TimeStep } from '../show/time-line.tsx';
import { isMoving, STATUS_WORDS, sentenceText, WhyLink } from '../submissions/words.tsx';

/** It goes its way in about a second. */
const EVERY_MS = 1_000;

export function SubmissionPage(): ReactNode {
  return (
    <Page title="Submission">
      <NeedsScope scope="prices:submit" what="Submissions" skeleton={<Skeleton />}>
        <One />
      </NeedsScope>
    </Page>
  );
}

function One(): ReactNode {
  const { id = '' } = useParams({ strict: false }) as { id?: string };
  const query = useApi<Submission>(`/v1/submissions/${encodeURIComponent(id)}`, { everyMs: EVERY_MS });
  if (query.data === undefined && query.error?.code === 'NOT_FOUND') return <None />;
  return (
    <Loaded
      query={query}
      what="The submission"
      skeleton={<Skeleton />}
      stillWorks="If it was accepted, it goes its way."
    >
      {(submission) => (
        <Disconnected>
          <div className="flex flex-col gap-7">
            <What submission={submission} />
            <Path submission={submission} />
          </div>
        </Disconnected>
      )}
    </Loaded>
  );
}

function What({ submission }: { submission: Submission }): ReactNode {
  const { id, feed, price_usd, submitted_by, timestamp, status, receivedAt } = submission;
  return (
    <div className="flex flex-col gap-4">
      <p className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
        <span className="font-semibold text-hero [overflow-wrap:anywhere]">{groupedText(price_usd)}</span>
        <Link to={`/feeds/${inAddress(feed)}`} className="text-accent hover:underline">
          {feed}
        </Link>
        <StateDot state={status} word={STATUS_WORDS[status]} />
      </p>
      <Facts
        facts={[
          ['Submitted by', <Said key="by">{submitted_by}</Said>],
          ['Received', <Instant key="received" at={receivedAt} />],
          ['True at, says the client', <Instant key="at" at={timestamp} />],
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

function Path({ submission }: { submission: Submission }): ReactNode {
  const { feed, events, receivedAt } = submission;
  const nowMs = useNowMs();
  const steps = events.map(({ at, status, detail }, i): TimeStep => {
    const isJudged = status === 'used' || status === 'outlier';
    return {
      key: `${at} ${detail}`,
      at,
      tone: toneOf(status),
      title: titleOf(status, i),
      detail:
        i === 0 && status === 'accepted' ? undefined : (
          <>
            {sentenceText(detail)}. {isJudged && <WhyLink feed={feed} at={at} />}
          </>
        ),
    };
  });
  const last = events.at(-1);
  const total = last === undefined ? 0 : Date.parse(last.at) - Date.parse(receivedAt);
  return (
    <Section
      title="Its path"
      beside={
        events.length > 1 ? `${spanText(Math.max(0, total))} from the client's request to here` : undefined
      }
    >
      <TimeLine label="Path of the submission" steps={steps} now={nowOf(submission, nowMs)} />
    </Section>
  );
}

function titleOf(status: Submission['status'], at: number): string {
  if (status === 'accepted') return at === 0 ? 'Received and accepted' : 'Taken as a submitted price';
  return {
    rejected: 'Rejected',
    used: 'Used in a round',
    outlier: 'Found to be an outlier',
    unused: 'Not used',
  }[status];
}

/** Undefined: it has ended. */
function nowOf(
  submission: Submission,
  nowMs: number,
): { title: string; tone: 'idle' | 'warn'; detail?: string } | undefined {
  const { status, events, feed, detail } = submission;
  if (status !== 'accepted') return undefined;
  if (events.length > 1) return { title: `Waits for the next round of ${feed}`, tone: 'idle' };
  if (isMoving(submission, nowMs)) return { title: 'On its way to the round', tone: 'idle' };
  return { title: 'Waits for somebody who takes it', tone: 'warn', detail: sentenceText(detail) };
}

function Skeleton(): ReactNode {
  return (
    <div className="flex flex-col gap-5">
      <Bar className="h-7 w-72" />
      <Bar className="h-8 w-full max-w-160" />
      <Bar className="h-40 w-full max-w-160" />
    </div>
  );
}

function None(): ReactNode {
  return (
    <Empty title="There is no such submission, or it is of another client.">
      Was its address copied whole? Submissions are kept for 30 days.{' '}
      <Link to="/submissions" className="text-accent underline">
        All submissions
      </Link>
    </Empty>
  );
}
