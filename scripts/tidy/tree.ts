// The tree that the rules look at, read once: every text file with its lines, every TypeScript file with its
// syntax tree, imports and exports. In: a root folder. Out: a Tree. Nothing is run and nothing is written.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { type Comment, type EcmaScriptModule, parseSync } from 'oxc-parser';

/** A node of the syntax tree, as far as rules that walk it need to know. */
export type SyntaxNode = { type: string; start: number; end: number } & Record<string, unknown>;

export type Import = {
  specifier: string;
  /** Path from the root, when it is a file of this tree. */
  target: string | undefined;
  isTypeOnly: boolean;
  line: number;
};

export type TextFile = { path: string; text: string; lines: readonly string[] };

export type SourceFile = TextFile & {
  /** `kernel`, `oracle`, ... ; undefined outside packages. */
  package: string | undefined;
  /** Path below `src` of its package (or of the sandbox); otherwise the path itself. */
  inside: string;
  /** Tests, suites of ports and benches: they may reach where products may not. */
  isTest: boolean;
  /** Part of what is delivered: in `src` of a package or of the sandbox, and no test. */
  isProduct: boolean;
  imports: readonly Import[];
  module: EcmaScriptModule;
  comments: readonly Comment[];
  program: SyntaxNode;
  lineAt(offset: number): number;
};

export type Tree = {
  root: string;
  texts: readonly TextFile[];
  sources: readonly SourceFile[];
  has(path: string): boolean;
};

const SKIPPED_FOLDERS = new Set(['node_modules', '.git', '.assay', 'coverage', 'dist', 'tmp', 'results']);
/** The fixture breaks every rule on purpose; the peers' programs are not ours to shape. */
const SKIPPED_PATHS = new Set(['test/tidy-fixture', 'test/bench/peers']);
const TEXT = /\.(ts|tsx|cjs|mjs|js|json|md|yaml|yml|sh|txt|html|css|sol|graphql)$/;
const TEXT_BY_NAME = /(^|\/)(\.npmrc|\.gitignore|run|Dockerfile|LICENSE|NOTICE)$/;
const TEST = /\.(test|conformance|bench)\.tsx?$/;

export function readTree(root: string): Tree {
  const paths = list(root, '').sort();
  const known = new Set(paths);
  const texts = paths
    .filter((path) => TEXT.test(path) || TEXT_BY_NAME.test(path))
    .map((path) => readText(root, path));
  const packages = workspaceFolders(root, paths);
  const sources = texts
    .filter(({ path }) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts'))
    .map((file) => readSource(file, known, packages));
  return { root, texts, sources, has: (path) => known.has(path) };
}

/** Calls `visit` for every node, with its ancestors, nearest last. */
export function walk(
  node: SyntaxNode,
  visit: (node: SyntaxNode, ancestors: readonly SyntaxNode[]) => void,
): void {
  const ancestors: SyntaxNode[] = [];
  const enter = (current: SyntaxNode) => {
    visit(current, ancestors);
    ancestors.push(current);
    for (const key in current) {
      const child = current[key];
      if (child === null || typeof child !== 'object') continue;
      if (Array.isArray(child)) {
        for (const item of child) if (isNode(item)) enter(item);
      } else if (isNode(child)) enter(child);
    }
    ancestors.pop();
  };
  enter(node);
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as SyntaxNode).type === 'string';
}

function list(root: string, folder: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!SKIPPED_FOLDERS.has(entry.name) && !SKIPPED_PATHS.has(path)) found.push(...list(root, path));
    } else if (entry.isFile()) found.push(path);
  }
  return found;
}

function readText(root: string, path: string): TextFile {
  const text = readFileSync(join(root, path), 'utf8');
  return { path, text, lines: text.split('\n') };
}

function readSource(
  file: TextFile,
  known: ReadonlySet<string>,
  packages: ReadonlyMap<string, string>,
): SourceFile {
  const { path, text } = file;
  const { program, module, comments } = parseSync(path, text);
  const lineAt = lineFinder(text);
  const inPackage = /^packages\/([^/]+)\/src\/(.+)$/.exec(path);
  const inSandbox = /^sandbox\/src\/(.+)$/.exec(path);
  const isTest = TEST.test(path);
  return {
    ...file,
    package: inPackage?.[1],
    inside: inPackage?.[2] ?? inSandbox?.[1] ?? path,
    isTest,
    isProduct: !isTest && (inPackage !== null || inSandbox !== null),
    imports: importsOf(program as unknown as SyntaxNode, module).map(({ specifier, isTypeOnly, start }) => ({
      specifier,
      target: resolveIn(known, packages, path, specifier),
      isTypeOnly,
      line: lineAt(start),
    })),
    module,
    comments,
    program: program as unknown as SyntaxNode,
    lineAt,
  };
}

type RawImport = { specifier: string; isTypeOnly: boolean; start: number };

function importsOf(program: SyntaxNode, module: EcmaScriptModule): RawImport[] {
  const found: RawImport[] = module.staticImports.map(({ moduleRequest, entries, start }) => ({
    specifier: moduleRequest.value,
    isTypeOnly: entries.length > 0 && entries.every((entry) => entry.isType),
    start,
  }));
  for (const { entries, start } of module.staticExports) {
    for (const { moduleRequest, isType } of entries) {
      if (moduleRequest !== null) found.push({ specifier: moduleRequest.value, isTypeOnly: isType, start });
    }
  }
  // `import('x')`, of values and of types, with a fixed text.
  walk(program, (node) => {
    if (node.type !== 'ImportExpression' && node.type !== 'TSImportType') return;
    const source = (node.source ?? node.argument) as SyntaxNode | undefined;
    const literal = source?.type === 'TSLiteralType' ? (source.literal as SyntaxNode) : source;
    if (typeof literal?.value !== 'string') return;
    found.push({ specifier: literal.value, isTypeOnly: node.type === 'TSImportType', start: node.start });
  });
  return found;
}

/** Package name to the folder of its sources. */
function workspaceFolders(root: string, paths: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const path of paths) {
    if (!/^(packages\/[^/]+|sandbox|client|console)\/package\.json$/.test(path)) continue;
    const { name } = JSON.parse(readFileSync(join(root, path), 'utf8')) as { name: string };
    found.set(name, `${dirname(path)}/src`);
  }
  return found;
}

function resolveIn(
  known: ReadonlySet<string>,
  packages: ReadonlyMap<string, string>,
  from: string,
  specifier: string,
): string | undefined {
  if (specifier.startsWith('.')) {
    const path = posix.join(posix.dirname(from), specifier);
    return known.has(path) ? path : undefined;
  }
  const [scope, name, ...rest] = specifier.split('/');
  const folder = packages.get(`${scope}/${name}`);
  if (folder === undefined) return undefined;
  return [`${folder}/${rest.join('/')}.ts`, `${folder}/${rest.join('/')}.tsx`].find((path) =>
    known.has(path),
  );
}

function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) starts.push(i + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}
