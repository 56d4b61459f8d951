// "Why this number?": the ladder, the table beneath it, the crosses it rests on, and what it would be without
// any one venue. Of now, following the market; or as of an instant that stands in the address (`?at=`).
import type { Explanation } from '@assay/client/wire';

import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { Button } from '../show/button.tsx';
import { Section } from '../show/page.tsx';
import { Bar, Empty, Loaded, TableSkeleton } from '../show/states.tsx';
import { clockText, exactText, groupedText, plural } from '../show/text.ts';
import { Crosses, ExplainTable, WithoutVenue } from './explain-table.tsx';
import { Ladder } from './ladder.tsx';
import { dispersionBps, useExplanation, useFeeds } from './use-feeds.ts';

/** A ladder that moves faster cannot be read. */
const EVERY_MS = 3_000;

export function Why({ feed }: { feed: string }): ReactNode {
  const { at } = useSearch({ strict: false }) as { at?: string };
  const [isOpen, setOpen] = useState(true);
  const navigate = useNavigate();
  const explanation = useExplanation(feed, { at, everyMs: EVERY_MS });
  const toNow = (): void => void navigate({ to: '.', search: {} as never, resetScroll: false });
  return (
    <Section
      title="Why this number?"
      beside={
        at === undefined ? (
          <Explained explanation={explanation.data} />
        ) : (
          <span className="text-warn">as of {exactText(Date.parse(at))}</span>
        )
      }
      actions={
        <>
          {at !== undefined && <Button onClick={toNow}>Back to now</Button>}
          <Button onClick={() => setOpen(!isOpen)}>{isOpen ? 'Close' : 'Open'}</Button>
        </>
      }
    >
      {isOpen && explanation.error?.status === 404 && (
        <Empty title="There is no explanation of that instant.">
          Decisions are kept for a day; this one is older, or nothing was served then.
        </Empty>
      )}
      {isOpen && explanation.error?.status !== 404 && (
        <Loaded
          query={explanation}
          what={`The explanation of ${feed}`}
          skeleton={<WhySkeleton />}
          stillWorks="The price above is still live."
        >
          {(data) => <Because explanation={data} isPast={at !== undefined} />}
        </Loaded>
      )}
    </Section>
  );
}

/** The number above moves on many times a second; what is explained here is one answer. */
function Explained({ explanation }: { explanation: Explanation | undefined }): ReactNode {
  if (explanation === undefined) return null;
  const { price, answeredAt } = explanation;
  return (
    <span className="text-muted">
      the answer of {clockText(Date.parse(answeredAt))}: {groupedText(price)}
    </span>
  );
}

function Because({ explanation, isPast }: { explanation: Explanation; isPast: boolean }): ReactNode {
  const { price, state, stateReason, method, decision, inputsHash, causes, sources, crosses } = explanation;
  const known = new Set(useFeeds().data?.map(({ feed }) => feed));
  return (
    <div className="flex flex-col gap-4">
      {isPast && (
        <p>
          The answer then was <strong className="font-semibold">{groupedText(price)}</strong>, {state}:{' '}
          {stateReason}.
        </p>
      )}
      <div className="grid gap-x-8 gap-y-4 xl:grid-cols-[minmax(0,660px)_minmax(0,1fr)]">
        <Ladder explanation={explanation} />
        <div className="flex min-w-0 flex-col gap-4">
          {causes.length > 0 && <p>{causes.join(' ')}</p>}
          {crosses.length > 0 && (
            <Part title="Crosses it rests on">
              <Crosses crosses={crosses} feeds={known} />
            </Part>
          )}
          {explanation.withoutVenue.length > 0 && (
            <Part title="Were one venue not there">
              <WithoutVenue explanation={explanation} />
            </Part>
          )}
          <Part title="To compute it again">
            <p className="text-muted">
              A {method.replaceAll('-', ' ')} of {plural(sources.filter(({ used }) => used).length, 'price')},
              with a dispersion of {dispersionBps(explanation)?.toFixed(2) ?? '–'} bps between them. Decision{' '}
              <code className="font-mono text-table">{decision}</code>, inputs{' '}
              <code className="font-mono text-table">{inputsHash}</code>.
            </p>
          </Part>
        </div>
      </div>
      <ExplainTable explanation={explanation} />
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }): ReactNode {
  return (
    <div className="flex flex-col gap-1.5">
      <h3 className="font-medium text-muted">{title}</h3>
      {children}
    </div>
  );
}

function WhySkeleton(): ReactNode {
  return (
    <div className="flex flex-col gap-4">
      <Bar className="h-56 w-full max-w-160" />
      <TableSkeleton rows={8} columns={8} />
    </div>
  );
}
