// What every cache must do. In: a way to open a fresh cache and to let time pass for it. Out: the suite.
import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import type { Cache } from './cache.ts';

export type CacheWorld = {
  cache: Cache;
  /** Lets at least so much time pass, by whatever clock the cache goes. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
};

// Long enough that nothing expires by accident on a slow machine.
const LONG_MS = 60_000;
const SHORT_MS = 50;

export function cacheSuite(name: string, create: () => Promise<CacheWorld>): void {
  describe(`${name} as a cache`, () => {
    let world: CacheWorld;
    beforeEach(async () => {
      world = await create();
    });
    afterEach(() => world.close());

    test('gives back what was set, nothing for what was not, and the newest value', async () => {
      const { cache } = world;
      await cache.set('a', '1', LONG_MS);
      await cache.set('b', '{"€":"\\n"}', LONG_MS);
      await cache.set('a', '2', LONG_MS);
      deepStrictEqual(await cache.getMany(['b', 'missing', 'a']), ['{"€":"\\n"}', undefined, '2']);
      await cache.delete('a');
      strictEqual(await cache.get('a'), undefined);
      await cache.delete('a');
    });

    test('forgets a value when its time is over; setting it again begins a new time', async () => {
      const { cache, pass } = world;
      await cache.set('short', 'x', SHORT_MS);
      await cache.set('renewed', 'x', SHORT_MS);
      await cache.set('renewed', 'y', LONG_MS);
      await pass(SHORT_MS + 10);
      deepStrictEqual(await cache.getMany(['short', 'renewed']), [undefined, 'y']);
    });

    test('counts without losing one, for the time that the first increment gave', async () => {
      const { cache, pass } = world;
      const counts = await Promise.all(Array.from({ length: 50 }, () => cache.increment('n', 2, LONG_MS)));
      deepStrictEqual(new Set(counts).size, 50);
      strictEqual(await cache.get('n'), '100');
      strictEqual(await cache.increment('n', -101, LONG_MS), -1);
      strictEqual(await cache.increment('window', 1, SHORT_MS), 1);
      strictEqual(await cache.increment('window', 1, LONG_MS), 2);
      await pass(SHORT_MS + 10);
      strictEqual(await cache.increment('window', 1, LONG_MS), 1);
    });

    test('refuses keys and values beyond their bounds, and times that are none', async () => {
      const { cache } = world;
      const isInvalid = (error: unknown) => isAssayError(error, 'RECORD_INVALID');
      await cache.set('k'.repeat(256), 'v'.repeat(1024 * 1024), LONG_MS);
      await rejects(cache.set('€'.repeat(86), 'v', LONG_MS), isInvalid);
      await rejects(cache.set('k', 'v'.repeat(1024 * 1024 + 1), LONG_MS), isInvalid);
      await rejects(cache.set('k', 'v', 0), isInvalid);
      await rejects(cache.increment('k', 1, Number.NaN), isInvalid);
      strictEqual(await cache.get('k'), undefined);
    });
  });
}
