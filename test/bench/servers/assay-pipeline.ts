// The whole way of a price as `npm start` runs it, in one process: sources -> durable bus -> aggregation ->
// API. For `tick-to-client`: 1,000 feeds from ten or thirty sources that speak Binance's protocol, all served
// by the address given.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApi } from '@assay/api/http/server';
import { createPromMetrics } from '@assay/assay/telemetry/prom-metrics';
import { seededRandom } from '@assay/kernel/random/random';
import { silentLog } from '@assay/kernel/telemetry/log';
import { systemClock } from '@assay/kernel/time/clock';
import { createAggregationService } from '@assay/oracle/aggregation/aggregation-service';
import { DEFAULT_CHECK_INTERVAL_MS, DEFAULT_HUB } from '@assay/oracle/model/default-feed-parameters';
import binance from '@assay/oracle/sources/adapters/binance';
import { createSourceService } from '@assay/oracle/sources/source-service';
import { createSqliteBus } from '@assay/ports/event-bus/sqlite';
import { createSqliteHistory } from '@assay/ports/history/sqlite';
import { createNetworkOutbound } from '@assay/ports/outbound/network';
import { createMemoryKeys } from '../../memory-keys.ts';
import { serveBench } from '../http-load.ts';
import { feedsOfBench, type Market, pairsOfSource, sourceIds } from '../tick-market.ts';

const venueUrl = process.argv[2]!;
const market = process.argv[3] as Market;
const folder = mkdtempSync(join(tmpdir(), 'assay-tick-to-client-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const clock = systemClock;
const log = silentLog;
const profile = 'sandbox';
const metrics = createPromMetrics();
const bus = createSqliteBus({ path: join(folder, 'events.sqlite'), namespace: 'node0', clock, metrics });
const history = createSqliteHistory({ path: join(folder, 'history.sqlite'), clock });
const keys = createMemoryKeys(clock);
const outbound = createNetworkOutbound({ clock, proxy: { httpsProxy: '', httpProxy: '', noProxy: '' } });
const feeds = feedsOfBench(market);
const traits = sourceIds(market).map((source) => ({
  source,
  name: source,
  venue: source,
  kind: 'exchange' as const,
}));
const config = {
  feeds,
  sources: traits,
  hub: [...DEFAULT_HUB],
  checkIntervalMs: DEFAULT_CHECK_INTERVAL_MS,
};
const aggregation = createAggregationService({ bus, clock, log, metrics, config, profile });
const sources = createSourceService({
  sources: sourceIds(market).map((id) => ({
    source: { ...binance, id, name: id, venue: id },
    pairs: pairsOfSource(id, market),
    endpoints: { rest: venueUrl.replace('ws', 'http'), stream: `${venueUrl}/${id}` },
    credentials: {},
    options: {},
    priority: 1,
    transport: 'stream' as const,
  })),
  outbound,
  bus,
  history,
  clock,
  random: seededRandom(1),
  log,
  metrics,
  profile,
});
const anyPort = { host: '127.0.0.1', port: 0 };
const api = createApi({
  bus,
  history,
  clock,
  log,
  metrics,
  renderMetrics: () => metrics.render(),
  keys,
  profile,
  feeds,
  sources: traits,
  api: anyPort,
  metricsListener: anyPort,
  healthListener: anyPort,
});

for (const part of [bus, history, keys, aggregation, api, sources]) await part.start();
const { key } = await keys.create({ name: 'bench', scopes: ['prices:read'] });
serveBench({ url: `${api.addresses().api}/v1/stream`, headers: { 'x-api-key': key } });
