// The shape of files and folders: names, sizes, what a file may export, how a package opens itself.
import type { Finding, Rule } from './rule.ts';
import { type SourceFile, type SyntaxNode, type Tree, walk } from './tree.ts';

type Found = Omit<Finding, 'rule'>;

const FILE_LINES_MAX = 400; // a reader keeps about four screens in mind
const FUNCTION_LINES_MAX = 70; // one screen
const LINE_CHARACTERS_MAX = 110; // two windows beside each other

/** Drawers: names that say nothing about what is inside. */
const DRAWERS = /^(utils?|commons?|helpers?|misc|lib|libs|shared|types|stuff|core|base)$/;
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|property|conformance|bench|infra|browser|golden|d))*\.[a-z]+$/;
const KEBAB_FOLDER = /^\.?[a-z0-9]+(-[a-z0-9]+)*$/;
/** Places where files are ours to name; root documents (README.md) have their customary capitals. */
const OUR_NAMES = /^(packages|sandbox|scripts|test|console|client)\//;

const ADAPTER = /\/adapters\/[^/]+\.ts$/;

export const SHAPE_RULES: Rule[] = [
  {
    name: 'file-length',
    law: `A file has at most ${FILE_LINES_MAX} lines.`,
    check: (tree) =>
      tree.sources
        .filter((file) => countLines(file) > FILE_LINES_MAX)
        .map((file) => ({
          file: file.path,
          line: FILE_LINES_MAX + 1,
          sentence: `${countLines(file)} lines: give its second idea a file of its own`,
        })),
  },
  {
    name: 'function-length',
    law: `A function has at most ${FUNCTION_LINES_MAX} lines (suites of tests aside).`,
    check: (tree) => tree.sources.filter((file) => !file.isTest).flatMap(longFunctions),
  },
  {
    name: 'line-length',
    law: `A line has at most ${LINE_CHARACTERS_MAX} characters, where no text in quotes makes it longer.`,
    // Pages are broken into lines by Biome alone, which leaves words and their spaces together.
    check: (tree) => tree.sources.filter(({ path }) => !path.endsWith('.tsx')).flatMap(longLines),
  },
  {
    name: 'kebab-case',
    law: 'Files and folders are named in kebab-case.',
    check: (tree) =>
      namesIn(tree)
        .filter(({ name, isFolder }) => !(isFolder ? KEBAB_FOLDER : KEBAB).test(name))
        .map(({ path, name }) => ({ file: path, line: 0, sentence: `"${name}" is not kebab-case` })),
  },
  {
    name: 'no-drawers',
    law: 'No file or folder is called utils, common, helpers, types and the like.',
    check: (tree) =>
      namesIn(tree)
        .filter(({ name }) => DRAWERS.test(name.split('.')[0]!))
        .map(({ path, name }) => ({ file: path, line: 0, sentence: `"${name}" does not say what is in it` })),
  },
  {
    name: 'no-index',
    law: 'There is no index.ts: a file is imported by its own name.',
    check: (tree) =>
      tree.sources
        .filter(({ path }) => /(^|\/)index\.tsx?$/.test(path))
        .map(({ path }) => ({
          file: path,
          line: 0,
          sentence: 'a barrel hides where things are: import the files themselves',
        })),
  },
  {
    name: 'no-default-export',
    law: 'Default exports are for adapters only, and an adapter has nothing else to offer but one.',
    check: (tree) => tree.sources.flatMap(defaultExports),
  },
  {
    name: 'open-by-pattern',
    law: 'A package opens itself by the pattern "./*": "./src/*.ts" and by nothing else.',
    check: packagesOpenedOtherwise,
  },
  {
    name: 'typed-errors',
    law: 'Errors are AssayError with a code, or assert; no other error is made or derived.',
    check: (tree) => tree.sources.filter((file) => file.isProduct).flatMap(untypedErrors),
  },
];

function countLines(file: SourceFile): number {
  return file.text.endsWith('\n') ? file.lines.length - 1 : file.lines.length;
}

function longFunctions(file: SourceFile): Found[] {
  const found: Found[] = [];
  walk(file.program, (node, ancestors) => {
    if (!/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) return;
    const line = file.lineAt(node.start);
    const lines = file.lineAt(node.end) - line + 1;
    if (lines <= FUNCTION_LINES_MAX) return;
    const name = nameOf(node, ancestors.at(-1));
    found.push({
      file: file.path,
      line,
      sentence: `${name} has ${lines} lines: take a step out of it and name it`,
    });
  });
  return found;
}

