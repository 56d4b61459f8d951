// The program as a whole: ports and listeners first, then drivers, then services in order; stops in the
// reverse order within a deadline. In: settings and the names of services. Out: a running program that can be
// stopped.
import { readFileSync, writeFileSync } from 'node:fs';
import type { AuthDesk } from '@assay/api/auth/auth-desk';
import { SCOPES } from '@assay/api/auth/principal';
import type { Api } from '@assay/api/http/server';
import { AssayError } from '@assay/kernel/errors/assay-error';
import { secureRandom } from '@assay/kernel/random/random';
import { type KeptLog, keepLines } from '@assay/kernel/telemetry/kept-log';
import type { Log } from '@assay/kernel/telemetry/log';
import { type Clock, systemClock } from '@assay/kernel/time/clock';
import type { AggregationConfig } from '@assay/oracle/model/feed';
import { aggregationConfigOf } from './config/feeds.ts';
import type { Settings } from './config/settings.ts';
import { loadConfiguredSources } from './configured-sources.ts';
import { type Drivers, openDrivers } from './drivers.ts';
import { type DataFolder, openDataFolder } from './process/data-folder.ts';
import { startPresence } from './process/presence.ts';
import { ReadLagWatch } from './process/read-lag.ts';
import { announce, type RunFile, SANDBOX_KEY_FILE } from './process/run-file.ts';
import { type SandboxAddresses, type SandboxProcess, startSandbox } from './process/sandbox-process.ts';
import { adapters } from './services/adapters.ts';
import { aggregation } from './services/aggregation.ts';
import { api } from './services/api.ts';
import { archive } from './services/archive.ts';
import { auth } from './services/auth.ts';
import {
  LEDGER_SERVICES,
  REPLICATED_SERVICES,
  SERVICE_NAMES,
  type Service,
  type ServiceContext,
  type ServiceFactory,
  type ServiceName,
} from './services/service.ts';
import { createPinoLog } from './telemetry/pino-log.ts';
import { createPromMetrics } from './telemetry/prom-metrics.ts';

const FACTORIES: Record<ServiceName, ServiceFactory> = {
  archive,
  aggregation,
  auth,
  api,
  adapters,
};

export type Program = {
  run: RunFile;
  config: AggregationConfig;
  folder: DataFolder;
  /** The sandbox's own key, to be shown; undefined elsewhere. */
  sandboxKey: string | undefined;
  api: Api | undefined;
  log: Log;
  /**
   * Follows changed feeds and sources while running. @throws AssayError CONFIG_INVALID, and nothing is
   * changed then
   */
  reconfigure(settings: Settings): Promise<string>;
  stop(): Promise<void>;
};

/**
 * @throws AssayError CONFIG_INVALID, DATA_FOLDER_UNUSABLE, PORT_TAKEN, SANDBOX_FAILED; nothing is left
 * running then
 */
