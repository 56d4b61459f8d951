// The newest price of every feed, fed by the topic `answers`. At start the last answers are read back from
// the end of the log, and from the history for feeds that are not there, so that a restart serves at once,
// each price with its true age.
//
// Reads: topic `answers`, history. Writes: nothing. Guarantees: listeners hear every answer once, in the
// order of the log, together with the position up to which the log was read. Survives: records that cannot be
// read are counted and skipped.
import type { Log } from '@assay/kernel/telemetry/log';
import type { Counter, Metrics } from '@assay/kernel/telemetry/metrics';
import { ANSWERS_TOPIC, type Answer } from '@assay/oracle/model/answer';
import type { FeedDefinition } from '@assay/oracle/model/feed';
import { pairInPath } from '@assay/oracle/model/pair';
import type { BusRecord, EventBus, Subscription } from '@assay/ports/event-bus/event-bus';
import type { History } from '@assay/ports/history/history';
import { decodeAnswer, type LogPosition, positionText, seen } from './answer-log.ts';
import { CurrentPrice } from './current-price.ts';

export type PriceUpdate = {
  current: CurrentPrice;
  answer: Answer;
  /** Text of the log position right after it. */
  position: string;
};

export type PriceViewOptions = {
  bus: EventBus;
  history: History;
  feeds: readonly FeedDefinition[];
  log: Log;
  metrics: Metrics;
};

/** How far back the end of the log is searched for the last answer of each feed, records per partition. */
const TAIL_MAX = 20_000;
const TAIL_STEP = 1_000;

export class PriceView {
  readonly #options: PriceViewOptions;
  readonly #prices: Map<string, CurrentPrice> = new Map();
  /** Keyed as in an address: "BTC-USD". */
  readonly #byPath: Map<string, CurrentPrice> = new Map();
  readonly #listeners = new Set<(updates: readonly PriceUpdate[]) => void>();
  readonly #unreadable: Counter;
  readonly #position: LogPosition = [];
  #subscription: Subscription | undefined;

  constructor(options: PriceViewOptions) {
    this.#options = options;
    this.setFeeds(options.feeds);
    this.#unreadable = options.metrics.counter({
      name: 'assay_api_unreadable_records_total',
      help: 'Records on the bus that the API could not read and skipped.',
      labels: ['topic'],
    });
  }

  /** Follows a new configuration; a feed that stays keeps its price. */
  setFeeds(feeds: readonly FeedDefinition[]): void {
    const before = new Map(this.#prices);
    this.#prices.clear();
    this.#byPath.clear();
    for (const definition of feeds) {
      const current = new CurrentPrice(definition);
      const answer = before.get(definition.feed)?.answer;
      if (answer !== undefined) current.take(answer);
      this.#prices.set(definition.feed, current);
      this.#byPath.set(pairInPath(definition.feed), current);
    }
  }

  async start(): Promise<void> {
    const { bus, log } = this.#options;
    const from: Record<number, number> = {};
    for (const { partition, firstOffset, nextOffset } of await bus.positions(ANSWERS_TOPIC)) {
      await this.#readTail(partition, firstOffset, nextOffset);
      from[partition] = nextOffset;
      while (this.#position.length <= partition) this.#position.push(0);
      this.#position[partition] = nextOffset;
    }
    await this.#readHistory();
    const subscribed = Object.keys(from).length === 0 ? 'earliest' : from;
    this.#subscription = await bus.subscribe({ topic: ANSWERS_TOPIC, from: subscribed }, (records) =>
      this.#take(records),
    );
    const known = [...this.#prices.values()].filter((current) => current.answer !== undefined).length;
    log.info('prices read back', { feeds: this.#prices.size, known });
  }

  async stop(): Promise<void> {
    await this.#subscription?.close();
    this.#subscription = undefined;
  }

  all(): Iterable<CurrentPrice> {
    return this.#prices.values();
  }

  feeds(): string[] {
    return [...this.#prices.keys()];
  }

  byFeed(feed: string): CurrentPrice | undefined {
    return this.#prices.get(feed);
  }

  byPath(path: string): CurrentPrice | undefined {
    return this.#byPath.get(path);
  }

  /** What has been read of the log, as the id of a stream event. */
  position(): string {
    return positionText(this.#position);
  }

  /** Calls `listener` for every batch of answers; the returned function ends it. */
  onUpdate(listener: (updates: readonly PriceUpdate[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #take(records: readonly BusRecord[]): void {
    const updates: PriceUpdate[] = [];
    for (const record of records) {
      // Delivered at least once: what was read already is not news.
      if (record.offset < (this.#position[record.partition] ?? 0)) continue;
      seen(this.#position, record);
      const update = this.#takeOne(record);
      if (update !== undefined && this.#listeners.size > 0) {
        updates.push({ ...update, position: positionText(this.#position) });
      }
    }
    if (updates.length > 0) for (const listener of this.#listeners) listener(updates);
  }

  #takeOne(record: BusRecord): { current: CurrentPrice; answer: Answer } | undefined {
    // The key is the feed: answers of feeds that are not served here need not be read.
    const current = this.#prices.get(record.key);
    if (current === undefined) return undefined;
    const answer = decodeAnswer(record.value);
    if (answer === undefined) {
      this.#unreadable.add({ topic: ANSWERS_TOPIC });
      return undefined;
    }
    return current.take(answer) ? { current, answer } : undefined;
  }

  async #readTail(partition: number, firstOffset: number, nextOffset: number): Promise<void> {
    const oldest = Math.max(firstOffset, nextOffset - TAIL_MAX);
    for (let end = nextOffset; end > oldest && this.#missing().length > 0; ) {
      const begin = Math.max(oldest, end - TAIL_STEP);
      const records = await this.#options.bus.read(ANSWERS_TOPIC, partition, begin, end - begin);
      for (const record of records) this.#takeOne(record);
      end = begin;
    }
  }

  async #readHistory(): Promise<void> {
    for (const current of this.#missing()) {
      const feed = current.definition.feed;
      const { rows } = await this.#options.history.answers(feed, { limit: 1, newestFirst: true });
      const answer = rows[0] === undefined ? undefined : decodeAnswer(rows[0].record);
      if (answer !== undefined) current.take(answer);
    }
  }

  #missing(): CurrentPrice[] {
    return [...this.#prices.values()].filter((current) => current.answer === undefined);
  }
}
