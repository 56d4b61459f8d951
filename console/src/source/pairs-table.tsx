// The pairs of one source as it reported them: price, age, how far each is trusted, and which is left out.
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Source, SourcePair } from '../api/records.ts';
import { inAddress } from '../api/use-api.ts';
import { useFeeds } from '../feed/use-feeds.ts';
import { Age } from '../show/age.tsx';
import { Section } from '../show/page.tsx';
import { StateDot } from '../show/state-dot.tsx';
import { Empty } from '../show/states.tsx';
import { type Column, Table } from '../show/table.tsx';
import { clockText, durationText, exactText, groupedText } from '../show/text.ts';
import { ShareBar } from './cells.tsx';

export function PairsTable({ source }: { source: Source }): ReactNode {
  const feeds = useFeeds().data ?? [];
  const { pairs = [], at, name } = source;
  const columns = [pairColumn(new Set(feeds.map(({ feed }) => feed))), ...FIGURES];
  return (
    <Section
      title="Pairs"
      beside={
        at !== undefined && (
          <>
            as reported <Age atMs={at} /> ago
          </>
        )
      }
    >
      {pairs.length === 0 ? (
        <Empty title={at === undefined ? `${name} has not reported yet.` : `${name} is asked for no pair.`}>
          Pairs come from the feeds that rest on it; they stand in{' '}
          <code className="font-mono">feeds.yaml</code>.
        </Empty>
      ) : (
        <Table
          title={`Pairs of ${name}`}
          noun="pair"
          name="pairs"
          rows={pairs}
          columns={columns}
          rowKey={({ pair }) => pair}
        />
      )}
    </Section>
  );
}

/** A pair that is a feed leads to it. */
function pairColumn(feeds: ReadonlySet<string>): Column<SourcePair> {
  return {
    id: 'pair',
    title: 'Pair',
    cell: ({ pair }) =>
      feeds.has(pair) ? (
        <Link to={`/feeds/${inAddress(pair)}`} className="font-medium hover:text-accent hover:underline">
          {pair}
        </Link>
      ) : (
        <span className="font-medium">{pair}</span>
      ),
    sort: ({ pair }) => pair,
    text: ({ pair }) => pair,
    isOnPhone: true,
    width: '20%',
    phoneWidth: '30%',
  };
}

const FIGURES: readonly Column<SourcePair>[] = [
  {
    id: 'live',
    title: 'Given now',
    cell: ({ isLive, quarantinedUntil }) => (
      <StateDot
        state={isLive ? 'ok' : quarantinedUntil === null ? 'idle' : 'quarantined'}
        word={isLive ? 'yes' : quarantinedUntil === null ? 'no' : 'left out'}
      />
    ),
    sort: ({ isLive }) => Number(isLive),
    text: ({ isLive }) => (isLive ? 'yes' : 'no'),
    width: '14%',
  },
  {
    id: 'price',
    title: 'Price',
    cell: ({ price }) => (price === null ? <span className="text-muted">–</span> : groupedText(price)),
    sort: ({ price }) => (price === null ? undefined : Number(price)),
    text: ({ price }) => price ?? '',
    align: 'right',
    isOnPhone: true,
    width: '20%',
  },
  {
    id: 'age',
    title: 'Age',
    cell: ({ ageMs }) => (ageMs === null ? <span className="text-muted">–</span> : durationText(ageMs)),
    sort: ({ ageMs }) => ageMs ?? undefined,
    text: ({ ageMs }) => ageMs?.toString() ?? '',
    align: 'right',
    isOnPhone: true,
    width: '12%',
    phoneWidth: '17%',
  },
  {
    id: 'confidence',
    title: 'Confidence',
    cell: ({ confidence }) =>
      confidence === null ? (
        '–'
      ) : (
        <span className="inline-flex items-center gap-2">
          <ShareBar share={confidence} className="w-9 max-sm:hidden" />
          {confidence.toFixed(3)}
        </span>
      ),
    sort: ({ confidence }) => confidence ?? undefined,
    text: ({ confidence }) => confidence?.toFixed(3) ?? '',
    align: 'right',
    isOnPhone: true,
    width: '17%',
    phoneWidth: '25%',
  },
  {
    id: 'quarantine',
    title: 'Left out until',
    cell: ({ quarantinedUntil }) =>
      quarantinedUntil === null ? (
        <span className="text-muted">–</span>
      ) : (
        <span title={exactText(quarantinedUntil)} className="text-warn">
          {clockText(quarantinedUntil)}
        </span>
      ),
    sort: ({ quarantinedUntil }) => quarantinedUntil ?? undefined,
    text: ({ quarantinedUntil }) =>
      quarantinedUntil === null ? '' : new Date(quarantinedUntil).toISOString(),
    align: 'right',
  },
];
