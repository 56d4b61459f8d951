// `/graphql` over WebSockets: the protocol graphql-transport-ws, as the client library graphql-ws speaks it.
// In: connections. Out: answers and events, a close code with a reason for everybody who is sent away.
//
// Invariants: nobody gets anything before a key was checked; connections, operations, messages and what waits
// for a client are bounded; whose key is revoked is cut off within seconds; one timer serves all clients.
import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { AssayError, assert, isAssayError, messageOf } from '@assay/kernel/errors/assay-error';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Counter, Gauge, Metrics } from '@assay/kernel/telemetry/metrics';
import type { Clock } from '@assay/kernel/time/clock';
import { WebSocketServer } from 'ws';
import type { AuditLog } from '../auth/audit-log.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import { type Principal, requireScope } from '../auth/principal.ts';
import { PROBLEM_CONTENT_TYPE, problemOf } from '../http/problem.ts';
import type { GraphqlEngine } from './engine.ts';
import { headersOf, readMessage } from './protocol-message.ts';
import { type ClientSubscription, SocketClient } from './socket-client.ts';
import type { SubscriptionGroups } from './subscription-groups.ts';

export type SocketLimits = {
  /** Default 10,000: some 150 MB of idle clients. */
  socketClientsMax?: number | undefined;
  /** A client that takes nothing for this long is cut off. Default 30 s. */
  socketStalledAfterMs?: number | undefined;
};

export type GraphqlSocketsOptions = {
  engine: GraphqlEngine;
  groups: SubscriptionGroups;
  authenticator: Authenticator;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  audit: AuditLog | undefined;
} & SocketLimits;

export const PROTOCOL = 'graphql-transport-ws';

const CLIENTS_MAX = 10_000;
const STALLED_AFTER_MS = 30_000;
/** As the protocol's own server does it. */
const INIT_WITHIN_MS = 3_000;
/** A page shows a dozen things; the client library opens one operation for each. */
const OPERATIONS_MAX = 50;
const ID_LENGTH_MAX = 128;
/** Of the variables of a subscription, in the audit log. */
const AUDITED_LENGTH_MAX = 500;
/** A message is one document with its variables. */
const MESSAGE_MAX_BYTES = 65_536;
/** Nobody types or clicks so fast: a client that does is broken. */
const MESSAGES_PER_SECOND_MAX = 200;
const SWEEP_EVERY_MS = 1_000;
/** Proxies cut what is silent for a minute or half of one; pings are spread over so many sweeps. */
const PING_EVERY_SWEEPS = 10;
/** Who was told to go has this long to take the reason. */
const CLOSE_WITHIN_MS = 1_000;

/** Codes of the protocol, of the WebSocket standard where it has none. */
const CLOSE = {
  leaving: [1001, 'the server stops'],
  busy: [1008, 'too many messages in a second'],
  slow: [1013, 'too slow: nothing was taken for too long'],
  later: [1013, 'try again later'],
  message: [4400, 'not a message of graphql-transport-ws'],
  stranger: [4401, 'Unauthorized'],
  revoked: [4403, 'Forbidden'],
  silent: [4408, 'Connection initialisation timeout'],
  twice: [4409, 'Subscriber already exists'],
  again: [4429, 'Too many initialisation requests'],
} as const satisfies Record<string, readonly [number, string]>;
type Reason = keyof typeof CLOSE;

export class GraphqlSockets {
  readonly #options: GraphqlSocketsOptions;
  readonly #server: WebSocketServer;
  readonly #clients = new Set<SocketClient>();
  readonly #clientGauge: Gauge;
  readonly #conflated: Counter;
  readonly #dropped: Counter;
  #cancelSweep: (() => void) | undefined;
  #sweeps = 0;
  #checking: Promise<void> | undefined;

