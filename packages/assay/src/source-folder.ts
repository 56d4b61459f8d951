// The registry of sources is a folder: every file of oracle/sources/adapters is a source, and modules from
// outside join by path. In: paths of outside modules. Out: the sources by id. Invariant: each has passed
// the laws of registration, and no two share an id.
import { readdir } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { AssayError, isAssayError, messageOf } from '@assay/kernel/errors/assay-error';
import type { Source } from '@assay/oracle/sources/define-source';
import { checkSource } from '@assay/oracle/sources/registry';

/** They make a source from a definition in the configuration, and are none themselves. */
const GENERIC_FILES = new Set(['http-json.ts', 'web-socket-json.ts']);

/** @throws AssayError CONFIG_INVALID naming the module and what it lacks */
export async function loadSources(extraModules: readonly string[] = []): Promise<Map<string, Source>> {
  const folder = fileURLToPath(new URL('.', import.meta.resolve('@assay/oracle/sources/adapters/http-json')));
  const files = (await readdir(folder))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !GENERIC_FILES.has(file))
    .sort();
  const paths = [
    ...files.map((file) => resolve(folder, file)),
    // Relative to where the program was started, as every path in a setting.
    ...extraModules.map((path) => resolve(path)),
  ];
  const sources = new Map<string, Source>();
  for (const source of await Promise.all(paths.map(loadSource))) {
    if (sources.has(source.id))
      throw new AssayError('CONFIG_INVALID', `two sources are called "${source.id}"`, {
        context: { field: 'sources.modules', value: source.id },
        recovery: 'Rename the file and the id of the module that you added.',
      });
    sources.set(source.id, source);
  }
  return sources;
}

async function loadSource(path: string): Promise<Source> {
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(path).href)) as { default?: unknown };
  } catch (cause) {
    if (isAssayError(cause)) throw cause;
    throw new AssayError(
      'CONFIG_INVALID',
      `the source module ${path} cannot be loaded: ${messageOf(cause)}`,
      {
        context: { field: 'sources.modules', value: path },
        cause,
        recovery: 'Correct the path in sources.modules, or the error in that file.',
      },
    );
  }
  return checkSource(module.default, basename(path));
}
