// A key does one thing once: the same answer again, another body refused, a failed or abandoned request tried
// anew, all of it forgotten after a day. On a real ledger.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import type { Ledger } from '@assay/ports/ledger/ledger';
import { startTestLedger } from '../../../../test/desk-rig.ts';
import { Idempotency } from './idempotency.ts';
import { defineRoute, json, noQuery, type Reply, type RouteRequest } from './route.ts';

let ledger: Ledger;
let end: () => Promise<void>;
before(async () => {
  ({ ledger, end } = await startTestLedger());
});
after(() => end());

test('a key does one thing once, and may be used again when that failed, died or is a day old', async () => {
  const idempotency = new Idempotency(ledger);
  await idempotency.prepare();
  let done = 0;
  let work: () => Promise<void> = async () => undefined;
  const { handle } = idempotency.wrap(
    defineRoute({
      method: 'POST',
      path: '/v1/things',
      scope: 'prices:read',
      describe: '',
      query: noQuery,
      answer: { status: 201 },
      async handle() {
        await work();
        return { ...json({ number: ++done }), status: 201 };
      },
    }),
  );
  let nowMs = Date.UTC(2026, 0, 1);
  const ask = async (key: string, text: string, who = 'a'): Promise<string> => {
    const request = { principal: { id: who }, path: {}, headers: { 'idempotency-key': key }, text, nowMs };
    try {
      const reply = (await handle(request as unknown as RouteRequest<unknown, unknown>)) as Reply;
      return `${reply.body} ${reply.headers?.['idempotency-replayed'] ?? 'new'}`;
    } catch (error) {
      return isAssayError(error) ? error.code : String(error);
    }
  };
  assert.equal(await ask('k', 'body'), '{"number":1} new');
  assert.equal(await ask('k', 'body'), '{"number":1} true');
  assert.equal(await ask('k', 'other'), 'IDEMPOTENCY_KEY_REUSED');
  assert.equal(await ask('k', 'body', 'b'), '{"number":2} new');
  const fail = Promise.withResolvers<void>();
  work = () => fail.promise;
  const both = [ask('f', 'body'), ask('f', 'body')];
  assert.equal(await Promise.race(both), 'LEDGER_CONFLICT');
  fail.reject(new TypeError('broken'));
  assert.deepEqual((await Promise.all(both)).sort(), ['LEDGER_CONFLICT', 'TypeError: broken']);
  work = async () => undefined;
  assert.equal(await ask('f', 'body'), '{"number":3} new');
  // The process died in the middle: nobody will write the answer.
  const begun = Promise.withResolvers<void>();
  work = () => {
    begun.resolve();
    return new Promise(() => undefined);
  };
  void ask('d', 'body');
  await begun.promise;
  work = async () => undefined;
  assert.equal(await ask('d', 'body'), 'LEDGER_CONFLICT');
  nowMs += 61_000;
  assert.equal(await ask('d', 'body'), '{"number":4} new');
  nowMs += 86_400_001;
  assert.equal(await ask('k', 'other'), '{"number":5} new');
  assert.deepEqual(await ledger.query('SELECT key FROM idempotency'), [{ key: 'k' }]);
});
