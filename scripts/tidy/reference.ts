// Every setting, error code, metric and topic stands in docs/reference, and nothing else does.
import { referencePages } from '../reference-docs.ts';
import type { Finding, Rule } from './rule.ts';
import type { Tree } from './tree.ts';

const FOLDER = 'docs/reference/';

export const REFERENCE_RULES: Rule[] = [
  {
    name: 'reference-docs',
    law: 'docs/reference says what the code says: errors, settings, metrics, topics.',
    check: stalePages,
  },
];

/** Pages that differ from what the code would make now. */
export async function stalePages(tree: Tree): Promise<Omit<Finding, 'rule'>[]> {
  const pages = await referencePages(tree);
  const wanted = new Map(pages.map(({ path, text }) => [path, text]));
  const present = new Map(
    tree.texts.filter(({ path }) => path.startsWith(FOLDER)).map(({ path, text }) => [path, text]),
  );
  const paths = [...new Set([...wanted.keys(), ...present.keys()])];
  return paths
    .filter((path) => wanted.get(path) !== present.get(path))
    .map((file) => ({
      file,
      line: 0,
      sentence: 'it is not what the code says now: run `npm run docs` and commit it',
    }));
}
