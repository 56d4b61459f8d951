// The table from settings to drivers: the only place that names a real implementation of a port.
import { AuthDesk } from '@assay/api/auth/auth-desk';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Metrics } from '@assay/kernel/telemetry/metrics';
import type { Clock } from '@assay/kernel/time/clock';
import { SOURCE_COMMANDS_TOPIC } from '@assay/oracle/model/demand';
import type { Cache } from '@assay/ports/cache/cache';
import { createSqliteCache } from '@assay/ports/cache/sqlite';
import type { EventBus } from '@assay/ports/event-bus/event-bus';
import { createSqliteBus } from '@assay/ports/event-bus/sqlite';
import { type ReadableLog, readSqliteLog } from '@assay/ports/event-bus/sqlite-log';
import type { History } from '@assay/ports/history/history';
import { createSqliteHistory } from '@assay/ports/history/sqlite';
import { createEmbeddedLedger } from '@assay/ports/ledger/embedded';
import type { Ledger } from '@assay/ports/ledger/ledger';
import { createPostgresLedger } from '@assay/ports/ledger/postgres';
import { createNetworkOutbound } from '@assay/ports/outbound/network';
import type { Outbound } from '@assay/ports/outbound/outbound';
import { secretOf } from './config/secrets.ts';
import type { Settings } from './config/settings.ts';
import type { DataFolder } from './process/data-folder.ts';

export type Drivers = {
  bus: EventBus;
  history: History;
  cache: Cache;
  outbound: Outbound;
  /** Users' data; started when a service that needs it runs here. */
  ledger: Ledger;
  auth: AuthDesk;
};

export const EVENT_LOG_FILE = 'events.sqlite';
const HISTORY_FILE = 'history.sqlite';
const CACHE_FILE = 'cache.sqlite';
const LEDGER_FOLDER = 'postgres';
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
  // An operator's word counts until he says otherwise: only a flood of them makes room.
  const commands = { maxBytes };
  const prices = { maxAgeMs: retention.sourcePricesHours * HOUR_MS, maxBytes };
  const ledger = openLedger(settings, folder, clock, log.child({ part: 'ledger' }));
  const outbound = openOutbound(settings, clock);
  return {
    bus: createSqliteBus({
      path: folder.file(EVENT_LOG_FILE),
      namespace: settings.name,
      clock,
      retention: {
        'source-prices': prices,
        answers: prices,
        decisions,
        checks: decisions,
        health: prices,
        [SOURCE_COMMANDS_TOPIC]: commands,
      },
      log: log.child({ part: 'event log' }),
      metrics,
    }),
    history: createSqliteHistory({
      path: folder.file(HISTORY_FILE),
      clock,
      retention: { pricesMaxAgeMs: historyMs, answersMaxAgeMs: historyMs },
    }),
    cache: createSqliteCache({ path: folder.file(CACHE_FILE), clock }),
    outbound,
    ledger,
    auth: openAuthDesk(settings, { ledger, outbound, clock, log: log.child({ part: 'auth' }) }),
  };
}

export function openOutbound(settings: Settings, clock: Clock): Outbound {
  return createNetworkOutbound({ clock, proxy: settings.outbound });
}

/** The server that is configured, or one of our own in the data folder. */
export function openLedger(settings: Settings, folder: DataFolder, clock: Clock, log: Log): Ledger {
  const { url } = settings.ledger;
  if (url !== '') return createPostgresLedger({ url: secretOf(url), clock, log });
  return createEmbeddedLedger({ path: folder.file(LEDGER_FOLDER), clock, log });
}

export function openAuthDesk(
  settings: Settings,
  parts: { ledger: Ledger; outbound: Outbound; clock: Clock; log: Log },
): AuthDesk {
  const { issuer, issuers, auditDays } = settings.auth;
  return new AuthDesk({
    ...parts,
    issuer: issuer === '' ? `urn:assay:${settings.name}` : issuer,
    outside: issuers,
    auditKeptForMs: auditDays * 24 * HOUR_MS,
  });
}

export type StoredLog = ReadableLog;

/** The event log of a data folder for reading only, whether a program runs on it or not. */
export function openEventLog(path: string, namespace: string): StoredLog {
  return readSqliteLog(path, namespace);
}
