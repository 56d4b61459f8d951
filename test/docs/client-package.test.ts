// The client as others get it: packed, installed into an empty project without a network, used on the pinned
// Node and the machine's own against a running sandbox, its types checked both ways, its code free of Node.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Price } from '@assay/client/wire';
import { type RunningProgram, startAssay, temporaryFolder } from '../e2e/program.ts';
import { packClient, Stranger } from './stranger.ts';

const CHECKOUT = resolve(import.meta.dirname, '../..');
const require = createRequire(import.meta.url);

/** Plain JavaScript, so that the oldest Node that is promised runs it too. */
const PROGRAM = `
import { AssayClient } from '@assay/client/client';
const assay = new AssayClient({ url: process.env.ASSAY_URL, apiKey: process.env.ASSAY_KEY });
const prices = [];
for await (const price of assay.subscribe(['BTC/USD'])) if (prices.push(price) === 2) break;
const short = await assay.foundingPrice('BTC');
const fault = await assay.price('BTX/USD').catch(({ code, status }) => ({ code, status }));
console.log(JSON.stringify({ prices, short, fault }));
`;

const TYPES = `
import { AssayClient } from '@assay/client/client';
import { ClientError } from '@assay/client/client-error';
import type { Price } from '@assay/client/wire';
const assay = new AssayClient({ url: 'http://127.0.0.1:4000', apiKey: 'ak_' });
export const price: Price = await assay.price('BTC/USD');
export const text: string = price.price;
// @ts-expect-error a price is a text, never a number
export const wrong: number = price.price;
export const code: string = new ClientError('x', { code: 'NETWORK' }).code;
`;

type Shown = { prices: Price[]; short: { price_usd: string }; fault: { code: string; status: number } };

describe('the packed client', () => {
  const data = temporaryFolder('client');
  const stranger = new Stranger();
  let program: RunningProgram;

  before(async () => {
    const tarball = packClient(data.path);
    program = await startAssay(data.path);
    await stranger.install(await tarball);
    writeFileSync(join(stranger.folder, 'program.js'), PROGRAM);
    writeFileSync(join(stranger.folder, 'types.ts'), TYPES);
  });

  after(async () => {
    await program?.stop();
    stranger.remove();
    data.remove();
  });

  for (const [name, node] of nodes()) {
    test(`works on ${name}`, async () => {
      const env = { ASSAY_URL: program.facts.api, ASSAY_KEY: program.key };
      const { code, out, error } = await stranger.run(node, ['program.js'], env);
      assert.equal(code, 0, error);
      const { prices, short, fault } = JSON.parse(out) as Shown;
      assert.deepEqual(
        prices.map(({ feed, profile }) => [feed, profile]),
        [
          ['BTC/USD', 'sandbox'],
          ['BTC/USD', 'sandbox'],
        ],
      );
      assert.match(short.price_usd, /^\d+\.\d{8}$/);
      assert.deepEqual(fault, { code: 'NOT_FOUND', status: 404 });
    });
  }

  for (const [module, moduleResolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ]) {
    test(`declares its types for resolution "${moduleResolution}"`, async () => {
      const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
      const options = [
        '--noEmit',
        '--strict',
        '--target',
        'es2022',
        '--types',
        '',
        '--skipLibCheck',
        'false',
      ];
      const args = [...options, '--module', module!, '--moduleResolution', moduleResolution!, 'types.ts'];
      const { code, out } = await stranger.run(process.execPath, [tsc, ...args]);
      assert.equal(code, 0, out);
    });
  }

  test('imports nothing but its own files, so that browsers can load it as it is', () => {
    const folder = join(stranger.folder, 'node_modules/@assay/client/dist');
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.js'))) {
      const text = readFileSync(join(folder, file), 'utf8');
      const imports = [...text.matchAll(/(?:from|import\()\s*['"]([^'"]+)['"]/g)].map((match) => match[1]!);
      assert.deepEqual(
        imports.filter((specifier) => !/^\.\/[a-z-]+\.js$/.test(specifier)),
        [],
        file,
      );
      assert.doesNotMatch(text, /\b(process|Buffer|require)\b[.(]/, file);
    }
  });
});

/** The pinned Node, and the machine's own where it is one that the client promises to run on. */
function nodes(): [string, string][] {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.startsWith(CHECKOUT));
  const own = folders.map((folder) => join(folder, 'node')).find((path) => existsSync(path));
  const version = own === undefined ? '' : spawnSync(own, ['--version'], { encoding: 'utf8' }).stdout.trim();
  const isPromised = Number(version.slice(1).split('.')[0]) >= 20;
  const pinned: [string, string] = [`the pinned Node ${process.version}`, process.execPath];
  return isPromised && version !== process.version ? [pinned, [`Node ${version}`, own!]] : [pinned];
}
