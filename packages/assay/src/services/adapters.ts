// Service `adapters`: venues -> source prices. Any number may run, each with its own or a shared set of sources.
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { Source } from '@assay/oracle/sources/define-source';
import { type ConfiguredSource, createSourceService } from '@assay/oracle/sources/source-service';
import { pairsBySource, settingsOfSource } from '../config/feeds.ts';
import { secretOf } from '../config/secrets.ts';
import type { Service, ServiceContext } from './service.ts';

export function adapters(context: ServiceContext): Service {
  const { bus, history, outbound, clock, random, metrics, settings } = context;
  return createSourceService({
    sources: configuredSources(context),
    outbound,
    bus,
    history,
    clock,
    random,
    log: context.log.child({ service: 'adapters' }),
    metrics,
    profile: settings.profile,
  });
}

/** In the sandbox a source without a sandbox venue is left out: no request ever leaves for the real one. */
function configuredSources({ config, sources, settings, sandbox }: ServiceContext): ConfiguredSource[] {
  return [...pairsBySource(config)].flatMap(([id, pairs]): ConfiguredSource[] => {
    const source = sources.get(id)!;
    if (source.http === undefined && source.stream === undefined) return []; // submissions come through the API
    const its = settingsOfSource(settings, id);
    const venue = sandbox?.venues[id];
    if (settings.profile === 'sandbox' && venue === undefined && Object.keys(its.endpoints).length === 0)
      return [];
    return [
      {
        source,
        pairs,
        endpoints: { ...source.endpoints, ...venue, ...its.endpoints },
        credentials: credentialsOf(source, its.credentials, settings.profile),
        options: its.options,
        priority: its.priority,
        transport: its.transport,
        ...(its.intervalMs === undefined ? {} : { intervalMs: its.intervalMs }),
        ...(its.denied === undefined ? {} : { isDenied: its.denied }),
      },
    ];
  });
}

function credentialsOf(
  source: Source,
  given: Record<string, string>,
  profile: string,
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { name, isRequired } of source.credentials ?? []) {
    const text = given[name];
    if (text !== undefined) found[name] = secretOf(text);
    else if (profile === 'sandbox') found[name] = 'sandbox';
    else if (isRequired) {
      throw new AssayError('CONFIG_INVALID', `source ${source.id} needs the credential "${name}"`, {
        context: { field: `sources.${source.id}.credentials.${name}` },
        recovery: `Set sources.${source.id}.credentials.${name} to "file:PATH" or "env:NAME", or disable the source (enabled: false).`,
      });
    }
  }
  return found;
}
