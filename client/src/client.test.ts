// The client against a server of a few lines: what it sends, what it does with answers that are late, broken,
// refused or interrupted.
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, test } from 'node:test';
import { AssayClient } from './client.ts';
import { ClientError } from './client-error.ts';
import { EventStreamParser } from './event-stream.ts';
import { parseExact, writePriceUsd } from './exact-json.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

test('decimals keep every digit in both directions', async () => {
  const digits = '67012.208109000000000000000001';
  const seen: string[] = [];
  const assay = await clientOf((_, response, body) => {
    seen.push(body);
    response.end(`{"id":"s1","price_usd":${digits},"submitted_by":"say \\"price_usd\\":1.50"}`);
  });
  const made = await assay.submit({
    symbol: 'BTC',
    price_usd: digits,
    timestamp: '2026-11-21T10:00:00Z',
    submitted_by: 'me',
  });
  assert.equal(made.price_usd, digits);
  assert.equal(made.submitted_by, 'say "price_usd":1.50', 'a text that looks like the field is left alone');
  assert.equal(
    seen[0],
    `{"price_usd":${digits},"symbol":"BTC","timestamp":"2026-11-21T10:00:00Z","submitted_by":"me"}`,
  );
  assert.deepEqual(parseExact('{"price_usd" : -1.20e5, "n": 1.20}'), { price_usd: '-1.20e5', n: 1.2 });
  for (const bad of ['1e400', 'NaN', '', '01', '1.', '0x1']) {
    assert.throws(() => writePriceUsd(bad, {}), /is not a decimal text/);
  }
});

test('a refusal is one typed error with code, status, recovery, wait and the facts of the server', async () => {
  let asked = 0;
  const assay = await clientOf((_, response) => {
    asked += 1;
    const problem = {
      title: 'Not Found',
      detail: 'no feed',
      code: 'NOT_FOUND',
      recovery: 'look',
      near: ['X'],
    };
    response.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
  });
  const error = await failureOf(assay.price('BTX/USD'));
  assert.deepEqual(
    [error.code, error.status, error.message, error.recovery],
    ['NOT_FOUND', 404, 'no feed', 'look'],
  );
  assert.deepEqual(error.details.near, ['X']);
  assert.equal(error.isTransient, false);
  assert.equal(asked, 1, 'what waiting cannot cure is not asked again');
});

test('a failure that may pass is tried again; a post with one and the same idempotency key', async () => {
  const keys: unknown[] = [];
  const assay = await clientOf((request, response) => {
    keys.push(request.headers['idempotency-key']);
    if (keys.length < 3) response.writeHead(503, { 'retry-after': '0' }).end('<html>');
    else response.end('{"id":"r1","status":"complete"}');
  });
  const { status } = await assay.requestPrice('BTC/USD');
  assert.equal(status, 'complete');
  assert.equal(keys.length, 3);
  assert.equal(new Set(keys).size, 1);
  assert.match(String(keys[0]), /^[0-9a-f]{32}$/);
});

test('every call ends: by its time limit, by its signal, by a server that is not there', async () => {
  const assay = await clientOf(() => {});
  assert.equal((await failureOf(assay.price('BTC/USD', { timeoutMs: 50 }))).code, 'TIMEOUT');
  const controller = new AbortController();
  const pending = failureOf(assay.feeds({ signal: controller.signal }));
  controller.abort();
  assert.equal((await pending).code, 'ABORTED');
  assert.equal((await failureOf(assay.feeds({ signal: controller.signal }))).code, 'ABORTED');
  const nobody = new AssayClient({ url: 'http://127.0.0.1:9', apiKey: 'ak_x', retries: 0 });
  assert.equal((await failureOf(nobody.status())).code, 'NETWORK');
});

test('a token is asked for before every request', async () => {
  const given: unknown[] = [];
  const { url } = await serverOf((request, response) => {
    given.push(request.headers.authorization);
    response.end('[]');
  });
  let turn = 0;
  const assay = new AssayClient({ url, token: async () => `t${++turn}` });
  await assay.feeds();
  await assay.sources();
  assert.deepEqual(given, ['Bearer t1', 'Bearer t2']);
});

