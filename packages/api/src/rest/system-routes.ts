// Routes of the installation itself: its processes, its log, the other installations. For administrators.
import type { KeptLine } from '@assay/kernel/telemetry/kept-log';
import { LOG_LEVELS } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import type { Cache } from '@assay/ports/cache/cache';
import type { Outbound } from '@assay/ports/outbound/outbound';
import { z } from 'zod';
import {
  type Environment,
  type EnvironmentAddress,
  EnvironmentWatch,
  statusIn,
} from '../assets/environments.ts';
import { seenProcesses } from '../assets/presence.ts';
import { defineRoute, json, noQuery, type Route } from './route.ts';

/** What the program knows of itself. */
export type SystemFacts = {
  version: string;
  /** Of this installation. */
  name: string;
  /** Last lines of this process' log, oldest first. */
  recentLog: () => readonly KeptLine[];
  environments: readonly EnvironmentAddress[];
};

export type SystemRouteOptions = {
  clock: Clock;
  profile: string;
  /** Through which processes tell of themselves; without it there is no list. */
  cache?: Cache;
  /** Through which other installations are asked; without it there are none. */
  outbound?: Outbound;
  system?: SystemFacts;
};

const LINES_MAX = 500;
const RANK: Record<string, number> = Object.fromEntries(LOG_LEVELS.map((level, rank) => [level, rank]));

/** `ownStatus`: what /v1/status answers here. */
export function systemRoutes(
  { clock, cache, outbound, profile, system }: SystemRouteOptions,
  ownStatus: () => Record<string, unknown>,
): Route[] {
  const addresses = system?.environments ?? [];
  const watch = outbound === undefined ? undefined : new EnvironmentWatch({ outbound, clock, addresses });
  const services = defineRoute({
    path: '/v1/services',
    scope: 'admin',
    describe: 'Every process of this installation with its services: version, memory, event loop, last word',
    query: noQuery,
    handle: async () => json(cache === undefined ? [] : await seenProcesses(cache, clock.now())),
  });
  const logs = defineRoute({
    path: '/v1/logs',
    scope: 'admin',
    describe: 'The last lines of the log of the process that answers, newest first',
    query: z.strictObject({
      level: z
        .enum(LOG_LEVELS, `give one of ${LOG_LEVELS.join(', ')}`)
        .default('info')
        .describe('Lowest level that is shown'),
      limit: z.coerce
        .number()
        .int()
        .min(1)
        .max(LINES_MAX)
        .default(100)
        .describe(`How many, at most ${LINES_MAX}`),
    }),
    handle({ query }) {
      const lines = (system?.recentLog() ?? []).filter(({ level }) => RANK[level]! >= RANK[query.level]!);
      return json(lines.slice(-query.limit).reverse());
    },
  });
  const environments = defineRoute({
    path: '/v1/environments',
    scope: 'admin',
    describe: 'This installation and the others that are configured: health, version, freshness',
    query: noQuery,
    async handle() {
      const own = ownEnvironment(system?.name ?? profile, ownStatus(), clock.now());
      return json([own, ...((await watch?.all()) ?? [])]);
    },
  });
  return [services, logs, environments];
}

function ownEnvironment(name: string, status: Record<string, unknown>, nowMs: number): Environment {
  const askedAt = new Date(nowMs).toISOString();
  const since = typeof status.startedAt === 'string' ? status.startedAt : askedAt;
  return { name, url: '', isThis: true, since, askedAt, durationMs: 0, ...statusIn(JSON.stringify(status)) };
}
