// An API on real sockets for tests: the memory bus, the embedded history, a key, a clock that tests move. In:
// feeds. Out: what a client and an aggregation would do with it. `stop` leaves nothing behind.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyStore, NewKey } from '@assay/api/auth/key-store';
import { type Api, type ApiOptions, createApi } from '@assay/api/http/server';
import { memoryLog } from '@assay/kernel/telemetry/log';
import { memoryMetrics } from '@assay/kernel/telemetry/metrics';
import { SimulatedClock } from '@assay/kernel/time/clock';
import { ANSWERS_TOPIC, type Answer } from '@assay/oracle/model/answer';
import type { FeedDefinition, SourceTraits } from '@assay/oracle/model/feed';
import type { EventBus } from '@assay/ports/event-bus/event-bus';
import { createMemoryBus } from '@assay/ports/event-bus/memory';
import type { History } from '@assay/ports/history/history';
import { createSqliteHistory } from '@assay/ports/history/sqlite';
import { createMemoryKeys } from './memory-keys.ts';

/** 2026-11-21T10:00:00.000Z */
export const RIG_START_MS = 1_795_255_200_000;

const ANY_PORT = { host: '127.0.0.1', port: 0 };
const READ_KEY: NewKey = { name: 'reader', scopes: ['prices:read'] };

export class ApiRig {
  readonly clock: SimulatedClock = new SimulatedClock(RIG_START_MS);
  readonly folder: string = mkdtempSync(join(tmpdir(), 'assay-api-'));
  readonly log: ReturnType<typeof memoryLog> = memoryLog();
  readonly metrics: ReturnType<typeof memoryMetrics> = memoryMetrics();
  readonly bus: EventBus;
  readonly history: History;
  readonly keys: KeyStore;
  readonly #more: Partial<ApiOptions>;
  #apis: Api[] = [];
  #streams: AbortController[] = [];
  key = '';

  constructor(more: Partial<ApiOptions> & { partitions?: number } = {}) {
    const { partitions, ...options } = more;
    this.#more = options;
    this.bus = createMemoryBus({
      clock: this.clock,
      ...(partitions === undefined ? {} : { partitions: { [ANSWERS_TOPIC]: partitions } }),
    });
    this.history = createSqliteHistory({ path: join(this.folder, 'history.sqlite'), clock: this.clock });
    this.keys = createMemoryKeys(this.clock);
  }

  async start(): Promise<Api> {
    await this.bus.start();
    await this.history.start();
    await this.keys.start();
    this.key = (await this.keys.create(READ_KEY)).key;
    const api = this.createApi();
    await api.start();
    return api;
  }

  /** Another API on the same bus, history and keys; not started. */
  createApi(more: Partial<ApiOptions> = {}): Api {
    const { metrics } = this;
    const api = createApi({
      bus: this.bus,
      history: this.history,
      clock: this.clock,
      log: this.log,
      metrics,
      renderMetrics: async () => [...metrics.values].map(([name, value]) => `${name} ${value}\n`).join(''),
      keys: this.keys,
      profile: 'sandbox',
      feeds: [feedOf('BTC/USD'), feedOf('ETH/USD'), feedOf('ETH/EUR')],
      sources: SOURCES,
      api: ANY_PORT,
      metricsListener: ANY_PORT,
      healthListener: ANY_PORT,
      ...this.#more,
      ...more,
    });
    this.#apis.push(api);
    return api;
  }

