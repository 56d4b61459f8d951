// Tells the others of this installation that this process is there and how it is. In: the cache they share.
// Out: a record every five seconds until it is stopped. Invariant: it never fails; who cannot tell is silent.
import { hostname } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { announceProcess, PRESENCE_EVERY_MS } from '@assay/api/assets/presence';
import type { Clock } from '@assay/kernel/time/clock';
import type { Cache } from '@assay/ports/cache/cache';
import { VERSION } from '../version.ts';
import type { ReadLagWatch } from './read-lag.ts';

/** Finer than the delays that matter, coarse enough to cost nothing. */
const RESOLUTION_MS = 20;

export function startPresence(options: {
  cache: Cache;
  clock: Clock;
  services: readonly string[];
  readLag: ReadLagWatch;
}): () => void {
  const { cache, clock, services, readLag } = options;
  const startedAt = new Date(clock.now()).toISOString();
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  let used = process.cpuUsage();
  let toldAt = clock.monotonic();
  let cancel: () => void = () => {};
  const tell = (): void => {
    const now = clock.monotonic();
    const since = process.cpuUsage(used);
    used = process.cpuUsage();
    const facts = {
      id: `${hostname()}:${process.pid}`,
      host: hostname(),
      pid: process.pid,
      version: VERSION,
      services,
      startedAt,
      memoryBytes: process.memoryUsage.rss(),
      eventLoopP99Ms: lateMs(delays),
      readLag: readLag.take() ?? null,
      cpuShare: now === toldAt ? 0 : (since.user + since.system) / 1_000 / (now - toldAt),
    };
    toldAt = now;
    delays.reset();
    // Without the cache it is shown as gone, which is what the others know; the next word comes in 5 s.
    announceProcess(cache, facts, clock.now()).catch(() => undefined);
    cancel = clock.after(PRESENCE_EVERY_MS, tell);
  };
  // Whoever begins reads what is kept: that is no lag.
  readLag.take();
  tell();
  return () => {
    cancel();
    delays.disable();
  };
}

/** The histogram counts the resolution itself. */
function lateMs(delays: ReturnType<typeof monitorEventLoopDelay>): number {
  const ms = delays.percentile(99) / 1e6 - RESOLUTION_MS;
  return Number.isFinite(ms) ? Math.max(0, Math.round(ms * 10) / 10) : 0;
}
