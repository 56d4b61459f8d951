// Keys, tokens, tickets and the audit log over HTTP, as administrators, clients and strangers meet them.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { memoryLog } from '@assay/kernel/telemetry/log';
import { systemClock } from '@assay/kernel/time/clock';
import { createMemoryCache } from '@assay/ports/cache/memory';
import { createEmbeddedLedger } from '@assay/ports/ledger/embedded';
import { createRecordedOutbound } from '@assay/ports/outbound/recorded';
import { ApiRig } from '../../../../test/api-rig.ts';
import { AuthDesk } from '../auth/auth-desk.ts';
import { RateLimiter } from '../limits/rate-limiter.ts';

type Body = Record<string, unknown>;

describe('keys, tokens, tickets and the audit log over HTTP', () => {
  const home = mkdtempSync(join(tmpdir(), 'assay auth routes '));
  const ledger = createEmbeddedLedger({ path: home, clock: systemClock, log: memoryLog() });
  let rig: ApiRig;
  let desk: AuthDesk;
  let admin: string;
  const ask = async (method: string, path: string, key?: string, body?: unknown, headers: Body = {}) => {
    const type = typeof body === 'string' ? 'application/x-www-form-urlencoded' : 'application/json';
    const response = await fetch(`${rig.api().addresses().api}${path}`, {
      method,
      headers: {
        ...(key === undefined ? {} : { 'x-api-key': key }),
        ...(body === undefined ? {} : { 'content-type': type }),
        ...(headers as Record<string, string>),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: JSON.parse(text || '{}') as Body,
    };
  };

  before(async () => {
    await ledger.start();
    const outbound = createRecordedOutbound({ clock: systemClock });
    const options = { ledger, outbound, clock: systemClock, log: memoryLog(), issuer: 'urn:assay:test' };
    desk = new AuthDesk({ ...options, outside: [], auditKeptForMs: 86_400_000 });
    await desk.start();
    admin = (await desk.keys.create({ name: 'admin', scopes: ['admin', 'prices:read'], tier: 'high' })).key;
    const tiers = {
      standard: { requestsPerMinute: 40, requestsPerDay: 1_000 },
      high: { requestsPerMinute: 10_000, requestsPerDay: 100_000 },
    };
    const limiter = new RateLimiter({
      cache: createMemoryCache({ clock: systemClock }),
      clock: systemClock,
      tiers,
    });
    rig = new ApiRig({ keys: desk.keys, auth: desk, limiter, clock: systemClock });
    await rig.start();
  });
  after(async () => {
    await rig.stop();
    await desk.stop();
    await ledger.stop();
    rmSync(home, { recursive: true });
  });

  test('an administrator makes, lists, rotates and revokes keys; nobody else does', async () => {
    const made = await ask('POST', '/v1/keys', admin, { name: 'bot', feeds: ['BTC/USD'] });
    assert.equal(made.status, 201);
    const { key, id } = made.body as { key: string; id: string };
    assert.deepEqual([made.body.scopes, made.body.tier], [['prices:read'], 'standard']);
    for (const [method, path] of [
      ['GET', '/v1/keys'],
      ['POST', '/v1/keys'],
      ['DELETE', `/v1/keys/${id}`],
      ['GET', '/v1/audit'],
    ] as const) {
      assert.equal((await ask(method, path, key)).status, 403, path);
      const stranger = await ask(method, path);
      assert.equal(stranger.status, 401);
      assert.equal(stranger.text, (await ask('GET', '/no/such/address')).text, 'a stranger learns nothing');
    }
    const list = await ask('GET', '/v1/keys', admin);
    assert.ok(list.text.includes(id) && !list.text.includes(key.slice(16)));
    const rotated = (await ask('POST', `/v1/keys/${id}/rotate`, admin)).body as { key: string };
    assert.equal((await ask('GET', '/v1/feeds', rotated.key)).status, 200);
    assert.equal((await ask('DELETE', `/v1/keys/${id}`, admin)).status, 200);
    assert.equal((await ask('POST', `/v1/keys/${id}/rotate`, admin)).status, 404);
    const mistakes: [object, string, RegExp][] = [
      [{}, 'name', /^name is missing: give 1 to 100 characters/],
      [{ name: '' }, 'name', /give 1 to 100 characters/],
      [{ name: 'x', scopes: [] }, 'scopes', /give one or more of prices:read/],
      [{ name: 'x', scopes: ['root'] }, 'scopes.0', /give one or more of prices:read/],
      [{ name: 'x', feeds: [] }, 'feeds', /or leave it out for all/],
      [{ name: 'x', tier: 'low' }, 'tier', /give one of standard, high/],
      [{ name: 'x', expiresAt: 'soon' }, 'expiresAt', /give ISO 8601/],
      [{ name: 'x', expiresAt: '2001-01-01T00:00:00Z' }, 'expiresAt', /an instant in the future/],
      [{ name: 'x', admin: true }, 'admin', /there is no such field/],
    ];
    for (const [bad, field, fix] of mistakes) {
      const answer = await ask('POST', '/v1/keys', admin, bad);
      assert.deepEqual([answer.status, answer.body.code, answer.body.field], [400, 'REQUEST_INVALID', field]);
      assert.match(String(answer.body.detail), fix);
    }
    const unknown = await ask('POST', '/v1/keys', admin, { name: 'x', feeds: ['BTX/USD'] });
    assert.deepEqual([unknown.status, unknown.body.code], [404, 'NOT_FOUND']);
    assert.match(unknown.text, /BTC\/USD/, 'near names');
    const used = (await ask('GET', '/v1/keys', admin)).body as unknown as {
      name: string;
      lastUsedAt: string | null;
    }[];
    const own = used.find(({ name }) => name === 'admin');
    assert.ok(Date.now() - Date.parse(own!.lastUsedAt!) < 60_000, 'before it is written down');
  });

  test('OAuth client credentials, in both ways of RFC 6749, never for more than the key may', async () => {
    const { key, info } = await desk.keys.create({
      name: 'client',
      scopes: ['prices:read', 'prices:submit'],
    });
    const secret = key.slice(16);
    const form = `grant_type=client_credentials&client_id=${info.id}&client_secret=${secret}`;
    const basic = { authorization: `Basic ${Buffer.from(`ak_${info.id}:${secret}`).toString('base64')}` };
    for (const answer of [
      await ask('POST', '/oauth/token', undefined, `${form}&scope=prices:read`),
      await ask('POST', '/oauth/token', undefined, 'grant_type=client_credentials&scope=prices:read', basic),
    ]) {
      assert.equal(answer.status, 200);
      assert.deepEqual([answer.body.token_type, answer.body.scope], ['Bearer', 'prices:read']);
      assert.equal(answer.headers.get('cache-control'), 'no-store');
      const headers = { authorization: `Bearer ${answer.body.access_token}` };
      assert.equal((await ask('GET', '/v1/feeds', undefined, undefined, headers)).status, 200);
      assert.equal((await ask('GET', '/v1/keys', undefined, undefined, headers)).status, 403);
    }
    const refusals: [string, number, string][] = [
      [`${form}&scope=admin`, 400, 'invalid_scope'],
      [form.replace('client_credentials', 'password'), 400, 'unsupported_grant_type'],
      [form.replace(secret, 'x'.repeat(43)), 401, 'invalid_client'],
      [form.replace(info.id, '0'.repeat(12)), 401, 'invalid_client'],
      ['grant_type=client_credentials', 401, 'invalid_client'],
    ];
    for (const [body, status, error] of refusals) {
      const answer = await ask('POST', '/oauth/token', undefined, body);
      assert.deepEqual([answer.status, answer.body], [status, { error }]);
    }
    const jwks = await ask('GET', '/.well-known/jwks.json');
    assert.deepEqual(
      (jwks.body.keys as Body[]).map(({ alg, d }) => [alg, d]),
      [['ES256', undefined]],
    );
  });

  test('a ticket opens a stream, and nothing but a stream', async () => {
    const made = await ask('POST', '/v1/tickets', admin);
    assert.equal(made.status, 201);
    assert.equal((await ask('GET', `/v1/prices?ticket=${made.body.ticket}`)).status, 401);
    const stream = await fetch(`${rig.api().addresses().api}/v1/stream?ticket=${made.body.ticket}`);
    assert.equal(stream.status, 200);
    await stream.body!.cancel();
  });

  test('limits are told with every answer, and beyond them with the time to wait', async () => {
    const { key } = await desk.keys.create({ name: 'eager', scopes: ['prices:read'] });
    const first = await ask('GET', '/v1/feeds', key);
    assert.equal(first.headers.get('ratelimit-limit'), '40');
    assert.equal(first.headers.get('ratelimit-remaining'), '39');
    assert.ok(Number(first.headers.get('ratelimit-reset')) <= 60);
    let last = first;
    // A minute may end on the way: then forty more.
    for (let i = 0; i < 90 && last.status === 200; i++) last = await ask('GET', '/v1/feeds', key);
    assert.deepEqual([last.status, last.body.code], [429, 'TOO_MANY_REQUESTS']);
    assert.ok(Number(last.headers.get('retry-after')) >= 1);
    assert.equal((await ask('GET', '/v1/feeds', admin)).status, 200, 'others are not held up');
  });

  test('what was done is in the audit log, page by page', async () => {
    await desk.audit.flush(true);
    const page = await ask('GET', '/v1/audit?limit=3', admin);
    const records = page.body.records as Body[];
    assert.equal(records.length, 3);
    const next = await ask('GET', `/v1/audit?limit=1000&cursor=${String(page.body.nextCursor)}`, admin);
    const all = [...records, ...(next.body.records as Body[])];
    const actions = new Set(all.map(({ action, result }) => `${String(action)} ${String(result)}`));
    for (const wanted of [
      'keys.create ok',
      'tokens.issue ok',
      'GET /v1/stream opened',
      'GET /v1/feeds 200',
    ]) {
      assert.ok(actions.has(wanted), wanted);
    }
    const text = JSON.stringify(all);
    assert.ok(!/ak_[0-9a-f]{12}_|eyJ|ticket=[A-Za-z0-9]/.test(text), 'no secret is in it');
    assert.equal((await ask('GET', '/v1/audit?cursor=x', admin)).status, 400);
  });
});