  async stop(): Promise<void> {
    for (const stream of this.#streams) stream.abort();
    // Closing has a deadline on the clock, which stands still here.
    const stopping = Promise.all(this.#apis.map((api) => api.stop()));
    await this.clock.advance(2_000);
    await stopping;
    await this.bus.stop();
    await this.history.stop();
    await this.keys.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Publishes answers in one instant, and lets them arrive. */
  async answer(...answers: Answer[]): Promise<void> {
    await this.bus.publish(
      ANSWERS_TOPIC,
      answers.map((answer) => ({ key: answer.feed, value: JSON.stringify(answer) })),
    );
    await this.clock.advance(1);
  }

  /** Requests with the rig's key unless `headers` say otherwise. */
  async get(path: string, headers: Record<string, string> = { 'x-api-key': this.key }): Promise<Got> {
    const base = this.#apis[0]!.addresses().api;
    return await got(`${base}${path}`, headers);
  }

  /** The one that `start` made. */
  api(): Api {
    return this.#apis[0]!;
  }

  async health(page: '/health' | '/ready'): Promise<Got> {
    return await got(`${this.#apis[0]!.addresses().health}${page}`);
  }

  async stream(path: string, headers: Record<string, string> = {}): Promise<EventReader> {
    const ended = new AbortController();
    this.#streams.push(ended);
    const response = await fetch(`${this.#apis[0]!.addresses().api}${path}`, {
      headers: { 'x-api-key': this.key, ...headers },
      signal: ended.signal,
    });
    return new EventReader(response);
  }
}

export type Got = {
  status: number;
  headers: Headers;
  text: string;
  json: () => Problem & Record<string, unknown>;
};
export type Problem = { code?: string; detail?: string; recovery?: string; near?: string[] };

export async function got(url: string, headers: Record<string, string> = {}): Promise<Got> {
  const response = await fetch(url, { headers });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
}

export type SentEvent = { id: string; event: string; data: Record<string, unknown> };

/** Reads server-sent events one by one. */
export class EventReader {
  readonly status: number;
  readonly #chunks: AsyncIterator<string>;
  #rest = '';

  constructor(response: Response) {
    this.status = response.status;
    this.#chunks = response.body!.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  }

  /** undefined when the stream has ended. */
  async next(): Promise<SentEvent | undefined> {
    for (;;) {
      const end = this.#rest.indexOf('\n\n');
      if (end < 0) {
        const { done, value } = await this.#chunks.next().catch(() => ({ done: true, value: undefined }));
        if (done === true) return undefined;
        this.#rest += value;
        continue;
      }
      const block = this.#rest.slice(0, end);
      this.#rest = this.#rest.slice(end + 2);
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)));
      if (fields.data === undefined) continue;
      return { id: fields.id, event: fields.event, data: JSON.parse(fields.data) };
    }
  }

  async take(count: number): Promise<SentEvent[]> {
    const events: SentEvent[] = [];
    while (events.length < count) {
      const event = await this.next();
      if (event === undefined) break;
      events.push(event);
    }
    return events;
  }
}

export function feedOf(feed: string): FeedDefinition {
  return {
    feed,
    decimals: 2,
    heartbeatMs: 60_000,
    deviationThresholdPpb: 5_000_000,
    method: 'weighted-median',
    sources: [
      { source: 'coingecko', pair: feed, weight: 1 },
      { source: 'binance', pair: `${feed.split('/')[0]}/USDT`, weight: 1 },
    ],
    minimumVenues: 1,
    outlierFloorBps: 5,
    maximumMoveBps: 500,
    staleAfterMs: 10_000,
  };
}

export function answerOf(feed: string, price: string, atMs: number, more: Partial<Answer> = {}): Answer {
  return {
    feed,
    kind: 'live',
    price,
    low: price,
    high: price,
    state: 'ok',
    stateReason: '2 of 2 sources agree within 3 bps',
    observedAt: atMs - 100,
    answeredAt: atMs,
    sourcesUsed: 2,
    sourcesConfigured: 2,
    confidence: 0.987,
    decision: `${feed}@${atMs}`,
    inputsHash: '0011223344556677',
    profile: 'sandbox',
    ...more,
  };
}

const SOURCES: SourceTraits[] = [
  { source: 'coingecko', name: 'CoinGecko', venue: 'coingecko', kind: 'aggregator' },
  { source: 'binance', name: 'Binance', venue: 'binance', kind: 'exchange' },
];
