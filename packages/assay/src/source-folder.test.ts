// The folder is the registry, and modules from outside join it.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadSources } from './source-folder.ts';

const MODULE = (id: string): string => `export default {
  id: '${id}', name: 'Mine', homepage: 'https://example.com', documentation: 'https://example.com/api',
  kind: 'exchange', endpoints: { rest: 'https://example.com' }, symbol: (pair) => pair,
  limits: { requests: { count: 1, windowMs: 1000 } },
  http: { intervalMs: 1000, timeoutMs: 1000, requests: () => [], parse: () => [] },
  examples: [{ name: 'x', transport: 'http', payload: '', pairs: [], expect: { error: 'X' }, from: 'y' }],
};`;

test('every adapter of the folder is a source under the name of its file', async () => {
  const files = readdirSync(join(import.meta.dirname, '../../oracle/src/sources/adapters'));
  const makers = ['http-json.ts', 'web-socket-json.ts'];
  const ids = files
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !makers.includes(file))
    .map((file) => file.replace('.ts', '').replaceAll('-', '_'));
  assert.ok(ids.length >= 10);
  assert.deepEqual([...(await loadSources()).keys()].sort(), ids.sort());
});

test('a module from outside is registered by its path, under the same laws', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-sources-'));
  try {
    const write = (file: string, text: string): string => {
      writeFileSync(join(folder, file), text);
      return join(folder, file);
    };
    const mine = write('my-source.mjs', MODULE('my_source'));
    assert.equal((await loadSources([mine])).get('my_source')?.name, 'Mine');
    await assert.rejects(loadSources([write('other.mjs', MODULE('my_source'))]), {
      code: 'CONFIG_INVALID',
      context: { field: 'my_source.id' },
    });
    await assert.rejects(
      loadSources([write('kraken.mjs', MODULE('kraken'))]),
      /two sources are called "kraken"/,
    );
    await assert.rejects(loadSources([write('broken.mjs', 'export default {')]), { code: 'CONFIG_INVALID' });
    await assert.rejects(loadSources([join(folder, 'absent.ts')]), { code: 'CONFIG_INVALID' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
