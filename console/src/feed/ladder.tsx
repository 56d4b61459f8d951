// The ladder: every source of an answer as a tick on one price axis. Used ones are filled, left out ones
// hollow; the answer is a line across, its interval the band around it. Prices far outside stand at the edge
// with their distance, so that one liar does not squeeze all others into a line.
import type { ExplainedSource, Explanation } from '@assay/client/wire';
import type { ReactNode } from 'react';
import { useIsPhone } from '../frame/viewport.ts';
import { seriesColour } from '../show/series-colour.ts';
import { bpsText, groupedText } from '../show/text.ts';

type Rung = { source: ExplainedSource; value: number; y: number; labelY: number; isBeyond: boolean };

const LABEL_PX = 17;
const TOP_PX = 14;

type Layout = {
  width: number;
  axisX: number;
  tick: { from: number; to: number };
  labelX: number;
  priceX?: number;
};

const WIDE: Layout = { width: 660, axisX: 128, tick: { from: 134, to: 190 }, labelX: 246, priceX: 478 };
/** On a phone the table beneath has the prices. */
const NARROW: Layout = { width: 366, axisX: 112, tick: { from: 117, to: 143 }, labelX: 172 };
/** Room around the used prices and the interval, as a share of their span. */
const PADDING = 0.25;

export function Ladder({ explanation }: { explanation: Explanation }): ReactNode {
  const layout = useIsPhone() ? NARROW : WIDE;
  const priced = explanation.sources.filter((one) => one.converted !== null);
  if (priced.length === 0) return <p className="text-muted">No source had a price to stand on the ladder.</p>;
  const { width, axisX, labelX } = layout;
  const height = Math.max(220, priced.length * LABEL_PX + 2 * TOP_PX);
  const domain = domainOf(explanation, priced);
  const yOf = (value: number): number => {
    const share = (domain.high - value) / (domain.high - domain.low);
    return TOP_PX + Math.min(1, Math.max(0, share)) * (height - 2 * TOP_PX);
  };
  const rungs = spread(priced, yOf, domain, height);
  const [low, price, high] = [explanation.low, explanation.price, explanation.high].map(Number) as [
    number,
    number,
    number,
  ];
  return (
    <svg
      role="img"
      aria-label={`Ladder of ${priced.length} prices around ${groupedText(explanation.price)}; the table below says the same in words`}
      viewBox={`0 0 ${width} ${height}`}
      className="w-full max-w-165"
      fontSize={layout.priceX === undefined ? 10 : 11}
    >
      <rect
        x={axisX}
        y={yOf(high)}
        width={labelX - axisX - 20}
        height={Math.max(1, yOf(low) - yOf(high))}
        fill="var(--accent)"
        opacity="0.13"
      />
      <line x1={axisX} x2={axisX} y1={TOP_PX / 2} y2={height - TOP_PX / 2} stroke="var(--line)" />
      <AxisLabel x={axisX - 9} y={yOf(high)} text={groupedText(explanation.high)} near={yOf(price)} />
      <AxisLabel x={axisX - 9} y={yOf(low)} text={groupedText(explanation.low)} near={yOf(price)} />
      <line
        x1={axisX - 5}
        x2={labelX - 20}
        y1={yOf(price)}
        y2={yOf(price)}
        stroke="var(--ink)"
        strokeWidth="1.4"
      />
      <text x={axisX - 9} y={yOf(price) + 4} textAnchor="end" fill="var(--ink)" fontWeight="600">
        {groupedText(explanation.price)}
      </text>
      {rungs.map((rung) => (
        <RungMark key={`${rung.source.source} ${rung.source.pair}`} rung={rung} layout={layout} />
      ))}
    </svg>
  );
}

/** Bounds of the interval, unless they would stand on the answer's own figure. */
function AxisLabel({ x, y, text, near }: { x: number; y: number; text: string; near: number }): ReactNode {
  if (Math.abs(y - near) < 13) return null;
  return (
    <text x={x} y={y + 4} textAnchor="end" fill="var(--muted)">
      {text}
    </text>
  );
}

function RungMark({ rung, layout }: { rung: Rung; layout: Layout }): ReactNode {
  const { source, y, labelY, isBeyond } = rung;
  const { width, tick, labelX, priceX } = layout;
  const colour = seriesColour(source.source);
  return (
    <g>
      <rect
        x={tick.from}
        y={y - 2}
        width={tick.to - tick.from}
        height="4"
        rx="1.5"
        fill={source.used ? colour : 'var(--paper)'}
        stroke={colour}
        strokeWidth="1.2"
      />
      <polyline
        points={`${tick.to + 3},${y} ${tick.to + 22},${y} ${labelX - 18},${labelY} ${labelX - 6},${labelY}`}
        fill="none"
        stroke="var(--line)"
      />
      <text x={labelX} y={labelY + 4} fill={source.used ? 'var(--ink)' : 'var(--muted)'}>
        {source.name} <tspan fill="var(--muted)">{source.pair}</tspan>
      </text>
      {priceX !== undefined && (
        <text
          x={priceX}
          y={labelY + 4}
          fill={source.used ? 'var(--ink)' : 'var(--muted)'}
          textAnchor="middle"
        >
          {groupedText(source.converted ?? '')}
        </text>
      )}
      <text x={width - 2} y={labelY + 4} textAnchor="end" fill="var(--muted)">
        {isBeyond ? '⇥ ' : ''}
        {source.residualBps === null ? '' : distanceText(source.residualBps, priceX === undefined)}
        {source.used || priceX === undefined ? '' : ' left out'}
      </text>
    </g>
  );
}

/** On a phone without its unit, which the table beneath has. */
function distanceText(bps: number, isNarrow: boolean): string {
  return isNarrow ? bpsText(bps).replace(' bps', '') : bpsText(bps);
}

function domainOf(
  explanation: Explanation,
  priced: readonly ExplainedSource[],
): { low: number; high: number } {
  const used = priced.filter((one) => one.used).map((one) => Number(one.converted));
  const all = [...used, Number(explanation.low), Number(explanation.high), Number(explanation.price)];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const span = high - low || Math.abs(high) * 1e-6 || 1;
  return { low: low - span * PADDING, high: high + span * PADDING };
}

/** Labels in the order of the prices, none on another, each as near to its tick as that allows. */
function spread(
  priced: readonly ExplainedSource[],
  yOf: (value: number) => number,
  domain: { low: number; high: number },
  height: number,
): Rung[] {
  const rungs: Rung[] = priced
    .map((source) => {
      const value = Number(source.converted);
      const y = yOf(value);
      return { source, value, y, labelY: y, isBeyond: value > domain.high || value < domain.low };
    })
    .sort((a, b) => b.value - a.value);
  let next = TOP_PX;
  for (const rung of rungs) {
    rung.labelY = Math.max(rung.labelY, next);
    next = rung.labelY + LABEL_PX;
  }
  let last = height - TOP_PX;
  for (const rung of rungs.toReversed()) {
    rung.labelY = Math.min(rung.labelY, last);
    last = rung.labelY - LABEL_PX;
  }
  return rungs;
}
