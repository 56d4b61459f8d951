// What `npm run new-source` writes is a source that runs, is formatted and keeps the laws, except those that
// only real payloads can keep; and it overwrites nothing.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Source } from '@assay/oracle/sources/define-source';
import { checkSource } from '@assay/oracle/sources/registry';
import { sourceContext } from '@assay/oracle/sources/source-context';
import { PLACEHOLDER } from './new-source/templates.ts';

const ROOT = resolve(import.meta.dirname, '..');
const SCRIPT = join(import.meta.dirname, 'new-source.ts');

const run = (...args: string[]) => spawnSync(process.execPath, [SCRIPT, ...args], { encoding: 'utf8' });

const ADAPTERS = pathToFileURL(join(ROOT, 'packages/oracle/src/sources/adapters/')).href;

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-new-source-'));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('the file and its test run, are formatted, and their own examples are read', () =>
  inFolder(async (folder) => {
    const made = run('some_venue', '--folder', folder, '--rest', 'https://api.some.example/v1/');
    assert.equal(made.status, 0, made.stderr);
    const file = join(folder, 'some-venue.ts');
    assertFormatted(file);
    assertFormatted(file.replace('.ts', '.test.ts'));
    // It stands elsewhere than it belongs, so what it imports from above is found by its full address.
    for (const path of [file, file.replace('.ts', '.test.ts')]) {
      const text = readFileSync(path, 'utf8');
      writeFileSync(
        path,
        text.replaceAll(/'(\.\.\/[^']+)'/g, (_, above) => `'${new URL(above, ADAPTERS).href}'`),
      );
    }
    const { default: candidate } = (await import(pathToFileURL(file).href)) as { default: unknown };
    const source: Source = checkSource(candidate, 'some-venue.ts');
    assert.deepEqual([source.id, source.name], ['some_venue', 'Some Venue']);
    for (const example of source.examples.filter(({ transport }) => transport === 'http')) {
      const context = sourceContext(source, { pairs: example.pairs });
      const response = { status: 200, headers: {}, body: example.payload, receivedAt: 0 };
      const [request] = source.http!.requests(context);
      assert.equal(request!.url, 'https://api.some.example/v1/tickers');
      assert.deepEqual({ prices: source.http!.parse(response, request!, context) }, example.expect);
    }
    assert.ok(source.examples.every(({ from }) => from === PLACEHOLDER));
    // Without the runner's own variables the inner run is a run of its own.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    execFileSync(process.execPath, ['--test', file.replace('.ts', '.test.ts')], { env, stdio: 'pipe' });
  }));

/** As it would stand among the adapters. */
function assertFormatted(file: string): void {
  const biome = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');
  const as = `--stdin-file-path=packages/oracle/src/sources/adapters/${basename(file)}`;
  const input = readFileSync(file, 'utf8');
  const formatted = execFileSync(process.execPath, [biome, 'check', '--write', as], { cwd: ROOT, input });
  assert.equal(input, formatted.toString());
}

test('what exists stays, and a wrong id or address is named', () =>
  inFolder(async (folder) => {
    writeFileSync(join(folder, 'taken.ts'), 'mine');
    for (const [args, words] of [
      [['taken'], /taken\.ts exists already/],
      [['Not-An-Id'], /the id is "Not-An-Id"/],
      [[], /the id is ""/],
      [['a', 'b'], /one id at a time/],
      [['fresh', '--stream', 'http://x'], /--stream is "http:\/\/x"/],
      [['fresh', '--sure'], /--sure/],
    ] as const) {
      const { status, stderr } = run(...args, '--folder', folder);
      assert.equal(status, 1);
      assert.match(stderr, words);
    }
    assert.equal(readFileSync(join(folder, 'taken.ts'), 'utf8'), 'mine');
  }));
