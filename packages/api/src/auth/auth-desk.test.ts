// Keys, tokens, tickets and the audit log on a real ledger, each with two replicas and with those who attack
// them.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import { memoryLog } from '@assay/kernel/telemetry/log';
import { SimulatedClock, systemClock } from '@assay/kernel/time/clock';
import { createSqliteCache } from '@assay/ports/cache/sqlite';
import { createEmbeddedLedger } from '@assay/ports/ledger/embedded';
import type { Ledger } from '@assay/ports/ledger/ledger';
import { createNetworkOutbound } from '@assay/ports/outbound/network';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { AuthDesk } from './auth-desk.ts';
import { Authenticator } from './authenticator.ts';

const ISSUER = 'urn:assay:test';
const OUTSIDE = 'https://login.example';
const READ = { name: 'reader', scopes: ['prices:read'] } as const;
const bearing = (token: string): string[] => ['Authorization', `Bearer ${token}`];

describe('who may do what', () => {
  const home = mkdtempSync(join(tmpdir(), 'assay auth '));
  let ledger: Ledger;
  let clock: SimulatedClock;
  let desks: AuthDesk[];
  let doors: Authenticator[];
  let jwks: Server;
  let jwksStatus = 200;
  const outbound = createNetworkOutbound({ clock: systemClock });
  let outsideKey: Awaited<ReturnType<typeof generateKeyPair>>;

  before(async () => {
    ledger = createEmbeddedLedger({ path: join(home, 'postgres'), clock: systemClock, log: memoryLog() });
    await ledger.start();
    outsideKey = await generateKeyPair('ES256');
    const jwk = { ...(await exportJWK(outsideKey.publicKey)), kid: 'o1', alg: 'ES256' };
    jwks = createServer((_, response) => response.writeHead(jwksStatus).end(JSON.stringify({ keys: [jwk] })));
    await new Promise<void>((ready) => jwks.listen(0, '127.0.0.1', ready));
  });
  beforeEach(async () => {
    await ledger.query('DROP TABLE IF EXISTS api_keys, signing_keys, tickets, audit, assay_migrations');
    clock = new SimulatedClock(systemClock.now());
    const jwksUrl = `http://127.0.0.1:${(jwks.address() as AddressInfo).port}/`;
    const scopes = { 'read:prices': 'prices:read' } as const;
    const outside = [
      { issuer: OUTSIDE, jwksUrl, audience: 'assay', algorithms: ['ES256'], scopes, tier: 'high' as const },
    ];
    const parts = { ledger, outbound, clock, log: memoryLog() };
    const options = { ...parts, issuer: ISSUER, outside, auditKeptForMs: 86_400_000 };
    desks = [new AuthDesk(options), new AuthDesk(options)];
    await Promise.all(desks.map((desk) => desk.start()));
    doors = desks.map((desk) => new Authenticator(desk.keys, clock, desk.others));
  });
  after(async () => {
    await outbound.close();
    jwks.close();
    await ledger.stop();
    rmSync(home, { recursive: true });
  });

  const refused = (door: Authenticator, headers: string[], url?: string): Promise<void> =>
    assert.rejects(door.authenticate(headers, 'x', url), (e) => isAssayError(e, 'UNAUTHENTICATED'));

  test('of a key only the hash is kept; it is verified in full, and what is wrong, ended or old is refused', async () => {
    const { keys } = desks[0]!;
    const { key, info } = await keys.create({ ...READ, feeds: ['BTC/USD'], tier: 'high' });
    assert.match(key, /^ak_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/);
    assert.deepEqual(await desks[1]!.keys.verify(key), info);
    const rows = await ledger.query('SELECT * FROM api_keys');
    assert.ok(!JSON.stringify(rows).includes(key.slice(16)));
    const last = key.at(-1) === 'A' ? 'E' : 'A';
    for (const wrong of [
      key.slice(0, -1) + last,
      `${key}A`,
      '',
      'ak_',
      `ak_${'0'.repeat(12)}_${'a'.repeat(43)}`,
    ]) {
      assert.equal(await keys.verify(wrong), undefined);
    }
    const short = await keys.create({ ...READ, expiresAt: clock.now() + 1_000 });
    const rotated = await keys.rotate(info.id);
    assert.equal(await keys.verify(key), undefined);
    assert.deepEqual(await keys.verify(rotated!.key), info);
    await clock.advance(61_000);
    assert.equal(await keys.verify(short.key), undefined);
    assert.ok((await keys.revoke(info.id))?.revokedAt);
    assert.equal(await keys.verify(rotated!.key), undefined);
    assert.equal(await keys.rotate(info.id), undefined);
    assert.equal(await keys.revoke('000000000000'), undefined);
    await keys.stop();
    assert.deepEqual((await keys.list()).map(({ id }) => id).sort(), [info.id, short.info.id].sort());
    assert.ok((await keys.get(info.id))?.lastUsedAt);
  });

  test('a key revoked at one replica is refused at the other within five seconds, its tokens too', async () => {
    const { key, info } = await desks[0]!.keys.create(READ);
    const token = await desks[0]!.tokens.issue(info, ['prices:read']);
    for (const credential of [key, token]) await doors[1]!.authenticate(bearing(credential), 'x');
    const principal = await doors[1]!.authenticate(bearing(token), 'x');
    assert.equal(principal.kind, 'jwt');
    await desks[0]!.keys.revoke(info.id);
    await clock.advance(5_000);
    for (const credential of [key, token]) await refused(doors[1]!, bearing(credential));
    assert.equal(await doors[1]!.isStillValid(principal), false);
  });

  test('our tokens: forged, expired, for others and with more than the key may, none counts', async () => {
    const { key, info } = await desks[0]!.keys.create(READ);
    const token = await desks[0]!.tokens.issue(info, ['prices:read', 'admin']);
    const principal = await doors[1]!.authenticate(bearing(token), 'x');
    assert.deepEqual([principal.id, principal.scopes], [info.id, ['prices:read']]);
    const [header, payload, signature] = token.split('.') as [string, string, string];
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
    const [publicKey] = await desks[0]!.tokens.publicKeys();
    assert.ok(!('d' in publicKey!), 'the private part is not published');
    const hmac = `${encode({ alg: 'HS256', kid: publicKey!.kid })}.${payload}`;
    const stranger = await generateKeyPair('ES256');
    const sign = (change: object, key = stranger.privateKey): Promise<string> =>
      new SignJWT({ ...claims, ...change })
        .setProtectedHeader({ alg: 'ES256', kid: publicKey!.kid! })
        .sign(key);
    for (const forged of [
      `${encode({ alg: 'none' })}.${payload}.`,
      `${encode({ alg: 'none', kid: publicKey!.kid })}.${payload}.${signature}`,
      `${hmac}.${createHmac('sha256', JSON.stringify(publicKey)).update(hmac).digest('base64url')}`,
      `${header}.${encode({ ...claims, scope: 'admin' })}.${signature}`,
      await sign({}),
      `${header}.${payload}.`,
      `${header}.${payload}`,
      'not.a.token',
    ]) {
      await refused(doors[1]!, bearing(forged));
    }
    await clock.advance(3_599_000);
    assert.ok(await doors[1]!.authenticate(bearing(key), 'y'));
    await clock.advance(7_000);
    await refused(doors[1]!, bearing(token));
  });

  test('an outside issuer: its mapping, and every wrong token refused', async () => {
    const nowS = Math.floor(clock.now() / 1_000);
    const good = { iss: OUTSIDE, aud: 'assay', sub: 'alice', exp: nowS + 60, scope: 'read:prices admin' };
    const sign = (claims: Record<string, unknown>, key = outsideKey.privateKey, alg = 'ES256') =>
      new SignJWT(claims).setProtectedHeader({ alg, kid: 'o1' }).sign(key);
    const principal = await doors[0]!.authenticate(bearing(await sign(good)), 'x');
    const { scopes, tier, id } = principal;
    assert.deepEqual({ scopes, tier, id }, { scopes: ['prices:read'], tier: 'high', id: `${OUTSIDE}#alice` });
    const other = await generateKeyPair('ES256');
    const { exp: _, ...endless } = good;
    const hmac = await new SignJWT(good).setProtectedHeader({ alg: 'HS256' }).sign(new Uint8Array(32));
    for (const wrong of [
      await sign({ ...good, exp: nowS - 60 }),
      await sign({ ...good, iss: 'https://evil.example' }),
      await sign({ ...good, iss: ISSUER, aud: ISSUER }),
      await sign({ ...good, aud: 'somebody else' }),
      await sign({ ...good, nbf: nowS + 600 }),
      await sign(endless),
      await sign(good, other.privateKey),
      hmac,
    ]) {
      await refused(doors[0]!, bearing(wrong));
    }
    await clock.advance(70_000);
    assert.equal(await doors[0]!.isStillValid(principal), false);
  });

  test('while the keys of an issuer cannot be had its tokens wait, nobody is taken for a guesser, and it is asked rarely', async () => {
    const exp = Math.floor(clock.now() / 1_000) + 600;
    const claims = { iss: OUTSIDE, aud: 'assay', sub: 'alice', exp, scope: 'read:prices' };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: 'o1' })
      .sign(outsideKey.privateKey);
    let asked = 0;
    jwks.on('request', () => asked++);
    jwksStatus = 500;
    for (let i = 0; i < 40; i++) {
      await assert.rejects(doors[0]!.authenticate(bearing(token), 'x'), (e) => {
        return isAssayError(e, 'ISSUER_UNAVAILABLE') && e.isTransient && !e.message.includes('login');
      });
    }
    assert.equal(asked, 1);
    jwksStatus = 200;
    await clock.advance(5_000);
    assert.ok(await doors[0]!.authenticate(bearing(token), 'x'));
  });

  test('guesses at all replicas count together', async () => {
    const cache = createSqliteCache({ path: join(home, 'cache.sqlite'), clock });
    await cache.start();
    const shared = desks.map((desk) => new Authenticator(desk.keys, clock, { ...desk.others, cache }));
    const guess = async (door: number, address: string): Promise<string> => {
      const ended = shared[door]!.authenticate(bearing('ak_0123456789ab_guess'), address);
      const code = await ended.catch((error: { code: string }) => error.code);
      await new Promise((next) => setTimeout(next, 2));
      return String(code);
    };
    for (let i = 0; i < 30; i++) assert.equal(await guess(0, '2001:db8:0:1::7'), 'UNAUTHENTICATED');
    // The other replica learns of them with its first, and a network of one subscriber counts as one.
    assert.equal(await guess(1, '2001:db8:0:1::8'), 'UNAUTHENTICATED');
    assert.equal(await guess(1, '2001:db8::1:ffff:0:0:9'), 'TOO_MANY_REQUESTS');
    assert.equal(await guess(1, '2001:db8:0:2::7'), 'UNAUTHENTICATED');
    await cache.stop();
  });

  test('signing keys are renewed by one replica, and the old ones stay until their tokens have ended', async () => {
    const { info } = await desks[0]!.keys.create(READ);
    assert.equal((await desks[1]!.tokens.publicKeys()).length, 1);
    // A month without their timers.
    await Promise.all(desks.map((desk) => desk.stop()));
    await clock.advance(30 * 86_400_000 - 60_000);
    const token = await desks[0]!.tokens.issue(info, ['prices:read']);
    await clock.advance(120_000);
    await Promise.all(desks.map((desk) => desk.tidyUp()));
    assert.equal((await desks[1]!.tokens.publicKeys()).length, 2);
    assert.ok(await doors[1]!.authenticate(bearing(token), 'x'));
    await clock.advance(30 * 86_400_000 + 3_600_000);
    await desks[0]!.tidyUp();
    assert.equal((await desks[0]!.tokens.publicKeys()).length, 2);
  });

  test('a ticket opens one stream, at one replica, within a minute, while its key counts', async () => {
    const { key, info } = await desks[0]!.keys.create(READ);
    const principal = await doors[0]!.authenticate(bearing(key), 'x');
    const issue = async (): Promise<string> => {
      const { ticket } = await desks[0]!.tickets.issue(principal);
      return `/v1/stream?feeds=BTC/USD&ticket=${ticket}`;
    };
    const url = await issue();
    const ends = await Promise.allSettled(doors.map((door) => door.authenticate([], 'x', url)));
    assert.equal(ends.filter(({ status }) => status === 'fulfilled').length, 1);
    const late = await issue();
    const revoked = await issue();
    await refused(doors[0]!, [], '/v1/stream?ticket=guess');
    await clock.advance(59_000);
    await desks[0]!.keys.revoke(info.id);
    await refused(doors[0]!, [], revoked);
    await clock.advance(2_000);
    await refused(doors[0]!, [], late);
    await desks[0]!.tidyUp();
    assert.deepEqual(await ledger.query('SELECT * FROM tickets'), []);
  });

  test('the audit log adds up reads, keeps single records, is read in pages and forgets what is old', async () => {
    const { audit } = desks[0]!;
    const who = { id: 'k1', name: 'one', scopes: [], tier: 'standard', kind: 'key' } as const;
    for (let i = 0; i < 500; i++) audit.count(who, 'GET /v1/prices', 200, clock.now());
    audit.count(who, 'GET /v1/prices', 403, clock.now());
    for (let i = 0; i < 5; i++) {
      audit.record({ who, action: 'POST /v1/submissions', result: '202', detail: { i, text: 'a\u0000b' } });
    }
    await clock.advance(120_000);
    await audit.flush();
    const reads = await audit.list({ action: 'GET /v1/prices', limit: 10 });
    assert.deepEqual(reads.rows.map(({ result, count }) => [result, count]).sort(), [
      ['200', 500],
      ['403', 1],
    ]);
    const first = await audit.list({ who: 'k1', limit: 4 });
    const rest = await audit.list({ who: 'k1', limit: 10, before: first.next! });
    assert.deepEqual([first.rows.length, rest.rows.length, rest.next], [4, 3, undefined]);
    await assert.rejects(audit.list({ limit: 1, before: "1'; --" }), (e) =>
      isAssayError(e, 'REQUEST_INVALID'),
    );
    await clock.advance(86_400_000);
    await desks[1]!.tidyUp();
    assert.deepEqual((await audit.list({ limit: 10 })).rows, []);
    await audit.stop();
  });

  test('while the ledger is away, who was known a moment ago is served, a stranger is not', async () => {
    const { key } = await desks[0]!.keys.create(READ);
    const away = createEmbeddedLedger({ path: home, clock, log: memoryLog() });
    let isAway = false;
    const keys = Object.assign(Object.create(desks[0]!.keys), {
      verify: (text: string) => (isAway ? away.query('SELECT 1') : desks[0]!.keys.verify(text)),
    }) as (typeof desks)[0]['keys'];
    const door = new Authenticator(keys, clock);
    await door.authenticate(bearing(key), 'x');
    isAway = true;
    await clock.advance(3_000);
    assert.ok(await door.authenticate(bearing(key), 'x'));
    const isAwayError = (e: unknown): boolean => isAssayError(e, 'LEDGER_UNAVAILABLE');
    await assert.rejects(door.authenticate(bearing(`${key}x`), 'x'), isAwayError);
    await clock.advance(2_000);
    await assert.rejects(door.authenticate(bearing(key), 'x'), isAwayError);
  });
});
