// One word, one meaning: banned words do not appear in what others have to say after us.
import { BANNED_WORDS, CONTRACT_NAMES } from '../banned-words.ts';
import { metricDeclarations, topicDeclarations } from '../declarations.ts';
import type { Finding, Rule } from './rule.ts';
import type { SourceFile, Tree } from './tree.ts';

type Found = Omit<Finding, 'rule'>;
type Name = { name: string; line: number };

export const WORD_RULES: Rule[] = [
  {
    name: 'banned-name',
    law: 'Exported names use the words of the glossary.',
    check: (tree) => among(tree, exportedNames),
  },
  {
    name: 'banned-topic',
    law: 'Topics use the words of the glossary.',
    check: (tree) => among(tree, topics),
  },
  {
    name: 'banned-metric',
    law: 'Metrics and their labels use the words of the glossary.',
    check: (tree) => among(tree, metrics),
  },
  {
    name: 'banned-file',
    law: 'Files and folders use the words of the glossary.',
    check: (tree) =>
      tree.sources
        .filter(({ path }) => /^(packages|sandbox|client|console)\//.test(path))
        .flatMap(({ path, inside }) => objections(path, { name: inside.replace(/\.tsx?$/, ''), line: 0 })),
  },
];

function among(tree: Tree, namesOf: (file: SourceFile) => Name[]): Found[] {
  const files = tree.sources.filter((file) => file.isProduct);
  return files.flatMap((file) => namesOf(file).flatMap((name) => objections(file.path, name)));
}

function objections(path: string, { name, line }: Name): Found[] {
  if (CONTRACT_NAMES.has(name)) return [];
  const words = new Set(wordsOf(name));
  return BANNED_WORDS.filter(({ word, except }) => words.has(word) && except?.test(path) !== true).map(
    ({ word, say }) => ({ file: path, line, sentence: `"${name}" says ${word}: here it is ${say}` }),
  );
}

function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
}

function exportedNames(file: SourceFile): Name[] {
  return file.module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ exportName, start }) =>
      exportName.kind === 'Name' ? [{ name: exportName.name!, line: file.lineAt(start) }] : [],
    ),
  );
}

function topics(file: SourceFile): Name[] {
  return topicDeclarations(file).map(({ topic, line }) => ({ name: topic, line }));
}

function metrics(file: SourceFile): Name[] {
  return metricDeclarations(file).flatMap(({ name, labels, line }) =>
    [name, ...labels].map((one) => ({ name: one, line })),
  );
}
