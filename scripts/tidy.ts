// The structure of the tree, held by a program: floors, circles, purity, ports, sizes, words, leftovers.
// In: a root folder (default: this checkout). Out: `file:line rule sentence` per finding and exit code 1 on
// any. `--laws` prints the rules. Each rule can fail: test/tidy-fixture breaks every one of them,
// tidy.test.ts watches.
import { resolve } from 'node:path';
import { CIRCLE_RULES } from './tidy/circles.ts';
import { DOCUMENT_RULES } from './tidy/documents.ts';
import { EXCEPTIONS, type Exception } from './tidy/exceptions.ts';
import { FLOOR_RULES } from './tidy/floors.ts';
import { HEADER_RULES } from './tidy/headers.ts';
import { LEFTOVER_RULES } from './tidy/leftovers.ts';
import { PORT_RULES } from './tidy/ports.ts';
import { PURITY_RULES } from './tidy/purity.ts';
import { REFERENCE_RULES } from './tidy/reference.ts';
import type { Finding, Rule } from './tidy/rule.ts';
import { SHAPE_RULES } from './tidy/shape.ts';
import { readTree } from './tidy/tree.ts';
import { WORD_RULES } from './tidy/words.ts';

const STALE_EXCEPTION = 'stale-exception';

export const RULES: readonly Rule[] = [
  ...FLOOR_RULES,
  ...CIRCLE_RULES,
  ...PURITY_RULES,
  ...PORT_RULES,
  ...SHAPE_RULES,
  ...WORD_RULES,
  ...HEADER_RULES,
  ...LEFTOVER_RULES,
  ...DOCUMENT_RULES,
  ...REFERENCE_RULES,
  {
    name: STALE_EXCEPTION,
    law: 'An exception stands only as long as something needs it.',
    check: () => [], // found in `tidy`, once all the others have spoken
  },
];

/** All findings below `root`, in the order of files. */
export async function tidy(root: string, exceptions: readonly Exception[] = EXCEPTIONS): Promise<Finding[]> {
  const tree = readTree(root);
  const all: Finding[] = [];
  for (const rule of RULES) {
    for (const found of await rule.check(tree)) all.push({ rule: rule.name, ...found });
  }
  const excused = (finding: Finding) =>
    exceptions.find((one) => one.rule === finding.rule && one.file === finding.file);
  const needed = new Set(all.map(excused));
  const stale = exceptions
    .filter((one) => !needed.has(one))
    .map(({ rule, file }) => ({
      rule: STALE_EXCEPTION,
      file,
      line: 0,
      sentence: `nothing here breaks ${rule} any more: take its exception out of scripts/tidy/exceptions.ts`,
    }));
  const left = [...all.filter((finding) => excused(finding) === undefined), ...stale];
  return left.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line));
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--laws')) {
    for (const { name, law } of RULES) process.stdout.write(`${name.padEnd(26)} ${law}\n`);
    return 0;
  }
  const findings = await tidy(resolve(args[0] ?? resolve(import.meta.dirname, '..')));
  for (const { file, line, rule, sentence } of findings) {
    process.stdout.write(`${line === 0 ? file : `${file}:${line}`} ${rule}: ${sentence}\n`);
  }
  if (findings.length > 0) process.stdout.write(`${findings.length} findings\n`);
  return findings.length === 0 ? 0 : 1;
}
