// Who may import whom. Imports point to a lower floor; floor-mates never meet; inside a business the same law
// again. The tables below are the whole truth: a package or folder that is not in them is a finding until
// someone places it.
import type { Finding, Rule } from './rule.ts';
import type { Import, SourceFile, Tree } from './tree.ts';

/** Packages by floor, lowest first. `contracts` stands on floor 0 as data. */
const FLOORS: Record<string, number> = {
  kernel: 0,
  ports: 1,
  messages: 1,
  oracle: 2,
  payments: 2,
  tokenization: 2,
  api: 3,
  assay: 4,
};

/**
 * Folders inside a package by level; '.' is what stands directly in `src`. Packages that are not here have no
 * levels.
 */
const LEVELS: Record<string, Record<string, number>> = {
  oracle: {
    model: 0,
    // Reads recorded files into records of the model; pure, used by stages, simulation and benches alike.
    recording: 1,
    sources: 2,
    aggregation: 2,
    attestation: 2,
    publication: 2,
    crosschain: 2,
    archive: 2,
    '.': 3,
  },
};

/** What `api` may know of the businesses: their records, never their stages. */
const MODELS = /^packages\/(oracle|payments|tokenization)\/src\/model\//;

export const FLOOR_RULES: Rule[] = [
  {
    name: 'known-folder',
    law: 'Every package and every folder of a package with levels has its place in the floor table.',
    check: (tree) => firstOfEach(tree.sources.filter((file) => file.package !== undefined).flatMap(unplaced)),
  },
  {
    name: 'lower-floor',
    law: 'Packages import packages of lower floors only; floor-mates never meet.',
    check: (tree) => products(tree).flatMap((file) => importsWhere(file, crossesUp)),
  },
  {
    name: 'lower-level',
    law: 'Inside a business, stages import what lies below them and never each other.',
    check: (tree) => products(tree).flatMap((file) => importsWhere(file, crossesLevel)),
  },
  {
    name: 'models-only',
    law: 'The api reads the records of the businesses (their model), never their stages.',
    check: (tree) => products(tree).flatMap((file) => importsWhere(file, reachesStage)),
  },
  {
    name: 'by-name',
    law: 'Another package is imported by its name, not by a path through the tree.',
    check: (tree) => tree.sources.flatMap((file) => importsWhere(file, leavesByPath)),
  },
  {
    name: 'sandbox-alone',
    law: 'The sandbox imports the kernel only, and only the program and tests import the sandbox.',
    check: (tree) => products(tree).flatMap((file) => importsWhere(file, touchesSandbox)),
  },
  {
    name: 'console-alone',
    law: 'Console and client speak HTTP: they import nothing from packages. What the API answers, the client says for both.',
    check: (tree) => tree.sources.flatMap((file) => importsWhere(file, reachesInFromConsole)),
  },
];

type Found = Omit<Finding, 'rule'>;

function products(tree: Tree): SourceFile[] {
  return tree.sources.filter((file) => file.isProduct);
}

function importsWhere(
  file: SourceFile,
  objection: (file: SourceFile, entry: Import) => string | undefined,
): Found[] {
  return file.imports.flatMap((entry) => {
    const sentence = objection(file, entry);
    return sentence === undefined ? [] : [{ file: file.path, line: entry.line, sentence }];
  });
}

/** The package that an import leads to, also when its file does not exist. */
function packageOf(entry: Import): string | undefined {
  return (
    /^packages\/([^/]+)\//.exec(entry.target ?? '')?.[1] ?? /^@assay\/([^/]+)/.exec(entry.specifier)?.[1]
  );
}

function crossesUp(file: SourceFile, entry: Import): string | undefined {
  const to = packageOf(entry);
  if (file.package === undefined || to === undefined || to === file.package || to === 'sandbox')
    return undefined;
  const [fromFloor, toFloor] = [FLOORS[file.package], FLOORS[to]];
  if (fromFloor === undefined || toFloor === undefined || toFloor < fromFloor) return undefined;
  const relation = toFloor === fromFloor ? 'its floor-mate' : 'the higher';
  return `${file.package} (floor ${fromFloor}) imports ${relation} ${to} (floor ${toFloor}): meet in a record on the bus`;
}

