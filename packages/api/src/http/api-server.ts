// The HTTP server of the API port. In: routes as data. Out: a node:http server whose hottest request is
// answered before the web framework (Fastify) sees it, and every other one by it: key first, then the route,
// errors as problem documents.
//
// The only file that knows the framework. Invariants: without a valid key every address, existing or not,
// answers the same 401; a route gets only parameters that its schema accepted; every request is counted under
// its route.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { AssayError, messageOf } from '@assay/kernel/errors/assay-error';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { AuditLog } from '../auth/audit-log.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import { type Principal, requireScope } from '../auth/principal.ts';
import { nearNames } from '../rest/near-names.ts';
import { NOBODY, type Reply, type Route, readBody, readQuery } from '../rest/route.ts';
import { LingeringConnections } from './lingering.ts';
import { PROBLEM_CONTENT_TYPE, type Problem, problem, problemOf } from './problem.ts';
import type { RequestMeter } from './request-meter.ts';

export type ApiServerOptions = {
  routes: readonly Route[];
  authenticator: Authenticator;
  clock: Clock;
  log: Log;
  meter: RequestMeter;
  audit: AuditLog | undefined;
  /** Answers what it can at once; false leaves it to the routes. */
  hot: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Takes a WebSocket; false: there is none at that address. */
  upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;
  /** False while starting and stopping: requests are answered 503. */
  isServing: () => boolean;
};

/** 1,000 feeds by name in a query fit. */
const URL_MAX = 16_384;
const HEADERS_MAX_BYTES = 32_768;
/** A submission has 200 bytes, a GraphQL document a few thousand. */
const BODY_MAX_BYTES = 65_536;
/** A client that does not finish its request in this time is cut off. */
const REQUEST_TIMEOUT_MS = 15_000;
const KEEP_ALIVE_MS = 65_000;

export async function createApiServer(options: ApiServerOptions): Promise<Server> {
  let framework: (request: IncomingMessage, response: ServerResponse) => void;
  const lingering = new LingeringConnections(options.clock);
  const server = createServer(
    {
      maxHeaderSize: HEADERS_MAX_BYTES,
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
    (request, response) => {
      if (request.method !== 'GET') lingering.watch(request, response, BODY_MAX_BYTES);
      if (!options.isServing()) return sendProblem(response, NOT_SERVING);
      if (options.hot(request, response)) return;
      if (request.url!.length > URL_MAX) return sendProblem(response, URL_TOO_LONG);
      framework(request, response);
    },
  );
  server.on('upgrade', (request, socket, head) => {
    if (options.isServing() && options.upgrade(request, socket, head)) return;
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable) return;
    const answer = error.code === 'HPE_HEADER_OVERFLOW' ? HEADERS_TOO_LARGE : NOT_HTTP;
    socket.end(
      `HTTP/1.1 ${answer.status} Refused\r\ncontent-type: ${PROBLEM_CONTENT_TYPE}\r\n` +
        `content-length: ${Buffer.byteLength(answer.body)}\r\nconnection: close\r\n\r\n${answer.body}`,
    );
  });
  const app = Fastify({
    serverFactory: (handler) => {
      framework = handler;
      return server;
    },
    bodyLimit: BODY_MAX_BYTES,
    routerOptions: { maxParamLength: 100 },
    exposeHeadRoutes: true,
    // An address that cannot be decoded never reaches a route.
    frameworkErrors: (error, _request, reply) => {
      sendBy(reply, frameworkError(error) ?? problemOf(error));
    },
    logger: false,
  });
  addRoutes(app, options);
  await app.ready();
  return server;
}

type Requests = { principals: WeakMap<FastifyRequest, Principal>; streamed: WeakSet<FastifyRequest> };

/** Before a route: who asks. After it: what is left to them, and the note of what they did. */
function addHooks(app: FastifyInstance, options: ApiServerOptions, { principals, streamed }: Requests): void {
  const { authenticator, clock, meter, audit } = options;
  app.addHook('onRequest', async (request) => {
    if ((request.routeOptions.config as { isPublic?: boolean }).isPublic === true) return;
    const address = request.raw.socket.remoteAddress ?? '';
    principals.set(
      request,
      await authenticator.authenticate(request.raw.rawHeaders, address, ticketPlace(request)),
    );
  });
  app.addHook('onSend', async (request, reply) => {
    const who = principals.get(request);
    const lines = who === undefined ? [] : authenticator.limitLines(who, clock.now());
    for (let i = 0; i < lines.length; i += 2) reply.header(lines[i]!, lines[i + 1]!);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    const isStream = streamed.has(request);
    meter.count(route, reply.raw.statusCode, isStream ? undefined : reply.elapsedTime);
    const who = principals.get(request);
    if (who !== undefined && !isStream) note(audit, who, request, reply.raw.statusCode, clock.now());
    done();
  });
}

