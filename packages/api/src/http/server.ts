// The serving side of Assay: the API, health and metrics. In: the bus, the history, keys, feeds. Out: three
// listeners.
//
// `bind` takes the ports and nothing else, so that a taken one is found before anything is started; `start`
// makes it serve. Reads: topics `answers`, `health`, on demand `source-prices`. Writes: nothing. Guarantees:
// every price leaves with its true age and state. Survives: a bus or history that fails (503 for what needs
// it; current prices are in memory).
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Startable } from '@assay/kernel/lifecycle/startable';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Metrics } from '@assay/kernel/telemetry/metrics';
import type { Clock } from '@assay/kernel/time/clock';
import type { PriceRecord } from '@assay/oracle/model/answer';
import type { FeedDefinition, SourceTraits } from '@assay/oracle/model/feed';
import type { Cache } from '@assay/ports/cache/cache';
import type { EventBus } from '@assay/ports/event-bus/event-bus';
import type { History } from '@assay/ports/history/history';
import type { Ledger } from '@assay/ports/ledger/ledger';
import type { Outbound } from '@assay/ports/outbound/outbound';
import type { PriceRequestDesk, SubmissionDesk } from '../assets/desk.ts';
import { EventTail } from '../assets/event-tail.ts';
import { PastAnswers } from '../assets/past-answers.ts';
import { PriceSockets } from '../assets/price-sockets.ts';
import { PriceStream } from '../assets/price-stream.ts';
import type { SubmissionLimits } from '../assets/submission-desk.ts';
import type { AuthDesk } from '../auth/auth-desk.ts';
import { Authenticator } from '../auth/authenticator.ts';
import type { KeyStore } from '../auth/key-store.ts';
import { GraphqlDoor } from '../graphql/graphql-door.ts';
import type { RateLimiter } from '../limits/rate-limiter.ts';
import { authRoutes } from '../rest/auth-routes.ts';
import { catalogueRoutes } from '../rest/catalogue-routes.ts';
import { coverageRoute } from '../rest/coverage-route.ts';
import { API_VERSION, documentRoutes } from '../rest/document-routes.ts';
import { convertedBy, type Explain, explainRoute } from '../rest/explain-route.ts';
import { operatorRoutes } from '../rest/operator-routes.ts';
import { pastRoutes } from '../rest/past-routes.ts';
import { chainlinkRoute } from '../rest/price-request-routes.ts';
import { priceRoutes } from '../rest/price-routes.ts';
import type { Route } from '../rest/route.ts';
import { sourceRoutes } from '../rest/source-routes.ts';
import { socketRoute, streamRoute } from '../rest/stream-route.ts';
import { swaggerRoutes } from '../rest/swagger-routes.ts';
import { type SystemFacts, systemRoutes } from '../rest/system-routes.ts';
import { PriceView } from '../views/prices.ts';
import { type Readiness, readinessOf } from '../views/readiness.ts';
import { SourceView } from '../views/sources.ts';
import { createApiServer } from './api-server.ts';
import { ClientDesks } from './client-desks.ts';
import { createHotPrice } from './hot-price.ts';
import { closeServer, type ListenAddress, listen } from './listener.ts';
import { PriceMetrics } from './price-metrics.ts';
import { RequestMeter } from './request-meter.ts';
import { createHealthServer, createMetricsServer } from './side-listeners.ts';
import type { StaticSite } from './static-site.ts';

export type ApiOptions = {
  bus: EventBus;
  history: History;
  cache?: Cache;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  /** Prometheus text of everything behind `metrics`. */
  renderMetrics: () => Promise<string>;
  /** Started and stopped by whoever made it. */
  keys: KeyStore;
  /** Tokens, tickets, the audit log, and the routes for them; without it keys are all there is. */
  auth?: AuthDesk;
  limiter?: RateLimiter;
  profile: string;
  feeds: readonly FeedDefinition[];
  sources: readonly SourceTraits[];
  api: ListenAddress;
  metricsListener: ListenAddress;
  healthListener: ListenAddress;
  /** Replaces what the topic `health` says. */
  sourceStatus?: () => unknown[];
  explain?: Explain;
  /** Default 2,000. */
  streamClientsMax?: number;
  /** A subscriber that takes nothing for this long is cut off. Default 30 s. */
  streamStalledAfterMs?: number;
  /** The same for GraphQL over WebSockets. Default 10,000 and 30 s. */
  socketClientsMax?: number;
  socketStalledAfterMs?: number;
  /** GraphQL documents by SHA-256; nothing else is executed then. */
  allowedQueries?: ReadonlyMap<string, string>;
  /** Where a browser that opens /graphql is sent. */
  graphiqlAt?: string;
  /** Where submissions, price requests and webhooks are kept; without it there are none. */
  ledger?: Ledger;
  /** Instead of those on the ledger. */
  submissions?: SubmissionDesk;
  priceRequests?: PriceRequestDesk;
  /** Through which webhooks leave; needed beside `ledger`. */
  outbound?: Outbound;
  submissionLimits?: Partial<SubmissionLimits>;
  /** Webhooks may go to private addresses: in the sandbox, and where an operator says so. */
  allowPrivateWebhooks?: boolean;
  /** Address of the sandbox's switches; absent outside the sandbox profile. */
  sandboxControl?: () => string | undefined;
  /** What administrators see of the installation itself. */
  system?: SystemFacts;
  /** Built pages, open to everybody: the documentation. */
  sites?: readonly StaticSite[];
};

