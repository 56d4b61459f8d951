// Webhooks over HTTP and to a receiver: fired once, signed, tried again, never to a private address.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { Ledger } from '@assay/ports/ledger/ledger';
import { answerOf } from '../../../../test/api-rig.ts';
import { type DeskRig, startTestLedger, withDesks } from '../../../../test/desk-rig.ts';

let ledger: Ledger;
let end: () => Promise<void>;

before(async () => {
  ({ ledger, end } = await startTestLedger());
});
after(() => end());

const withRig = (body: (rig: DeskRig) => Promise<void>, more = {}): Promise<void> =>
  withDesks(ledger, body, more);

describe('webhooks', () => {
  test('a crossing is sent once, signed; a receiver that refuses is tried again and ends as dead', () =>
    withRig(async (rig) => {
      const got: { headers: Record<string, unknown>; body: string }[] = [];
      let status = 204;
      const receiver = createServer((request, response) => {
        let body = '';
        request.on('data', (chunk) => (body += chunk));
        request.on('end', () => {
          got.push({ headers: request.headers, body });
          response.writeHead(status).end();
        });
      }).listen(0, '127.0.0.1');
      await new Promise((next) => receiver.once('listening', next));
      const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
      try {
        const { post, key } = await rig.client(['prices:read']);
        const condition = { type: 'price-crosses', feed: 'BTC/USD', price: '110', direction: 'above' };
        const made = await post('/v1/webhooks', { url, condition }, { 'idempotency-key': 'w' });
        const again = await post('/v1/webhooks', { url, condition }, { 'idempotency-key': 'w' });
        assert.equal(made.status, 201);
        assert.equal(made.text, again.text);
        const { id, secret } = made.json() as unknown as { id: string; secret: string };
        const shown = await rig.get(`/v1/webhooks/${id}`, { 'x-api-key': key });
        assert.doesNotMatch(shown.text, /whsec_/);
        for (const price of ['109.99', '110.00', '111.00']) {
          await rig.answer(answerOf('BTC/USD', price, rig.clock.now()));
        }
        for (let i = 0; i < 40 && got.length === 0; i++) await rig.settle(1_000);
        assert.equal(got.length, 1);
        const { headers, body } = got[0]!;
        const signed = createHmac('sha256', Buffer.from(secret.slice(6), 'base64'))
          .update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`)
          .digest('base64');
        assert.equal(headers['webhook-signature'], `v1,${signed}`);
        assert.equal(JSON.parse(body).what, 'BTC/USD is above 110: 110.00');
        status = 410;
        await rig.answer(answerOf('BTC/USD', '100.00', rig.clock.now()));
        await rig.answer(answerOf('BTC/USD', '120.00', rig.clock.now()));
        for (let i = 0; i < 40 && got.length === 1; i++) await rig.settle(1_000);
        await rig.settle();
        const log = await rig.get(`/v1/webhooks/${id}/deliveries`, { 'x-api-key': key });
        const states = (log.json() as unknown as { state: string; lastResult: string }[]).map((d) => d.state);
        assert.deepEqual(states.sort(), ['dead', 'delivered']);
      } finally {
        receiver.close();
        receiver.closeAllConnections();
      }
    }));

  test('outside the sandbox nothing is sent to this machine or its network', () =>
    withRig(
      async (rig) => {
        const { post } = await rig.client(['prices:read']);
        const condition = { type: 'state-changes', feed: 'BTC/USD' };
        const hosts = [
          '127.0.0.1',
          '10.1.2.3',
          '169.254.169.254',
          '[::1]',
          '[::ffff:10.0.0.1]',
          'localhost',
          '0x7f.1',
        ];
        for (const url of [
          ...hosts.map((host) => `https://${host}/`),
          'http://example.com/',
          'ftp://example.com/',
        ]) {
          const answer = await post('/v1/webhooks', { url, condition });
          assert.deepEqual([answer.status, answer.json().code], [400, 'REQUEST_INVALID'], url);
        }
      },
      { allowPrivateWebhooks: false },
    ));
});
