// How wide an interval is, as a bar beside the others: full width is 10 basis points to each side. In: the
// price and its bounds as decimal texts. The figure stands beside it, so the bar needs no label.
import type { ReactNode } from 'react';

/** A wider one is drawn full; it has its figure. */
const FULL_BPS = 10;

/** Half the width of the interval, in basis points of the price. */
export function halfWidthBps({ price, low, high }: { price: string; low: string; high: string }): number {
  const value = Number(price);
  return value === 0 ? 0 : ((Number(high) - Number(low)) / 2 / value) * 10_000;
}

export function IntervalBar({ bps }: { bps: number }): ReactNode {
  const share = Math.min(1, bps / FULL_BPS);
  return (
    <span className="inline-flex w-full items-center justify-end gap-2">
      <span className="w-14 text-right">±{bps.toFixed(1)}</span>
      <svg viewBox="0 0 40 8" className="h-2 w-10 shrink-0" aria-hidden="true">
        <rect x="0" y="3.5" width="40" height="1" fill="var(--line)" />
        <rect
          x={20 - share * 20}
          y="1.5"
          width={Math.max(1, share * 40)}
          height="5"
          fill="currentColor"
          opacity="0.45"
        />
        <rect x="19.5" y="0" width="1" height="8" fill="currentColor" />
      </svg>
    </span>
  );
}
