// Pages of history for spreadsheets and pipes: CSV (RFC 4180) or one JSON object a line. In: records. Out: a
// reply whose headers carry the cursor of the next page. Invariant: a cell never begins as a formula.
import type { PriceRecord } from '@assay/oracle/model/answer';
import { z } from 'zod';
import type { Reply } from './route.ts';

export const FORMATS = ['json', 'csv', 'ndjson'] as const;
export type Format = (typeof FORMATS)[number];

export const format = z
  .enum(FORMATS, 'give json, csv or ndjson')
  .describe('json (default), csv or ndjson; also by Accept');

const COLUMNS = [
  'feed',
  'kind',
  'price',
  'low',
  'high',
  'state',
  'stateReason',
  'observedAt',
  'round',
  'sourcesUsed',
  'sourcesConfigured',
  'confidence',
  'profile',
] as const satisfies (keyof PriceRecord)[];

/** The first of ours that is named; weights are not compared: nobody sends two of these. */
export function formatOf(accept: string | undefined): Format {
  const types = (accept ?? '').split(',').map((part) => part.split(';', 1)[0]!.trim().toLowerCase());
  const known = types.find((type) => Object.hasOwn(BY_TYPE, type));
  return known === undefined ? 'json' : BY_TYPE[known]!;
}

const BY_TYPE: Record<string, Format> = {
  'application/json': 'json',
  'text/csv': 'csv',
  'application/x-ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
};

export function tableReply(
  prices: readonly PriceRecord[],
  nextCursor: string | null,
  wanted: Exclude<Format, 'json'>,
): Reply {
  const headers = { vary: 'accept', ...(nextCursor === null ? {} : { 'assay-next-cursor': nextCursor }) };
  if (wanted === 'ndjson') {
    const body = prices.map((price) => `${JSON.stringify(price)}\n`).join('');
    return { body, headers, contentType: 'application/x-ndjson; charset=utf-8' };
  }
  const rows = [COLUMNS, ...prices.map((price) => COLUMNS.map((column) => price[column]))];
  const body = rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
  return { body, headers, contentType: 'text/csv; charset=utf-8; header=present' };
}

function cell(value: unknown): string {
  if (value === null) return '';
  const text = String(value);
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
