// Which files only compute, and the few that may read a clock, make randomness or read the environment. A
// pure file imports neither Node nor a third party and touches nothing that differs from one run to the next.
import type { Rule } from './rule.ts';
import { isNode, type SourceFile, type SyntaxNode, type Tree, walk } from './tree.ts';

/** Pure files, and what of them is not. */
const PURE: { where: RegExp; except?: RegExp; why: string }[] = [
  {
    where: /^packages\/kernel\/src\//,
    except: /^packages\/kernel\/src\/(time|random)\//,
    why: 'the kernel is mechanism without the world',
  },
  { where: /^packages\/messages\/src\//, why: 'parsers and writers are useful alone' },
  { where: /^packages\/[^/]+\/src\/(.+\/)?model\//, why: 'a model is records and their checks' },
  {
    where: /^packages\/[^/]+\/src\/(.+\/)?adapters\//,
    why: 'an adapter is data and functions; the shell does the rest',
  },
  {
    where:
      /^packages\/oracle\/src\/(recording|sources|aggregation|attestation|publication|crosschain|archive)\//,
    // The shells of a stage: the service, what polls and streams for it, and the registry that lists the
    // adapters' folder.
    except: /\/([a-z0-9-]+-service|poller|streamer|registry)\.ts$/,
    why: 'a stage decides in pure functions; only its shells act',
  },
];

/** Only here is the thing touched that the others take as an argument. */
const CLOCKS = /^packages\/kernel\/src\/time\//;
const RANDOMNESS = /^packages\/kernel\/src\/random\//;
const ENVIRONMENT = /^packages\/assay\/src\/config\//;

const TIMERS = ['setTimeout', 'setInterval'];
const IMPURE_GLOBALS = [
  ...TIMERS,
  'setImmediate',
  'process',
  'fetch',
  'performance',
  'crypto',
  'WebSocket',
  'console',
];

export const PURITY_RULES: Rule[] = [
  {
    name: 'pure-imports',
    law: 'A pure file imports neither Node nor a third-party package.',
    check: (tree) =>
      pureFiles(tree).flatMap(({ file, why }) =>
        file.imports
          .filter(({ specifier }) => !specifier.startsWith('.') && !specifier.startsWith('@assay/'))
          .map(({ specifier, line }) => ({
            file: file.path,
            line,
            sentence: `"${specifier}" is imported by a pure file (${why}): take what it gives as an argument`,
          })),
      ),
  },
  {
    name: 'pure-globals',
    law: 'A pure file touches no clock, randomness, process, network or timer.',
    check: (tree) =>
      pureFiles(tree).flatMap(({ file, why }) =>
        [...touched(file, IMPURE_GLOBALS), ...clockReads(file), ...randomCalls(file)].map(
          ({ what, line }) => ({
            file: file.path,
            line,
            sentence: `${what} is touched by a pure file (${why}): take the value as an argument`,
          }),
        ),
      ),
  },
  {
    name: 'clock-in-one-place',
    law: 'Only kernel/time reads clocks and sets timers.',
    check: (tree) =>
      shells(tree, CLOCKS).flatMap((file) =>
        [
          ...touched(file, [...TIMERS, 'performance']),
          ...clockReads(file),
          ...imports(file, /^(node:)?timers(\/|$)/),
          ...namedImports(file, /^(node:)?perf_hooks$/, /^performance$/),
          ...calls(file, 'process', 'hrtime'),
        ].map(({ what, line }) => ({
          file: file.path,
          line,
          sentence: `${what}: take a Clock from kernel/time`,
        })),
      ),
  },
  {
    name: 'randomness-in-one-place',
    law: 'Only kernel/random makes randomness.',
    check: (tree) =>
      shells(tree, RANDOMNESS).flatMap((file) =>
        randomCalls(file).map(({ what, line }) => ({
          file: file.path,
          line,
          sentence: `${what}: take a Random, or secureBytes, from kernel/random`,
        })),
      ),
  },
  {
    name: 'environment-in-one-place',
    law: 'Only packages/assay/src/config reads the environment.',
    check: (tree) =>
      shells(tree, ENVIRONMENT).flatMap((file) =>
        calls(file, 'process', 'env').map(({ line }) => ({
          file: file.path,
          line,
          sentence: 'process.env: make it a setting and take its value as an argument',
        })),
      ),
  },
];

function pureFiles(tree: Tree): { file: SourceFile; why: string }[] {
  return tree.sources.flatMap((file) => {
    if (file.isTest) return [];
    const entry = PURE.find(({ where, except }) => where.test(file.path) && except?.test(file.path) !== true);
    return entry === undefined ? [] : [{ file, why: entry.why }];
  });
}

/** Delivered files that are not pure (those have the stricter rule) and not the one place. */
function shells(tree: Tree, home: RegExp): SourceFile[] {
  const pure = new Set(pureFiles(tree).map(({ file }) => file));
  return tree.sources.filter((file) => file.isProduct && !home.test(file.path) && !pure.has(file));
}

type Touch = { what: string; line: number };

/** Uses of globals by these names; a name that the file declares or imports itself is not the global. */
function touched(file: SourceFile, names: readonly string[]): Touch[] {
  const wanted = names.filter((name) => file.text.includes(name));
  if (wanted.length === 0) return [];
  const own = declaredNames(file.program);
  const found: Touch[] = [];
  walk(file.program, (node, ancestors) => {
    if (node.type !== 'Identifier' || !wanted.includes(node.name as string) || own.has(node.name as string))
      return;
    if (isReference(node, ancestors))
      found.push({ what: node.name as string, line: file.lineAt(node.start) });
  });
  return found;
}

function clockReads(file: SourceFile): Touch[] {
  if (!file.text.includes('Date')) return [];
  const found = calls(file, 'Date', 'now');
  walk(file.program, (node) => {
    const isNow = node.type === 'NewExpression' && (node.arguments as unknown[]).length === 0;
    if (isNow && isNamed(node.callee, 'Date'))
      found.push({ what: 'new Date()', line: file.lineAt(node.start) });
  });
  return found;
}

function randomCalls(file: SourceFile): Touch[] {
  return [
    ...calls(file, 'Math', 'random'),
    ...['getRandomValues', 'randomUUID', 'randomBytes', 'randomInt'].flatMap((name) =>
      calls(file, 'crypto', name),
    ),
    ...namedImports(file, /^(node:)?crypto$/, /^random|^getRandomValues$|^webcrypto$/),
  ];
}

function calls(file: SourceFile, object: string, property: string): Touch[] {
  if (!file.text.includes(property)) return [];
  const found: Touch[] = [];
  walk(file.program, (node) => {
    if (
      node.type !== 'MemberExpression' ||
      !isNamed(node.object, object) ||
      !isNamed(node.property, property)
    )
      return;
    found.push({ what: `${object}.${property}`, line: file.lineAt(node.start) });
  });
  return found;
}

function imports(file: SourceFile, specifier: RegExp): Touch[] {
  return file.imports
    .filter((entry) => !entry.isTypeOnly && specifier.test(entry.specifier))
    .map((entry) => ({ what: `import of ${entry.specifier}`, line: entry.line }));
}

function namedImports(file: SourceFile, specifier: RegExp, name: RegExp): Touch[] {
  return file.module.staticImports
    .filter(({ moduleRequest }) => specifier.test(moduleRequest.value))
    .flatMap(({ moduleRequest, entries, start }) =>
      entries
        .filter(({ importName, isType }) => !isType && name.test(importName.name ?? ''))
        .map(({ importName }) => ({
          what: `${importName.name} of ${moduleRequest.value}`,
          line: file.lineAt(start),
        })),
    );
}

function isNamed(node: unknown, name: string): boolean {
  return isNode(node) && node.type === 'Identifier' && node.name === name;
}

/** Not a property's name, a key, a label or a type. */
function isReference(node: SyntaxNode, ancestors: readonly SyntaxNode[]): boolean {
  const parent = ancestors.at(-1)!;
  if (parent.type === 'MemberExpression') return parent.object === node || parent.computed === true;
  if (parent.key === node)
    return parent.computed === true || (parent.shorthand === true && parent.value === node);
  return (
    !parent.type.startsWith('TS') ||
    /^TS(AsExpression|NonNullExpression|SatisfiesExpression)$/.test(parent.type)
  );
}

function declaredNames(program: SyntaxNode): Set<string> {
  const names = new Set<string>();
  const pattern = (node: unknown): void => {
    if (!isNode(node)) return;
    if (node.type === 'Identifier') names.add(node.name as string);
    else if (node.type === 'AssignmentPattern') pattern(node.left);
    else if (node.type === 'RestElement') pattern(node.argument);
    else if (node.type === 'ArrayPattern') for (const item of node.elements as unknown[]) pattern(item);
    else if (node.type === 'ObjectPattern') {
      for (const property of node.properties as SyntaxNode[]) pattern(property.value ?? property);
    }
  };
  walk(program, (node) => {
    if (node.type === 'VariableDeclarator') pattern(node.id);
    else if (node.type === 'ImportSpecifier' || node.type === 'ImportDefaultSpecifier') pattern(node.local);
    else if (/Function|Class/.test(node.type)) {
      pattern(node.id);
      for (const parameter of Array.isArray(node.params) ? node.params : []) pattern(parameter);
    }
  });
  return names;
}
