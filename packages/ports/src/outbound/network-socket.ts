// WebSockets of the network outbound, on `ws`: it shows ping and pong frames, bounds frames, and lets us make
// the connection, which the WebSocket of undici and of Node do not. In: a URL and handlers. Out: frames,
// pulses, and one close.
//
// Invariant: `onClose` is called exactly once, and nothing after it.
import type { Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { messageOf } from '@assay/kernel/errors/assay-error';
import type { Clock } from '@assay/kernel/time/clock';
import { type ClientOptions, WebSocket } from 'ws';
import { reasonOf } from './failure.ts';
import { inflatedFrame } from './inflated-frame.ts';
import type { OutboundSocket, SocketHandlers, SocketRequest } from './outbound.ts';
import { openTunnel } from './tunnel.ts';

export const FRAME_BYTES_MAX: number = 4 * 1024 * 1024;
const WAITING_BYTES_MAX = 1024 * 1024;
// A peer that does not answer our close frame is left behind after this.
const CLOSE_TIMEOUT_MS = 1_000;
// "Abnormal closure" of RFC 6455: no close frame came.
const ABNORMAL = 1006;

export type NetworkSocketOptions = {
  clock: Clock;
  proxy: URL | undefined;
  certificates: readonly string[] | undefined;
  headers: Record<string, string>;
  onGone(socket: NetworkSocket): void;
};

type Destination = { host: string; port: string | number; defaultPort: number };

export class NetworkSocket implements OutboundSocket {
  readonly #socket: WebSocket;
  readonly #handlers: SocketHandlers;
  readonly #onGone: () => void;
  readonly #cancelDeadline: () => void;
  #isClosed = false;
  /** What we know of the end before it comes. */
  #ending: { code: number; text: string } | undefined;

  constructor(request: SocketRequest, handlers: SocketHandlers, options: NetworkSocketOptions) {
    this.#handlers = handlers;
    this.#onGone = () => options.onGone(this);
    this.#socket = new WebSocket(request.url, clientOptions(request, options));
    this.#cancelDeadline = options.clock.after(request.timeoutMs, () => {
      if (this.#socket.readyState === WebSocket.CONNECTING) {
        this.#end(ABNORMAL, `timeout: not open within ${request.timeoutMs} ms`);
      }
    });
    this.#listen(options.proxy !== undefined, request.compression);
  }

  send(frame: string): boolean {
    const isOpen = !this.#isClosed && this.#socket.readyState === WebSocket.OPEN;
    if (!isOpen || this.#socket.bufferedAmount + frame.length > WAITING_BYTES_MAX) return false;
    this.#socket.send(frame);
    return true;
  }

  ping(): void {
    if (!this.#isClosed && this.#socket.readyState === WebSocket.OPEN) this.#socket.ping();
  }

  close(): void {
    if (this.#socket.readyState === WebSocket.CONNECTING)
      this.#end(ABNORMAL, 'aborted: closed before it was open');
    else this.#socket.close(1000);
  }

  /** Without waiting for the peer. */
  terminate(): void {
    this.#end(ABNORMAL, 'aborted: the program is stopping');
  }

  #listen(isProxied: boolean, compression: SocketRequest['compression']): void {
    this.#socket
      .on('open', () => {
        this.#cancelDeadline();
        if (!this.#isClosed) this.#handlers.onOpen();
      })
      .on('message', (data: Buffer, isBinary: boolean) => {
        if (this.#isClosed) return;
        this.#handlers.onFrame(isBinary ? inflatedFrame(data, compression) : data.toString('utf8'));
      })
      .on('ping', () => this.#pulse())
      .on('pong', () => this.#pulse())
      .on('unexpected-response', (request, response) => {
        this.#end(response.statusCode ?? ABNORMAL, `answered with status ${response.statusCode}`);
        request.destroy();
      })
      .on('error', (error) => {
        this.#ending ??= { code: ABNORMAL, text: `${reasonOf(error, isProxied)}: ${messageOf(error)}` };
      })
      .on('close', (code, text) => this.#finish({ code, text: text.toString('utf8') }));
  }

  #pulse(): void {
    if (!this.#isClosed) this.#handlers.onPulse();
  }

  #end(code: number, text: string): void {
    this.#ending ??= { code, text };
    this.#socket.terminate();
    this.#finish(this.#ending);
  }

  #finish(reason: { code: number; text: string }): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelDeadline();
    this.#onGone();
    const { code, text } = this.#ending ?? reason;
    this.#handlers.onClose({
      code,
      text: text || (code === ABNORMAL ? 'reset: closed without a close frame' : ''),
    });
  }
}

function clientOptions(request: SocketRequest, options: NetworkSocketOptions): ClientOptions {
  // `closeTimeout` is newer than the published types.
  const client: ClientOptions & { closeTimeout: number } = {
    headers: { ...options.headers, ...request.headers },
    maxPayload: FRAME_BYTES_MAX,
    // Venues' frames are small: unpacking costs more time than it saves on the wire.
    perMessageDeflate: false,
    closeTimeout: CLOSE_TIMEOUT_MS,
  };
  if (options.certificates !== undefined) client.ca = [...options.certificates];
  if (options.proxy !== undefined)
    client.createConnection = connectThrough(options.proxy, options.certificates);
  return client;
}

/** A `createConnection` for Node's http module, which takes the socket by callback when it comes later. */
function connectThrough(
  proxy: URL,
  certificates: readonly string[] | undefined,
): NonNullable<ClientOptions['createConnection']> {
  const trust = certificates === undefined ? {} : { certificates };
  const connect = (options: Destination, done: (error: Error | null, socket?: Socket) => void): undefined => {
    const { host, port, defaultPort } = options;
    openTunnel({ proxy, host, port: Number(port), ...trust }).then(
      (socket) => {
        const isSecure = defaultPort === 443;
        const ca = certificates === undefined ? {} : { ca: [...certificates] };
        done(null, isSecure ? connectSecure({ socket, servername: host, ...ca }) : socket);
      },
      (error: Error) => done(error),
    );
  };
  return connect as unknown as NonNullable<ClientOptions['createConnection']>;
}
