// The stream of prices over plain WebSockets: `GET /v1/ws`. In: connections with a key or a ticket, messages
// `{"type":"subscribe","feeds":["BTC/USD"],"since":"12"}`. Out: `price` messages, the same records as the
// server-sent events, `gap` and `error`.
//
// The bytes are those of the price stream: shared between subscribers, conflated for slow ones. Invariants:
// nothing is said before the key counts; a connection has one subscription, a new one replaces it; messages
// and their rate are bounded.
import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { assert, messageOf } from '@assay/kernel/errors/assay-error';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import type { AuditLog } from '../auth/audit-log.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import { type Principal, requireScope } from '../auth/principal.ts';
import { PROBLEM_CONTENT_TYPE, problemOf } from '../http/problem.ts';
import { findFeeds } from '../rest/parameters.ts';
import { readBody } from '../rest/route.ts';
import type { PriceView } from '../views/prices.ts';
import type { PriceStream } from './price-stream.ts';
import { SOCKET_MESSAGES } from './wire-format.ts';

export type PriceSocketsOptions = {
  view: PriceView;
  stream: PriceStream;
  authenticator: Authenticator;
  clock: Clock;
  log: Log;
  audit: AuditLog | undefined;
};

export const SOCKET_PATH = '/v1/ws';
/** 1,000 feeds by name fit. */
const MESSAGE_MAX_BYTES = 32_768;
/** Nobody changes his mind more often. */
const MESSAGES_PER_SECOND_MAX = 20;

/** Of a subscription, in the audit log. */
const FEEDS_NOTED_MAX = 20;

const message = z.strictObject({
  type: z.literal('subscribe', 'give subscribe'),
  feeds: z.array(z.string()).min(1, 'give 1 to 1,000 feeds').max(1_000, 'give 1 to 1,000 feeds').optional(),
  since: z.string().max(1_000).optional(),
});

export class PriceSockets {
  readonly #options: PriceSocketsOptions;
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Compression would forbid sharing bytes.
    perMessageDeflate: false,
    maxPayload: MESSAGE_MAX_BYTES,
  });

  constructor(options: PriceSocketsOptions) {
    this.#options = options;
  }

  /** False when the WebSocket is not for this address. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    if (request.url!.split('?', 1)[0] !== SOCKET_PATH) return false;
    // Until the library has the socket, an error on it would end the process.
    socket.on('error', ignore);
    this.#admit(request)
      .then((principal) => {
        if (socket.destroyed) return;
        this.#server.handleUpgrade(request, socket, head, (webSocket) => {
          socket.off('error', ignore);
          assert(socket instanceof Socket, 'a WebSocket stands on a socket');
          this.#serve(webSocket, socket, principal);
        });
      })
      .catch((error: unknown) => refuse(socket, error));
    return true;
  }

  async #admit(request: IncomingMessage): Promise<Principal> {
    const { authenticator, stream } = this.#options;
    const address = request.socket.remoteAddress ?? '';
    const principal = await authenticator.authenticate(request.rawHeaders, address, request.url);
    requireScope(principal, 'prices:read');
    stream.requireRoom();
    return principal;
  }

  #serve(webSocket: WebSocket, socket: Socket, principal: Principal): void {
    const { clock, log } = this.#options;
    let leave: () => void = ignore;
    let changing: Promise<void> = Promise.resolve();
    let second = 0;
    let count = 0;
    webSocket.on('error', ignore);
    webSocket.on('message', (data, isBinary) => {
      const now = Math.floor(clock.monotonic() / 1_000);
      count = now === second ? count + 1 : 1;
      second = now;
      if (isBinary || count > MESSAGES_PER_SECOND_MAX) return webSocket.close(1008, 'too many messages');
      // One after the other: the last subscription stands.
      changing = changing
        .then(async () => {
          const next = await this.#subscribe(String(data), socket, principal, () => leave());
          leave = next ?? leave;
        })
        .catch((error: unknown) => {
          const { body } = problemOf(error);
          webSocket.send(`{"type":"error","problem":${body}}`);
          log.debug('a message of a subscriber was refused', { reason: messageOf(error) });
        });
    });
  }

  async #subscribe(
    text: string,
    socket: Socket,
    principal: Principal,
    leave: () => void,
  ): Promise<(() => void) | undefined> {
    const { view, stream, audit } = this.#options;
    const { feeds, since } = readBody(message, 'json', text) as z.output<typeof message>;
    const currents = findFeeds(view, feeds, principal);
    const isAll = feeds === undefined && principal.feeds === undefined;
    leave();
    if (socket.destroyed) return undefined;
    const detail = { feeds: feeds?.slice(0, FEEDS_NOTED_MAX) ?? 'all', address: socket.remoteAddress ?? '' };
    audit?.record({ who: principal, action: `subscribe ${SOCKET_PATH}`, result: 'opened', detail });
    return await stream.follow(socket, SOCKET_MESSAGES, { currents, isAll, principal, lastEventId: since });
  }
}

function refuse(socket: Duplex, error: unknown): void {
  const { status, headers, body } = problemOf(error);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(
    `HTTP/1.1 ${status} Refused\r\n${lines.join('')}content-type: ${PROBLEM_CONTENT_TYPE}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function ignore(): void {}
