import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import { SimulatedClock, systemClock } from '@assay/kernel/time/clock';
import { createFileKeyStore, type KeyStore } from './key-store.ts';
import type { Scope } from './principal.ts';

const READ = { name: 'reader', scopes: ['prices:read'] } as const;

describe('the file of API keys', () => {
  let folder: string;
  let path: string;
  let clock: SimulatedClock;
  const open = async (): Promise<KeyStore> => {
    const store = createFileKeyStore({ path, clock });
    await store.start();
    return store;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'assay-keys-'));
    path = join(folder, 'deeper', 'keys.json');
    clock = new SimulatedClock(systemClock.now());
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('a key is shown once, kept as a hash in a file that only its owner reads, and verified in full', async () => {
    const store = await open();
    const { key, info } = await store.create(READ);
    assert.match(key, /^ak_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.ok(!readFileSync(path, 'utf8').includes(key.slice(16)));
    assert.deepEqual(await store.verify(key), info);
    assert.ok(!('sha256' in info));
    const last = key.at(-1) === 'A' ? 'B' : 'A';
    for (const wrong of [
      key.slice(0, -1),
      key.slice(0, -1) + last,
      `${key}A`,
      '',
      'ak_',
      `ak_${'0'.repeat(12)}`,
    ]) {
      assert.equal(await store.verify(wrong), undefined);
    }
    await store.stop();
  });

  test('a leftover of a crash neither widens the rights of the file nor stays', async () => {
    const store = await open();
    await store.create(READ);
    writeFileSync(`${path}.new`, 'half a fi');
    chmodSync(`${path}.new`, 0o644);
    await store.create(READ);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal((await store.list()).length, 2);
  });

  test('expired and revoked keys are not verified, and stay in the list', async () => {
    const store = await open();
    const short = await store.create({ ...READ, expiresAt: clock.now() + 1_000 });
    const long = await store.create(READ);
    assert.ok(await store.verify(short.key));
    await clock.advance(1_000);
    assert.equal(await store.verify(short.key), undefined);
    assert.ok((await store.revoke(long.info.id))?.revokedAt);
    assert.equal(await store.verify(long.key), undefined);
    assert.equal(await store.revoke('000000000000'), undefined);
    assert.deepEqual(
      (await store.list()).map(({ id }) => id),
      [short.info.id, long.info.id],
    );
  });

  test('two processes change one file at a time: nothing is lost, and each sees the other within a second', async () => {
    const [one, other] = [await open(), await open()];
    // Real time: who waits for the lock sleeps on the clock.
    const ticking = setInterval(() => void clock.advance(20), 1);
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? one : other).create({ ...READ, name: `key ${i}` })),
    );
    clearInterval(ticking);
    await clock.advance(1_000);
    for (const store of [one, other]) {
      assert.equal((await store.list()).length, 20);
      for (const { key } of made) assert.ok(await store.verify(key));
    }
    await one.revoke(made[0]!.info.id);
    await clock.advance(1_000);
    assert.equal(await other.verify(made[0]!.key), undefined);
  });

  test('last use is written at most once a minute', async () => {
    const store = await open();
    const { key, info } = await store.create(READ);
    const before = readFileSync(path, 'utf8');
    await store.verify(key);
    assert.equal(readFileSync(path, 'utf8'), before);
    const usedAt = clock.now();
    await store.stop();
    assert.equal((await (await open()).get(info.id))?.lastUsedAt, usedAt);
  });

  test('a file that cannot be read lets nobody in and says which it is', async () => {
    const store = await open();
    const { key } = await store.create(READ);
    for (const text of ['', '{"version":1,"keys":[{"id":"x"}]}', '{"version":2,"keys":[]}']) {
      writeFileSync(path, text);
      await clock.advance(1_000);
      await assert.rejects(store.verify(key), (error) => {
        assert.ok(isAssayError(error, 'DATA_FOLDER_UNUSABLE'));
        assert.ok(error.message.includes(path));
        return true;
      });
    }
    rmSync(path);
    await clock.advance(1_000);
    assert.equal(await store.verify(key), undefined);
  });

  test('a key needs a name, scopes that exist, and an expiry in the future', async () => {
    const store = await open();
    const bad = [
      { ...READ, name: ' ' },
      { ...READ, scopes: [] },
      { ...READ, scopes: ['everything' as Scope] },
      { ...READ, expiresAt: clock.now() },
    ];
    for (const key of bad) {
      await assert.rejects(store.create(key), (error) => isAssayError(error, 'REQUEST_INVALID'));
    }
  });
});
