// The sources of one answer in words: what each quoted, how it was converted, its age, weight and confidence,
// and why it was used or not. Beneath it what the answer would be without any one venue.
import type { ExplainedCross, ExplainedSource, Explanation } from '@assay/client/wire';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { inAddress } from '../api/use-api.ts';
import { seriesColour } from '../show/series-colour.ts';
import { SourceLink } from '../show/source-link.tsx';
import { Dot, StateDot } from '../show/state-dot.tsx';
import { type Column, Table } from '../show/table.tsx';
import { bpsText, durationText, groupedText, plural } from '../show/text.ts';

export function ExplainTable({ explanation }: { explanation: Explanation }): ReactNode {
  return (
    <Table
      title="Sources of this answer"
      noun="price"
      name="why"
      rows={explanation.sources}
      columns={[...priceColumns(explanation.crosses), ...TRUST_COLUMNS]}
      rowKey={({ source, pair }) => `${source} ${pair}`}
    />
  );
}

/** What a source said, and what that is in this feed. */
function priceColumns(crosses: readonly ExplainedCross[]): Column<ExplainedSource>[] {
  return [
    {
      id: 'source',
      title: 'Source',
      cell: (one) => (
        <SourceLink source={one.source} className="inline-flex flex-wrap items-center gap-x-1.5">
          <Swatch source={one.source} isUsed={one.used} />
          {one.name}
          <span className="text-muted">{one.pair}</span>
        </SourceLink>
      ),
      sort: ({ name }) => name,
      text: ({ name, pair }) => `${name} ${pair}`,
      width: '226px',
      phoneWidth: '33%',
      isOnPhone: true,
      isWrapped: true,
    },
    {
      id: 'quoted',
      title: 'Quoted',
      cell: ({ quoted }) => (quoted === null ? '–' : groupedText(quoted)),
      sort: ({ quoted }) => (quoted === null ? undefined : Number(quoted)),
      text: ({ quoted }) => quoted ?? '',
      align: 'right',
      width: '128px',
    },
    {
      id: 'conversion',
      title: 'Conversion',
      cell: ({ via }) => <span className="text-muted">{conversionText(via, crosses)}</span>,
      text: ({ via }) => conversionText(via, crosses),
      width: '212px',
    },
    {
      id: 'converted',
      title: 'In this feed',
      cell: ({ converted }) => (converted === null ? '–' : groupedText(converted)),
      sort: ({ converted }) => (converted === null ? undefined : Number(converted)),
      text: ({ converted }) => converted ?? '',
      align: 'right',
      width: '132px',
      phoneWidth: '35%',
      isOnPhone: true,
    },
  ];
}

/** How far it is trusted, and what became of it. */
const TRUST_COLUMNS: readonly Column<ExplainedSource>[] = [
  {
    id: 'off',
    title: 'From the others',
    cell: ({ residualBps }) => (residualBps === null ? '–' : bpsText(residualBps)),
    sort: ({ residualBps }) => residualBps ?? undefined,
    text: ({ residualBps }) => residualBps?.toString() ?? '',
    align: 'right',
    width: '94px',
  },
  {
    id: 'age',
    title: 'Age',
    cell: ({ ageMs }) => (ageMs === null ? '–' : durationText(ageMs)),
    sort: ({ ageMs }) => ageMs ?? undefined,
    text: ({ ageMs }) => ageMs?.toString() ?? '',
    align: 'right',
    width: '62px',
  },
  {
    id: 'weight',
    title: 'Weight',
    cell: ({ weight }) => weight.toFixed(2),
    sort: ({ weight }) => weight,
    text: ({ weight }) => String(weight),
    align: 'right',
    width: '76px',
  },
  {
    id: 'confidence',
    title: 'Confidence',
    cell: ({ confidence }) => confidence?.toFixed(2) ?? '–',
    sort: ({ confidence }) => confidence ?? undefined,
    text: ({ confidence }) => confidence?.toString() ?? '',
    align: 'right',
    width: '94px',
  },
  {
    id: 'verdict',
    title: 'Verdict',
    cell: ({ used, reason }) => (
      <span title={reason} className="flex items-baseline gap-1.5">
        <Dot tone={used ? 'ok' : 'idle'} />
        <span className={used ? '' : 'text-muted'}>{reason}</span>
      </span>
    ),
    sort: ({ used, reason }) => `${used ? 0 : 1} ${reason}`,
    text: ({ reason }) => reason,
    isOnPhone: true,
    isWrapped: true,
  },
];

