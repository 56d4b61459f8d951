// `/graphql` over HTTP, in front of the web framework: a price by GraphQL is asked as often as one by REST.
// In: requests. Out: answers as the GraphQL-over-HTTP specification has them; what fails before GraphQL
// begins (no key, a body that is too large) is a problem document as everywhere.
//
// Invariants: nothing is read of a body before its sender is known; a body, a batch and the texts kept of
// them are bounded; GET only ever reads.
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Clock } from '@assay/kernel/time/clock';
import type { AuditLog } from '../auth/audit-log.ts';
import { type Authenticator, keyInHeaders } from '../auth/authenticator.ts';
import type { Principal } from '../auth/principal.ts';
import { PROBLEM_CONTENT_TYPE, type Problem, problem, problemOf } from '../http/problem.ts';
import type { RequestMeter } from '../http/request-meter.ts';
import type { GraphqlEngine, Outcome, Prepared } from './engine.ts';
import { graphqlRefusal } from './graphql-error.ts';
import { RecentMap } from './recent-map.ts';
import { parseExactJson } from './scalars.ts';

export type GraphqlHttpOptions = {
  engine: GraphqlEngine;
  authenticator: Authenticator;
  clock: Clock;
  meter: RequestMeter;
  audit: AuditLog | undefined;
  /** Where GraphiQL is, for a browser that opens the address; undefined: there is none. */
  page: string | undefined;
};

export const GRAPHQL_PATH = '/graphql';

/** The largest document four times over, as variables or escapes. */
const BODY_MAX_BYTES = 65_536;
/** As many questions as one page asks at once; more is a crawl. */
const BATCH_MAX = 10;
/** Bodies that are repeated are short; 1,000 of them take 4 MB with what they were prepared to. */
const REPEATED_LENGTH_MAX = 2_048;
const REPEATED_MAX = 1_000;

export class GraphqlHttp {
  readonly #options: GraphqlHttpOptions;
  readonly #repeated = new RecentMap<Prepared>(REPEATED_MAX);

  constructor(options: GraphqlHttpOptions) {
    this.#options = options;
  }

