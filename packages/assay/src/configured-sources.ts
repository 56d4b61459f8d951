// Every source of a configuration: the adapters' folder, the modules named in it, and sources defined wholly
// in it.
import { AssayError } from '@assay/kernel/errors/assay-error';
import { httpJsonSource } from '@assay/oracle/sources/adapters/http-json';
import { webSocketJsonSource } from '@assay/oracle/sources/adapters/web-socket-json';
import type { Source } from '@assay/oracle/sources/define-source';
import type { Settings, SourceSettings } from './config/settings.ts';
import { loadSources } from './source-folder.ts';

/** @throws AssayError CONFIG_INVALID naming the source and the field */
export async function loadConfiguredSources(settings: Settings): Promise<Map<string, Source>> {
  const sources = await loadSources(settings.sources.modules);
  for (const [id, given] of Object.entries(settings.sources)) {
    if (id === 'modules') continue;
    const { type, ...definition } = given as SourceSettings;
    if (type !== undefined) {
      if (sources.has(id)) {
        throw new AssayError(
          'CONFIG_INVALID',
          `sources.${id} has a type, but an adapter of that name exists: choose another id`,
          {
            context: { field: `sources.${id}.type` },
          },
        );
      }
      sources.set(id, (type === 'http-json' ? httpJsonSource : webSocketJsonSource)(id, definition));
    } else if (!sources.has(id)) {
      throw new AssayError(
        'CONFIG_INVALID',
        `sources.${id} is no source here: ${[...sources.keys()].sort().join(', ')}`,
        {
          context: { field: `sources.${id}` },
          recovery: 'Correct the id, or give it a type (http-json, web-socket-json) to define a source here.',
        },
      );
    }
  }
  return sources;
}