function levelOf(packageName: string, path: string): { folder: string; level: number } | undefined {
  const inside = path.slice(`packages/${packageName}/src/`.length);
  const folder = inside.includes('/') ? inside.slice(0, inside.indexOf('/')) : '.';
  const level = LEVELS[packageName]?.[folder];
  return level === undefined ? undefined : { folder, level };
}

function crossesLevel(file: SourceFile, entry: Import): string | undefined {
  const name = file.package;
  if (name === undefined || entry.target === undefined || packageOf(entry) !== name) return undefined;
  const from = levelOf(name, file.path);
  const to = levelOf(name, entry.target);
  if (from === undefined || to === undefined || from.folder === to.folder || to.level < from.level)
    return undefined;
  const relation = to.level === from.level ? 'its floor-mate' : 'what stands above it,';
  return `${from.folder} imports ${relation} ${to.folder}: put what both need into model, or meet in a record`;
}

function reachesStage(file: SourceFile, entry: Import): string | undefined {
  if (file.package !== 'api' || entry.target === undefined) return undefined;
  const to = packageOf(entry);
  if (to === undefined || FLOORS[to] !== 2 || MODELS.test(entry.target)) return undefined;
  return `api imports ${entry.specifier}: only ${to}/model is open to it`;
}

function leavesByPath(file: SourceFile, entry: Import): string | undefined {
  if (!entry.specifier.startsWith('.') || entry.target === undefined) return undefined;
  const [from, to] = [homeOf(file.path), homeOf(entry.target)];
  // Between test, scripts and the root there are no packages to name.
  if (from === to || to === undefined) return undefined;
  return `"${entry.specifier}" leads into ${to}: import it by the name of its package`;
}

function homeOf(path: string): string | undefined {
  return /^(packages\/[^/]+|sandbox|client|console)\//.exec(path)?.[1];
}

function touchesSandbox(file: SourceFile, entry: Import): string | undefined {
  const to = packageOf(entry);
  const isSandboxFile = file.path.startsWith('sandbox/');
  if (isSandboxFile && to !== undefined && to !== 'kernel' && to !== 'sandbox') {
    return `the sandbox imports ${to}: it speaks wire protocols and may know the kernel only`;
  }
  const leadsToSandbox = to === 'sandbox' || entry.target?.startsWith('sandbox/') === true;
  if (!isSandboxFile && leadsToSandbox && file.package !== 'assay') {
    return `${file.package} imports the sandbox: only the program composes it, so that no sandbox price is ever taken for a real one`;
  }
  return undefined;
}

function reachesInFromConsole(file: SourceFile, entry: Import): string | undefined {
  const outside = /^(console|client)\//.exec(file.path)?.[1];
  const to = packageOf(entry);
  // The client's release bundles the few kernel files it uses.
  if (outside === undefined || to === undefined || (outside === 'client' && to === 'kernel'))
    return undefined;
  // Shapes only, which leave nothing behind in a page.
  if (outside === 'console' && entry.specifier === '@assay/client/wire') return undefined;
  return `${outside} imports ${entry.specifier}: it knows HTTP and its own files only`;
}

function unplaced(file: SourceFile): Found[] {
  const name = file.package!;
  if (FLOORS[name] === undefined) {
    return [
      {
        file: `packages/${name}`,
        line: 0,
        sentence: 'this package has no floor: place it in scripts/tidy/floors.ts',
      },
    ];
  }
  if (LEVELS[name] === undefined || levelOf(name, file.path) !== undefined) return [];
  const folder = `packages/${name}/src/${file.inside.split('/')[0]}`;
  return [
    { file: folder, line: 0, sentence: 'this folder has no level: place it in scripts/tidy/floors.ts' },
  ];
}

function firstOfEach(found: readonly Found[]): Found[] {
  return [...new Map(found.map((finding) => [finding.file, finding])).values()];
}