test('a subscription resumes after the last event it saw, through cuts and restarts', async () => {
  const resumed: unknown[] = [];
  const assay = await clientOf((request, response) => {
    resumed.push(request.headers['last-event-id']);
    const connection = resumed.length;
    if (connection === 2) return void response.writeHead(503).end();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('retry: 1\n\n: alive\n\n');
    if (connection === 3) response.write('event: gap\ndata: {"reason":"too long ago"}\n\n');
    const text = `id: ${connection}.7\r\nevent: price\r\ndata: {"feed":"BTC/USD","price":"${connection}"}\r\n\r\n`;
    for (const part of [text.slice(0, 19), text.slice(19)]) response.write(part);
    if (connection === 1) setTimeout(() => response.destroy(), 20);
  });
  const states: string[] = [];
  const subscription = assay.subscribe(['BTC/USD'], { onState: ({ state }) => states.push(state) });
  const prices: string[] = [];
  for await (const { price } of subscription) {
    prices.push(price);
    if (prices.length === 2) break;
  }
  assert.deepEqual(prices, ['1', '3']);
  assert.deepEqual(resumed, [undefined, '1.7', '1.7']);
  assert.equal(subscription.lastEventId, '3.7');
  assert.deepEqual(states, [
    'connecting',
    'open',
    'waiting',
    'connecting',
    'waiting',
    'connecting',
    'open',
    'gap',
  ]);
});

test('a subscription ends with an error when the key counts no more, and in silence when it is told to', async () => {
  const refused = await clientOf((_, response) => response.writeHead(401).end('{"code":"UNAUTHENTICATED"}'));
  const error = await failureOf(refused.subscribe()[Symbol.asyncIterator]().next());
  assert.equal(error.code, 'UNAUTHENTICATED');

  const silent = await clientOf((_, response) => void response.writeHead(200).write(': alive\n\n'));
  const controller = new AbortController();
  const next = silent.subscribe(undefined, { signal: controller.signal })[Symbol.asyncIterator]().next();
  controller.abort();
  assert.deepEqual(await next, { done: true, value: undefined });
});

test('a connection without a sign of life is given up and made anew', async () => {
  let connections = 0;
  const assay = await clientOf((_, response) => {
    response.writeHead(200);
    if (++connections === 1) return void response.write(': one\n\n');
    response.write('id: 1\nevent: price\ndata: {"feed":"A/B"}\n\n');
  });
  const prices = assay.subscribe(undefined, { silenceMs: 30 });
  for await (const { feed } of prices) {
    assert.equal(feed, 'A/B');
    break;
  }
  assert.equal(connections, 2);
});

test('events are the same however the stream is cut into pieces', () => {
  const text =
    ': c\n\nid: 1\ndata: a\ndata:b\n\nretry: 5\nevent: gap\rdata: {}\r\n\r\ndata\n\nid: 9\nfield: x\n\ndata: last\n\n';
  const whole = new EventStreamParser().push(text);
  assert.deepEqual(whole, [
    { id: '1', event: 'message', data: 'a\nb' },
    { id: '1', event: 'gap', data: '{}' },
    { id: '1', event: 'message', data: '' },
    { id: '9', event: 'message', data: 'last' },
  ]);
  for (let cut = 1; cut < text.length; cut++) {
    const parser = new EventStreamParser();
    const pieces = [...parser.push(text.slice(0, cut)), ...parser.push(text.slice(cut))];
    assert.deepEqual(pieces, whole, `cut at ${cut}`);
    assert.equal(parser.retryMs, 5);
  }
  const endless = new EventStreamParser();
  assert.throws(() => endless.push(`data: ${'x'.repeat(1_048_577)}`), RangeError);
});

async function clientOf(handler: Handler): Promise<AssayClient> {
  const { url } = await serverOf(handler);
  return new AssayClient({ url, apiKey: 'ak_test' });
}

async function serverOf(handler: Handler): Promise<{ url: string }> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    handler(request, response, body);
  });
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function failureOf(promise: Promise<unknown>): Promise<ClientError> {
  const error = await promise.then(
    () => assert.fail('it should have failed'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ClientError, String(error));
  return error;
}
