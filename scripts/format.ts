// `npm run format`: Biome formats code and mends what it safely can; this file wraps comments, which Biome
// leaves alone. In: files or folders (default: everything). Out: the files, rewritten where needed; their
// code is the same afterwards.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { readTree } from './tidy/tree.ts';
import { wrapComments } from './wrap-comments.ts';

const ROOT = resolve(import.meta.dirname, '..');
const BIOME = join(ROOT, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');

const given = process.argv.slice(2);
const places = given.map((place) => relative(ROOT, resolve(process.env.INIT_CWD ?? process.cwd(), place)));
const isMeant = (path: string) =>
  places.length === 0 ||
  places.some((place) => place === '' || path === place || path.startsWith(`${place}/`));

for (const { path, text } of readTree(ROOT).sources.filter((file) => isMeant(file.path))) {
  const wrapped = wrapComments(path, text);
  if (wrapped === text) continue;
  writeFileSync(join(ROOT, path), wrapped);
  process.stdout.write(`wrapped comments of ${path}\n`);
}
const args = [
  BIOME,
  'check',
  '--write',
  ...(places.length === 0 ? ['.'] : places.map((place) => place || '.')),
];
process.exitCode = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
