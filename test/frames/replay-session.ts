// A recorded session through the adapter that speaks its version and through the shell's own check. In: a
// folder. Out: what every stored frame became, a hash over the prices in order, and what went wrong.
// Invariant: the counts add up to the frames that were stored, so nothing is dropped silently.
import { createHash } from 'node:crypto';
import { isAssayError, messageOf } from '@assay/kernel/errors/assay-error';
import type { Frame, Parsed, Source, SourceContext } from '@assay/oracle/sources/define-source';
import { checkPrice } from '@assay/oracle/sources/price-check';
import { type Instruments, instrumentsOf, type SessionRow } from './session.ts';

export type KindCount = {
  kind: string;
  frames: number;
  /** Frames that gave at least one price. */
  withPrices: number;
  /** Price frames about instruments that were not subscribed to. */
  ofOthers: number;
  control: number;
  ignored: number;
  errors: number;
  prices: number;
};

export type SessionReport = {
  session: string;
  adapter: string;
  instruments: number;
  /** Instruments of the stored lists whose base and quote give back the venue's spelling. */
  mapped: number;
  stored: number;
  kinds: KindCount[];
  errors: { code: string; frame: string; count: number; first: string }[];
  /** Verdicts of the shell's check that are not acceptance. */
  rejections: Record<string, number>;
  prices: number;
  sha256: string;
  violations: string[];
};

/** More of them say nothing new. */
const VIOLATIONS_MAX = 20;

export function replaySession(
  session: string,
  folder: string,
  rows: SessionRow[],
  source: Source,
): SessionReport {
  const instruments = instrumentsOf(source.id, folder, rows);
  const contextOf = contextsFor(source, instruments);
  const hash = createHash('sha256');
  const kinds = new Map<string, KindCount>();
  const report: SessionReport = {
    session,
    adapter: source.id,
    instruments: instruments.names.size,
    mapped: 0,
    stored: 0,
    kinds: [],
    errors: [],
    rejections: {},
    prices: 0,
    sha256: '',
    violations: [],
  };
  const violate = (text: string): void => {
    if (report.violations.length < VIOLATIONS_MAX) report.violations.push(text);
  };
  checkMapping(source, instruments, report, violate);
  for (const { conn, dir, raw, t } of rows) {
    if (dir !== 'in') continue;
    report.stored++;
    const outcome = read(source, raw, contextOf(conn));
    count(outcome, kinds, report, violate);
    if (!('frame' in outcome) || outcome.frame.kind !== 'prices') continue;
    for (const parsed of outcome.frame.prices) {
      report.prices++;
      for (const line of linesOf(parsed)) hash.update(`${line}\n`);
      checkParsedPrice(parsed, raw, Number(t) * 1000, report, violate);
    }
  }
  report.kinds = [...kinds.values()].sort((a, b) => b.frames - a.frames);
  report.sha256 = hash.digest('hex');
  const counted = report.kinds.reduce((sum, kind) => sum + accountedFor(kind), 0);
  if (counted !== report.stored) violate(`${report.stored} frames are stored and ${counted} accounted for`);
  if (report.stored > 0 && report.prices === 0) violate('no frame gave a price');
  return report;
}

/**
 * `BTC-USDT,30218.8,1652459223003`; a book gives its bid and its ask; the time is empty where the venue
 * gives none.
 */
export function linesOf(parsed: Parsed): string[] {
  const digits = parsed.kind === 'book' ? [parsed.bid, parsed.ask] : [parsed.price];
  return digits.map((text) => `${parsed.pair},${text},${parsed.observedAt ?? ''}`);
}

type Outcome = { frame: Frame } | { code: string; name: string; message: string } | { crash: string };

function read(source: Source, raw: string, context: SourceContext): Outcome {
  try {
    return { frame: source.stream!.parse(raw, context) };
  } catch (error) {
    if (!isAssayError(error)) return { crash: messageOf(error) };
    return { code: error.code, name: String(error.context.frame ?? 'unnamed'), message: error.message };
  }
}

