// The real door passes the suite against real local servers, and keeps what is special to a network:
// compression, slow and huge bodies, broken connections, certificates, proxies, backpressure.
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { once } from 'node:events';
import {
  createServer as createHttp,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect, createServer as createTcp, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import { systemClock } from '@assay/kernel/time/clock';
import { WebSocketServer } from 'ws';
import { createNetworkOutbound, type NetworkOutboundOptions } from './network.ts';
import { eventually, openRecording, outboundSuite } from './outbound.conformance.ts';
import type { Outbound } from './outbound.ts';
import { proxyRule } from './proxy.ts';
import { TEST_CERTIFICATE, TEST_CERTIFICATE_KEY } from './test-certificate.ts';

type Far = { server: Server; port: number; requests: string[]; agents: Set<Socket>; close(): Promise<void> };

async function startFar(tls?: { key: string; cert: string }): Promise<Far> {
  const requests: string[] = [];
  const server = (tls === undefined ? createHttp() : createHttps(tls)) as Server;
  const agents = new Set<Socket>();
  server.on('connection', (socket: Socket) => void agents.add(socket));
  server.on('request', (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(request.url ?? '/', response, request);
  });
  const sockets = new WebSocketServer({
    server,
    verifyClient: ({ req }, done) => done(req.url !== '/region', 451),
  });
  sockets.on('connection', (socket, request) => {
    if (request.url === '/deaf') return request.socket.pause();
    if (request.url === '/abrupt') return void request.socket.resetAndDestroy();
    if (request.url === '/large') return socket.send('x'.repeat(5 * 1024 * 1024));
    if (request.url === '/packed') {
      socket.send(gzipSync('{"ping":1}'));
      return socket.send(gzipSync('x'.repeat(5 * 1024 * 1024)));
    }
    socket.send('hello');
    socket.send(Uint8Array.of(1, 2, 3));
    socket.ping();
    socket.on('message', (frame) => {
      socket.send(`echo ${String(frame)}`);
      if (String(frame) === 'bye') socket.close(4001, 'so long');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    for (const client of sockets.clients) client.terminate();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { server, port, requests, agents, close };
}

function answer(url: string, response: ServerResponse, request: IncomingMessage): void {
  const text = JSON.stringify({ text: 'price '.repeat(1_000) });
  const routes: Record<string, () => unknown> = {
    '/teapot': () => response.writeHead(418, { 'X-Kind': 'Pot' }).end('short and stout'),
    '/moved': () => response.writeHead(302, { location: '/teapot' }).end(),
    '/large': () => response.end('x'.repeat(100_000)),
    '/silent': () => undefined,
    '/gzip': () => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(text)),
    '/br': () => response.writeHead(200, { 'content-encoding': 'br' }).end(brotliCompressSync(text)),
    '/bomb': () =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(50_000_000))),
    '/not-gzip': () => response.writeHead(200, { 'content-encoding': 'gzip' }).end('plain'),
    '/zstd': () => response.writeHead(200, { 'content-encoding': 'zstd' }).end('?'),
    '/endless': () => {
      const more = () =>
        void (response.destroyed || !response.write(Buffer.alloc(65_536)) || setImmediate(more));
      response.on('drain', more);
      more();
    },
    '/slow-body': () => void response.write('the first half'),
    '/reset': () => request.socket.resetAndDestroy(),
    '/half': () => {
      response.writeHead(200, { 'content-length': 1_000 }).write('half');
      setImmediate(() => request.socket.resetAndDestroy());
    },
    '/echo': () => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => response.end(JSON.stringify({ body, headers: request.headers })));
    },
  };
  (routes[url] ?? (() => response.writeHead(404).end()))();
}

