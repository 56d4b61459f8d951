// The cache in a shared file passes the suite, counts between processes, and survives what befalls its file.
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import { SimulatedClock } from '@assay/kernel/time/clock';
import { cacheSuite } from './cache.conformance.ts';
import { createSqliteCache } from './sqlite.ts';

const START_MS = 1_795_255_200_000;

function folder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'assay cache '));
  return { path: join(path, 'cache.sqlite'), remove: () => rmSync(path, { recursive: true }) };
}

cacheSuite('sqlite', async () => {
  const { path, remove } = folder();
  const clock = new SimulatedClock(START_MS);
  const cache = createSqliteCache({ path, clock });
  await cache.start();
  const close = async () => {
    await cache.stop();
    remove();
  };
  return { cache, pass: (ms) => clock.advance(ms), close };
});

test('two processes count together, keep their bounds, and make a damaged file anew', async () => {
  const { path, remove } = folder();
  const clock = new SimulatedClock(START_MS);
  writeFileSync(path, 'this is not a database, however long one looks at it '.repeat(100));
  const [one, other] = [
    createSqliteCache({ path, clock, entriesMax: 20 }),
    createSqliteCache({ path, clock }),
  ];
  await one.start();
  await other.start();
  await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 ? one : other).increment('n', 1, 60_000)));
  deepStrictEqual([await one.get('n'), await other.get('n')], ['40', '40']);
  for (let i = 0; i < 100; i++) await one.set(`k${i}`, 'v', 1_000 + i);
  const left = await other.getMany(Array.from({ length: 100 }, (_, i) => `k${i}`));
  ok(left.filter((value) => value !== undefined).length <= 22);
  strictEqual(left.at(-1), 'v');
  await one.set('text', 'words', 1_000);
  await rejects(one.increment('text', 1, 1_000), (error) => isAssayError(error, 'RECORD_INVALID'));
  strictEqual(await other.get('text'), 'words');
  await one.stop();
  await rejects(one.get('n'), (error) => isAssayError(error, 'CACHE_UNAVAILABLE'));
  await other.stop();
  remove();
});