  /** Takes a request of this address; false leaves it to others. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const url = request.url!;
    if (url !== GRAPHQL_PATH && !url.startsWith(`${GRAPHQL_PATH}?`)) return false;
    const { clock, authenticator, page } = this.#options;
    const startedMs = clock.monotonic();
    if (page !== undefined && isBrowser(request)) {
      response.writeHead(302, { location: page, 'content-length': 0, 'cache-control': 'no-store' }).end();
      return true;
    }
    const nowMs = clock.now();
    const key = keyInHeaders(request.rawHeaders);
    const principal = key === undefined ? undefined : authenticator.recent(key, nowMs);
    if (principal !== undefined && authenticator.takeNow(principal, nowMs)) {
      this.#take(request, response, principal, startedMs);
    } else {
      authenticator
        .authenticate(request.rawHeaders, request.socket.remoteAddress ?? '')
        .then((found) => this.#take(request, response, found, startedMs))
        .catch((error: unknown) => this.#refuse(request, response, problemOf(error), startedMs));
    }
    return true;
  }

  #take(request: IncomingMessage, response: ServerResponse, principal: Principal, startedMs: number): void {
    if (request.method === 'POST') {
      if (!isJson(request)) return void this.#refuse(request, response, NOT_JSON, startedMs);
      this.#readBody(request, response, startedMs, (body) => {
        this.#answer({ request, response, startedMs, principal }, this.#post(body, principal));
      });
    } else if (request.method === 'GET') {
      this.#answer({ request, response, startedMs, principal }, this.#get(request.url!, principal));
    } else this.#refuse(request, response, NOT_GET_OR_POST, startedMs);
  }

  #post(body: string, principal: Principal): Outcome | Promise<Outcome> {
    const { engine, clock } = this.#options;
    try {
      const repeated = this.#repeated.get(body);
      if (repeated !== undefined) return engine.run(repeated, principal, clock.now());
      const request = readJson(body);
      if (Array.isArray(request)) return this.#batch(request, principal);
      const prepared = engine.prepare(request);
      if (body.length <= REPEATED_LENGTH_MAX) this.#repeated.set(body, prepared);
      return this.#run(prepared, principal);
    } catch (error) {
      return engine.refusal(error);
    }
  }

  #run(prepared: Prepared, principal: Principal): Outcome | Promise<Outcome> {
    if (prepared.operation.kind === 'subscription') throw overWebSocket();
    return this.#options.engine.run(prepared, principal, this.#options.clock.now());
  }

  async #batch(requests: readonly unknown[], principal: Principal): Promise<Outcome> {
    if (requests.length === 0 || requests.length > BATCH_MAX) {
      const message = `this batch has ${requests.length} requests, 1 to ${BATCH_MAX} are served`;
      return this.#options.engine.refusal(graphqlRefusal('DOCUMENT_TOO_COSTLY', message));
    }
    const outcomes = await Promise.all(
      requests.map(async (request, order) => {
        try {
          // The first was taken with the HTTP request.
          if (order > 0) await this.#options.authenticator.take(principal);
          return await this.#run(this.#options.engine.prepare(request), principal);
        } catch (error) {
          return this.#options.engine.refusal(error);
        }
      }),
    );
    const mutation = outcomes.find((outcome) => outcome.mutation !== undefined)?.mutation;
    return { status: 200, mutation, text: `[${outcomes.map(({ text }) => text).join(',')}]` };
  }

  #get(url: string, principal: Principal): Outcome | Promise<Outcome> {
    const { engine } = this.#options;
    try {
      const given = new URLSearchParams(url.slice(GRAPHQL_PATH.length));
      const parsed = (name: string): unknown => {
        const text = given.get(name);
        return text === null ? undefined : readJson(text);
      };
      const prepared = engine.prepare({
        query: given.get('query'),
        operationName: given.get('operationName'),
        variables: parsed('variables'),
        extensions: parsed('extensions'),
      });
      if (prepared.operation.kind === 'mutation') {
        return {
          ...engine.refusal(graphqlRefusal('REQUEST_INVALID', 'send mutations with POST')),
          status: 405,
        };
      }
      return this.#run(prepared, principal);
    } catch (error) {
      return engine.refusal(error);
    }
  }

  #answer(asked: Asked, outcome: Outcome | Promise<Outcome>): void {
    const { request, response, startedMs, principal } = asked;
    if (outcome instanceof Promise) {
      outcome
        .then((done) => this.#answer(asked, done))
        .catch((error: unknown) => this.#refuse(request, response, problemOf(error), startedMs));
      return;
    }
    const { audit, clock } = this.#options;
    const { status, text, mutation } = outcome;
    const { accept } = request.headers;
    const type = accept?.includes('application/graphql-response+json') === true ? RESPONSE_TYPE : JSON_TYPE;
    this.#send(response, startedMs, principal, { status, type, body: text });
    if (mutation === undefined) audit?.count(principal, AUDITED_READ, status, clock.now());
    else audit?.record({ who: principal, action: `graphql ${mutation}`, result: String(status) });
  }

  #send(
    response: ServerResponse,
    startedMs: number,
    principal: Principal,
    { status, type, body }: { status: number; type: string; body: string },
  ): void {
    const { meter, clock, authenticator } = this.#options;
    const bytes = Buffer.from(body);
    // A flat list is written as it is: nothing is looked up or copied.
    response.writeHead(status, [
      'content-type',
      type,
      'cache-control',
      'no-store',
      'content-length',
      String(bytes.length),
      ...authenticator.limitLines(principal, clock.now()),
    ]);
    response.end(bytes);
    meter.count(GRAPHQL_PATH, status, clock.monotonic() - startedMs);
  }

  #refuse(request: IncomingMessage, response: ServerResponse, refusal: Problem, startedMs: number): void {
    const { status, headers, body } = refusal;
    const own: OutgoingHttpHeaders = {
      'content-type': PROBLEM_CONTENT_TYPE,
      'cache-control': 'no-store',
      'content-length': Buffer.byteLength(body),
    };
    // What is still coming is thrown away behind the answer, up to a bound (lingering.ts).
    if (!request.complete) own.connection = 'close';
    response.writeHead(status, { ...headers, ...own });
    response.end(body);
    this.#options.meter.count(GRAPHQL_PATH, status, this.#options.clock.monotonic() - startedMs);
  }

  #readBody(
    request: IncomingMessage,
    response: ServerResponse,
    startedMs: number,
    done: (body: string) => void,
  ): void {
    if (Number(request.headers['content-length'] ?? 0) > BODY_MAX_BYTES) {
      return void this.#refuse(request, response, TOO_LARGE, startedMs);
    }
    let first: Buffer | undefined;
    let more: Buffer[] | undefined;
    let length = 0;
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > BODY_MAX_BYTES) {
        request.off('data', onData);
        request.off('end', onEnd);
        return void this.#refuse(request, response, TOO_LARGE, startedMs);
      }
      if (first === undefined) first = chunk;
      else (more ??= [first]).push(chunk);
    };
    const onEnd = (): void => {
      done(more === undefined ? (first?.toString() ?? '') : Buffer.concat(more).toString());
    };
    request.on('data', onData);
    request.on('end', onEnd);
  }
}

type Asked = {
  request: IncomingMessage;
  response: ServerResponse;
  startedMs: number;
  principal: Principal;
};

const AUDITED_READ = 'graphql query';
const JSON_TYPE = 'application/json; charset=utf-8';
const RESPONSE_TYPE = 'application/graphql-response+json; charset=utf-8';

const NOT_JSON = problem(415, 'REQUEST_INVALID', 'send the request with content-type application/json', {
  field: 'content-type',
});
const NOT_GET_OR_POST = problem(405, 'REQUEST_INVALID', `${GRAPHQL_PATH} takes GET and POST`, {});
const TOO_LARGE = problem(413, 'REQUEST_INVALID', `a body may have ${BODY_MAX_BYTES} bytes`, {});

function overWebSocket(): Error {
  return graphqlRefusal('DOCUMENT_INVALID', 'subscribe over a WebSocket with graphql-transport-ws');
}

function isJson(request: IncomingMessage): boolean {
  const type = request.headers['content-type'];
  return type?.startsWith('application/json') === true;
}

function isBrowser(request: IncomingMessage): boolean {
  return (
    request.method === 'GET' &&
    request.url === GRAPHQL_PATH &&
    request.headers.accept?.includes('text/html') === true
  );
}

/** @throws GraphQLError DOCUMENT_INVALID */
function readJson(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    throw graphqlRefusal('DOCUMENT_INVALID', 'the request is not JSON');
  }
}
