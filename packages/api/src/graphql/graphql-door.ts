// GraphQL as one part of the API server: requests at `/graphql`, WebSockets at the same address. In: the
// services of the API. Out: two functions that take what arrives there, and a start and a stop.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Metrics } from '@assay/kernel/telemetry/metrics';
import type { Clock } from '@assay/kernel/time/clock';
import type { AuditLog } from '../auth/audit-log.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import type { RequestMeter } from '../http/request-meter.ts';
import type { SourceView } from '../views/sources.ts';
import type { GraphqlServices } from './context.ts';
import { GraphqlEngine } from './engine.ts';
import { GRAPHQL_PATH, GraphqlHttp } from './graphql-http.ts';
import { GraphqlSockets, type SocketLimits } from './graphql-sockets.ts';
import { createSchema } from './schema.ts';
import { SubscriptionGroups } from './subscription-groups.ts';

export type GraphqlDoorOptions = {
  services: GraphqlServices;
  sourceView: SourceView;
  authenticator: Authenticator;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  meter: RequestMeter;
  audit: AuditLog | undefined;
  /** Address of GraphiQL; undefined outside the sandbox. */
  page?: string | undefined;
  /** Texts by SHA-256; nothing else is executed then. */
  allowedQueries?: ReadonlyMap<string, string> | undefined;
} & SocketLimits;

export class GraphqlDoor {
  readonly #http: GraphqlHttp;
  readonly #sockets: GraphqlSockets;

  constructor(options: GraphqlDoorOptions) {
    const { services, authenticator, clock, log, meter, audit, allowedQueries, page } = options;
    const schema = createSchema();
    const allowed = allowedQueries === undefined ? {} : { allowedQueries };
    const engine = new GraphqlEngine({ schema, services, log, ...allowed });
    this.#http = new GraphqlHttp({ engine, authenticator, clock, meter, audit, page });
    const { sourceView } = options;
    const groups = new SubscriptionGroups({ engine, schema, view: services.view, sourceView, clock });
    this.#sockets = new GraphqlSockets({ ...options, engine, groups });
  }

  start(): void {
    this.#sockets.start();
  }

  stop(): void {
    this.#sockets.stop();
  }

  get clientCount(): number {
    return this.#sockets.clientCount;
  }

  /** False when the request is not for this address. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#http.handle(request, response);
  }

  /** False when the WebSocket is not for this address. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const path = request.url!.split('?', 1)[0];
    if (path !== GRAPHQL_PATH) return false;
    this.#sockets.upgrade(request, socket, head);
    return true;
  }
}
