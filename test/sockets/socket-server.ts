// The API as `npm start` assembles it, with one feed that changes when it is told to, for measuring
// subscriptions. Answers what it used and counted.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApi } from '@assay/api/http/server';
import { createPromMetrics } from '@assay/assay/telemetry/prom-metrics';
import { silentLog } from '@assay/kernel/telemetry/log';
import { systemClock } from '@assay/kernel/time/clock';
import { ANSWERS_TOPIC } from '@assay/oracle/model/answer';
import { createSqliteBus } from '@assay/ports/event-bus/sqlite';
import { createSqliteHistory } from '@assay/ports/history/sqlite';
import { answerOf, feedOf } from '../api-rig.ts';
import { createMemoryKeys } from '../memory-keys.ts';
import { answerWith, machineMs } from './child.ts';

export type ServerQuestion =
  | { what: 'start' }
  /** One update now; the answer comes when the log has it. */
  | { what: 'publish' }
  /** An update every so often, until the end. */
  | { what: 'publish-every'; ms: number }
  | { what: 'figures' }
  /** The figures with memory and counts, which cost time themselves. */
  | { what: 'memory' };
export type ServerAnswer = {
  url: string;
  key: string;
  /** When the update was handed to the log, `machineMs`. */
  publishedAtMs: number;
  cpuSeconds: number;
  rssBytes: number;
  /** Heap and buffers in use right after a collection. */
  liveBytes: number;
  counts: Record<string, number>;
};

const folder = mkdtempSync(join(tmpdir(), 'assay-sockets-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const clock = systemClock;
const metrics = createPromMetrics();
const bus = createSqliteBus({ path: join(folder, 'log.sqlite'), namespace: 'node0', clock, metrics });
const history = createSqliteHistory({ path: join(folder, 'history.sqlite'), clock });
const keys = createMemoryKeys(clock);
const anyPort = { host: '127.0.0.1', port: 0 };
const api = createApi({
  bus,
  history,
  clock,
  log: silentLog,
  metrics,
  renderMetrics: () => metrics.render(),
  keys,
  profile: 'sandbox',
  feeds: [feedOf('BTC/USD')],
  sources: [],
  api: anyPort,
  metricsListener: anyPort,
  healthListener: anyPort,
});
let key = '';
let updates = 0;

answerWith<ServerQuestion, ServerAnswer>(async (question) => {
  if (question.what === 'start') await start();
  if (question.what === 'publish-every') publishEvery(question.ms, machineMs());
  const publishedAtMs = machineMs();
  if (question.what === 'publish') await publish();
  const used = { ...figures(), publishedAtMs };
  return question.what === 'memory' ? { ...used, liveBytes: live(), counts: await counts() } : used;
});

async function start(): Promise<void> {
  for (const driver of [bus, history, keys]) await driver.start();
  key = (await keys.create({ name: 'measured', scopes: ['prices:read'] })).key;
  await api.start();
  await publish();
}

async function publish(): Promise<void> {
  updates += 1;
  // The observation is of this very moment: what a client subtracts from its own clock is the delay.
  const answer = {
    ...answerOf('BTC/USD', `${60_000 + (updates % 9_000)}.25`, clock.now()),
    observedAt: clock.now(),
  };
  await bus.publish(ANSWERS_TOPIC, [{ key: answer.feed, value: JSON.stringify(answer) }]);
}

/** On a grid, so that a slow moment is not stretched over the whole run. */
function publishEvery(ms: number, dueMs: number): void {
  publish();
  clock.after(Math.max(0, dueMs + ms - machineMs()), () => publishEvery(ms, dueMs + ms));
}

function figures(): Omit<ServerAnswer, 'publishedAtMs'> {
  const { user, system } = process.cpuUsage();
  const cpuSeconds = (user + system) / 1e6;
  const rssBytes = process.memoryUsage.rss();
  return { url: api.addresses().api, key, cpuSeconds, rssBytes, liveBytes: 0, counts: {} };
}

async function counts(): Promise<Record<string, number>> {
  const found: Record<string, number> = { updates };
  for (const line of (await metrics.render()).split('\n')) {
    const [, name, value] = /^(assay_graphql_\S+) (\S+)$/.exec(line) ?? [];
    if (name !== undefined) found[name.slice('assay_graphql_'.length)] = Number(value);
  }
  return found;
}

function live(): number {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