function addRoutes(app: FastifyInstance, options: ApiServerOptions): void {
  const { routes, clock, log, audit } = options;
  const requests: Requests = { principals: new WeakMap(), streamed: new WeakSet() };
  const { principals, streamed } = requests;
  addHooks(app, options, requests);
  app.setErrorHandler((error, request, reply) => {
    const known = frameworkError(error) ?? problemOf(error);
    if (known.status === 500) {
      log.error('a request failed', { url: request.url.slice(0, 200), reason: messageOf(error), error });
    }
    return sendBy(reply, known);
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0]!;
    const near = nearNames(path, [...new Set(routes.map((route) => route.path))]);
    const shown = path.slice(0, 80);
    const methods = routes.filter((route) => isAt(route.path, path)).map(({ method }) => method);
    if (methods.length === 0) {
      const what = `there is no ${request.method} ${shown}`;
      return sendBy(reply, problem(404, 'NOT_FOUND', what, { near }, 'Every address is listed at /docs.'));
    }
    const taken = methods.join(' and ');
    reply.header('allow', methods.join(', '));
    return sendBy(reply, problem(405, 'REQUEST_INVALID', `${shown} takes ${taken} only`, {}));
  });
  // Our routes read their bodies themselves; whatever else is registered keeps the framework's parsers.
  app.register(async (own) => {
    own.removeAllContentTypeParsers();
    own.addContentTypeParser('*', { parseAs: 'string' }, (_request, text, done) => done(null, text));
    for (const route of routes) {
      const isPublic = route.scope === 'public';
      own.route({
        method: route.method,
        url: route.path,
        config: { isPublic },
        handler: async (request, reply) => {
          const principal = principals.get(request) ?? NOBODY;
          if (route.scope !== 'public') requireScope(principal, route.scope);
          const text = typeof request.body === 'string' ? request.body : '';
          const query = readQuery(route.query, request.query);
          const { body: schema, bodyType = 'json' } = route;
          const answer = await route.handle({
            path: request.params as Record<string, string>,
            query,
            body: schema === undefined ? undefined : readBody(schema, bodyType, text),
            text,
            address: request.raw.socket.remoteAddress ?? '',
            headers: request.headers,
            principal,
            nowMs: clock.now(),
            response: reply.raw,
          });
          if (answer !== 'streamed') return send(request, reply, answer);
          streamed.add(request);
          note(audit, principal, request, 'opened', clock.now());
          return reply.hijack();
        },
      });
    }
  });
}

/** A ticket is for streams alone. */
function ticketPlace(request: FastifyRequest): string | undefined {
  return request.routeOptions.url === '/v1/stream' ? request.url : undefined;
}

/** Reads are added up; what changes something, or opens a stream, is a record of its own. */
function note(
  audit: AuditLog | undefined,
  who: Principal,
  request: FastifyRequest,
  status: number | 'opened',
  nowMs: number,
): void {
  const action = `${request.method} ${request.routeOptions.url ?? 'unknown'}`;
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (isRead && status !== 'opened') {
    audit?.count(who, action, status, nowMs);
    return;
  }
  // What stands beside a ticket is what was asked for.
  const url = request.url.replace(/ticket=[^&]*/, 'ticket=…').slice(0, AUDITED_URL_MAX);
  const detail = { url, address: request.raw.socket.remoteAddress ?? '' };
  audit?.record({ who, action, result: String(status), detail });
}

const AUDITED_URL_MAX = 500;

/** Whether an address could be of a template: parameters match anything without a slash. */
function isAt(template: string, path: string): boolean {
  const parts = path.split('/');
  const wanted = template.split('/');
  return (
    wanted.length === parts.length && wanted.every((part, i) => part.startsWith(':') || part === parts[i])
  );
}

function send(request: FastifyRequest, reply: FastifyReply, answer: Reply): FastifyReply {
  reply.status(answer.status ?? 200);
  reply.header('content-type', answer.contentType ?? 'application/json; charset=utf-8');
  for (const [name, value] of Object.entries(answer.headers ?? {})) reply.header(name, value);
  if (answer.isLasting !== true) return reply.header('cache-control', 'no-store').send(answer.body);
  const etag = `"${createHash('sha256').update(answer.body).digest('base64url').slice(0, 22)}"`;
  reply.header('cache-control', 'private, no-cache').header('etag', etag);
  const isSame = request.headers['if-none-match']?.split(/\s*,\s*/).includes(etag) === true;
  return isSame ? reply.status(304).send() : reply.send(answer.body);
}

function sendBy(reply: FastifyReply, { status, headers, body }: Problem): FastifyReply {
  return reply
    .status(status)
    .headers({ ...headers, 'content-type': PROBLEM_CONTENT_TYPE, 'cache-control': 'no-store' })
    .send(body);
}

function sendProblem(response: ServerResponse, { status, body, headers }: Problem): void {
  const length = Buffer.byteLength(body);
  response.writeHead(status, { ...headers, 'content-type': PROBLEM_CONTENT_TYPE, 'content-length': length });
  response.end(body);
}

/** Errors of the framework itself: its own status, our words. */
function frameworkError(error: unknown): Problem | undefined {
  if (error instanceof AssayError) return undefined;
  const { statusCode, code } = error as { statusCode?: number; code?: string };
  if (typeof code !== 'string' || !code.startsWith('FST_')) return undefined;
  if (statusCode === undefined || statusCode < 400 || statusCode > 499) return undefined;
  return problem(statusCode, 'REQUEST_INVALID', `the request cannot be read: ${messageOf(error)}`, {});
}

const NOT_SERVING: Problem = {
  ...problem(503, 'NOT_READY', 'the server is starting or stopping', {}),
  headers: { 'retry-after': '1', connection: 'close' },
};
const URL_TOO_LONG: Problem = problem(
  414,
  'REQUEST_INVALID',
  `the address is longer than ${URL_MAX} characters: ask for fewer feeds at once`,
  { field: 'url' },
);
const HEADERS_TOO_LARGE: Problem = problem(
  431,
  'REQUEST_INVALID',
  `the headers are larger than ${HEADERS_MAX_BYTES} bytes: send fewer`,
  { field: 'headers' },
);
const NOT_HTTP: Problem = problem(400, 'REQUEST_INVALID', 'this is not an HTTP request', {});
