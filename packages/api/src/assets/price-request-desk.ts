// A fresh price on demand. In: a feed, how long the client waits. Out: the price after all its sources, and
// those of the crosses that it rests on, were asked just now; or what is missing.
//
// Reads: topic `fetch-requests` (what each source made of it), the price view. Writes: topic
// `fetch-requests`, the ledger. Guarantees: requests for one feed at one time share one fetch; every request
// ends, at the latest FETCH_WITHIN_MS after it began, in words. Survives: adapters that are away (`failed`,
// with the price known before); a ledger that is away (then a request is found again only in this process).
import { messageOf } from '@assay/kernel/errors/assay-error';
import type { Startable } from '@assay/kernel/lifecycle/startable';
import { secureBytes } from '@assay/kernel/random/random';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import type { PriceRecord } from '@assay/oracle/model/answer';
import {
  decodeFetchRecord,
  FETCH_REQUESTS_TOPIC,
  type FetchOutcome,
  type FetchRequest,
} from '@assay/oracle/model/demand';
import type { FeedDefinition } from '@assay/oracle/model/feed';
import { quoteOf } from '@assay/oracle/model/pair';
import { SUBMITTED_SOURCE } from '@assay/oracle/model/submission';
import type { Cache } from '@assay/ports/cache/cache';
import type { BusRecord, EventBus, Subscription } from '@assay/ports/event-bus/event-bus';
import type { Ledger } from '@assay/ports/ledger/ledger';
import { hasScope, type Principal, requireScope } from '../auth/principal.ts';
import { dropOldest } from '../limits/drop-oldest.ts';
import { CURSOR_FIX, findFeed } from '../rest/parameters.ts';
import { invalid } from '../rest/route.ts';
import type { CurrentPrice } from '../views/current-price.ts';
import type { PriceView } from '../views/prices.ts';
import { ClientLimit } from './client-limit.ts';
import type { AskedSource, PriceRequest, PriceRequestDesk, PriceRequestPage } from './desk.ts';
import { PriceRequestTables, type StoredPriceRequest } from './price-request-tables.ts';

export type PriceRequestDeskOptions = {
  bus: EventBus;
  ledger: Ledger;
  cache: Cache | undefined;
  view: PriceView;
  clock: Clock;
  log: Log;
  /** Of one client; default 30. */
  perMinute?: number;
};

/** The slowest source is given 10 s by its adapter; the rest is for the way and a retry. */
export const FETCH_WITHIN_MS = 30_000;
/**
 * The last source's price is on its way through aggregation: tens of milliseconds, unless nothing changed.
 */
const SETTLE_MS = 300;
/** A request asks up to ten venues: one in two seconds is what their limits leave beside polling. */
const PER_MINUTE = 30;
const RUNNING_MAX = 200;
const REMEMBERED_MAX = 1_000;
const ID_BYTES = 12;

type Fetch = {
  id: string;
  startedAt: number;
  asked: ReadonlySet<string>;
  outcomes: Map<string, FetchOutcome>;
  /** Resolves when every source has said something, or at the end. */
  ended: Promise<void>;
  end: () => void;
};

export class BusPriceRequestDesk implements PriceRequestDesk, Startable {
  readonly #options: PriceRequestDeskOptions;
  readonly #tables: PriceRequestTables;
  readonly #perClient: ClientLimit;
  readonly #running = new Map<string, Fetch>();
  readonly #remembered = new Map<string, StoredPriceRequest>();
  /** The fetches of the requests that have not ended, by their id. */
  readonly #pending = new Map<string, Fetch>();
  #subscription: Subscription | undefined;

  constructor(options: PriceRequestDeskOptions) {
    const { cache, clock, ledger, perMinute = PER_MINUTE } = options;
    this.#options = options;
    this.#tables = new PriceRequestTables(ledger);
    this.#perClient = new ClientLimit({ cache, clock, what: 'price requests', perMinute });
  }