function nameOf(node: SyntaxNode, parent: SyntaxNode | undefined): string {
  const named = (node.id ?? parent?.id ?? parent?.key) as SyntaxNode | null | undefined;
  return typeof named?.name === 'string' ? named.name : 'a function without a name';
}

function longLines(file: SourceFile): Found[] {
  if (file.lines.every((line) => line.length <= LINE_CHARACTERS_MAX)) return [];
  const quoted = linesOfTexts(file);
  return file.lines.flatMap((line, at) => {
    if (line.length <= LINE_CHARACTERS_MAX || quoted.has(at + 1)) return [];
    // A text stays in one piece, so that it can be searched for: a sentence for people, a payload copied from
    // a venue.
    const texts = line.match(/'(\\.|[^'\\])*'|`[^`]*`?|"(\\.|[^"\\])*"/g) ?? [];
    const longest = Math.max(0, ...texts.map((text) => text.length));
    const isComment = /^\s*(\/\/|\/?\*)/.test(line);
    if (!isComment && line.length - longest <= LINE_CHARACTERS_MAX - 20) return [];
    return [
      {
        file: file.path,
        line: at + 1,
        sentence: `${line.length} characters: \`npm run format\` wraps comments`,
      },
    ];
  });
}

/** Lines of texts that go over several: SQL, a page, a table. */
function linesOfTexts(file: SourceFile): Set<number> {
  const found = new Set<number>();
  walk(file.program, ({ type, start, end }) => {
    if (type !== 'TemplateElement') return;
    const [first, last] = [file.lineAt(start), file.lineAt(end)];
    for (let line = first; first < last && line <= last; line++) found.add(line);
  });
  return found;
}

function namesIn(tree: Tree): { path: string; name: string; isFolder: boolean }[] {
  const names = new Map<string, { path: string; name: string; isFolder: boolean }>();
  for (const { path } of tree.texts) {
    if (!OUR_NAMES.test(path)) continue;
    const parts = path.split('/');
    parts.forEach((name, at) => {
      const part = parts.slice(0, at + 1).join('/');
      names.set(part, { path: part, name, isFolder: at < parts.length - 1 });
    });
  }
  return [...names.values()];
}

function defaultExports(file: SourceFile): Found[] {
  const entries = file.module.staticExports.flatMap(({ entries }) => entries);
  const isAdapter = ADAPTER.test(file.path) && !file.isTest;
  const defaults = entries.filter(({ exportName }) => exportName.kind === 'Default');
  if (!isAdapter) {
    return defaults.map(({ start }) => ({
      file: file.path,
      line: file.lineAt(start),
      sentence: 'a default export has no name to search for: export it by name',
    }));
  }
  if (defaults.length === 1) return [];
  return [
    { file: file.path, line: 0, sentence: 'an adapter has exactly one default export, its definition' },
  ];
}

function packagesOpenedOtherwise(tree: Tree): Found[] {
  return tree.texts
    .filter(({ path }) => /^(packages\/[^/]+|sandbox)\/package\.json$/.test(path))
    .filter(({ text }) => {
      const { exports } = JSON.parse(text) as { exports?: unknown };
      return JSON.stringify(exports) !== '{"./*":"./src/*.ts"}';
    })
    .map(({ path }) => ({ file: path, line: 0, sentence: 'exports must be {"./*": "./src/*.ts"}' }));
}

function untypedErrors(file: SourceFile): Found[] {
  const isTheClass = file.path === 'packages/kernel/src/errors/assay-error.ts';
  const found: Found[] = [];
  walk(file.program, (node) => {
    const line = file.lineAt(node.start);
    const named = (
      node.type === 'NewExpression' || node.type === 'CallExpression' ? node.callee : node.superClass
    ) as SyntaxNode | undefined;
    if (
      typeof named?.name !== 'string' ||
      !/^([A-Z][a-z]+)?Error$/.test(named.name) ||
      named.name === 'AssayError'
    )
      return;
    if (node.superClass !== undefined && isTheClass) return;
    const deed =
      node.superClass === undefined ? `${named.name} is made here` : `a class derives from ${named.name}`;
    found.push({ file: file.path, line, sentence: `${deed}: use AssayError with a code, or assert` });
  });
  return found;
}
