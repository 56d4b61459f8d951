// The table from settings to drivers: the only place that names a real implementation of a port.
import { createFileKeyStore, type KeyStore } from '@assay/api/auth/key-store';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Metrics } from '@assay/kernel/telemetry/metrics';
import type { Clock } from '@assay/kernel/time/clock';
import type { Cache } from '@assay/ports/cache/cache';
import { createMemoryCache } from '@assay/ports/cache/memory';
import type { EventBus } from '@assay/ports/event-bus/event-bus';
import { createSqliteBus } from '@assay/ports/event-bus/sqlite';
import { type ReadableLog, readSqliteLog } from '@assay/ports/event-bus/sqlite-log';
import type { History } from '@assay/ports/history/history';
import { createSqliteHistory } from '@assay/ports/history/sqlite';
import { createNetworkOutbound } from '@assay/ports/outbound/network';
import type { Outbound } from '@assay/ports/outbound/outbound';
import type { Settings } from './config/settings.ts';
import type { DataFolder } from './process/data-folder.ts';

export type Drivers = {
  bus: EventBus;
  history: History;
  cache: Cache;
  outbound: Outbound;
  keys: KeyStore;
};

export const EVENT_LOG_FILE = 'events.sqlite';
const HISTORY_FILE = 'history.sqlite';
const KEYS_FILE = 'keys.json';
const HOUR_MS = 3_600_000;
const MEGABYTE = 1_048_576;

export type DriverOptions = {
  settings: Settings;
  folder: DataFolder;
  clock: Clock;
  log: Log;
  metrics: Metrics;
};

/** Nothing is opened yet: each driver has its own `start`. */
export function openDrivers({ settings, folder, clock, log, metrics }: DriverOptions): Drivers {
  const { retention } = settings;
  const historyMs = retention.historyDays * 24 * HOUR_MS;
  const maxBytes = retention.topicMegabytes * MEGABYTE;
  const decisions = { maxAgeMs: retention.decisionsHours * HOUR_MS, maxBytes };
  const prices = { maxAgeMs: retention.sourcePricesHours * HOUR_MS, maxBytes };
  return {
    bus: createSqliteBus({
      path: folder.file(EVENT_LOG_FILE),
      namespace: settings.name,
      clock,
      retention: { 'source-prices': prices, answers: prices, decisions, checks: decisions, health: prices },
      log: log.child({ part: 'event log' }),
      metrics,
    }),
    history: createSqliteHistory({
      path: folder.file(HISTORY_FILE),
      clock,
      retention: { pricesMaxAgeMs: historyMs, answersMaxAgeMs: historyMs },
    }),
    cache: createMemoryCache({ clock }),
    outbound: openOutbound(settings, clock),
    keys: openKeyStore(folder, clock),
  };
}

export function openOutbound(settings: Settings, clock: Clock): Outbound {
  return createNetworkOutbound({ clock, proxy: settings.outbound });
}

export function openKeyStore(folder: DataFolder, clock: Clock): KeyStore {
  return createFileKeyStore({ path: folder.file(KEYS_FILE), clock });
}

export type StoredLog = ReadableLog;

/** The event log of a data folder for reading only, whether a program runs on it or not. */
export function openEventLog(path: string, namespace: string): StoredLog {
  return readSqliteLog(path, namespace);
}
