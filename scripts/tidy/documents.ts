// What documents promise a reader: that the file they name is there, and that the command they give exists.
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { Finding, Rule } from './rule.ts';
import type { TextFile, Tree } from './tree.ts';

type Found = Omit<Finding, 'rule'>;

const DOCUMENT = /^([A-Z]+\.md|docs\/.+\.md)$/;
/** Says what was, not what is. */
const HISTORY = /^CHANGELOG\.md$/;
/** A path of ours in code quotes, without placeholders. */
const PATH = /`((?:packages|sandbox|scripts|test|docs|\.ci)\/[a-zA-Z0-9_./-]+)`/g;
const LINK = /\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g;
const COMMAND = /\bnpm run ([a-z][a-z:-]*)/g;

export const DOCUMENT_RULES: Rule[] = [
  {
    name: 'named-files-exist',
    law: 'A file or folder that a document names is there.',
    check: (tree) =>
      documents(tree).flatMap((file) => [
        ...missing(file, PATH, (path) => isThere(tree, path)),
        ...missing(file, LINK, (path) => isThere(tree, posix.join(posix.dirname(file.path), path))),
      ]),
  },
  {
    name: 'named-commands-exist',
    law: 'A command of npm that a document gives is a script of the root.',
    check: (tree) => {
      const manifest = tree.texts.find(({ path }) => path === 'package.json');
      const { scripts = {} } = JSON.parse(manifest?.text ?? '{}') as { scripts?: Record<string, string> };
      return documents(tree).flatMap((file) => missing(file, COMMAND, (name) => name in scripts));
    },
  },
];

function documents(tree: Tree): TextFile[] {
  return tree.texts.filter(({ path }) => DOCUMENT.test(path) && !HISTORY.test(path));
}

function isThere(tree: Tree, path: string): boolean {
  return tree.has(path) || existsSync(join(tree.root, path));
}

function missing(file: TextFile, pattern: RegExp, exists: (name: string) => boolean): Found[] {
  return file.lines.flatMap((line, at) =>
    [...line.matchAll(pattern)]
      .filter(([, name]) => !exists(name!))
      .map(([, name]) => ({ file: file.path, line: at + 1, sentence: `there is no "${name}" here` })),
  );
}