/**
 * A context for each connection. The instruments stand for pairs under their own names, so that contracts
 * and unlisted ones are read as well.
 */
function contextsFor(source: Source, instruments: Instruments): (connection: string) => SourceContext {
  const contexts = new Map<string, SourceContext>();
  return (connection) => {
    const context = contexts.get(connection) ?? contextFor(source, instruments);
    contexts.set(connection, context);
    return context;
  };
}

function contextFor(source: Source, instruments: Instruments): SourceContext {
  return {
    endpoints: source.endpoints,
    credentials: {},
    options: {},
    pairs: [...instruments.names],
    pairOf: (symbol) => (instruments.isEverything || instruments.names.has(symbol) ? symbol : undefined),
    symbolOf: (pair) => pair,
    session: {},
    channels: new Map(),
  };
}

function count(
  outcome: Outcome,
  kinds: Map<string, KindCount>,
  report: SessionReport,
  violate: (text: string) => void,
): void {
  const kind = 'frame' in outcome ? outcome.frame.name : 'name' in outcome ? outcome.name : 'crash';
  let counted = kinds.get(kind);
  if (counted === undefined) {
    counted = { kind, frames: 0, withPrices: 0, ofOthers: 0, control: 0, ignored: 0, errors: 0, prices: 0 };
    kinds.set(kind, counted);
  }
  counted.frames++;
  if ('crash' in outcome) violate(`a frame crashed the adapter: ${outcome.crash}`);
  else if ('code' in outcome) {
    counted.errors++;
    const same = report.errors.find(({ code, frame }) => code === outcome.code && frame === outcome.name);
    if (same === undefined)
      report.errors.push({ code: outcome.code, frame: outcome.name, count: 1, first: outcome.message });
    else same.count++;
  } else if (outcome.frame.kind === 'prices') {
    counted.prices += outcome.frame.prices.length;
    if (outcome.frame.prices.length > 0) counted.withPrices++;
    else counted.ofOthers++;
  } else if (outcome.frame.kind === 'control') counted.control++;
  else counted.ignored++;
}

function accountedFor(kind: KindCount): number {
  return kind.withPrices + kind.ofOthers + kind.control + kind.ignored + kind.errors;
}

function checkParsedPrice(
  parsed: Parsed,
  raw: string,
  receivedAt: number,
  report: SessionReport,
  violate: (text: string) => void,
): void {
  const digits = parsed.kind === 'book' ? [parsed.bid, parsed.ask] : [parsed.price];
  for (const text of digits)
    if (!standsIn(text, raw)) violate(`${parsed.pair}: "${text}" does not stand in ${raw.slice(0, 200)}`);
  const checked = checkPrice(parsed, Math.ceil(receivedAt), 0);
  if (typeof checked !== 'string') return;
  report.rejections[checked] = (report.rejections[checked] ?? 0) + 1;
  violate(`${parsed.pair}: the check refuses it (${checked}): ${raw.slice(0, 200)}`);
}

/** As a whole token: neither the head nor the tail of another number. */
export function standsIn(digits: string, raw: string): boolean {
  for (let at = raw.indexOf(digits); at >= 0; at = raw.indexOf(digits, at + 1)) {
    const around = (raw[at - 1] ?? '') + (raw[at + digits.length] ?? '');
    if (!/[\d.]/.test(around)) return true;
  }
  return false;
}

function checkMapping(
  source: Source,
  instruments: Instruments,
  report: SessionReport,
  violate: (text: string) => void,
): void {
  for (const [name, pair] of instruments.pairs) {
    if (source.symbol(pair, {}) === name) report.mapped++;
    else if (instruments.names.has(name))
      violate(`${pair} is "${source.symbol(pair, {})}" here and "${name}" there`);
  }
}
