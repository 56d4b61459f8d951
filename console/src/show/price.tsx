// A price as text: grouped, its trailing zeros kept, the digits that just changed lit for a moment. In:
// decimal text as the API writes it. Floats never carry it.
import { type ReactNode, useRef } from 'react';
import { groupedText } from './text.ts';

export function PriceText({
  price,
  isQuiet = false,
}: {
  price: string | null | undefined;
  isQuiet?: boolean;
}): ReactNode {
  const shown = price === null || price === undefined ? '–' : groupedText(price);
  const before = useRef(shown);
  const turn = useRef(0);
  const from = useRef(shown.length);
  if (before.current !== shown) {
    from.current = firstDifference(before.current, shown);
    before.current = shown;
    turn.current += 1;
  }
  const at = from.current;
  if (isQuiet || turn.current === 0 || at >= shown.length)
    return <span className="whitespace-nowrap">{shown}</span>;
  return (
    <span className="whitespace-nowrap">
      {shown.slice(0, at)}
      {/* A new key starts the animation again. */}
      <span key={turn.current} className="digit-moved">
        {shown.slice(at)}
      </span>
    </span>
  );
}

/** Digits behind the first that changed are new, whatever they were. */
function firstDifference(before: string, after: string): number {
  if (before.length !== after.length) return 0;
  let at = 0;
  while (at < after.length && before[at] === after[at]) at++;
  return at;
}
