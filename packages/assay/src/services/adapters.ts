// Service `adapters`: venues -> source prices. Any number may run, each with its own or a shared set of
// sources.
import { SUBMITTED_SOURCE } from '@assay/oracle/model/submission';
import type { Source } from '@assay/oracle/sources/define-source';
import { createDemandService } from '@assay/oracle/sources/demand-service';
import { type ConfiguredSource, createSourceService } from '@assay/oracle/sources/source-service';
import { createSubmissionService } from '@assay/oracle/sources/submission-service';
import { pairsBySource, settingsOfSource } from '../config/feeds.ts';
import { secretOf } from '../config/secrets.ts';
import type { SourceSettings } from '../config/settings.ts';
import type { Service, ServiceContext } from './service.ts';

export function adapters(context: ServiceContext): Service {
  const { bus, history, cache, outbound, clock, random, metrics, settings, config } = context;
  const log = context.log.child({ service: 'adapters' });
  const service = createSourceService({
    sources: configuredSources(context),
    outbound,
    bus,
    history,
    cache,
    clock,
    random,
    log,
    metrics,
    profile: settings.profile,
    feeds: config.feeds,
  });
  const name = context.sources.get(SUBMITTED_SOURCE)?.name ?? SUBMITTED_SOURCE;
  const pairs = pairsBySource(config).get(SUBMITTED_SOURCE) ?? [];
  const submissions = createSubmissionService({ bus, clock, log, profile: settings.profile, pairs, name });
  const demand = createDemandService({ bus, clock, log, sources: service, submissions });
  return {
    async start() {
      await service.start();
      await submissions.start();
      await demand.start();
    },
    async stop() {
      await demand.stop();
      await submissions.stop();
      await service.stop();
    },
    async reconfigure(next) {
      submissions.update(pairsBySource(next.config).get(SUBMITTED_SOURCE) ?? []);
      const changes = await service.update(configuredSources(next), next.config.feeds);
      next.log.info('sources follow the new configuration', changes);
    },
  };
}

/** In the sandbox a source without a sandbox venue is left out: no request ever leaves for the real one. */
function configuredSources({ config, sources, settings, sandbox }: ServiceContext): ConfiguredSource[] {
  return [...pairsBySource(config)].flatMap(([id, pairs]): ConfiguredSource[] => {
    const source = sources.get(id)!;
    // submissions come through the API
    if (source.http === undefined && source.stream === undefined) return [];
    const its = settingsOfSource(settings, id);
    const venue = sandbox?.venues[id];
    if (settings.profile === 'sandbox' && venue === undefined && Object.keys(its.endpoints).length === 0)
      return [];
    const { credentials, missing } = credentialsOf(source, its.credentials, settings.profile);
    const denied = its.denied ?? missing;
    return [
      {
        source: withLimits(source, its.limits),
        pairs,
        endpoints: { ...source.endpoints, ...venue, ...its.endpoints },
        // In the sandbox nothing is asked but its own venues.
        fallbacks: settings.profile === 'sandbox' && venue !== undefined ? {} : its.fallbacks,
        credentials,
        options: its.options,
        revision: JSON.stringify(its),
        priority: its.priority,
        transport: its.transport,
        ...(its.intervalMs === undefined ? {} : { intervalMs: its.intervalMs }),
        ...(denied === undefined ? {} : { isDenied: denied }),
      },
    ];
  });
}

/** A paid plan allows more than the public limit that the adapter knows. */
function withLimits(source: Source, limits: SourceSettings['limits']): Source {
  const { requests = source.limits.requests, credits = source.limits.credits } = limits ?? {};
  return { ...source, limits: { requests, ...(credits === undefined ? {} : { credits }) } };
}

type Credentials = { credentials: Record<string, string>; missing?: string };

/** A source whose key is missing is not used and says so; the others are not held up by it. */
function credentialsOf(source: Source, given: Record<string, string>, profile: string): Credentials {
  const credentials: Record<string, string> = {};
  for (const { name, isRequired } of source.credentials ?? []) {
    const text = given[name];
    if (text !== undefined) credentials[name] = secretOf(text);
    else if (profile === 'sandbox') credentials[name] = 'sandbox';
    else if (isRequired) {
      const setting = `sources.${source.id}.credentials.${name}`;
      return { credentials, missing: `it needs a credential: set ${setting} to "file:PATH" or "env:NAME"` };
    }
  }
  return { credentials };
}
