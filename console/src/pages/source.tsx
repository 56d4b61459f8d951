// One source: how it is in a sentence, its figures now and over time, its pairs, its venue's limits, its last
// error and payloads, and for administrators isolating it and taking it back.
import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Source } from '../api/records.ts';
import { Page } from '../show/page.tsx';
import { Dot, StateDot, toneClass, toneOf } from '../show/state-dot.tsx';
import { Bar, Disconnected, Empty, Loaded, TableSkeleton } from '../show/states.tsx';
import { exactText } from '../show/text.ts';
import { CommandButtons, Commands } from '../source/commands.tsx';
import { LastError, Limits, Parts, SourceFacts } from '../source/figures.tsx';
import { LastFrames } from '../source/frames.tsx';
import { HealthOverTime } from '../source/health-lines.tsx';
import { PairsTable } from '../source/pairs-table.tsx';
import { useSources } from '../source/use-sources.ts';
import { sentenceOf, wordOf } from '../source/words.ts';

export function SourcePage(): ReactNode {
  const { source: id = '' } = useParams({ strict: false }) as { source?: string };
  const sources = useSources();
  const found = sources.data?.find(({ source }) => source.toLowerCase() === id.toLowerCase());
  return (
    <Page
      title={found?.name ?? id}
      beside={found !== undefined && <StateDot state={found.state} word={wordOf(found.state)} />}
      actions={found !== undefined && <CommandButtons source={found} />}
    >
      <Loaded
        query={sources}
        what="The source"
        skeleton={<SourceSkeleton />}
        stillWorks="Feeds go on without knowing more of it here."
      >
        {(list) =>
          found === undefined ? (
            <NoSource known={list.map(({ source }) => source)} />
          ) : (
            <Known key={found.source} source={found} />
          )
        }
      </Loaded>
    </Page>
  );
}

function Known({ source }: { source: Source }): ReactNode {
  const { source: id, name } = source;
  return (
    <div className="flex flex-col gap-7">
      <Disconnected>
        <div className="flex flex-col gap-4">
          <Sentence source={source} />
          <SourceFacts source={source} />
        </div>
      </Disconnected>
      <Commands source={source} />
      <HealthOverTime source={id} name={name} />
      <Disconnected>
        <div className="flex flex-col gap-7">
          <PairsTable source={source} />
          <div className="grid gap-7 lg:grid-cols-2">
            <Parts source={source} />
            <Limits limits={source.limits} name={name} />
          </div>
          <LastError source={source} />
        </div>
      </Disconnected>
      <LastFrames source={id} name={name} />
    </div>
  );
}

function Sentence({ source }: { source: Source }): ReactNode {
  const tone = toneOf(source.state);
  const { retryAt } = source;
  return (
    <p
      role="status"
      className={`flex items-baseline gap-2 text-title ${tone === 'ok' ? '' : toneClass(tone)}`}
    >
      <Dot tone={tone} />
      <span
        title={typeof retryAt === 'number' ? exactText(retryAt) : undefined}
        className="min-w-0 break-words"
      >
        {sentenceOf(source)}
      </span>
    </p>
  );
}

function SourceSkeleton(): ReactNode {
  return (
    <div className="flex flex-col gap-6">
      <Bar className="h-5 w-96 max-w-full" />
      <Bar className="h-24 w-full" />
      <Bar className="h-72 w-full" />
      <TableSkeleton rows={8} columns={5} />
    </div>
  );
}

function NoSource({ known }: { known: readonly string[] }): ReactNode {
  return (
    <Empty title="There is no such source.">
      {known.length === 0 ? 'None is configured.' : `Known are ${known.slice(0, 20).join(', ')}.`} Press{' '}
      <kbd className="font-mono">/</kbd> to find one.
    </Empty>
  );
}
