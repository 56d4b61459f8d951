// `npm run new-source -- <id> [--name N] [--rest URL] [--stream URL] [--docs URL]`: the file and the test of
// a new price source, to be filled with what the venue really says. In: an id, addresses. Out: two files that
// compile and run; the laws of adapters.test.ts fail until the examples are real and the check has a date.
// Nothing that exists is overwritten.
import { existsSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { adapterText, type NewSource, testText } from './new-source/templates.ts';

const ADAPTERS = 'packages/oracle/src/sources/adapters';
const LAWS = 'packages/oracle/src/sources/adapters.test.ts';
const USAGE =
  'npm run new-source -- <id> [--name NAME] [--rest https://...] [--stream wss://...] [--docs https://...]\n' +
  '  <id>: lower case letters, digits and "_", such as some_venue\n';

process.exitCode = main(process.argv.slice(2));

function main(args: string[]): number {
  let given: ReturnType<typeof read>;
  try {
    given = read(args);
  } catch (error) {
    return refuse(`${(error as Error).message}`);
  }
  const { id, folder, ...source } = given;
  if (!/^[a-z0-9]+(?:_[a-z0-9]+)*$/.test(id)) return refuse(`the id is "${id}"`);
  for (const [flag, address, scheme] of [
    ['--rest', source.rest, 'https'],
    ['--stream', source.stream, 'wss'],
    ['--docs', source.docs, 'https'],
  ] as const) {
    if (!new RegExp(`^${scheme}://[^\\s/]\\S*$`).test(address))
      return refuse(`${flag} is "${address}", not an address that begins with ${scheme}://`);
  }
  const file = join(folder, `${id.replaceAll('_', '-')}.ts`);
  const test = file.replace(/\.ts$/, '.test.ts');
  const taken = [file, test].find((path) => existsSync(path));
  if (taken !== undefined) return refuse(`${relative(process.cwd(), taken)} exists already`);
  writeFileSync(file, adapterText({ id, ...source }));
  writeFileSync(test, testText({ id, ...source }));
  process.stdout.write(
    `${relative(process.cwd(), file)}\n${relative(process.cwd(), test)}\n\n` +
      'Now, with the documentation open (CONTRIBUTING.md, "Add a price source"):\n' +
      '  1. the comments that begin with "Venue:" say what to look up\n' +
      '  2. replace the examples by real payloads; say where each comes from\n' +
      `  3. npm test -- ${LAWS} --filter ${id}\n` +
      `  4. npm test -- ${relative(process.cwd(), test)}\n` +
      '  5. npm run docs, which puts it into the table of sources\n',
  );
  return 0;
}

function read(args: string[]): NewSource & { folder: string } {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      name: { type: 'string' },
      rest: { type: 'string' },
      stream: { type: 'string' },
      docs: { type: 'string' },
      folder: { type: 'string' },
    },
  });
  const [id = '', ...more] = positionals;
  if (more.length > 0) throw new RangeError(`one id at a time, not "${positionals.join(' ')}"`);
  const host = `${id.replaceAll('_', '-')}.example`;
  return {
    id,
    name: values.name ?? id.replace(/(?:^|_)[a-z]/g, (part) => part.replace('_', ' ').toUpperCase()),
    rest: trimmed(values.rest ?? `https://api.${host}`),
    stream: trimmed(values.stream ?? `wss://stream.${host}`),
    docs: values.docs ?? `https://${host}/docs`,
    folder: resolve(values.folder ?? join(import.meta.dirname, '..', ADAPTERS)),
  };
}

function trimmed(address: string): string {
  return address.replace(/\/+$/, '');
}

function refuse(why: string): number {
  process.stderr.write(`new-source: ${why}\n${USAGE}`);
  return 1;
}
