// An address that does not answer passes its turn, for polls and for streams; a limit or a refusal never
// does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssayError } from '@assay/kernel/errors/assay-error';
import { plainSource } from './scripted-venue.ts';
import { scriptedWorld } from './scripted-world.ts';

const hostOf = (url: string): string => new URL(url).host;

test('an address without an answer passes its turn, one that works keeps it, and the round comes back', async () => {
  const source = plainSource('alpha', { stream: null });
  const rest = source.endpoints.rest!;
  const { clock, outbound, service, status, body, lines } = scriptedWorld([
    { source, fallbacks: { rest: ['https://b.example/x', 'https://c.example'] } },
  ]);
  const first = hostOf(rest);
  let dead = new Set([first, 'b.example']);
  const asked: string[] = [];
  outbound.answer = ({ url }) => {
    const host = hostOf(url);
    if (asked.at(-1) !== host) asked.push(host);
    if (host === 'b.example') assert.match(url, /^https:\/\/b\.example\/x\/prices$/);
    if (!dead.has(host)) return { body: body('1') };
    if (host === 'b.example') return { status: 502, body: 'bad gateway' };
    return new AssayError('OUTBOUND_FAILED', 'no', { context: { reason: 'refused' } });
  };
  await service.start();
  await clock.advance(30_000);
  assert.deepEqual(asked, [first, 'b.example', 'c.example']);
  assert.equal(status().state, 'live');
  assert.ok(lines.some(({ fields }) => fields.address === 'c.example'));
  dead = new Set(['c.example']);
  outbound.answer = ({ url }) => {
    const host = hostOf(url);
    if (asked.at(-1) !== host) asked.push(host);
    return dead.has(host) ? { status: 500, body: '' } : { body: body('1') };
  };
  await clock.advance(30_000);
  assert.equal(asked.at(-1), first);
  await service.stop();
});

test('a venue that says wait is not asked at another address', async () => {
  const source = plainSource('alpha', { stream: null });
  const { clock, outbound, service, status } = scriptedWorld([
    { source, fallbacks: { rest: ['https://b.example'] } },
  ]);
  const asked: string[] = [];
  outbound.answer = ({ url }) => {
    asked.push(hostOf(url));
    return { status: 429, headers: { 'retry-after': '5' }, body: '' };
  };
  await service.start();
  await clock.advance(20_000);
  assert.equal(status().state, 'rate-limited');
  assert.deepEqual(new Set(asked), new Set([hostOf(source.endpoints.rest!)]));
  await service.stop();
});

test('a stream that cannot be opened is opened at the next address', async () => {
  const source = plainSource('alpha', { http: null });
  const { clock, outbound, service } = scriptedWorld([
    { source, fallbacks: { stream: ['wss://b.example'] } },
  ]);
  outbound.opening = () => (outbound.sockets.length < 2 ? { code: 1006, text: 'refused: no' } : 'opens');
  await service.start();
  await clock.advance(10_000);
  const hosts = outbound.sockets.map(({ url }) => hostOf(url));
  assert.deepEqual(hosts.slice(0, 2), [hostOf(source.endpoints.stream!), 'b.example']);
  await service.stop();
});
