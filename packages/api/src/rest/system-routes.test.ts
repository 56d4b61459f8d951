// The installation over HTTP: its processes, its log, the others, asked over a real network.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '@assay/kernel/time/clock';
import { createMemoryCache } from '@assay/ports/cache/memory';
import { createNetworkOutbound } from '@assay/ports/outbound/network';
import { ApiRig } from '../../../../test/api-rig.ts';
import { type Environment, EnvironmentWatch } from '../assets/environments.ts';
import { announceProcess, type ProcessFacts, type SeenProcess } from '../assets/presence.ts';

const FACTS: ProcessFacts = {
  id: 'host:1',
  host: 'host',
  pid: 1,
  version: '1.2.3',
  services: ['api'],
  startedAt: '2026-01-01T00:00:00.000Z',
  memoryBytes: 1,
  eventLoopP99Ms: 2,
  cpuShare: 0.5,
  readLag: { ms: 12, topic: 'answers' },
};

describe('the installation over HTTP', () => {
  const cache = createMemoryCache({ clock: systemClock });
  const rig = new ApiRig({
    cache,
    system: {
      version: '1.2.3',
      name: 'node7',
      environments: [],
      recentLog: () => [
        { id: 0, at: 1, level: 'info', message: 'started', fields: {} },
        { id: 1, at: 2, level: 'warn', message: 'slow', fields: { source: 'kraken' } },
      ],
    },
  });
  let admin: Record<string, string>;
  before(async () => {
    await rig.start();
    admin = { 'x-api-key': (await rig.keys.create({ name: 'admin', scopes: ['admin'] })).key };
  });
  after(() => rig.stop());

  test('processes that speak are running, those that stopped are gone since their last word', async () => {
    await announceProcess(cache, FACTS, rig.clock.now());
    await announceProcess(
      cache,
      { ...FACTS, id: 'host:2', pid: 2, services: ['adapters'] },
      rig.clock.now() - 60_000,
    );
    const got = await rig.get('/v1/services', admin);
    assert.equal(got.status, 200, got.text);
    assert.deepEqual(
      (got.json() as unknown as SeenProcess[]).map(({ pid, state, services }) => [pid, state, services[0]]),
      [
        [1, 'running', 'api'],
        [2, 'gone', 'adapters'],
      ],
    );
    assert.equal((await rig.get('/v1/services')).status, 403, 'not for every key');
  });

  test('the log is read by level, newest first', async () => {
    const messages = async (query: string) =>
      ((await rig.get(`/v1/logs${query}`, admin)).json() as unknown as { message: string }[]).map(
        ({ message }) => message,
      );
    assert.deepEqual(await messages(''), ['slow', 'started']);
    assert.deepEqual(await messages('?level=warn'), ['slow']);
    assert.equal((await rig.get('/v1/logs?level=loud', admin)).status, 400);
  });

  test('this installation is always among the environments, with its version', async () => {
    const [own] = (await rig.get('/v1/environments', admin)).json() as unknown as Environment[];
    assert.deepEqual([own?.isThis, own?.name, own?.version], [true, 'node7', '1.2.3']);
  });
});

describe('other installations', () => {
  const outbound = createNetworkOutbound({ clock: systemClock });
  const servers: Server[] = [];
  after(async () => {
    await outbound.close();
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function answering(status: number, body: string | undefined): Promise<string> {
    const server = createServer((_, response) => {
      if (body !== undefined) response.writeHead(status).end(body);
    });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test('each is described by what it does: answers, hangs, refuses, lies, is not there', {
    timeout: 20_000,
  }, async () => {
    const feeds = { configured: 14, fresh: 13 };
    const told = { isReady: true, reason: 'fine', feeds, version: '9.9.9', profile: 'live', newestAgeMs: 5 };
    const gone = await answering(200, '');
    servers.pop()!.close();
    const addresses = [
      { name: 'answers', url: await answering(200, JSON.stringify(told)) },
      { name: 'hangs', url: await answering(200, undefined) },
      { name: 'refuses', url: await answering(401, '{}') },
      { name: 'lies', url: await answering(200, '{"hello":"<script>"}') },
      { name: 'page', url: await answering(200, '<html>') },
      { name: 'gone', url: gone },
    ];
    const watch = new EnvironmentWatch({ outbound, clock: systemClock, addresses });
    const [first, second] = await Promise.all([watch.all(), watch.all()]);
    assert.equal(first, second, 'one round for both');
    assert.deepEqual(
      first.map(({ name, state, version, feedsFresh }) => [name, state, version, feedsFresh]),
      [
        ['answers', 'ready', '9.9.9', 13],
        ['hangs', 'unreachable', null, null],
        ['refuses', 'refused', null, null],
        ['lies', 'unreachable', null, null],
        ['page', 'unreachable', null, null],
        ['gone', 'unreachable', null, null],
      ],
    );
    assert.match(first[3]!.detail, /is no status/);
    const again = await watch.all();
    assert.equal(again[0]!.askedAt, first[0]!.askedAt, 'not asked again within ten seconds');
  });
});
