// `npm run docs`: writes docs/reference from the code, of this checkout or of the root named, and builds the
// documentation site from docs/. With `--check` it writes nothing and fails where a page is stale; with
// `--pages` it leaves the site as it is, with `--site` it only builds it.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { buildSite } from './generate/site.ts';
import { referencePages } from './reference-docs.ts';
import { stalePages } from './tidy/reference.ts';
import { readTree } from './tidy/tree.ts';

const args = process.argv.slice(2);
const ROOT = resolve(args.find((arg) => !arg.startsWith('-')) ?? join(import.meta.dirname, '..'));

process.exitCode = await main(args.includes('--check'));

async function main(isCheck: boolean): Promise<number> {
  if (args.includes('--site')) return await buildSite(ROOT);
  const tree = readTree(ROOT);
  const stale = await stalePages(tree);
  if (isCheck) {
    for (const { file, sentence } of stale) process.stderr.write(`${file}: ${sentence}\n`);
    return stale.length === 0 ? 0 : 1;
  }
  const pages = await referencePages(tree);
  for (const { path, text } of pages) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), text);
  }
  const wanted = new Set(pages.map(({ path }) => path));
  for (const name of readdirSync(join(ROOT, 'docs/reference'))) {
    if (!wanted.has(`docs/reference/${name}`)) rmSync(join(ROOT, 'docs/reference', name));
  }
  process.stdout.write(`${pages.map(({ path }) => path).join('\n')}\n`);
  return args.includes('--pages') ? 0 : await buildSite(ROOT);
}
