// One feed: its number, why it is that, what it was, and how to use it.
import { useParams } from '@tanstack/react-router';
import { lazy, type ReactNode, Suspense } from 'react';
import { inAddress } from '../api/use-api.ts';
import { Examples } from '../feed/examples.tsx';
import { FeedNumber } from '../feed/number.tsx';
import { PastAnswers, StateChanges } from '../feed/past-answers.tsx';
import { useFeeds } from '../feed/use-feeds.ts';
import { Why } from '../feed/why.tsx';
import { Page, Section } from '../show/page.tsx';
import { Bar, Disconnected, Empty, Loaded } from '../show/states.tsx';

/** Drawing charts takes a library as large as all else: it comes when a chart is to be seen. */
const Chart = lazy(async () => ({ default: (await import('../feed/chart.tsx')).FeedChart }));

export function FeedPage(): ReactNode {
  const { feed: name = '' } = useParams({ strict: false }) as { feed?: string };
  const feeds = useFeeds();
  return (
    <Page title={name.replace(/-(?=[^-]*$)/, '/')}>
      <Loaded
        query={feeds}
        what="The feed"
        skeleton={<FeedSkeleton />}
        stillWorks="Its price is still served to clients."
      >
        {(list) => {
          const definition = list.find(({ feed }) => inAddress(feed).toLowerCase() === name.toLowerCase());
          if (definition === undefined) return <NoFeed known={list.map(({ feed }) => feed)} />;
          const { feed } = definition;
          return (
            <div key={feed} className="flex flex-col gap-7">
              <Disconnected>
                <FeedNumber definition={definition} />
              </Disconnected>
              <Why feed={feed} />
              <Suspense
                fallback={
                  <Section title="Chart">
                    <Bar className="h-80 w-full" />
                  </Section>
                }
              >
                <Chart definition={definition} />
              </Suspense>
              <PastAnswers feed={feed} />
              <StateChanges feed={feed} />
              <Examples feed={feed} />
            </div>
          );
        }}
      </Loaded>
    </Page>
  );
}

function FeedSkeleton(): ReactNode {
  return (
    <div className="flex flex-col gap-6">
      <Bar className="h-9 w-72" />
      <Bar className="h-4 w-96" />
      <Bar className="h-60 w-full" />
    </div>
  );
}

function NoFeed({ known }: { known: readonly string[] }): ReactNode {
  return (
    <Empty title="There is no such feed, or this key may not read it.">
      Known are {known.slice(0, 12).join(', ')}
      {known.length > 12 ? ' and others' : ''}. Press <kbd className="font-mono">/</kbd> to find one.
    </Empty>
  );
}
