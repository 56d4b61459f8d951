// How many price frames of recorded sessions go through adapter and check in a second of CPU time. In: the
// recordings. Out: frames and CPU milliseconds; zero frames where there are no recordings.
import { join } from 'node:path';
import { loadSources } from '@assay/assay/source-folder';
import type { Source, SourceContext } from '@assay/oracle/sources/define-source';
import { checkPrice, sourcePriceOf } from '@assay/oracle/sources/price-check';
import { sourceContext } from '@assay/oracle/sources/source-context';
import { recordings } from '../recordings.ts';
import { adapterOf, instrumentsOf, readSession, sessionFile } from './session.ts';

/** The recorded sessions whose adapters are measured; each frame counts the same. */
const SESSIONS = ['binance', 'coinbase_exchange', 'okx', 'bitstamp'];
/** Long enough that the first, unoptimised rounds weigh little. */
const ROUNDS_MS = 1500;

type Work = { raw: string; receivedAt: number; source: Source; context: SourceContext };

export async function framesThroughput(): Promise<{ frames: number; cpuMs: number }> {
  const work = await priceFrames();
  if (work.length === 0) return { frames: 0, cpuMs: 0 };
  // One round to compile.
  runThrough(work);
  const before = process.cpuUsage();
  let frames = 0;
  let cpuMs = 0;
  while (cpuMs < ROUNDS_MS) {
    frames += runThrough(work);
    const used = process.cpuUsage(before);
    cpuMs = (used.user + used.system) / 1000;
  }
  return { frames, cpuMs };
}

function runThrough(work: readonly Work[]): number {
  const stamp = { source: 'bench', profile: 'bench', transport: 'stream', confidence: 1 } as const;
  let published = 0;
  for (const { raw, receivedAt, source, context } of work) {
    const frame = source.stream!.parse(raw, context);
    if (frame.kind !== 'prices') continue;
    for (const parsed of frame.prices) {
      const checked = checkPrice(parsed, receivedAt, 0);
      if (typeof checked !== 'string' && sourcePriceOf(checked, stamp).price !== '') published++;
    }
  }
  return published > 0 ? work.length : 0;
}

/** Frames that give at least one price, with the pairs that they are about. */
async function priceFrames(): Promise<Work[]> {
  const folder = recordings();
  if (folder === undefined) return [];
  const sources = await loadSources();
  const work: Work[] = [];
  for (const session of SESSIONS) {
    const venue = join(folder, 'open', 'wire', session);
    const path = sessionFile(venue);
    if (path === undefined) continue;
    const rows = readSession(path);
    const source = adapterOf(session, rows, sources);
    if (source?.stream === undefined) continue;
    const { names, pairs } = instrumentsOf(source.id, venue, rows);
    const asked = [...names].map((name) => pairs.get(name) ?? name.replace(/-/, '/')).filter(isTwoPart);
    const context = sourceContext(source, { pairs: asked });
    for (const { dir, raw, t } of rows) {
      if (dir !== 'in') continue;
      const receivedAt = Math.ceil(Number(t) * 1000);
      if (givesPrices(source, raw, context)) work.push({ raw, receivedAt, source, context });
    }
  }
  return work;
}

function isTwoPart(pair: string): boolean {
  return pair.split('/').length === 2 && !pair.startsWith('/') && !pair.endsWith('/');
}

function givesPrices(source: Source, raw: string, context: SourceContext): boolean {
  try {
    const frame = source.stream!.parse(raw, context);
    return frame.kind === 'prices' && frame.prices.length > 0;
  } catch {
    return false; // not a price frame; `npm run frames` is where errors are counted
  }
}
