// The cases of the accuracy table: which series lies, and how. In: a recording's series. Out: cases, each a
// list of series with one mode; and the lie itself, applied to recorded prices from the second day on (the
// second tenth of a recording shorter than two days).

import { type Random, seededRandom } from '@assay/kernel/random/random';
import type { RecordedPrice, RecordedSeries } from '@assay/oracle/recording/recorded-prices';
import type { Series } from '@assay/oracle/recording/recording';

export const MODES = ['double', 'half', 'frozen', 'drift', 'random'] as const;
export type Mode = (typeof MODES)[number];
export type Hostile = { kind: 'series' | 'venue' | 'pair'; name: string; mode: Mode };
export type Case = { hostile: Hostile | null; series: string[] };

const DAY_MS = 86_400_000;
/** Drifting away by this much until the end of the recording. */
const DRIFT = 0.2;
const RANDOM_WITHIN = 0.1;
/** Every pair of series lies together under this mode: the one that a median feels most. */
const PAIR_MODE: Mode = 'drift';
/** With more series than this not every pair is tried: their number grows with the square. */
const PAIRS_MAX = 100;

export function hostileCases(all: readonly Series[]): Case[] {
  const names = all.map((series) => series.name);
  const cases: Case[] = [];
  for (const name of names) {
    for (const mode of MODES) cases.push({ hostile: { kind: 'series', name, mode }, series: [name] });
  }
  for (const [venue, series] of venueSets(all)) {
    for (const mode of MODES) cases.push({ hostile: { kind: 'venue', name: venue, mode }, series });
  }
  const pairs: Case[] = [];
  names.forEach((first, at) => {
    for (const second of names.slice(at + 1)) {
      const hostile: Hostile = { kind: 'pair', name: `${first} + ${second}`, mode: PAIR_MODE };
      pairs.push({ hostile, series: [first, second] });
    }
  });
  const step = Math.max(1, Math.ceil(pairs.length / PAIRS_MAX));
  return [...cases, ...pairs.filter((_, at) => at % step === 0)];
}

/** A venue in everything it says, and, where that is something else, in its dollar series alone. */
function venueSets(all: readonly Series[]): [string, string[]][] {
  const sets: [string, string[]][] = [];
  for (const venue of new Set(all.map((series) => series.source))) {
    const own = all.filter((series) => series.source === venue);
    if (own.length < 2) continue; // one series is a case of its own
    sets.push([venue, own.map((series) => series.name)]);
    const dollars = own.filter((series) => series.quote === 'USD');
    if (dollars.length > 1 && dollars.length < own.length) {
      sets.push([`${venue} in dollars`, dollars.map((series) => series.name)]);
    }
  }
  return sets;
}

export function lieFrom(range: { fromMs: number; toMs: number }): number {
  const length = range.toMs - range.fromMs;
  return range.fromMs + (length >= 2 * DAY_MS ? DAY_MS : length / 10);
}

/** The series as the liar would have published it; the honest one is not touched. */
export function lie(
  honest: RecordedSeries,
  mode: Mode,
  range: { fromMs: number; toMs: number },
): RecordedSeries {
  const from = lieFrom(range);
  const random = seededRandom(seedOf(honest.series.name));
  let frozen: string | undefined;
  const prices = honest.prices.map((price) => {
    if (price.at <= from) {
      frozen = price.price;
      return price;
    }
    frozen ??= price.price;
    const share = (price.at - from) / (range.toMs - from);
    return { ...price, price: lieAbout(price, { mode, frozen, share, random }) };
  });
  return { ...honest, prices };
}

function lieAbout(
  price: RecordedPrice,
  { mode, frozen, share, random }: { mode: Mode; frozen: string; share: number; random: Random },
): string {
  const value = Number(price.price);
  switch (mode) {
    case 'double':
      return digits(value * 2);
    case 'half':
      return digits(value / 2);
    case 'frozen':
      return frozen;
    case 'drift':
      return digits(value * (1 + DRIFT * share));
    case 'random':
      return digits(value * (1 + RANDOM_WITHIN * (2 * random.next() - 1)));
  }
}

/** Ten significant digits, as venues write them; small numbers keep theirs. */
function digits(value: number): string {
  const decimals = Math.min(18, Math.max(2, 9 - Math.floor(Math.log10(value))));
  return value.toFixed(decimals);
}

function seedOf(name: string): number {
  let seed = 7;
  for (const character of name) seed = (Math.imul(seed, 31) + character.charCodeAt(0)) >>> 0;
  return seed;
}