  async start(): Promise<void> {
    await this.#tables.prepare();
    this.#subscription = await this.#options.bus.subscribe(
      { topic: FETCH_REQUESTS_TOPIC, from: 'latest' },
      (records) => {
        for (const record of records) this.#take(record);
      },
    );
  }

  async stop(): Promise<void> {
    await this.#subscription?.close();
    this.#subscription = undefined;
    for (const { end } of this.#running.values()) end();
  }

  async request(
    principal: Principal,
    name: string,
    deadlineMs: number,
    { isAwaited = true }: { isAwaited?: boolean } = {},
  ): Promise<PriceRequest> {
    requireScope(principal, 'prices:read');
    const { view, clock, log } = this.#options;
    const current = findFeed(
      view,
      name.includes('/') || name.includes('-') ? name : `${name}/USD`,
      principal,
    );
    await this.#perClient.count(principal);
    const nowMs = clock.now();
    const fetch = await this.#fetchOf(current);
    const request: StoredPriceRequest = {
      id: `req_${Buffer.from(secureBytes(ID_BYTES)).toString('hex')}`,
      client: principal.id,
      feed: current.definition.feed,
      status: 'pending',
      detail: `${fetch.asked.size} sources are asked`,
      requestedAt: new Date(nowMs).toISOString(),
      deadlineAt: new Date(nowMs + deadlineMs).toISOString(),
      completedAt: null,
      sourcesAsked: fetch.asked.size,
      sourcesAnswered: 0,
      sources: askedOf(fetch, 'waiting'),
      price: null,
    };
    this.#pending.set(request.id, fetch);
    await this.#keep(request);
    const inTime = this.#untilDeadline(request, fetch, current, deadlineMs);
    if (isAwaited) await inTime;
    else {
      inTime.catch((error: unknown) => {
        log.warn('a price request was not followed', { id: request.id, reason: messageOf(error) });
      });
    }
    return this.#shown(request);
  }

  async find(principal: Principal, id: string): Promise<PriceRequest | undefined> {
    if (id.length > 100) return undefined;
    const found = this.#remembered.get(id) ?? (await this.#tables.byId(id));
    const isTheirs = found?.client === principal.id || hasScope(principal, 'admin');
    return found === undefined || !isTheirs ? undefined : this.#shown(found);
  }

  async list(
    principal: Principal,
    { limit, cursor }: { limit: number; cursor?: string },
  ): Promise<PriceRequestPage> {
    if (cursor !== undefined && !/^\d{1,18}$/.test(cursor)) throw invalid('cursor', cursor, CURSOR_FIX);
    const client = hasScope(principal, 'admin') ? undefined : principal.id;
    const before = cursor === undefined ? undefined : BigInt(cursor);
    const { rows, next } = await this.#tables.page(client, limit, before);
    // What is remembered here is newer than what is stored.
    const requests = rows.map((row) => this.#shown(this.#remembered.get(row.id) ?? row));
    return { requests, nextCursor: next?.toString() ?? null };
  }

  /** Of one that has not ended, with what its sources have said so far. */
  #shown({ client: _, ...request }: StoredPriceRequest): PriceRequest {
    const fetch = this.#pending.get(request.id);
    if (fetch === undefined) return request;
    return { ...request, sourcesAnswered: answeredIn(fetch), sources: askedOf(fetch, 'waiting') };
  }

  async #untilDeadline(
    request: StoredPriceRequest,
    fetch: Fetch,
    current: CurrentPrice,
    deadlineMs: number,
  ): Promise<void> {
    const following = this.#follow(request, fetch, current);
    const patience = new AbortController();
    const waited = this.#options.clock.sleep(deadlineMs, patience.signal).catch(() => {});
    await Promise.race([following, waited]);
    patience.abort();
    // Some have answered: the client has waited long enough for the rest.
    if (request.status === 'pending' && answeredIn(fetch) > 0) await this.#conclude(request, fetch, current);
  }

  async #follow(request: StoredPriceRequest, fetch: Fetch, current: CurrentPrice): Promise<void> {
    await fetch.ended;
    if (request.status !== 'pending') return;
    await this.#conclude(request, fetch, current);
  }

  async #conclude(request: StoredPriceRequest, fetch: Fetch, current: CurrentPrice): Promise<void> {
    const nowMs = this.#options.clock.now();
    Object.assign(request, verdictOf(fetch, current.record(nowMs)), {
      completedAt: new Date(nowMs).toISOString(),
    });
    this.#pending.delete(request.id);
    await this.#keep(request);
  }

  async #fetchOf(current: CurrentPrice): Promise<Fetch> {
    const { feed } = current.definition;
    const running = this.#running.get(feed);
    if (running !== undefined) return running;
    const { bus, clock } = this.#options;
    const { pairs, sources } = this.#demandOf(current.definition);
    const { promise, resolve } = Promise.withResolvers<void>();
    const fetch: Fetch = {
      id: `fetch_${Buffer.from(secureBytes(ID_BYTES)).toString('hex')}`,
      startedAt: clock.now(),
      asked: sources,
      outcomes: new Map(),
      ended: promise,
      end: resolve,
    };
    if (this.#running.size < RUNNING_MAX) this.#running.set(feed, fetch);
    const cancel = clock.after(FETCH_WITHIN_MS, resolve);
    promise.finally(() => {
      cancel();
      if (this.#running.get(feed) === fetch) this.#running.delete(feed);
    });
    const deadlineAt = fetch.startedAt + FETCH_WITHIN_MS;
    const record: FetchRequest = {
      type: 'request',
      id: fetch.id,
      feed,
      pairs,
      at: fetch.startedAt,
      deadlineAt,
    };
    try {
      await bus.publish(FETCH_REQUESTS_TOPIC, [{ key: feed, value: JSON.stringify(record) }]);
    } catch (error) {
      resolve();
      throw error;
    }
    return fetch;
  }

  /** The pairs of the feed, and of the feeds of the currencies that they are quoted in. */
  #demandOf(definition: FeedDefinition): { pairs: string[]; sources: Set<string> } {
    const { view } = this.#options;
    const foreign = definition.sources.map(({ pair }) => quoteOf(pair));
    const crosses = [...new Set(foreign)]
      .filter((currency) => currency !== quoteOf(definition.feed))
      .flatMap(
        (currency) => view.byFeed(`${currency}/${quoteOf(definition.feed)}`)?.definition.sources ?? [],
      );
    const wanted = [...definition.sources, ...crosses].filter(({ source }) => source !== SUBMITTED_SOURCE);
    return {
      pairs: [...new Set(wanted.map(({ pair }) => pair))],
      sources: new Set(wanted.map(({ source }) => source)),
    };
  }

  #take(record: BusRecord): void {
    const fetch = this.#running.get(record.key);
    if (fetch === undefined) return;
    try {
      const outcome = decodeFetchRecord(record.value);
      if (outcome.type !== 'outcome' || outcome.id !== fetch.id || !fetch.asked.has(outcome.source)) return;
      const before = fetch.outcomes.get(outcome.source);
      // Two processes may share a source: one answer is enough.
      if (before?.isAnswered !== true) fetch.outcomes.set(outcome.source, outcome);
      if (fetch.outcomes.size === fetch.asked.size) void this.#settle(record.key, fetch);
    } catch (error) {
      this.#options.log.debug('an outcome of a fetch could not be read', { reason: messageOf(error) });
    }
  }

  /** Waits for the answer that the last source's price makes; it may also make none. */
  async #settle(feed: string, fetch: Fetch): Promise<void> {
    const { view, clock } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = clock.after(SETTLE_MS, resolve);
    const last = Math.max(...[...fetch.outcomes.values()].map(({ at }) => at));
    const ignore = view.onUpdate((updates) => {
      if (updates.some(({ answer }) => answer.feed === feed && answer.answeredAt >= last)) resolve();
    });
    await promise;
    ignore();
    cancel();
    fetch.end();
  }

  async #keep(request: StoredPriceRequest): Promise<void> {
    this.#remembered.set(request.id, request);
    dropOldest(this.#remembered, REMEMBERED_MAX);
    await this.#tables.keep(request).catch((error: unknown) => {
      this.#options.log.warn('a price request was not stored', { id: request.id, reason: messageOf(error) });
    });
  }
}

