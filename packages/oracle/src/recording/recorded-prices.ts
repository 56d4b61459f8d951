// The rows of a recorded series as source prices at the times at which they became known. In: a series and
// its CSV text.
// Out: prices in the order of those times, and how many rows were unusable, by reason. A bar is known at the
// end of its interval; a bar without volume is no news. Rows may stand in any order, and a bad row is
// counted, not fatal.
import { AssayError } from '@assay/kernel/errors/assay-error';
import { parseFixed } from '@assay/kernel/money/fixed';
import type { Instant } from '../model/instant.ts';
import type { SourcePrice, SourceRecord, Start } from '../model/source-price.ts';
import type { Recording, Series } from './recording.ts';

export type RecordedPrice = { at: number; observedAt: number; price: string; volume: string | undefined };
export type RecordedSeries = {
  series: Series;
  prices: RecordedPrice[];
  /** Unusable rows by reason. */
  badRows: Record<string, number>;
  /** Bars without volume: no news. */
  quietCount: number;
};

/** @throws AssayError RECORD_INVALID when a column that the series names is not there */
export function readSeries(
  series: Series,
  csv: string,
  range: { fromMs: number; toMs: number },
): RecordedSeries {
  const lines = csv.split('\n');
  const header = splitRow((lines[0] ?? '').replace(/^\uFEFF/, '').replace(/\r$/, ''));
  const column = (name: string): number => {
    const index = header.indexOf(name);
    if (index >= 0) return index;
    throw new AssayError(
      'RECORD_INVALID',
      `${series.file} has no column "${name}"; it has ${header.join(', ')}`,
    );
  };
  const { fields } = series;
  const columns = {
    time: column(fields.time),
    price: column(fields.price),
    // Volumes may be missing in a file whose description was copied from another.
    volume: fields.volume === undefined ? -1 : header.indexOf(fields.volume),
    received: fields.received === undefined ? -1 : header.indexOf(fields.received),
  };
  const read: RecordedSeries = { series, prices: [], badRows: {}, quietCount: 0 };
  for (let line = 1; line < lines.length; line++) {
    const row = lines[line]!;
    if (row === '' || row === '\r') continue;
    const result = readRow(series, splitRow(row.endsWith('\r') ? row.slice(0, -1) : row), columns);
    if (typeof result === 'string') read.badRows[result] = (read.badRows[result] ?? 0) + 1;
    else if (isQuiet(series, result)) read.quietCount++;
    else if (result.at > range.fromMs && result.at <= range.toMs) read.prices.push(result);
  }
  read.prices.sort((a, b) => a.at - b.at || a.observedAt - b.observedAt);
  return read;
}

/** The lowest price of each base, in whichever currency it is quoted. */
export function lowestByBase(all: readonly RecordedSeries[]): Map<string, number> {
  const lowest = new Map<string, number>();
  for (const { series, prices } of all) {
    for (const { price } of prices) {
      const value = Number(price);
      if (value < (lowest.get(series.base) ?? Number.POSITIVE_INFINITY)) lowest.set(series.base, value);
    }
  }
  return lowest;
}

/** All series together, as instants of a log. The first one holds the `start` record. */
export function* instantsOf(
  all: readonly RecordedSeries[],
  start: Start,
  recording: Recording,
): Generator<Instant> {
  const next = all.map(() => 0);
  let offset = 0;
  const beginning: { offset: number; record: SourceRecord }[] = [{ offset: offset++, record: start }];
  yield { at: Number.isFinite(recording.fromMs) ? recording.fromMs : 0, records: beginning };
  for (;;) {
    let at = Number.POSITIVE_INFINITY;
    for (let s = 0; s < all.length; s++) {
      const price = all[s]!.prices[next[s]!];
      if (price !== undefined && price.at < at) at = price.at;
    }
    if (at === Number.POSITIVE_INFINITY) return;
    const records: { offset: number; record: SourceRecord }[] = [];
    for (let s = 0; s < all.length; s++) {
      const { prices, series } = all[s]!;
      for (let price = prices[next[s]!]; price?.at === at; price = prices[++next[s]!]) {
        records.push({ offset: offset++, record: sourcePriceOf(series, price, start.profile) });
      }
    }
    yield { at, records };
  }
}

export function sourcePriceOf(series: Series, recorded: RecordedPrice, profile: string): SourcePrice {
  const price: SourcePrice = {
    type: 'price',
    source: series.source,
    pair: series.pair,
    price: recorded.price,
    kind: series.kind === 'bars' ? 'bar' : series.kind === 'trades' ? 'trade' : 'ticker',
    observedAt: recorded.observedAt,
    receivedAt: recorded.at,
    confidence: 1,
    transport: 'recording',
    profile,
  };
  if (series.kind === 'bars') price.intervalMs = series.intervalMs;
  if (recorded.volume !== undefined) price.volume = recorded.volume;
  return price;
}

type Columns = { time: number; price: number; volume: number; received: number };

function readRow(series: Series, cells: readonly string[], columns: Columns): RecordedPrice | string {
  const time = timeOf(cells[columns.time], series.timeUnitMs);
  if (time === undefined) return 'time';
  const price = (cells[columns.price] ?? '').trim();
  if (!isPositive(price)) return 'price';
  const volume = columns.volume < 0 ? undefined : (cells[columns.volume] ?? '').trim() || undefined;
  if (series.kind === 'bars') {
    const at = series.timeIs === 'intervalStart' ? time + series.intervalMs : time;
    return { at, observedAt: at, price, volume };
  }
  const received = columns.received < 0 ? time : timeOf(cells[columns.received], series.timeUnitMs);
  if (received === undefined) return 'received';
  return { at: Math.max(time, received), observedAt: time, price, volume };
}

/** Whole milliseconds, rounded up: nothing is known before it happened. */
function timeOf(cell: string | undefined, unitMs: number): number | undefined {
  const text = cell?.trim() ?? '';
  if (text === '') return undefined;
  const value = Number(text);
  const at = Number.isNaN(value) ? dateOf(text) : Math.ceil(value * unitMs - ROUNDING_MS);
  return Number.isFinite(at) && at > 0 ? at : undefined;
}

/** Seconds with a fraction are doubles: 0.3 s is a little less or more than 300 ms. */
const ROUNDING_MS = 5e-4;

/** A date without a zone is UTC, on every machine. */
function dateOf(text: string): number {
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/i.test(text);
  return Date.parse(hasZone || !text.includes(':') ? text : `${text.replace(' ', 'T')}Z`);
}

function isPositive(text: string): boolean {
  const value = Number(text);
  if (text === '' || !(value > 0) || !Number.isFinite(value)) return false;
  if (text.length <= 15) return /^[\d.]+$/.test(text) || isReadable(text);
  return isReadable(text);
}

function isReadable(text: string): boolean {
  try {
    return parseFixed(text) > 0n;
  } catch {
    return false;
  }
}

function isQuiet(series: Series, price: RecordedPrice): boolean {
  return series.kind === 'bars' && price.volume !== undefined && Number(price.volume) === 0;
}

function splitRow(row: string): string[] {
  if (!row.includes('"')) return row.split(',');
  const cells: string[] = [];
  for (const match of row.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)) {
    cells.push(match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'));
  }
  return cells;
}
