// The anatomy of a port (interface, embedded, real, conformance side by side) and who may name an
// implementation.
import type { Finding, Rule } from './rule.ts';
import type { SourceFile, Tree } from './tree.ts';

type Found = Omit<Finding, 'rule'>;

/** Implementations that need nothing but this machine. */
const EMBEDDED = ['memory', 'sqlite', 'embedded', 'devnet', 'local', 'log', 'recorded', 'network'];
/** Implementations that speak to something real. */
const REAL = [
  ...['kafka', 'redis', 'mongodb', 'postgres', 'json-rpc', 'libp2p', 'remote', 'firefly', 'cacti'],
  ...['email', 'slack', 'pagerduty'],
];
const DRIVERS = 'packages/assay/src/drivers.ts';
/** Libraries that are a language of the code around them rather than a client of something outside. */
const LIBRARIES: Record<string, string> = {
  zod: 'schemas stand beside what they check',
  graphql: 'its documents and errors are values that pass through',
  ws: 'frames are spoken where a protocol is: streams of venues, subscriptions of clients',
  yaml: 'a notation, read and written where configuration is',
  fastify: 'every route file speaks its types',
};

export const PORT_RULES: Rule[] = [
  {
    name: 'port-anatomy',
    law: 'A port folder has its interface, an embedded implementation and a conformance suite.',
    check: (tree) => portFolders(tree).flatMap((folder) => missingParts(tree, folder)),
  },
  {
    name: 'implementation-tested',
    law: 'Every implementation of a port has a test beside it.',
    check: (tree) =>
      portFolders(tree).flatMap((folder) =>
        [...EMBEDDED, ...REAL]
          .map((name) => `${folder}/${name}`)
          .filter((path) => tree.has(`${path}.ts`) && !tree.has(`${path}.test.ts`))
          .map((path) => ({
            file: `${path}.ts`,
            line: 0,
            sentence: `its test ${path}.test.ts is missing: run the conformance suite on it`,
          })),
      ),
  },
  {
    name: 'drivers-choose',
    law: `Outside its folder a port is known by its interface; only ${DRIVERS} names implementations.`,
    check: (tree) => tree.sources.filter((file) => file.isProduct).flatMap(namedImplementations),
  },
  {
    name: 'one-file-per-client',
    law: 'A third-party client is imported by exactly one file of the product.',
    check: sharedClients,
  },
];

function portFolders(tree: Tree): string[] {
  const folders = tree.sources.flatMap(
    ({ path }) => /^(packages\/ports\/src\/[^/]+)\/[^/]+$/.exec(path)?.[1] ?? [],
  );
  return [...new Set(folders)];
}

function missingParts(tree: Tree, folder: string): Found[] {
  const port = folder.slice(folder.lastIndexOf('/') + 1);
  const missing = (sentence: string): Found => ({ file: folder, line: 0, sentence });
  return [
    ...(tree.has(`${folder}/${port}.ts`) ? [] : [missing(`the interface ${port}.ts is missing`)]),
    ...(tree.has(`${folder}/${port}.conformance.ts`)
      ? []
      : [missing(`the suite ${port}.conformance.ts is missing`)]),
    ...(EMBEDDED.some((name) => tree.has(`${folder}/${name}.ts`))
      ? []
      : [missing(`no embedded implementation (one of ${EMBEDDED.join(', ')})`)]),
  ];
}

function namedImplementations(file: SourceFile): Found[] {
  if (file.path === DRIVERS) return [];
  return file.imports.flatMap(({ target, line }) => {
    const [, folder, port, name] = /^(packages\/ports\/src\/([^/]+))\/(.+)\.ts$/.exec(target ?? '') ?? [];
    if (folder === undefined || name === port || file.path.startsWith(`${folder}/`)) return [];
    const sentence = `${target} is inside the port ${port}: import ${port}/${port}, and let drivers.ts choose`;
    return [{ file: file.path, line, sentence }];
  });
}

function sharedClients(tree: Tree): Found[] {
  const users = new Map<string, { file: string; line: number }[]>();
  for (const file of tree.sources) {
    // The sandbox plays the other side of the wire: a server of its own in each venue.
    if (!file.isProduct || file.package === undefined) continue;
    for (const { specifier, line, isTypeOnly } of file.imports) {
      const name = packageNameOf(specifier);
      if (name === undefined || isTypeOnly || name in LIBRARIES) continue;
      const seen = users.get(name) ?? [];
      if (seen.at(-1)?.file !== file.path) seen.push({ file: file.path, line });
      users.set(name, seen);
    }
  }
  return [...users].flatMap(([name, [first, ...others]]) =>
    others.map(({ file, line }) => ({
      file,
      line,
      sentence: `"${name}" is already the client of ${first!.file}: ask that file, or its port`,
    })),
  );
}

function packageNameOf(specifier: string): string | undefined {
  if (/^(\.|node:|@assay\/)/.test(specifier)) return undefined;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
