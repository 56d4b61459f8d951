// Whether prices can be served, and if not, why. In: the newest prices, the sources that are down. Out: one
// verdict for /health, /ready and /v1/status. Invariant: ready means that at least one feed has a fresh price
// now.
import type { CurrentPrice } from './current-price.ts';

export type Readiness = {
  status: 'ok' | 'failing';
  isReady: boolean;
  /** A sentence. */
  reason: string;
  profile: string;
  feeds: {
    configured: number;
    fresh: number;
    ok: number;
    degraded: number;
    stale: number;
    halted: number;
    missing: number;
  };
  /** Feeds without a fresh price, at most SHOWN_MAX. */
  notFresh: { feed: string; state: string; reason: string }[];
  /** Age of the freshest price; null when there is none. */
  newestAgeMs: number | null;
  sources: { configured: number; down: { source: string; state: string; sentence: string }[] };
};

export type ReadinessInput = {
  isStarted: boolean;
  profile: string;
  prices: Iterable<CurrentPrice>;
  sourcesConfigured: number;
  sourcesDown: Readiness['sources']['down'];
  nowMs: number;
};

/** A page for people: the first of them say enough. */
const SHOWN_MAX = 50;

export function readinessOf(input: ReadinessInput): Readiness {
  const { nowMs } = input;
  const feeds = { configured: 0, fresh: 0, ok: 0, degraded: 0, stale: 0, halted: 0, missing: 0 };
  const notFresh: Readiness['notFresh'] = [];
  let newestAgeMs: number | null = null;
  for (const current of input.prices) {
    feeds.configured += 1;
    const record = current.record(nowMs);
    if (record === undefined) feeds.missing += 1;
    else {
      feeds[record.state] += 1;
      newestAgeMs = Math.min(record.ageMs, newestAgeMs ?? record.ageMs);
    }
    if (current.isFresh(nowMs)) feeds.fresh += 1;
    else if (notFresh.length < SHOWN_MAX) {
      const state = record?.state ?? 'missing';
      notFresh.push({
        feed: current.definition.feed,
        state,
        reason: record?.stateReason ?? 'no price yet',
      });
    }
  }
  const isReady = input.isStarted && feeds.fresh > 0;
  const sources = { configured: input.sourcesConfigured, down: input.sourcesDown };
  const reason = reasonOf(input.isStarted, feeds, sources);
  const status = isReady ? 'ok' : 'failing';
  return { status, isReady, reason, profile: input.profile, feeds, notFresh, newestAgeMs, sources };
}

function reasonOf(isStarted: boolean, feeds: Readiness['feeds'], sources: Readiness['sources']): string {
  if (!isStarted) return 'The server is starting.';
  if (feeds.configured === 0) return 'No feed is configured.';
  const down = sources.down.map(({ source }) => source).join(', ');
  const downText = down === '' ? '' : ` Not giving prices: ${down}.`;
  if (feeds.fresh === feeds.configured) return `All ${feeds.configured} feeds have a fresh price.${downText}`;
  const parts = (['missing', 'stale', 'halted'] as const)
    .filter((state) => feeds[state] > 0)
    .map((state) => `${feeds[state]} ${state}`);
  const detail = parts.length === 0 ? '' : ` (${parts.join(', ')})`;
  if (feeds.fresh === 0) return `None of ${feeds.configured} feeds has a fresh price${detail}.${downText}`;
  return `${feeds.fresh} of ${feeds.configured} feeds have a fresh price${detail}.${downText}`;
}