/** "× 1.0004 USDT/USD, 5 sources". */
function conversionText(via: string | null, crosses: readonly ExplainedCross[]): string {
  if (via === null) return 'direct';
  const cross = crosses.find(({ pair }) => pair === via);
  if (cross === undefined || cross.price === null) return `through ${via}`;
  return `× ${shortened(cross.price)} ${via}, ${plural(cross.sourcesUsed, 'source')}`;
}

/** Zeros at the end of a factor say nothing; those of a price do. */
function shortened(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/0+$/, '').replace(/\.$/, '.0') : decimal;
}

export function Swatch({ source, isUsed = true }: { source: string; isUsed?: boolean }): ReactNode {
  const colour = seriesColour(source);
  return (
    <svg viewBox="0 0 10 10" className="size-2.5 shrink-0" aria-hidden="true">
      <rect x="1" y="3" width="8" height="4" rx="1" stroke={colour} fill={isUsed ? colour : 'none'} />
    </svg>
  );
}

/** "binance USDC/USDT at 1.0213". */
function leftOutText({ source, pair, quoted }: ExplainedCross['leftOut'][number]): string {
  return `${source} ${pair}${quoted === null ? '' : ` at ${shortened(quoted)}`}`;
}

/** The crosses an answer rests on, each of which can be opened. */
export function Crosses({
  crosses,
  feeds,
}: {
  crosses: readonly ExplainedCross[];
  feeds: ReadonlySet<string>;
}): ReactNode {
  if (crosses.length === 0) return null;
  return (
    <ul className="divide-y divide-line rounded-box border border-line">
      {crosses.map(({ pair, price, low, high, state, reason, sourcesUsed, leftOut }) => (
        <li key={pair} className="flex flex-wrap items-baseline gap-x-4 gap-y-0.5 px-3 py-1.5 text-table">
          <span className="w-20 font-medium">
            {feeds.has(pair) ? (
              <Link to={`/feeds/${inAddress(pair)}`} className="text-accent hover:underline">
                {pair}
              </Link>
            ) : (
              pair
            )}
          </span>
          <span className="w-20">
            <StateDot state={state} />
          </span>
          <span>{price === null ? 'no rate' : shortened(price)}</span>
          <span className="text-muted">
            {low === null || high === null ? '' : `${shortened(low)} to ${shortened(high)}, `}
            from {plural(sourcesUsed, 'source')}
            {leftOut.length > 0 ? `, without ${leftOut.map(leftOutText).join(', ')}` : ''}
          </span>
          <span className="min-w-0 basis-64 text-muted">{reason}</span>
        </li>
      ))}
    </ul>
  );
}

/** How much any one venue matters. */
export function WithoutVenue({ explanation: { withoutVenue } }: { explanation: Explanation }): ReactNode {
  if (withoutVenue.length === 0) return null;
  return (
    <ul className="grid grid-cols-[repeat(auto-fill,minmax(300px,1fr))] gap-x-6 gap-y-1 text-table">
      {withoutVenue.map(({ venue, price, moveBps }) => (
        <li key={venue}>
          <span className="inline-block w-24 truncate align-bottom text-muted">{venue}</span>
          {price === null ? 'no answer' : groupedText(price)}{' '}
          {moveBps !== null && <span className="text-muted">({bpsText(moveBps)})</span>}
        </li>
      ))}
    </ul>
  );
}
