// What a service of the program is made from. A service file takes this and returns something that starts and
// stops; the list of files in this folder is the list of what can run alone.
import type { Api } from '@assay/api/http/server';
import type { Startable } from '@assay/kernel/lifecycle/startable';
import type { Random } from '@assay/kernel/random/random';
import type { KeptLine } from '@assay/kernel/telemetry/kept-log';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import type { AggregationConfig } from '@assay/oracle/model/feed';
import type { Source } from '@assay/oracle/sources/define-source';
import type { Settings } from '../config/settings.ts';
import type { Drivers } from '../drivers.ts';
import type { DataFolder } from '../process/data-folder.ts';
import type { SandboxAddresses } from '../process/sandbox-process.ts';
import type { PromMetrics } from '../telemetry/prom-metrics.ts';

export type ServiceContext = Drivers & {
  settings: Settings;
  folder: DataFolder;
  config: AggregationConfig;
  sources: ReadonlyMap<string, Source>;
  /** Addresses of the sandbox venues; undefined outside the sandbox. */
  sandbox: SandboxAddresses | undefined;
  clock: Clock;
  random: Random;
  log: Log;
  /** Last lines of this process' log, oldest first. */
  recentLog: () => readonly KeptLine[];
  metrics: PromMetrics;
};

export type Service = Startable & {
  api?: Api;
  /** Follows a new configuration while it runs; what is not concerned is not touched. */
  reconfigure?(context: ServiceContext): Promise<void>;
};
export type ServiceFactory = (context: ServiceContext) => Service;

/** In the order of their start; they stop in the reverse one. */
export const SERVICE_NAMES = ['archive', 'aggregation', 'auth', 'api', 'adapters'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** They keep users' data: where one of them runs, the ledger is started. */
export const LEDGER_SERVICES: readonly ServiceName[] = ['auth', 'api'];
/** Any number of them may share a data folder; of the others one. */
export const REPLICATED_SERVICES: readonly ServiceName[] = ['auth', 'api'];