export async function startProgram(
  settings: Settings,
  names: readonly ServiceName[],
  clock: Clock = systemClock,
): Promise<Program> {
  const undo: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return await startInOrder(settings, names, clock, undo, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startInOrder(
  settings: Settings,
  names: readonly ServiceName[],
  clock: Clock,
  undo: (() => Promise<void> | void)[],
  stop: () => Promise<void>,
): Promise<Program> {
  const sources = await loadConfiguredSources(settings);
  const config = aggregationConfigOf(settings, sources);
  const folder = openDataFolder(
    settings.data,
    settings.profile,
    names.filter((name) => !REPLICATED_SERVICES.includes(name)),
  );
  undo.push(() => folder.release());
  const { log, lines: recentLog } = openLog(settings, folder, clock);
  const metrics = createPromMetrics();
  const drivers = openDrivers({ settings, folder, clock, log, metrics });
  const sandboxAddresses: SandboxAddresses = { control: '', venues: {} };
  const isSandbox = settings.profile === 'sandbox' && names.includes('adapters');
  const readLag = new ReadLagWatch(clock);
  const context = {
    ...drivers,
    bus: readLag.watched(drivers.bus),
    settings,
    folder,
    config,
    sources,
    sandbox: isSandbox ? sandboxAddresses : undefined,
    clock,
    random: secureRandom(),
    log,
    recentLog,
    metrics,
  };
  // The listeners come first: a taken port must be said before anything else has been started.
  const apiService = names.includes('api') ? FACTORIES.api(context) : undefined;
  await apiService?.api?.bind();
  if (apiService !== undefined) undo.push(() => apiService.stop());
  const starting = startLedger(drivers, names, undo);
  starting.catch(() => undefined); // it is awaited below; until then its failure must not end the process
  for (const driver of [drivers.bus, drivers.history, drivers.cache]) {
    undo.push(() => driver.stop());
    await driver.start();
  }
  undo.push(() => drivers.outbound.close());
  const sandbox: SandboxProcess | undefined = isSandbox
    ? await startSandbox({ ...settings.sandbox, clock, log })
    : undefined;
  if (sandbox !== undefined) {
    undo.push(() => sandbox.stop());
    Object.assign(sandboxAddresses, sandbox.addresses);
  }
  const hasLedger = await starting;
  const services = await startServices(context, names, apiService, undo);
  const isShown = settings.profile === 'sandbox' && hasLedger;
  const sandboxKey = isShown ? await keptKey(drivers.auth, folder) : undefined;
  const run: RunFile = {
    pid: process.pid,
    profile: settings.profile,
    startedAt: new Date(clock.now()).toISOString(),
    services: [...names],
    ...apiService?.api?.addresses(),
    ...(sandbox === undefined ? {} : { sandboxControl: sandbox.addresses.control }),
  };
  undo.push(announce(folder.path, run, SERVICE_NAMES));
  undo.push(startPresence({ cache: drivers.cache, clock, services: names, readLag }));
  const reconfigure = (next: Settings) => follow(context, services, next);
  return { run, config, folder, sandboxKey, api: apiService?.api, log, reconfigure, stop };
}

/** Aggregation first, so that it knows a new source before its first price; what needs a restart is said. */
async function follow(
  context: ServiceContext,
  services: readonly Service[],
  settings: Settings,
): Promise<string> {
  const sources = await loadConfiguredSources(settings);
  const config = aggregationConfigOf(settings, sources);
  const next: ServiceContext = { ...context, settings, sources, config };
  for (const service of services) await service.reconfigure?.(next);
  const fixed = [
    'name',
    'profile',
    'data',
    'log',
    'api',
    'metrics',
    'health',
    'retention',
    'ledger',
    'auth',
    'outbound',
  ] as const;
  const waiting = fixed.filter(
    (name) => JSON.stringify(settings[name]) !== JSON.stringify(context.settings[name]),
  );
  const restart = waiting.length === 0 ? '' : `; a restart is needed for ${waiting.join(', ')}`;
  return `settings followed: ${config.feeds.length} feeds from ${config.sources.length} sources${restart}`;
}

async function startServices(
  context: ServiceContext,
  names: readonly ServiceName[],
  apiService: Service | undefined,
  undo: (() => Promise<void> | void)[],
): Promise<Service[]> {
  const services: Service[] = [];
  for (const name of SERVICE_NAMES.filter((each) => names.includes(each))) {
    const service: Service = name === 'api' ? apiService! : FACTORIES[name](context);
    services.push(service);
    if (name !== 'api') undo.push(() => service.stop());
    await service.start();
    context.log.info('service started', { service: name });
  }
  return services;
}

/** Takes a second or two the first time, so it runs beside the venues. True when there is a ledger. */
async function startLedger(
  { ledger, auth: desk }: Drivers,
  names: readonly ServiceName[],
  undo: (() => Promise<void> | void)[],
): Promise<boolean> {
  if (!names.some((name) => LEDGER_SERVICES.includes(name))) return false;
  undo.push(
    () => ledger.stop(),
    () => desk.stop(),
  );
  await ledger.start();
  await desk.start();
  return true;
}

/**
 * Log lines between the lines of a table help nobody: on a terminal, and in the sandbox, they go to a file.
 */
function openLog({ profile, log }: Settings, folder: DataFolder, clock: Clock): KeptLog {
  const isQuiet = profile === 'sandbox' || process.stdout.isTTY === true;
  const isFile = (log.to ?? (isQuiet ? 'file' : 'stderr')) === 'file';
  const inner = createPinoLog({ level: log.level, file: isFile ? folder.file('assay.log') : undefined });
  return keepLines(inner, () => clock.now(), log.level);
}

/**
 * The sandbox's own key: created once, kept in a file that only its owner can read. No other profile ever
 * does this.
 */
async function keptKey({ keys }: AuthDesk, folder: DataFolder): Promise<string> {
  const file = folder.file(SANDBOX_KEY_FILE);
  try {
    const kept = readFileSync(file, 'utf8').trim();
    if ((await keys.verify(kept)) !== undefined) return kept;
  } catch {
    // the first start on this folder: there is none yet
  }
  const { key } = await keys.create({ name: 'sandbox', scopes: [...SCOPES], tier: 'high' });
  writeFileSync(file, `${key}\n`, { mode: 0o600 });
  return key;
}

/** @throws AssayError USAGE for a name that is no service */
export function serviceNamesOf(operands: readonly string[]): ServiceName[] {
  if (operands.length === 0) return [...SERVICE_NAMES];
  const unknown = operands.find((name) => !(SERVICE_NAMES as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new AssayError('USAGE', `there is no service "${unknown}": ${SERVICE_NAMES.join(', ')}`);
  }
  return SERVICE_NAMES.filter((name) => operands.includes(name));
}
