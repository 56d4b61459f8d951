// A price over the last hour as a line without axes: its shape, nothing else. In: numbers, old to new.
import type { ReactNode } from 'react';

export function Sparkline({ values, label }: { values: readonly number[]; label: string }): ReactNode {
  if (values.length < 2) return <span className="text-muted">–</span>;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const span = high - low;
  // A price that did not move is a line in the middle, not on the ground.
  const y = (value: number) => (span === 0 ? HEIGHT / 2 : 1 + (1 - (value - low) / span) * (HEIGHT - 2));
  const step = WIDTH / (values.length - 1);
  const points = values.map((value, i) => `${(i * step).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      className="h-4.5 w-full"
      preserveAspectRatio="none"
    >
      <polyline
        points={points}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.2"
        vectorEffect="non-scaling-stroke"
        strokeLinejoin="round"
      />
    </svg>
  );
}

const WIDTH = 96;
const HEIGHT = 18;
