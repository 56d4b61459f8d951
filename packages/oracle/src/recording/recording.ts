// A recording: what several sources said over some hours or days, as files. Here `recording.json` is read and
// checked, and becomes a configuration; `recorded-prices.ts` reads the rows. In: JSON text. Out: Recording,
// or RECORD_INVALID.
import { AssayError } from '@assay/kernel/errors/assay-error';
import {
  DEFAULT_CHECK_INTERVAL_MS,
  DEFAULT_HUB,
  defaultFeedParameters,
} from '../model/default-feed-parameters.ts';
import type { AggregationConfig, FeedDefinition, FeedSource, SourceTraits } from '../model/feed.ts';
import { baseOf, checkPair, type Pair, quoteOf } from '../model/pair.ts';

export const SERIES_KINDS = ['bars', 'ticks', 'trades'] as const;
export type SeriesKind = (typeof SERIES_KINDS)[number];

export type Series = {
  /** "source pair", unique. */
  name: string;
  file: string;
  source: string;
  pair: Pair;
  base: string;
  quote: string;
  kind: SeriesKind;
  /** For bars. */
  intervalMs: number;
  /** Column names. */
  fields: { time: string; price: string; volume?: string; received?: string };
  /** Milliseconds in one unit of time. */
  timeUnitMs: number;
  timeIs: 'intervalStart' | 'intervalEnd';
};

export type Recording = { name: string; fromMs: number; toMs: number; series: Series[] };

const TIME_UNITS: Record<string, number> = { s: 1000, ms: 1, us: 0.001, ns: 0.000001 };
const MINUTE_MS = 60_000;

/** @throws AssayError RECORD_INVALID naming the field */
export function parseRecording(text: string): Recording {
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new AssayError('RECORD_INVALID', 'recording.json is not JSON', { cause });
  }
  if (json === null || typeof json !== 'object' || !Array.isArray(json.series)) {
    throw invalid('series', (json as { series?: unknown } | null)?.series, 'a list of series');
  }
  const series = json.series.map((entry: unknown, index) => parseSeries(entry, index));
  return {
    name: typeof json.name === 'string' && json.name !== '' ? json.name : 'recording',
    fromMs: instantOf(json.from, Number.NEGATIVE_INFINITY, 'from'),
    toMs: instantOf(json.to, Number.POSITIVE_INFINITY, 'to'),
    series,
  };
}

/** Eight decimals of one; a coin of a millionth of a dollar needs more for the same digits. */
const SIGNIFICANT_DIGITS = 8;
const DECIMALS_MOST = 18;

/**
 * Every base against the dollar where a path leads there, else against its most quoted currency.
 *
 * @param lowest the lowest recorded price by base: an answer has decimals enough for it
 */
export function configOfRecording(
  recording: Recording,
  lowest: ReadonlyMap<string, number> = new Map(),
): AggregationConfig {
  const reachable = reachableFrom('USD', recording.series);
  const bases = [...new Set(recording.series.map((series) => series.base))].sort();
  const feeds = bases
    .filter((base) => base !== 'USD')
    .map((base) => feedOf(base, reachable.has(base) ? 'USD' : mostQuoted(base, recording.series), recording))
    .map((feed) => ({
      ...feed,
      decimals: Math.max(feed.decimals, decimalsFor(lowest.get(baseOf(feed.feed)))),
    }));
  const sources: SourceTraits[] = [...new Set(recording.series.map((series) => series.source))]
    .sort()
    .map((source) => ({ source, name: source, venue: source, kind: 'exchange' }));
  const hub = [...new Set([...DEFAULT_HUB, ...recording.series.map((series) => series.quote)])];
  return { feeds, sources, hub, checkIntervalMs: DEFAULT_CHECK_INTERVAL_MS };
}

function feedOf(base: string, quote: string, recording: Recording): FeedDefinition {
  const ofBase = recording.series.filter((series) => series.base === base);
  const sources: FeedSource[] = ofBase.map(({ source, pair }) => ({ source, pair, weight: 1 }));
  const venueCount = new Set(ofBase.map((series) => series.source)).size;
  const feed = `${base}/${quote}`;
  return { feed, sources, ...defaultFeedParameters(feed, { venueCount }) };
}

