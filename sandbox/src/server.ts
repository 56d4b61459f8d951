// A venue on a real loopback server: HTTP and WebSocket on one port. In: a host. Out: its port. What a client
// sees on the wire is what the host says, broken connections included. Invariant: a closed server leaves no
// socket and no timer behind.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { Clock } from '@assay/kernel/time/clock';
import { type WebSocket, WebSocketServer } from 'ws';
import type { VenueRequest } from './protocol.ts';
import type { RawConnection, VenueHost } from './venue-host.ts';

/** A batch of calls for a hundred pools is some 20 kB. */
const BODY_MAX_BYTES = 1_048_576;
/** A client that reads nothing is cut when this much waits for it. */
const BUFFERED_MAX_BYTES = 8_388_608;
const HOST = '127.0.0.1';

export type RunningServer = { port: number; close(): Promise<void> };

/** @throws AssayError PORT_TAKEN */
export async function serveVenue(host: VenueHost, clock: Clock, port: number): Promise<RunningServer> {
  const server = createServer((request, response) => void answerHttp(host, clock, request, response));
  const sockets = new WebSocketServer({ noServer: true, autoPong: false, maxPayload: BODY_MAX_BYTES });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const action = host.handshake(addressOf(request).pathname);
    if (action.kind === 'hang') return;
    if (action.kind === 'cut') {
      socket.destroy();
      return;
    }
    clock.after(action.delayMs, () => {
      if (socket.destroyed) return;
      if (action.kind === 'answer') refuseHandshake(socket, action.response);
      else sockets.handleUpgrade(request, socket, head, (client) => attach(host, client, request));
    });
  });
  const listening = await listen(server, port);
  return {
    port: listening,
    close: () =>
      new Promise((resolve) => {
        for (const client of sockets.clients) client.terminate();
        sockets.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** @throws AssayError PORT_TAKEN */
export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const words = `port ${port} of ${HOST} cannot be listened on; choose another base with --ports`;
      reject(new AssayError('PORT_TAKEN', words, { cause, context: { field: 'ports', value: port } }));
    });
    server.listen(port, HOST, () => resolve((server.address() as AddressInfo).port));
  });
}

/** The body as text, or undefined when it is larger than allowed. */
export async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > BODY_MAX_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

export function addressOf(request: IncomingMessage): URL {
  return new URL(request.url ?? '/', `http://${HOST}`);
}

async function answerHttp(
  host: VenueHost,
  clock: Clock,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await bodyOf(request).catch(() => '');
  if (body === undefined) {
    response.writeHead(413).end();
    return;
  }
  const action = host.request(requestOf(request, body));
  if (action.kind === 'hang' || action.kind === 'accept') return;
  if (action.kind === 'cut') {
    request.socket.destroy();
    return;
  }
  clock.after(action.delayMs, () => {
    response.writeHead(action.response.status, action.response.headers);
    response.end(action.response.body);
  });
}

function requestOf(request: IncomingMessage, body: string): VenueRequest {
  const address = addressOf(request);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  const { pathname, searchParams } = address;
  return { method: request.method ?? 'GET', path: pathname, query: searchParams, headers, body };
}

function refuseHandshake(
  socket: Duplex,
  response: { status: number; headers?: Record<string, string>; body: string },
): void {
  const headers = {
    ...response.headers,
    connection: 'close',
    'content-length': Buffer.byteLength(response.body),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${response.status} Refused\r\n${lines.join('')}\r\n${response.body}`);
}

function attach(host: VenueHost, client: WebSocket, request: IncomingMessage): void {
  const address = addressOf(request);
  const raw: RawConnection = {
    path: address.pathname,
    query: address.searchParams,
    send(frame) {
      if (client.bufferedAmount > BUFFERED_MAX_BYTES) client.terminate();
      else client.send(frame);
    },
    ping: () => client.ping(),
    close: (code, reason) => client.close(code, reason),
    cut: () => client.terminate(),
  };
  client.on('message', (data: Buffer) => host.message(raw, data.toString('utf8')));
  client.on('ping', (data: Buffer) => {
    if (host.answersPing()) client.pong(data);
  });
  client.on('error', () => client.terminate());
  client.on('close', () => host.detach(raw));
  host.attach(raw);
}
