// The API as `npm start` assembles it, for `read-rest` and `read-graphql`: the durable bus, keys,
// limits and the audit log on the ledger, Prometheus metrics. A dozen feeds change four times a second, so
// that what is served is alive.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuthDesk } from '@assay/api/auth/auth-desk';
import { createApi } from '@assay/api/http/server';
import { RateLimiter } from '@assay/api/limits/rate-limiter';
import { createPromMetrics } from '@assay/assay/telemetry/prom-metrics';
import { silentLog } from '@assay/kernel/telemetry/log';
import { systemClock } from '@assay/kernel/time/clock';
import { ANSWERS_TOPIC, type Answer } from '@assay/oracle/model/answer';
import type { FeedDefinition } from '@assay/oracle/model/feed';
import { createSqliteCache } from '@assay/ports/cache/sqlite';
import { createSqliteBus } from '@assay/ports/event-bus/sqlite';
import { createSqliteHistory } from '@assay/ports/history/sqlite';
import { createEmbeddedLedger } from '@assay/ports/ledger/embedded';
import { createNetworkOutbound } from '@assay/ports/outbound/network';
import { serveBench } from '../http-load.ts';

const FEEDS = ['BTC', 'ETH', 'SOL', 'XRP', 'ADA', 'DOGE', 'LTC', 'DOT', 'LINK', 'AVAX', 'UNI', 'BCH'];
const PUBLISH_EVERY_MS = 250;

const folder = mkdtempSync(join(tmpdir(), 'assay-read-rest-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const clock = systemClock;
const metrics = createPromMetrics();
const bus = createSqliteBus({ path: join(folder, 'log.sqlite'), namespace: 'node0', clock, metrics });
const history = createSqliteHistory({ path: join(folder, 'history.sqlite'), clock });
const cache = createSqliteCache({ path: join(folder, 'cache.sqlite'), clock });
const ledger = createEmbeddedLedger({ path: join(folder, 'postgres'), clock, log: silentLog });
const issuer = 'urn:assay:bench';
const outbound = createNetworkOutbound({ clock });
const parts = { ledger, outbound, clock, log: silentLog };
const auth = new AuthDesk({ ...parts, issuer, outside: [], auditKeptForMs: 86_400_000 });
for (const part of [bus, history, cache, ledger, auth]) await part.start();
// Far more than any machine serves, so that what is measured is counting and not refusing.
const limits = { requestsPerMinute: 60_000_000, requestsPerDay: 1_000_000_000 };
const limiter = new RateLimiter({ cache, clock, tiers: { standard: limits, high: limits } });
const { key } = await auth.keys.create({ name: 'bench', scopes: ['prices:read'], tier: 'high' });
const anyPort = { host: '127.0.0.1', port: 0 };
const api = createApi({
  bus,
  history,
  clock,
  log: silentLog,
  metrics,
  renderMetrics: () => metrics.render(),
  keys: auth.keys,
  auth,
  limiter,
  cache,
  profile: 'sandbox',
  feeds: FEEDS.map((base) => feedOf(`${base}/USD`)),
  sources: [],
  api: anyPort,
  metricsListener: anyPort,
  healthListener: anyPort,
});
await api.start();
await publish();
const url = `${api.addresses().api}/v1/prices/BTC-USD`;
// The first request verifies the key; a bench of refusals would be a fast one.
while (!(await fetch(url, { headers: { 'x-api-key': key } })).ok) await clock.sleep(10);
// With an argument it is the target of `read-graphql`: a document, asked of the same server.
const query = process.argv[2];
const headers = { 'x-api-key': key };
serveBench(
  query === undefined
    ? { url, headers }
    : {
        url: `${api.addresses().api}/graphql`,
        headers: { ...headers, 'content-type': 'application/json' },
        method: 'POST',
        body: JSON.stringify({ query }),
      },
);

async function publish(): Promise<void> {
  const nowMs = clock.now();
  await bus.publish(
    ANSWERS_TOPIC,
    FEEDS.map((base) => ({ key: `${base}/USD`, value: JSON.stringify(answerOf(`${base}/USD`, nowMs)) })),
  );
  clock.after(PUBLISH_EVERY_MS, () => void publish());
}

function answerOf(feed: string, nowMs: number): Answer {
  const cents = 6_701_234 + (nowMs % 1_000);
  const price = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
  return {
    feed,
    kind: 'live',
    price,
    low: price,
    high: price,
    state: 'ok',
    stateReason: '9 of 9 sources agree, 7 of them in dollars',
    observedAt: nowMs - 40,
    answeredAt: nowMs,
    sourcesUsed: 9,
    sourcesConfigured: 9,
    confidence: 0.987,
    decision: `${feed}@${nowMs}`,
    inputsHash: '0011223344556677',
    profile: 'sandbox',
  };
}

function feedOf(feed: string): FeedDefinition {
  return {
    feed,
    decimals: 2,
    heartbeatMs: 60_000,
    deviationThresholdPpb: 5_000_000,
    method: 'weighted-median',
    sources: [],
    minimumVenues: 3,
    outlierFloorBps: 5,
    maximumMoveBps: 500,
    staleAfterMs: 10_000,
  };
}
