import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import { SimulatedClock } from '@assay/kernel/time/clock';
import { Authenticator, keyInHeaders } from './authenticator.ts';
import type { KeyInfo, KeyStore } from './key-store.ts';

const KEY = `ak_0123456789ab_${'k'.repeat(43)}`;
const INFO: KeyInfo = {
  id: '0123456789ab',
  name: 'reader',
  scopes: ['prices:read'],
  tier: 'standard',
  createdAt: 0,
};

function storeOf(valid: Set<string>): KeyStore & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    verify: async (key) => {
      asked.push(key);
      return valid.has(key) ? INFO : undefined;
    },
    create: () => Promise.reject(new TypeError('not here')),
    list: async () => [INFO],
    get: async () => INFO,
    rotate: async () => undefined,
    revoke: async () => INFO,
    start: async () => undefined,
    stop: async () => undefined,
  };
}

const bearing = (key: string): string[] => ['Host', 'x', 'X-API-Key', key];

test('a verified key is recognised for two seconds without asking the store, and then asked again', async () => {
  const clock = new SimulatedClock(1_000_000);
  const valid = new Set([KEY]);
  const store = storeOf(valid);
  const authenticator = new Authenticator(store, clock);
  assert.equal(authenticator.recent(KEY, clock.now()), undefined);
  const principal = await authenticator.authenticate(bearing(KEY), 'a');
  for (const afterMs of [0, 1_999]) assert.equal(authenticator.recent(KEY, clock.now() + afterMs), principal);
  assert.equal(authenticator.recent(KEY, clock.now() + 2_000), undefined);
  assert.equal(
    authenticator.recent(KEY, clock.now() - 1),
    undefined,
    'a clock that jumped back proves nothing',
  );
  for (const other of [`${KEY.slice(0, -1)}x`, `${KEY}k`, KEY.slice(0, 16), '']) {
    assert.equal(authenticator.recent(other, clock.now()), undefined);
  }
  await authenticator.authenticate(bearing(KEY), 'a');
  assert.equal(store.asked.length, 1);
  valid.clear();
  await clock.advance(2_000);
  await assert.rejects(authenticator.authenticate(bearing(KEY), 'a'), (e) =>
    isAssayError(e, 'UNAUTHENTICATED'),
  );
});

test('who guesses is refused unheard for the rest of the minute, known keys at that address are not', async () => {
  const clock = new SimulatedClock(1_000_000);
  const store = storeOf(new Set([KEY]));
  const authenticator = new Authenticator(store, clock);
  await authenticator.authenticate(bearing(KEY), 'a');
  const guess = (i: number, address: string): Promise<unknown> =>
    authenticator.authenticate(bearing(`ak_0123456789ab_${String(i).padStart(43, 'g')}`), address).then(
      () => 'let in',
      (error) => error.code,
    );
  for (let i = 0; i < 30; i++) assert.equal(await guess(i, 'a'), 'UNAUTHENTICATED');
  assert.equal(await guess(30, 'a'), 'TOO_MANY_REQUESTS');
  assert.equal(store.asked.length, 31);
  assert.equal(await guess(31, 'b'), 'UNAUTHENTICATED');
  await clock.advance(3_000);
  assert.ok(await authenticator.authenticate(bearing(KEY), 'a'));
  await clock.advance(57_000);
  assert.equal(await guess(32, 'a'), 'UNAUTHENTICATED');
});

test('a key is found in either header, in any case of its name', () => {
  assert.equal(keyInHeaders(['x-api-key', 'k']), 'k');
  assert.equal(keyInHeaders(['X-Api-KEY', 'k', 'Authorization', 'Bearer j']), 'k');
  assert.equal(keyInHeaders(['AUTHORIZATION', 'bearer  j ']), 'j');
  assert.equal(keyInHeaders(['Authorization', 'Basic j']), undefined);
  assert.equal(keyInHeaders([]), undefined);
});
