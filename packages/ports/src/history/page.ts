// Pages of a history: a range, a size, and a cursor that says after which row the next page begins. In: a
// query. Out: bounds that a store can use, and the cursor of the row that ended the page.
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { RangeQuery } from './history.ts';

export const PAGE_ROWS_MAX = 10_000;
const PAGE_ROWS_DEFAULT = 1_000;

/** Place of a row: its time and, among rows of one millisecond, its offset. */
export type Place = { at: number; offset: number };

export type PageBounds = {
  fromMs: number;
  /** Exclusive. */
  toMs: number;
  limit: number;
  after: Place | undefined;
  newestFirst: boolean;
};

const CURSOR = /^(\d{1,16})-(\d{1,16})$/;

/** @throws AssayError RECORD_INVALID */
export function boundsOf({ fromMs, toMs, limit, cursor, newestFirst = false }: RangeQuery): PageBounds {
  for (const [field, value] of Object.entries({ fromMs, toMs, limit })) {
    if (value !== undefined && !Number.isSafeInteger(value)) throw invalid(field, value, 'an integer');
  }
  const rows = limit ?? PAGE_ROWS_DEFAULT;
  if (rows < 1 || rows > PAGE_ROWS_MAX) throw invalid('limit', limit, `1 to ${PAGE_ROWS_MAX}`);
  const place = cursor === undefined ? null : CURSOR.exec(cursor);
  if (cursor !== undefined && place === null) throw invalid('cursor', cursor, 'the nextCursor of a page');
  return {
    fromMs: fromMs ?? 0,
    toMs: toMs ?? Number.MAX_SAFE_INTEGER,
    limit: rows,
    after: place === null ? undefined : { at: Number(place[1]), offset: Number(place[2]) },
    newestFirst,
  };
}

export function cursorOf({ at, offset }: Place): string {
  return `${at}-${offset}`;
}

function invalid(field: string, value: unknown, expected: string): AssayError {
  return new AssayError('RECORD_INVALID', `${field} "${String(value)}" of a range is not ${expected}`, {
    context: { field, value },
  });
}
