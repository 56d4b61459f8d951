// Who is there: every process of an installation says so through the cache, every five seconds, with how it
// is. In: a cache that they share. Out: the processes seen within the last ten minutes. Invariant: what
// stopped speaking is shown as gone, with the time of its last word, and forgotten after that.
import type { Cache } from '@assay/ports/cache/cache';

export const PRESENCE_EVERY_MS = 5_000;
/** Three words missed. */
const GONE_AFTER_MS = 15_000;
const REMEMBERED_MS = 600_000;
/** Far more than an installation has; a cache shared by mistake must not fill the page. */
const PROCESSES_MAX = 100;
const INDEX = 'presence';

export type ProcessFacts = {
  /** Host and process number. */
  id: string;
  host: string;
  pid: number;
  version: string;
  services: readonly string[];
  startedAt: string;
  memoryBytes: number;
  /** The 99th percentile of what the event loop was late since the word before, ms. */
  eventLoopP99Ms: number;
  /** Share of one core since the word before. */
  cpuShare: number;
  /** The longest way of a record from its commit to the end of its handling here, since the word before. */
  readLag: { ms: number; topic: string } | null;
};

export type SeenProcess = ProcessFacts & { state: 'running' | 'gone'; seenAt: string };

export async function announceProcess(cache: Cache, facts: ProcessFacts, nowMs: number): Promise<void> {
  await cache.set(keyOf(facts.id), JSON.stringify({ ...facts, seenAt: nowMs }), REMEMBERED_MS);
  const ids = await idsIn(cache);
  // Two processes that write at once lose one entry for five seconds at most.
  const kept = ids.includes(facts.id) ? ids : [...ids, facts.id].slice(-PROCESSES_MAX);
  await cache.set(INDEX, JSON.stringify(kept), REMEMBERED_MS);
}

/** In the order of their start. */
export async function seenProcesses(cache: Cache, nowMs: number): Promise<SeenProcess[]> {
  const ids = await idsIn(cache);
  const texts = await cache.getMany(ids.map(keyOf));
  return texts
    .flatMap((text) => {
      const facts = readJson<ProcessFacts & { seenAt: number }>(text);
      if (facts === undefined) return [];
      const state: SeenProcess['state'] = nowMs - facts.seenAt > GONE_AFTER_MS ? 'gone' : 'running';
      return [{ ...facts, state, seenAt: new Date(facts.seenAt).toISOString() }];
    })
    .sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
}

async function idsIn(cache: Cache): Promise<string[]> {
  const ids = readJson<unknown>(await cache.get(INDEX));
  return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string').slice(-PROCESSES_MAX) : [];
}

function readJson<T>(text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}

function keyOf(id: string): string {
  return `${INDEX}:${id}`;
}
