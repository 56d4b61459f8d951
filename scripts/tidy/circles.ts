// No circle of imports, type imports included: a circle means that two files are one idea, or that one of
// them knows too much.
import type { Rule } from './rule.ts';
import type { Tree } from './tree.ts';

export const CIRCLE_RULES: Rule[] = [
  {
    name: 'no-circles',
    law: 'Imports make no circle, those of types included.',
    check: (tree) =>
      knots(tree).map((knot) => ({
        file: knot[0]!,
        line: 0,
        sentence: `imports lead in a circle through ${knot.length} files (${knot.join(', ')}): move what both need below them`,
      })),
  },
];

/** Strongly connected parts of more than one file (Tarjan 1972), and files that import themselves. */
function knots(tree: Tree): string[][] {
  const edges = new Map(
    tree.sources.map(({ path, imports }) => [path, imports.flatMap(({ target }) => target ?? [])]),
  );
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const open = new Set<string>();
  const found: string[][] = [];
  const visit = (path: string) => {
    index.set(path, index.size);
    low.set(path, index.get(path)!);
    stack.push(path);
    open.add(path);
    for (const next of edges.get(path) ?? []) {
      if (!edges.has(next)) continue;
      if (!index.has(next)) visit(next);
      if (open.has(next)) low.set(path, Math.min(low.get(path)!, low.get(next)!));
    }
    if (low.get(path) !== index.get(path)) return;
    const knot = stack.splice(stack.indexOf(path));
    for (const member of knot) open.delete(member);
    if (knot.length > 1 || edges.get(path)!.includes(path)) found.push(knot.sort());
  };
  for (const path of edges.keys()) if (!index.has(path)) visit(path);
  return found;
}
