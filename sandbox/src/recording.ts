// A recorded market: the series of a recording folder as what the venues print. In: the folder, a speed. Out:
// a Market whose rates are the recorded numbers, each becoming news at its own time. Invariant: nothing is
// known before its time: a bar is known at the end of its interval, and a bar without volume is no news.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { AssayError, messageOf } from '@assay/kernel/errors/assay-error';
import { type Listing, VENUE_IDS } from './listings.ts';
import type { Market, MarketRate } from './market.ts';

/** Half a gigabyte of doubles would follow beyond; the recordings at hand have 400,000 rows. */
const ROWS_MAX = 20_000_000;
const UNIT_MS: Record<string, number> = { s: 1_000, ms: 1, us: 0.001 };

export type RecordedSeries = {
  venue: string;
  base: string;
  quote: string;
  decimals: number;
  /** When each price becomes known, ms, ascending. */
  knownAt: Float64Array;
  prices: Float64Array;
};

export type Recording = { name: string; fromMs: number; toMs: number; series: RecordedSeries[] };

export class RecordedMarket implements Market {
  readonly recording: Recording;
  readonly spreadFactor = 1;
  readonly pace = 1;
  readonly isHalted = false;
  readonly #cursors: Map<RecordedSeries, number>;
  #recordedMs: number;
  #nowMs: number;
  #speed: number;

  constructor(options: { recording: Recording; nowMs: number; speed: number }) {
    this.recording = options.recording;
    this.#nowMs = options.nowMs;
    this.#speed = options.speed;
    this.#recordedMs = options.recording.fromMs;
    this.#cursors = new Map(options.recording.series.map((series) => [series, 0]));
  }

  get speed(): number {
    return this.#speed;
  }

  set speed(speed: number) {
    this.#speed = speed;
  }

  /** Where the recording stands, ms; it stops at its end. */
  get recordedMs(): number {
    return this.#recordedMs;
  }

  advance(nowMs: number): void {
    const to = this.#recordedMs + Math.max(0, nowMs - this.#nowMs) * this.#speed;
    this.#nowMs = nowMs;
    this.#recordedMs = Math.min(to, this.recording.toMs);
    for (const [series, start] of this.#cursors) {
      let cursor = start;
      while (cursor < series.knownAt.length && series.knownAt[cursor]! <= this.#recordedMs) cursor += 1;
      this.#cursors.set(series, cursor);
    }
  }

  listings(venue: string): Listing[] {
    return this.recording.series
      .filter((series) => series.venue === venue)
      .map(({ base, quote, decimals }) => ({ base, quote, decimals, everyMs: 1_000 }));
  }

  rate(venue: string, base: string, quote: string): MarketRate | undefined {
    for (const [series, cursor] of this.#cursors) {
      if (series.venue !== venue || series.base !== base || series.quote !== quote || cursor === 0) continue;
      return { price: series.prices[cursor - 1]!, news: cursor };
    }
    return undefined;
  }

  /** The median of what the venues say in dollars. */
  dollars(asset: string): number | undefined {
    if (asset === 'USD') return 1;
    const prices: number[] = [];
    for (const [series, cursor] of this.#cursors) {
      if (series.base === asset && series.quote === 'USD' && cursor > 0)
        prices.push(series.prices[cursor - 1]!);
    }
    prices.sort((a, b) => a - b);
    return prices[Math.floor(prices.length / 2)];
  }
}

type Fields = Record<string, string>;

/** @throws AssayError CONFIG_INVALID naming the folder, the file and what is wrong */
export function readRecording(folder: string): Recording {
  const path = join(folder, 'recording.json');
  const description = parseDescription(path);
  const series = (description.series as Record<string, unknown>[]).flatMap((entry) => {
    const venue = venueOf(String(entry.source));
    return venue === undefined ? [] : [readSeries(folder, venue, entry)];
  });
  if (series.length === 0) {
    throw invalid(path, `no series of it has one of the venues ${VENUE_IDS.join(', ')} as its source`);
  }
  const rows = series.reduce((sum, one) => sum + one.prices.length, 0);
  if (rows > ROWS_MAX) throw invalid(path, `it has ${rows} rows; at most ${ROWS_MAX} can be played`);
  return {
    name: String(description.name),
    fromMs: Date.parse(String(description.from)),
    toMs: Date.parse(String(description.to)),
    series,
  };
}

/**
 * The venue whose protocol speaks for a recorded source: itself, or its parent ("binance_us" for binance).
 */
function venueOf(source: string): string | undefined {
  return VENUE_IDS.find((id) => id === source) ?? VENUE_IDS.find((id) => source.startsWith(`${id}_`));
}

function parseDescription(path: string): Record<string, unknown> {
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw invalid(path, `it cannot be read as JSON: ${messageOf(cause)}`);
  }
  if (!Array.isArray(parsed.series)) throw invalid(path, 'it has no list "series"');
  const bad = ['from', 'to'].find((field) => Number.isNaN(Date.parse(String(parsed[field]))));
  if (bad !== undefined) throw invalid(path, `"${bad}" is ${String(parsed[bad])}, which is no ISO 8601 time`);
  return parsed;
}

function readSeries(folder: string, venue: string, entry: Record<string, unknown>): RecordedSeries {
  const file = join(folder, String(entry.file));
  const fields = (entry.fields ?? {}) as Fields;
  const [header = '', ...lines] = readText(file).split('\n');
  const columns = header.trim().split(',');
  const column = (name: string | undefined) => (name === undefined ? -1 : columns.indexOf(name));
  const timeColumn = column(fields.received ?? fields.time);
  const priceColumn = column(fields.close ?? fields.price);
  const volumeColumn = column(fields.volume);
  if (timeColumn === -1 || priceColumn === -1) throw invalid(file, 'a column for time or price is missing');
  const isBars = entry.kind === 'bars';
  const delayMs = isBars && entry.timeIs === 'intervalStart' ? Number(entry.intervalMs) : 0;
  const unitMs = UNIT_MS[String(entry.timeUnit)] ?? 1_000;
  const knownAt: number[] = [];
  const prices: number[] = [];
  let decimals = 0;
  for (const line of lines) {
    const cells = line.split(',');
    const price = Number(cells[priceColumn]);
    if (!(price > 0)) continue;
    if (isBars && volumeColumn !== -1 && Number(cells[volumeColumn]) === 0) continue;
    knownAt.push(Number(cells[timeColumn]) * unitMs + delayMs);
    prices.push(price);
    decimals = Math.max(decimals, decimalsOf(cells[priceColumn] ?? ''));
  }
  return {
    venue,
    base: String(entry.base),
    quote: String(entry.quote),
    decimals,
    knownAt: Float64Array.from(knownAt),
    prices: Float64Array.from(prices),
  };
}

function readText(file: string): string {
  try {
    const bytes = readFileSync(file);
    return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch (cause) {
    throw invalid(file, `it cannot be read: ${messageOf(cause)}`);
  }
}

/** No venue here writes more than ten decimals. */
const DECIMALS_MAX = 10;

function decimalsOf(text: string): number {
  const point = text.trim().indexOf('.');
  return point === -1 ? 0 : Math.min(DECIMALS_MAX, text.trim().length - point - 1);
}

function invalid(path: string, words: string): AssayError {
  return new AssayError('CONFIG_INVALID', `recording ${path}: ${words}`, {
    context: { field: 'recording', value: path },
    recovery: 'Give --recording the folder of a recording: a recording.json and the files it names.',
  });
}