export type ApiAddresses = { api: string; metrics: string; health: string };

export interface Api extends Startable {
  /**
   * Takes the three ports; requests are answered 503 until `start`. @throws AssayError PORT_TAKEN,
   * CONFIG_INVALID
   */
  bind(): Promise<void>;
  /** `http://host:port` of each; known after `bind`. */
  addresses(): ApiAddresses;
  /** Follows a new configuration while it serves. */
  reconfigure(feeds: readonly FeedDefinition[], sources: readonly SourceTraits[]): void;
  /** What it serves, for its description. */
  routes(): Route[];
  /** What is served now, for a program that shows it beside serving it. */
  prices(): PriceRecord[];
}

export function createApi(options: ApiOptions): Api {
  return new ApiService(options);
}

/** Requests take milliseconds; streams are ended by us. */
const GRACE_MS = 1_000;

class ApiService implements Api {
  readonly #options: ApiOptions;
  readonly #traits: SourceTraits[];
  readonly #view: PriceView;
  readonly #sources: SourceView;
  readonly #stream: PriceStream;
  readonly #past: PastAnswers;
  readonly #graphql: GraphqlDoor;
  readonly #desks: ClientDesks | undefined;
  readonly #tail: EventTail;
  readonly #sockets: PriceSockets;
  readonly #authenticator: Authenticator;
  readonly #meter: RequestMeter;
  readonly #priceMetrics: PriceMetrics;
  #servers: Server[] = [];
  #addresses: ApiAddresses | undefined;
  #isServing = false;
  #startedAt = 0;

