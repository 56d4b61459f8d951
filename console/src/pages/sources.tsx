// Every source as one row: how it is, how far it is trusted, how it is reached and how well. What needs a
// look stands first, above the table with the sentence that says why.
import type { ReactNode } from 'react';
import type { Source } from '../api/records.ts';
import { Age } from '../show/age.tsx';
import { Page } from '../show/page.tsx';
import { StateDot } from '../show/state-dot.tsx';
import { Disconnected, Empty, Loaded, TableSkeleton } from '../show/states.tsx';
import { type Column, Table } from '../show/table.tsx';
import { clockText, plural } from '../show/text.ts';
import { Confidence, Latency, Pairs, QuarantineUntil } from '../source/cells.tsx';
import { SourcesInNeed } from '../source/in-need.tsx';
import { useSources } from '../source/use-sources.ts';
import {
  byUrgency,
  errorShareOf,
  isWell,
  msText,
  PARTS,
  quarantineOf,
  shareText,
  urgencyOf,
  wordOf,
} from '../source/words.ts';

/** Three reports missed: nobody knows how it is. */
const LATE_AFTER_MS = 30_000;

const HOW_IT_IS: readonly Column<Source>[] = [
  {
    id: 'source',
    title: 'Source',
    cell: ({ name }) => <span className="font-medium">{name}</span>,
    sort: ({ name }) => name,
    text: ({ name }) => name,
    isOnPhone: true,
    width: '146px',
  },
  {
    id: 'state',
    title: 'State',
    cell: ({ state, sentence }) => (
      <span title={sentence}>
        <StateDot state={state} word={wordOf(state)} />
      </span>
    ),
    sort: urgencyOf,
    text: ({ state, sentence }) => `${wordOf(state)}: ${sentence}`,
    isOnPhone: true,
    phoneWidth: '118px',
  },
  {
    id: 'confidence',
    title: 'Confidence',
    cell: (source) => <Confidence source={source} />,
    sort: ({ confidence }) => confidence ?? undefined,
    text: ({ confidence, band = '' }) =>
      typeof confidence === 'number' ? `${confidence.toFixed(3)} ${band}` : '',
    isOnPhone: true,
    width: '186px',
    phoneWidth: '104px',
  },
  ...PARTS.map(
    ({ id, title }): Column<Source> => ({
      id: `part-${id}`,
      title,
      cell: ({ parts }) => parts?.[id].toFixed(3) ?? '–',
      sort: ({ parts }) => parts?.[id],
      text: ({ parts }) => parts?.[id].toFixed(3) ?? '',
      align: 'right',
      width: '112px',
      isExtra: true,
    }),
  ),
];

const HOW_IT_IS_REACHED: readonly Column<Source>[] = [
  {
    id: 'transport',
    title: 'Transport',
    cell: ({ transport = '–' }) => transport,
    sort: ({ transport }) => transport,
    text: ({ transport = '' }) => transport,
    width: '96px',
  },
  {
    id: 'breaker',
    title: 'Breaker',
    cell: ({ breaker }) =>
      breaker === undefined ? <span className="text-muted">–</span> : <StateDot state={breaker} />,
    sort: ({ breaker }) => breaker,
    text: ({ breaker = '' }) => breaker,
    width: '94px',
  },
  {
    id: 'quarantine',
    title: 'Left out until',
    cell: (source) => <QuarantineUntil source={source} />,
    sort: (source) => quarantineOf(source)?.until,
    text(source) {
      const until = quarantineOf(source)?.until;
      return until === undefined ? '' : clockText(until);
    },
    align: 'right',
    width: '120px',
  },
  {
    id: 'latency',
    title: 'p50 / p99 ms',
    cell: (source) => <Latency source={source} />,
    sort: ({ latencyP99Ms }) => latencyP99Ms ?? undefined,
    text: ({ latencyP50Ms, latencyP99Ms }) => `${msText(latencyP50Ms)} / ${msText(latencyP99Ms)}`,
    align: 'right',
    width: '120px',
  },
  {
    id: 'errors',
    title: 'Errors',
    cell: (source) => shareText(errorShareOf(source)),
    sort: errorShareOf,
    text: (source) => shareText(errorShareOf(source)),
    align: 'right',
    width: '76px',
  },
  {
    id: 'report',
    title: 'Report',
    cell: ({ at }) => <Age atMs={at} lateAfterMs={LATE_AFTER_MS} />,
    sort: ({ at }) => at,
    text: ({ at }) => (at === undefined ? '' : new Date(at).toISOString()),
    align: 'right',
    width: '76px',
  },
  {
    id: 'reconnects',
    title: 'Reconnects',
    cell: ({ counts }) => counts?.reconnects ?? '–',
    sort: ({ counts }) => counts?.reconnects,
    text: ({ counts }) => String(counts?.reconnects ?? ''),
    align: 'right',
    width: '106px',
  },
  {
    id: 'pairs',
    title: 'Pairs',
    cell: (source) => <Pairs source={source} />,
    sort: ({ pairsLive, pairsConfigured = 1 }) =>
      pairsLive === undefined ? undefined : pairsLive / pairsConfigured,
    text: ({ pairsLive, pairsConfigured }) =>
      pairsLive === undefined ? '' : `${pairsLive} of ${pairsConfigured}`,
    align: 'right',
    width: '80px',
  },
];

const COLUMNS: readonly Column<Source>[] = [...HOW_IT_IS, ...HOW_IT_IS_REACHED];

export function SourcesPage(): ReactNode {
  const sources = useSources();
  return (
    <Page title="Sources" beside={sources.data !== undefined && <Summary sources={sources.data} />}>
      <Loaded
        query={sources}
        what="The sources"
        skeleton={<TableSkeleton rows={12} columns={9} />}
        stillWorks="Prices are still taken in and served; only how the sources are is not known here."
        isEmpty={(list) => list.length === 0}
        empty={
          <Empty title="No source is configured.">
            Which sources a feed rests on stands in <code className="font-mono">feeds.yaml</code>;{' '}
            <code className="font-mono">assay sources coverage</code> prints what that comes to.
          </Empty>
        }
      >
        {(list) => (
          <Disconnected>
            <div className="flex flex-col gap-6">
              <SourcesInNeed sources={list} />
              <Table
                title="Sources"
                noun="source"
                rows={list.toSorted(byUrgency)}
                columns={COLUMNS}
                rowKey={({ source }) => source}
                linkTo={({ source }) => `/sources/${encodeURIComponent(source)}`}
                empty="No source is called that."
              />
            </div>
          </Disconnected>
        )}
      </Loaded>
    </Page>
  );
}

/** "11 of 12 as they should be". */
function Summary({ sources }: { sources: readonly Source[] }): ReactNode {
  const well = sources.filter(isWell).length;
  if (sources.length === 0) return null;
  const isAll = well === sources.length;
  const text = isAll
    ? `all ${well} as they should be`
    : `${plural(sources.length - well, 'source')} to look at`;
  return <StateDot state={isAll ? 'ok' : 'degraded'} word={text} />;
}