function decimalsFor(price: number | undefined): number {
  if (price === undefined || !(price > 0)) return 0;
  return Math.min(DECIMALS_MOST, SIGNIFICANT_DIGITS - 1 - Math.floor(Math.log10(price)));
}

function reachableFrom(currency: string, series: readonly Series[]): Set<string> {
  const reached = new Set([currency]);
  for (let size = 0; size !== reached.size; ) {
    size = reached.size;
    for (const { base, quote } of series) {
      if (reached.has(base)) reached.add(quote);
      else if (reached.has(quote)) reached.add(base);
    }
  }
  return reached;
}

function mostQuoted(base: string, series: readonly Series[]): string {
  const counts = new Map<string, number>();
  for (const { pair, base: other } of series) {
    if (other === base) counts.set(quoteOf(pair), (counts.get(quoteOf(pair)) ?? 0) + 1);
  }
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0]![0];
}

function parseSeries(entry: unknown, index: number): Series {
  const at = `series[${index}]`;
  if (entry === null || typeof entry !== 'object') throw invalid(at, entry, 'an object');
  const raw = entry as Record<string, unknown>;
  const text = (field: string): string => {
    const value = raw[field];
    if (typeof value !== 'string' || value === '') throw invalid(`${at}.${field}`, value, 'a text');
    return value;
  };
  const base = text('base').toUpperCase();
  const quote = text('quote').toUpperCase();
  const kind = text('kind') as SeriesKind;
  if (!SERIES_KINDS.includes(kind)) throw invalid(`${at}.kind`, kind, SERIES_KINDS.join(', '));
  const unit = raw.timeUnit === undefined ? 's' : text('timeUnit');
  const timeUnitMs = TIME_UNITS[unit];
  if (timeUnitMs === undefined) throw invalid(`${at}.timeUnit`, unit, Object.keys(TIME_UNITS).join(', '));
  const intervalMs = raw.intervalMs === undefined ? MINUTE_MS : Number(raw.intervalMs);
  if (!(intervalMs > 0)) throw invalid(`${at}.intervalMs`, raw.intervalMs, 'milliseconds above 0');
  const timeIs = raw.timeIs === undefined ? 'intervalStart' : text('timeIs');
  if (timeIs !== 'intervalStart' && timeIs !== 'intervalEnd') {
    throw invalid(`${at}.timeIs`, timeIs, 'intervalStart, intervalEnd');
  }
  const source = text('source');
  const pair = checkPair(`${base}/${quote}`);
  const fields = parseFields(raw.fields, kind, at);
  const file = text('file');
  return {
    name: `${source} ${pair}`,
    file,
    source,
    pair,
    base,
    quote,
    kind,
    intervalMs,
    fields,
    timeUnitMs,
    timeIs,
  };
}

function parseFields(value: unknown, kind: SeriesKind, at: string): Series['fields'] {
  if (value === null || typeof value !== 'object') throw invalid(`${at}.fields`, value, 'an object');
  const raw = value as Record<string, unknown>;
  const column = (field: string): string | undefined => {
    const name = raw[field];
    if (name === undefined) return undefined;
    if (typeof name !== 'string') throw invalid(`${at}.fields.${field}`, name, 'a column name');
    return name;
  };
  const time = column('time');
  if (time === undefined) throw invalid(`${at}.fields.time`, undefined, 'the column of the time');
  const price = kind === 'bars' ? (column('close') ?? column('price')) : (column('price') ?? column('close'));
  if (price === undefined) throw invalid(`${at}.fields.price`, undefined, 'the column of the price');
  const fields: Series['fields'] = { time, price };
  const volume = column('volume');
  if (volume !== undefined) fields.volume = volume;
  const received = column('received');
  if (received !== undefined) fields.received = received;
  return fields;
}

function instantOf(value: unknown, otherwise: number, field: string): number {
  if (value === undefined) return otherwise;
  const at = typeof value === 'string' ? Date.parse(value) : Number(value);
  if (Number.isNaN(at)) throw invalid(field, value, 'an ISO 8601 time');
  return at;
}

function invalid(field: string, value: unknown, wanted: string): AssayError {
  return new AssayError(
    'RECORD_INVALID',
    `recording.json: "${field}" is ${String(value)}, wanted: ${wanted}`,
    {
      context: { field, value },
    },
  );
}