  constructor(given: ApiOptions) {
    // Views and routes look at this list whenever they are asked: `reconfigure` changes what stands in it.
    this.#traits = [...given.sources];
    const options = { ...given, sources: this.#traits };
    this.#options = options;
    const { bus, clock, metrics, keys } = options;
    const log = options.log;
    this.#view = new PriceView(options);
    this.#sources = new SourceView(options);
    this.#authenticator = new Authenticator(keys, clock, {
      ...options.auth?.others,
      ...(options.limiter === undefined ? {} : { limiter: options.limiter }),
      cache: options.cache,
    });
    this.#meter = new RequestMeter(metrics);
    this.#priceMetrics = new PriceMetrics(metrics);
    this.#stream = new PriceStream({
      view: this.#view,
      bus,
      authenticator: this.#authenticator,
      clock,
      log,
      metrics,
      ...(options.streamClientsMax === undefined ? {} : { clientsMax: options.streamClientsMax }),
      ...(options.streamStalledAfterMs === undefined ? {} : { stalledAfterMs: options.streamStalledAfterMs }),
    });
    const { history, cache } = options;
    this.#past = new PastAnswers({ history, cache, clock, log, metrics });
    this.#desks = this.#createDesks();
    this.#tail = new EventTail({ bus, authenticator: this.#authenticator, clock, log });
    const [view, stream, authenticator] = [this.#view, this.#stream, this.#authenticator];
    this.#sockets = new PriceSockets({ view, stream, authenticator, clock, log, audit: options.auth?.audit });
    this.#graphql = this.#createGraphql();
  }

  async bind(): Promise<void> {
    if (this.#servers.length > 0) return;
    const { authenticator, meter, view } = {
      authenticator: this.#authenticator,
      meter: this.#meter,
      view: this.#view,
    };
    const { clock, log, sites = [] } = this.#options;
    const audit = this.#options.auth?.audit;
    const hot = createHotPrice({ view, authenticator, clock, meter, audit });
    const api = await createApiServer({
      routes: this.routes(),
      authenticator,
      clock,
      log,
      meter,
      audit,
      hot: (request, response) =>
        hot(request, response) ||
        this.#graphql.handle(request, response) ||
        sites.some((site) => site.handle(request, response)),
      upgrade: (request, socket, head) => this.#upgrade(request, socket, head),
      isServing: () => this.#isServing,
    });
    const health = createHealthServer(() => this.#readiness());
    const metrics = createMetricsServer(() => this.#renderMetrics(), log);
    this.#servers = [api, health, metrics];
    try {
      this.#addresses = {
        api: urlOf(await listen(api, this.#options.api, 'API_PORT')),
        metrics: urlOf(await listen(metrics, this.#options.metricsListener, 'METRICS_PORT')),
        health: urlOf(await listen(health, this.#options.healthListener, 'HEALTH_PORT')),
      };
    } catch (error) {
      await this.#close();
      throw error;
    }
  }

  addresses(): ApiAddresses {
    return this.#addresses ?? { api: '', metrics: '', health: '' };
  }

  reconfigure(feeds: readonly FeedDefinition[], sources: readonly SourceTraits[]): void {
    this.#view.setFeeds(feeds);
    this.#traits.splice(0, this.#traits.length, ...sources);
  }

  prices(): PriceRecord[] {
    const nowMs = this.#options.clock.now();
    return [...this.#view.all()].flatMap((current) => current.record(nowMs) ?? []);
  }

  async start(): Promise<void> {
    await this.bind();
    try {
      await this.#view.start();
      await this.#sources.start();
      await this.#desks?.start();
      this.#stream.start();
      this.#graphql.start();
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#startedAt = this.#options.clock.now();
    this.#isServing = true;
    this.#options.log.info('serving', { ...this.#addresses });
  }

  async stop(): Promise<void> {
    this.#isServing = false;
    this.#stream.stop();
    this.#tail.stop();
    this.#graphql.stop();
    await this.#close();
    await this.#desks?.stop();
    await this.#view.stop();
    await this.#sources.stop();
  }

  async #close(): Promise<void> {
    const servers = this.#servers;
    this.#servers = [];
    await Promise.all(servers.map((server) => closeServer(server, this.#options.clock, GRACE_MS)));
  }

  routes(): Route[] {
    const { bus, history, clock, sources, explain, sandboxControl, auth } = this.#options;
    const view = this.#view;
    const past = this.#past;
    const routes: Route[] = [
      ...priceRoutes({ view, past, bus, history, sources, converted: convertedBy(explain, clock) }),
      ...pastRoutes({ view, past }),
      explainRoute({ view, explain }),
      ...catalogueRoutes({
        view,
        readiness: () => this.#readiness(),
        serverFacts: () => this.#serverFacts(),
      }),
      coverageRoute({ view, sources: () => this.#sources.all() }),
      ...sourceRoutes({
        bus,
        cache: this.#options.cache,
        sources,
        sourceStatus: this.#options.sourceStatus ?? (() => this.#sources.all()),
      }),
      streamRoute({ view, stream: this.#stream }),
      socketRoute(),
      ...(this.#desks?.routes() ?? []),
      ...(auth === undefined
        ? []
        : authRoutes({ auth, authenticator: this.#authenticator, view: this.#view })),
      chainlinkRoute(view),
      ...operatorRoutes({ bus, clock, sources, tail: this.#tail, sandboxControl }),
      ...systemRoutes(this.#options, () => ({ ...this.#readiness(), ...this.#serverFacts() })),
    ];
    routes.push(...documentRoutes(() => routes), ...swaggerRoutes());
    return routes;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    return this.#graphql.upgrade(request, socket, head) || this.#sockets.upgrade(request, socket, head);
  }

  #createDesks(): ClientDesks | undefined {
    const { ledger, outbound, cache, submissionLimits, allowPrivateWebhooks = false } = this.#options;
    if (ledger === undefined || outbound === undefined) return undefined;
    const view = this.#view;
    return new ClientDesks({
      ...this.#options,
      ledger,
      outbound,
      cache,
      view,
      submissionLimits,
      allowPrivateWebhooks,
    });
  }

  #createGraphql(): GraphqlDoor {
    const { bus, history, clock, metrics, log, sources, explain } = this.#options;
    const services = {
      view: this.#view,
      past: this.#past,
      bus,
      history,
      sources,
      sourceStatus: () => this.#sources.all(),
      converted: convertedBy(explain, clock),
      explain,
      readiness: () => this.#readiness(),
      serverFacts: () => this.#serverFacts(),
      submissions: this.#options.submissions ?? this.#desks?.submissions,
      priceRequests: this.#options.priceRequests ?? this.#desks?.priceRequests,
    };
    const [authenticator, meter] = [this.#authenticator, this.#meter];
    const { graphiqlAt: page, allowedQueries, socketClientsMax, socketStalledAfterMs } = this.#options;
    const limits = { allowedQueries, socketClientsMax, socketStalledAfterMs };
    const sourceView = this.#sources;
    return new GraphqlDoor({
      services,
      sourceView,
      authenticator,
      clock,
      log,
      metrics,
      meter,
      audit: this.#options.auth?.audit,
      page,
      ...limits,
    });
  }

  #serverFacts(): Record<string, unknown> & { startedAt: string } {
    return {
      version: this.#options.system?.version ?? API_VERSION,
      startedAt: new Date(this.#startedAt).toISOString(),
      position: this.#view.position(),
      streamClients: this.#stream.clientCount,
      graphqlClients: this.#graphql.clientCount,
    };
  }

  #readiness(): Readiness {
    return readinessOf({
      isStarted: this.#isServing,
      profile: this.#options.profile,
      prices: this.#view.all(),
      sourcesConfigured: this.#options.sources.length,
      sourcesDown: this.#sources.down(),
      nowMs: this.#options.clock.now(),
    });
  }

  async #renderMetrics(): Promise<string> {
    this.#meter.flush();
    this.#priceMetrics.collect(this.#view.all(), this.#options.clock.now());
    return await this.#options.renderMetrics();
  }
}

function urlOf({ host, port }: ListenAddress): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
