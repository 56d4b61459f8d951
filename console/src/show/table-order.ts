// What a table does with its rows, without drawing any: filter by typing, sort by a column, rows as CSV.
// Pure.
import type { ReactNode } from 'react';

export type Column<T> = {
  /** Stands in addresses and in what is kept. */
  id: string;
  title: string;
  cell: (row: T) => ReactNode;
  /** What to sort by; without it the column is not sortable. */
  sort?: (row: T) => number | string | undefined;
  /** What typing finds and CSV holds. */
  text?: (row: T) => string;
  align?: 'right';
  /** Of the column, any CSS length. Columns without one share what is left. */
  width?: string;
  /** Long words: breaks into lines instead of being cut. Not in tables beyond a hundred rows. */
  isWrapped?: boolean;
  /** Only shown when somebody chooses it. */
  isExtra?: boolean;
  /** Stays on a phone; the others are left out there. */
  isOnPhone?: boolean;
  /** Instead of `width` there; columns without one share what is left. */
  phoneWidth?: string;
};

/** "price" ascending, "-price" descending. */
export type Sorting = string;

export function arrange<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  { find, sorting }: { find: string; sorting: Sorting | undefined },
): T[] {
  const words = find
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const found =
    words.length === 0
      ? [...rows]
      : rows.filter((row) => {
          const text = columns
            .map((column) => column.text?.(row) ?? '')
            .join(' ')
            .toLowerCase();
          return words.every((word) => text.includes(word));
        });
  const column = columns.find(({ id }) => id === sorting?.replace(/^-/, ''));
  if (column?.sort === undefined) return found;
  const direction = sorting?.startsWith('-') === true ? -1 : 1;
  const key = column.sort;
  return found.sort((a, b) => compare(key(a), key(b), direction));
}

/** What has no value comes last, whichever way. */
function compare(a: number | string | undefined, b: number | string | undefined, direction: number): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
  if (typeof a === 'string' && typeof b === 'string') return a.localeCompare(b) * direction;
  return (Number(a) - Number(b)) * direction;
}

export function nextSorting(id: string, current: Sorting | undefined): Sorting | undefined {
  if (current === id) return `-${id}`;
  return current === `-${id}` ? undefined : id;
}

export function toCsv<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
  const written = columns.filter((column) => column.text !== undefined);
  const lines = [
    written.map(({ title }) => csvField(title)),
    ...rows.map((row) => written.map((column) => csvField(column.text!(row)))),
  ];
  return `${lines.map((line) => line.join(',')).join('\r\n')}\r\n`;
}

/** Quoted where it must be; a cell that a spreadsheet would run as a formula is made text. */
function csvField(text: string): string {
  const safe = /^[=+@\t\r]|^-(?![\d.])/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