/** A proxy that resolves every name to this machine, as the far host of a test is no real name. */
async function startProxy(
  status = 200,
): Promise<{ port: number; connects: string[]; close(): Promise<void> }> {
  const connects: string[] = [];
  const server = createHttp((_, response) => response.writeHead(502).end());
  server.on('connect', (request, client: Socket) => {
    connects.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim());
    if (status !== 200) return client.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    const far = connect(Number(request.url!.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      far.pipe(client).pipe(far);
    });
    far.on('error', () => client.destroy());
    client.on('error', () => far.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port: (server.address() as AddressInfo).port, connects, close };
}

const freePort = async (): Promise<number> => {
  const server = createTcp().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

outboundSuite('network', async () => {
  const far = await startFar();
  const dead = await freePort();
  const outbound = createNetworkOutbound({ clock: systemClock });
  return {
    outbound,
    httpUrl: `http://127.0.0.1:${far.port}`,
    socketUrl: `ws://127.0.0.1:${far.port}/socket`,
    deadUrl: `http://127.0.0.1:${dead}/`,
    deadSocketUrl: `ws://127.0.0.1:${dead}/`,
    async close() {
      await outbound.close();
      await far.close();
    },
  };
});

let far: Far;
let secure: Far;
let outbound: Outbound;
before(async () => {
  secure = await startFar({ key: TEST_CERTIFICATE_KEY, cert: TEST_CERTIFICATE });
  far = await startFar();
  outbound = createNetworkOutbound({ clock: systemClock, userAgent: 'assay/test' });
});
after(async () => {
  await outbound.close();
  await far.close();
  await secure.close();
});

const ask = (url: string, door: Outbound = outbound, timeoutMs = 3_000) =>
  door.request({ method: 'GET', url, timeoutMs });
const at = (path: string) => `http://127.0.0.1:${far.port}${path}`;
const failsWith =
  (reason: string, code = 'OUTBOUND_FAILED') =>
  (error: unknown) =>
    isAssayError(error) && error.code === code && error.context.reason === reason;

describe('bodies', () => {
  test('are unpacked from gzip and brotli', async () => {
    for (const path of ['/gzip', '/br']) ok((await ask(at(path))).body.startsWith('{"text":"price price'));
  });

  test('are bounded as they come and as they are unpacked, and are not fetched beyond', async () => {
    await rejects(ask(at('/endless')), failsWith('too-large', 'OUTBOUND_TOO_LARGE'));
    await rejects(ask(at('/bomb')), failsWith('too-large', 'OUTBOUND_TOO_LARGE'));
  });

  test('in a code that was not offered, or not in the code they claim, are failures of protocol', async () => {
    await rejects(ask(at('/not-gzip')), failsWith('protocol'));
    await rejects(ask(at('/zstd')), failsWith('protocol'));
  });

  test('that never end run into the time limit, also in the middle', async () => {
    await rejects(ask(at('/slow-body'), outbound, 80), failsWith('timeout', 'OUTBOUND_TIMEOUT'));
  });

  test('are sent as they are given, with our name and the headers of the caller', async () => {
    const headers = { 'Content-Type': 'application/json', 'X-Key': 'k' };
    const request = { method: 'POST' as const, url: at('/echo'), headers, body: '{"€":1}', timeoutMs: 3_000 };
    const { body, headers: got } = JSON.parse((await outbound.request(request)).body);
    strictEqual(body, '{"€":1}');
    deepStrictEqual(
      [got['user-agent'], got['x-key'], got['content-type']],
      ['assay/test', 'k', 'application/json'],
    );
  });
});

describe('connections', () => {
  test('are kept alive between requests', async () => {
    const before = far.agents.size;
    for (let i = 0; i < 5; i++) await ask(at('/teapot'));
    ok(far.agents.size - before <= 1);
  });

  test('that break are `reset`, before and in the middle of an answer', async () => {
    await rejects(ask(at('/reset')), failsWith('reset'));
    await rejects(ask(at('/half')), failsWith('reset'));
  });

  test('to a name that does not exist are `dns`', async () => {
    await rejects(ask('http://no-such-host.invalid/', outbound, 5_000), failsWith('dns'));
  });

  test('for a stranger go to public addresses alone, whatever the name points to when connecting', async () => {
    for (const host of ['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', 'localhost', '169.254.169.254']) {
      const url = `http://${host}:${far.port}/teapot`;
      const request = { method: 'GET' as const, url, timeoutMs: 3_000, isPublicOnly: true };
      await rejects(outbound.request(request), (error) => {
        return failsWith('refused')(error) && /not public/.test(String(error));
      });
    }
    strictEqual((await ask(at('/teapot'))).status, 418);
  });

  test('to a server that is not trusted are `tls`, and work when its certificate is', async () => {
    const url = `https://localhost:${secure.port}/teapot`;
    await rejects(ask(url), failsWith('tls'));
    const trusting = createNetworkOutbound({ clock: systemClock, certificates: [TEST_CERTIFICATE] });
    strictEqual((await ask(url, trusting)).status, 418);
    const { closed } = openRecording(outbound, `wss://localhost:${secure.port}/socket`);
    ok((await closed).text.startsWith('tls'));
    await trusting.close();
  });
});

test('binary frames that the application packs are texts; one that unpacks to too much stays as it came', async () => {
  const { events, socket, closed } = openRecording(outbound, `ws://127.0.0.1:${far.port}/packed`, 5_000, {
    compression: 'gzip',
  });
  await eventually('both frames', () => events.length === 3);
  strictEqual(events[1], '{"ping":1}');
  deepStrictEqual((events[2] as number[]).slice(0, 2), [0x1f, 0x8b]);
  socket.close();
  await closed;
});

describe('a proxy', () => {
  const through = (proxyPort: number, more: Partial<NetworkOutboundOptions['proxy']> = {}) => {
    const address = `http://user:pa%20ss@127.0.0.1:${proxyPort}`;
    const proxy = { httpsProxy: address, httpProxy: address, ...more };
    return createNetworkOutbound({ clock: systemClock, certificates: [TEST_CERTIFICATE], proxy });
  };
  const credentials = `Basic ${Buffer.from('user:pa ss').toString('base64')}`;

  test('carries requests and sockets by CONNECT, with its credentials, and is left out for NO_PROXY', async () => {
    const proxy = await startProxy();
    const door = through(proxy.port);
    strictEqual((await ask(`https://venue.test:${secure.port}/teapot`, door)).status, 418);
    const { events, socket } = openRecording(door, `wss://venue.test:${secure.port}/socket`);
    await eventually('the greeting', () => events.includes('hello'));
    socket.send('one');
    await eventually('the echo', () => events.includes('echo one'));
    const line = `venue.test:${secure.port} ${credentials}`;
    deepStrictEqual(proxy.connects, [line, line]);
    strictEqual((await ask(`https://localhost:${secure.port}/teapot`, door)).status, 418);
    await door.close();
    const direct = through(proxy.port, { noProxy: 'other.test,.venue.test' });
    await rejects(ask(`https://venue.test:${secure.port}/`, direct), failsWith('dns'));
    strictEqual(proxy.connects.length, 2);
    await direct.close();
    await proxy.close();
  });

  test('that refuses or is not there is `proxy`, for requests and for sockets', async () => {
    const refusing = await startProxy(403);
    for (const port of [refusing.port, await freePort()]) {
      const door = through(port);
      await rejects(ask(`https://venue.test:${secure.port}/`, door), failsWith('proxy'));
      const { closed } = openRecording(door, `wss://venue.test:${secure.port}/`);
      ok((await closed).text.startsWith('proxy'));
      await door.close();
    }
    await refusing.close();
  });

  test('is chosen by host, subdomain, port, address and network', () => {
    const rule = proxyRule({
      httpsProxy: 'proxy:3128',
      noProxy: 'venue.test, *.shop.test, port.test:8443 10.0.0.0/8,192.168.1.7',
    });
    const isProxied = (url: string) => rule(new URL(url)) !== undefined;
    for (const url of [
      'https://api.other.test',
      'wss://notvenue.test',
      'https://port.test',
      'https://11.0.0.1',
    ]) {
      ok(isProxied(url), url);
    }
    const exempt = [
      'https://venue.test',
      'wss://api.venue.test:9443',
      'https://shop.test',
      'https://port.test:8443',
    ];
    for (const url of [
      ...exempt,
      'https://10.1.2.3',
      'https://192.168.1.7',
      'https://[::1]',
      'http://plain.test',
    ]) {
      ok(!isProxied(url), url);
    }
  });
});

describe('sockets', () => {
  const socketAt = (path: string) => openRecording(outbound, `ws://127.0.0.1:${far.port}${path}`);

  test('that break say so once', async () => {
    const { events, closed } = socketAt('/abrupt');
    const { code, text } = await closed;
    strictEqual(code, 1006);
    ok(text.startsWith('reset'), text);
    deepStrictEqual(events.filter((event) => event === 'close').length, 1);
  });

  test('refused with a status close with that status', async () => {
    strictEqual((await socketAt('/region').closed).code, 451);
  });

  test('end when a frame is larger than its bound', async () => {
    const { events, closed } = socketAt('/large');
    ok((await closed).text.startsWith('too-large'));
    deepStrictEqual(events, ['open', 'close']);
  });

  test('take nothing more when a megabyte waits, and nothing at all before they are open', async () => {
    const { events, socket } = socketAt('/deaf');
    await eventually('open', () => events.includes('open'));
    const frame = 'x'.repeat(200_000);
    let taken = 0;
    while (socket.send(frame)) ok(++taken < 1_000, 'it is bounded');
    ok(taken > 0);
  });

  test('give up when the far side does not answer in time', async () => {
    const mute = createTcp(() => {}).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as AddressInfo;
    const { events, closed } = openRecording(outbound, `ws://127.0.0.1:${port}/`, 60);
    ok((await closed).text.startsWith('timeout'));
    deepStrictEqual(events, ['close']);
    mute.close();
  });
});