  constructor(options: GraphqlSocketsOptions) {
    this.#options = options;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      // Compression would cost each client 300 KB and forbid sharing bytes.
      perMessageDeflate: false,
      maxPayload: MESSAGE_MAX_BYTES,
      handleProtocols: (offered) => (offered.has(PROTOCOL) ? PROTOCOL : false),
    });
    this.#clientGauge = options.metrics.gauge({
      name: 'assay_graphql_clients',
      help: 'Clients with a GraphQL WebSocket.',
    });
    this.#conflated = options.metrics.counter({
      name: 'assay_graphql_conflated_total',
      help: 'Events that a slow GraphQL subscriber did not get because a newer one replaced them.',
    });
    this.#dropped = options.metrics.counter({
      name: 'assay_graphql_dropped_total',
      help: 'GraphQL WebSockets that were closed by the server, by reason.',
      labels: ['reason'],
    });
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  start(): void {
    this.#options.groups.start();
    this.#sweepLater();
  }

  stop(): void {
    this.#cancelSweep?.();
    this.#options.groups.stop();
    for (const client of this.#clients) this.#close(client, 'leaving');
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Until the library has the socket, an error on it would end the process.
    socket.on('error', ignore);
    this.#admit(request)
      .then((principal) => {
        if (socket.destroyed) return;
        this.#server.handleUpgrade(request, socket, head, (webSocket) => {
          socket.off('error', ignore);
          assert(socket instanceof Socket, 'a WebSocket stands on a socket');
          this.#join(new SocketClient(this.#clientOptions(webSocket, socket, principal)), request);
        });
      })
      .catch((error: unknown) => refuse(socket, error));
  }

  #clientOptions(
    webSocket: SocketClient['webSocket'],
    socket: Socket,
    principal: Principal | undefined,
  ): ConstructorParameters<typeof SocketClient>[0] {
    const nowMs = this.#options.clock.now();
    return { webSocket, socket, nowMs, principal, onConflated: (count) => this.#conflated.add({}, count) };
  }

  /** A key may come with the upgrade or with `connection_init`. @throws AssayError */
  async #admit(request: IncomingMessage): Promise<Principal | undefined> {
    if (this.#clients.size >= (this.#options.socketClientsMax ?? CLIENTS_MAX)) throw full(this.#clients.size);
    if (!hasCredentials(request)) return undefined;
    const address = request.socket.remoteAddress ?? '';
    return await this.#options.authenticator.authenticate(request.rawHeaders, address, request.url);
  }

  #join(client: SocketClient, request: IncomingMessage): void {
    const { webSocket } = client;
    if (webSocket.protocol !== PROTOCOL) {
      webSocket.close(4406, 'Subprotocol not acceptable');
      return;
    }
    this.#clients.add(client);
    this.#clientGauge.set(this.#clients.size);
    const address = request.socket.remoteAddress ?? '';
    webSocket.on('error', ignore);
    webSocket.on('close', () => this.#leave(client));
    webSocket.on('message', (data, isBinary) => {
      client.messagesThisSecond += 1;
      if (client.messagesThisSecond > MESSAGES_PER_SECOND_MAX) return void this.#drop(client, 'busy');
      if (isBinary) return void this.#drop(client, 'message');
      this.#take(client, String(data), address);
    });
  }

  #leave(client: SocketClient): void {
    for (const subscription of client.operations.values()) subscription?.end();
    client.operations.clear();
    this.#clients.delete(client);
    this.#clientGauge.set(this.#clients.size);
  }

  #take(client: SocketClient, text: string, address: string): void {
    const message = readMessage(text);
    switch (message?.type) {
      case 'connection_init':
        return void this.#initialise(client, message.payload, address);
      case 'ping':
        return void client.send('{"type":"pong"}', this.#options.clock.now());
      case 'pong':
        return;
      case 'subscribe':
        return void this.#subscribe(client, message.id, message.payload);
      case 'complete':
        client.operations.get(message.id)?.end();
        client.operations.delete(message.id);
        return;
      default:
        return void this.#drop(client, 'message');
    }
  }

  #initialise(client: SocketClient, payload: unknown, address: string): void {
    if (client.isInitialising) return void this.#drop(client, 'again');
    client.isInitialising = true;
    const headers = headersOf(payload);
    const { principal } = client;
    if (headers.length === 0) {
      if (principal === undefined) return void this.#drop(client, 'stranger');
      return void this.#acknowledge(client, principal);
    }
    this.#options.authenticator
      .authenticate(headers, address)
      .then((found) => this.#acknowledge(client, found))
      .catch((error: unknown) => {
        const isStranger = isAssayError(error, 'UNAUTHENTICATED') || isAssayError(error, 'ACCESS_DENIED');
        this.#drop(client, isStranger ? 'stranger' : 'later');
      });
  }

  #acknowledge(client: SocketClient, principal: Principal): void {
    client.principal = principal;
    client.isReady = true;
    client.send('{"type":"connection_ack"}', this.#options.clock.now());
  }

  #subscribe(client: SocketClient, id: string, payload: unknown): void {
    const { principal } = client;
    if (!client.isReady || principal === undefined) return void this.#drop(client, 'stranger');
    if (id === '' || id.length > ID_LENGTH_MAX) return void this.#drop(client, 'message');
    if (client.operations.has(id)) return void this.#drop(client, 'twice');
    if (client.operations.size >= OPERATIONS_MAX) return void this.#fail(client, id, tooManyOperations());
    const { authenticator, clock } = this.#options;
    client.operations.set(id, undefined);
    const open = (): void => {
      // It may have been ended, or the client gone, while its allowance was asked for.
      if (client.operations.has(id)) this.#open(client, principal, id, payload);
    };
    if (authenticator.takeNow(principal, clock.now())) return void open();
    authenticator
      .take(principal)
      .then(open)
      .catch((error: unknown) => this.#fail(client, id, error));
  }

  #open(client: SocketClient, principal: Principal, id: string, payload: unknown): void {
    const { engine, groups, clock, audit } = this.#options;
    const tail = tailOf(id);
    try {
      const prepared = engine.prepare(payload);
      if (prepared.operation.kind === 'subscription') {
        requireScope(principal, 'prices:read');
        const subscription: ClientSubscription = {
          client,
          tail: Buffer.from(tail),
          waiting: undefined,
          end: ignore,
        };
        client.operations.set(id, subscription);
        subscription.end = groups.join(prepared, principal, subscription);
        const detail = { variables: JSON.stringify(prepared.variables).slice(0, AUDITED_LENGTH_MAX) };
        audit?.record({ who: principal, action: 'graphql subscribe', result: 'opened', detail });
        return;
      }
      Promise.resolve(engine.run(prepared, principal, clock.now()))
        .then(({ text, status, mutation }) => {
          if (mutation === undefined) audit?.count(principal, 'graphql query', status, clock.now());
          else audit?.record({ who: principal, action: `graphql ${mutation}`, result: String(status) });
          // The client may have lost interest, or taken the id for something else.
          if (!client.operations.has(id)) return;
          client.operations.delete(id);
          client.send(`{"type":"next","payload":${text}${tail}`, clock.now());
          client.send(`{"type":"complete"${tail}`, clock.now());
        })
        .catch((error: unknown) => this.#fail(client, id, error));
    } catch (error) {
      this.#fail(client, id, error);
    }
  }

  #fail(client: SocketClient, id: string, error: unknown): void {
    client.operations.delete(id);
    const errors = JSON.stringify(this.#options.engine.errorsOf(error));
    client.send(`{"type":"error","payload":${errors}${tailOf(id)}`, this.#options.clock.now());
  }

  #sweepLater(): void {
    this.#cancelSweep = this.#options.clock.after(SWEEP_EVERY_MS, () => {
      this.#sweepLater();
      this.#sweep();
      // Asking the key store may take longer than a sweep; one question at a time.
      this.#checking ??= this.#dropRevoked()
        .catch((error) => this.#options.log.warn('keys of sockets not checked', { reason: messageOf(error) }))
        .finally(() => {
          this.#checking = undefined;
        });
    });
  }

  #sweep(): void {
    const nowMs = this.#options.clock.now();
    const stalledAfterMs = this.#options.socketStalledAfterMs ?? STALLED_AFTER_MS;
    this.#options.groups.announceOverdue(nowMs);
    this.#sweeps += 1;
    let order = this.#sweeps;
    for (const client of this.#clients) {
      client.messagesThisSecond = 0;
      order += 1;
      if (!client.isReady && nowMs - client.joinedAtMs >= INIT_WITHIN_MS) this.#drop(client, 'silent');
      else if (client.heldForMs(nowMs) >= stalledAfterMs) this.#drop(client, 'slow');
      else if (order % PING_EVERY_SWEEPS === 0) client.ping(nowMs);
    }
  }

  async #dropRevoked(): Promise<void> {
    const verdicts = new Map<string, boolean>();
    for (const client of this.#clients) {
      const { principal } = client;
      if (principal === undefined || !client.isReady) continue;
      // Two tokens of one client may end at different times.
      const who = `${principal.id} ${principal.expiresAt ?? ''}`;
      const isValid = verdicts.get(who) ?? (await this.#options.authenticator.isStillValid(principal));
      verdicts.set(who, isValid);
      if (!isValid) this.#drop(client, 'revoked');
    }
  }

  #drop(client: SocketClient, reason: Reason): void {
    if (!this.#clients.has(client)) return;
    this.#dropped.add({ reason });
    this.#close(client, reason);
  }

  /** It is forgotten at once: the closing handshake of a client that reads nothing would never end. */
  #close(client: SocketClient, reason: Reason): void {
    const [code, text] = CLOSE[reason];
    this.#leave(client);
    client.webSocket.close(code, text);
    this.#options.clock.after(CLOSE_WITHIN_MS, () => client.webSocket.terminate());
  }
}

function tailOf(id: string): string {
  return `,"id":${JSON.stringify(id)}}`;
}

function ignore(): void {
  // What ends a socket is told by its closing.
}

function hasCredentials({ headers, url }: IncomingMessage): boolean {
  if (url?.includes('ticket=') === true) return true;
  return headers['x-api-key'] !== undefined || headers.authorization !== undefined;
}

function full(count: number): AssayError {
  return new AssayError('NOT_READY', `there are ${count} subscribers already`, { retryAfterMs: 5_000 });
}

function tooManyOperations(): AssayError {
  const message = `this connection has ${OPERATIONS_MAX} operations already: end one, or subscribe to more at once`;
  return new AssayError('TOO_MANY_REQUESTS', message, { context: { field: 'id', value: '' } });
}

/** An upgrade that is refused is answered as the HTTP request that it is. */
function refuse(socket: Duplex, error: unknown): void {
  if (!socket.writable) return;
  const { status, headers, body } = problemOf(error);
  const own = { ...headers, 'content-type': PROBLEM_CONTENT_TYPE, connection: 'close' };
  const lines = Object.entries({ ...own, 'content-length': Buffer.byteLength(body) });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(`HTTP/1.1 ${status} Refused\r\n${head}\r\n${body}`);
}
