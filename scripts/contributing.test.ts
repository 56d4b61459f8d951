// The adapter printed in CONTRIBUTING.md is a source that works: it passes registration and reads its own
// examples.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { checkSource } from '@assay/oracle/sources/registry';
import { sourceContext } from '@assay/oracle/sources/source-context';

const ROOT = resolve(import.meta.dirname, '..');
const ADAPTERS = pathToFileURL(join(ROOT, 'packages/oracle/src/sources/adapters/')).href;

test('the source that CONTRIBUTING.md gives to copy reads its own examples', async (t) => {
  const page = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
  const code = /```ts\n([\s\S]+?)```/.exec(page)?.[1];
  assert.ok(code);
  const folder = mkdtempSync(join(tmpdir(), 'assay-contributing-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'example.ts');
  writeFileSync(
    file,
    code.replaceAll(/'(\.\.?\/[^']+)'/g, (_, path) => `'${new URL(path, ADAPTERS).href}'`),
  );
  const { default: definition } = (await import(pathToFileURL(file).href)) as { default: unknown };
  const source = checkSource(definition, 'example.ts');
  for (const { name, transport, payload, pairs, expect } of source.examples) {
    const context = sourceContext(source, { pairs });
    const response = { status: 200, headers: {}, body: payload, receivedAt: 0 };
    const read =
      transport === 'http'
        ? { prices: source.http!.parse(response, source.http!.requests(context)[0]!, context) }
        : source.stream!.parse(payload, context);
    const expected = 'control' in expect ? { name: expect.control } : expect;
    assert.partialDeepStrictEqual(read, expected, name);
  }
});
