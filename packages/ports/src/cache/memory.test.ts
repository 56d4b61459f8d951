// The cache in memory passes the suite, and keeps its bounds by forgetting what was not used for the longest
// time.
import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import { SimulatedClock } from '@assay/kernel/time/clock';
import { cacheSuite } from './cache.conformance.ts';
import { createMemoryCache } from './memory.ts';

cacheSuite('memory', async () => {
  const clock = new SimulatedClock();
  const cache = createMemoryCache({ clock });
  await cache.start();
  return { cache, pass: (ms) => clock.advance(ms), close: () => cache.stop() };
});

test('evicts the least recently used entry, by count and by size', async () => {
  const cache = createMemoryCache({ clock: new SimulatedClock(), entriesMax: 3, lengthMax: 100 });
  for (const key of ['a', 'b', 'c']) await cache.set(key, key, 1_000);
  await cache.get('a');
  await cache.set('d', 'd', 1_000);
  deepStrictEqual(await cache.getMany(['a', 'b', 'c', 'd']), ['a', undefined, 'c', 'd']);
  await cache.set('e', 'x'.repeat(97), 1_000);
  deepStrictEqual(await cache.getMany(['a', 'c', 'd']), [undefined, undefined, 'd']);
  strictEqual((await cache.get('e'))?.length, 97);
});

test('does not count what is no number', async () => {
  const cache = createMemoryCache({ clock: new SimulatedClock() });
  await cache.set('text', 'words', 1_000);
  await rejects(cache.increment('text', 1, 1_000), (error) => isAssayError(error, 'RECORD_INVALID'));
  strictEqual(await cache.get('text'), 'words');
});