function answeredIn({ outcomes }: Fetch): number {
  return [...outcomes.values()].filter(({ isAnswered }) => isAnswered).length;
}

function verdictOf(
  fetch: Fetch,
  price: PriceRecord | undefined,
): Pick<PriceRequest, 'status' | 'detail' | 'sourcesAnswered' | 'sources' | 'price'> {
  const { asked, outcomes } = fetch;
  const sourcesAnswered = answeredIn(fetch);
  const missing = [...asked].filter((source) => outcomes.get(source)?.isAnswered !== true);
  const reasons = missing.map(
    (source) => `${source} (${outcomes.get(source)?.detail ?? 'no answer in time'})`,
  );
  const status =
    price === undefined || sourcesAnswered === 0 ? 'failed' : missing.length === 0 ? 'complete' : 'partial';
  const known = price === undefined ? 'no price is known' : 'the price is the one known before';
  const detail =
    outcomes.size === 0
      ? `no source was asked: is \`adapters\` running? ${known}`
      : missing.length === 0
        ? `all ${asked.size} sources answered`
        : `${sourcesAnswered} of ${asked.size} sources answered; not ${reasons.join(', ')}`;
  const sources = askedOf(fetch, 'late');
  return { status, detail: detail.slice(0, 2_000), sourcesAnswered, sources, price: price ?? null };
}

/** Who has said what, in that order; of the others that they wait, or were too late. */
function askedOf({ asked, outcomes }: Fetch, otherwise: 'waiting' | 'late'): AskedSource[] {
  const said = [...outcomes.values()].sort((one, two) => one.at - two.at);
  const silent = [...asked].filter((source) => !outcomes.has(source));
  return [
    ...said.map(({ source, isAnswered, detail, at }): AskedSource => {
      return { source, status: isAnswered ? 'answered' : 'failed', at: new Date(at).toISOString(), detail };
    }),
    ...silent.map((source): AskedSource => {
      const detail = otherwise === 'late' ? 'no answer in time' : 'asked';
      return { source, status: otherwise, at: null, detail };
    }),
  ];
}
