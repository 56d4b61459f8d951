// Which licences a production install brings in. In: package-lock.json and node_modules. Out: a line with the
// number of packages and their size, or every package whose licence is not in the list below, and exit code
// 1.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');

/** Licences that ask for nothing but a notice. */
const ALLOWED = new Set([
  ...['MIT', 'MIT-0', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0'],
  ...['Python-2.0', 'CC0-1.0', 'Unlicense', 'Zlib'],
]);
type Locked = { dev?: boolean; optional?: boolean; link?: boolean; license?: string };

if (import.meta.main) process.exitCode = main();

function main(): number {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>;
  };
  const entries = Object.entries(lock.packages).filter(([place, entry]) => isProduction(place, entry));
  const refused = entries.flatMap(([place, entry]) => objection(place, entry) ?? []);
  for (const line of refused) process.stderr.write(`${line}\n`);
  const here = entries.map(([place]) => join(ROOT, place)).filter((folder) => existsSync(folder));
  const megabytes = here.reduce((sum, folder) => sum + bytesIn(folder), 0) / 1e6;
  process.stdout.write(`${here.length} production packages, ${megabytes.toFixed(0)} MB\n`);
  return refused.length === 0 ? 0 : 1;
}

function isProduction(place: string, { dev, link }: Locked): boolean {
  return place.includes('node_modules/') && dev !== true && link !== true;
}

function objection(place: string, entry: Locked): string | undefined {
  const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const licence = licenceOf(place, entry);
  if (licence === undefined)
    return `${name}: names no licence: read its licence file and give it a line here`;
  return isAllowed(licence) ? undefined : `${name}: ${licence} is not among the allowed licences`;
}

/** The installed manifest speaks before the lock, which some packages do not fill in. */
function licenceOf(place: string, entry: Locked): string | undefined {
  const file = join(ROOT, place, 'package.json');
  if (!existsSync(file)) return entry.license;
  const { license } = JSON.parse(readFileSync(file, 'utf8')) as { license?: string | { type?: string } };
  return (typeof license === 'object' ? license.type : license) ?? entry.license;
}

/** `A OR B` is a choice of ours; `A AND B` binds to both. */
export function isAllowed(licence: string): boolean {
  const plain = licence.replace(/^\(|\)$/g, '');
  if (plain.includes(' OR ')) return plain.split(' OR ').some(isAllowed);
  return plain.split(' AND ').every((one) => ALLOWED.has(one.trim()));
}

function bytesIn(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    // A package inside a package is counted as itself.
    if (entry.isDirectory()) bytes += entry.name === 'node_modules' ? 0 : bytesIn(path);
    else if (entry.isFile()) bytes += statSync(path).size;
  }
  return bytes;
}
