// The embedded event bus: a durable log in one SQLite file that the processes of one machine share. In:
// records. Out: their positions, once they are on disk, and deliveries.
//
// One thread writes and waits for the disk (`sqlite-writer.ts`), another one moves what was written to its
// place (`sqlite-checkpointer.ts`); while it does, whatever is published gathers
// into the next group, so there is no fixed linger. A commit that touches a partition twice within one
// millisecond waits for the next one. Subscribers of this process get a group from memory as soon as it is on
// disk; those of others within some milliseconds. Retention deletes whole instants, oldest first, in small
// steps, and asks nobody: a group that lags further behind goes on at the oldest record that is left, with a
// warning in the log that names the range. Freed pages are used again; the file does not shrink.
import { hostname } from 'node:os';
import { AssayError, messageOf } from '@assay/kernel/errors/assay-error';
import { secureBytes } from '@assay/kernel/random/random';
import { type Log, silentLog } from '@assay/kernel/telemetry/log';
import { type Metrics, memoryMetrics } from '@assay/kernel/telemetry/metrics';
import type { Clock } from '@assay/kernel/time/clock';
import { openForReading } from '../sqlite-file.ts';
import { WriterThread } from '../writer-thread.ts';
import { Delivery } from './delivery.ts';
import type {
  BatchHandler,
  BusRecord,
  EventBus,
  NewRecord,
  RecordPosition,
  SubscribeOptions,
  Subscription,
  TopicPosition,
} from './event-bus.ts';
import { checkName } from './new-record.ts';
import { PartitionTail } from './partition-tail.ts';
import type { PartitionRef, PendingAppend } from './publications.ts';
import type { CheckpointerSettings } from './sqlite-checkpointer.ts';
import { LOG_FILE, LogReader, type PartitionName } from './sqlite-log.ts';
import { SqliteMember } from './sqlite-member.ts';
import { SqlitePublisher } from './sqlite-publisher.ts';
import type { RetentionLimits } from './sqlite-store.ts';
import { SqliteTopics } from './sqlite-topics.ts';
import type { LogWriterSettings } from './sqlite-writer.ts';

export type SqliteBusOptions = {
  path: string;
  namespace: string;
  clock: Clock;
  /** By topic; 1 for those not named. Counts when the topic is made; what the file says stands afterwards. */
  partitions?: Record<string, number>;
  /** By topic; `*` for those not named. */
  retention?: Record<string, RetentionLimits>;
  log?: Log;
  metrics?: Metrics;
};

/** A day of everything, as long as it fits: enough to explain yesterday's answer. */
export const DEFAULT_RETENTION: RetentionLimits = { maxAgeMs: 86_400_000, maxBytes: 2 * 1024 ** 3 };

export function createSqliteBus(options: SqliteBusOptions): EventBus {
  return new SqliteBus(options);
}

type Feed = { partition: number; tail: PartitionTail; deliveries: Set<Delivery> };

class SqliteBus implements EventBus {
  readonly #options: SqliteBusOptions;
  readonly #log: Log;
  readonly #lostTotal;
  readonly #thread: WriterThread;
  readonly #checkpointer: WriterThread;
  readonly #topics: SqliteTopics;
  readonly #publisher: SqlitePublisher;
  readonly #feeds = new Map<number, Feed>();
  readonly #members = new Map<string, SqliteMember>();
  readonly #subscriptions = new Set<Subscription>();
  readonly #identity = `${hostname()}:${process.pid}:${Buffer.from(secureBytes(6)).toString('hex')}`;
  #reader: LogReader | undefined;
  #memberCount = 0;
  #isRunning = false;

  constructor(options: SqliteBusOptions) {
    checkName('namespace', options.namespace);
    this.#options = options;
    const { path, namespace, clock, partitions, retention, metrics = memoryMetrics() } = options;
    this.#log = options.log ?? silentLog;
    this.#lostTotal = metrics.counter({
      name: 'assay_bus_lost_total',
      help: 'Records that retention deleted before a subscriber had read them.',
      labels: ['topic'],
    });
    const thread = new WriterThread({
      script: new URL('./sqlite-writer.ts', import.meta.url),
      settings: {
        path,
        prefix: `${namespace}.`,
        retention: { '*': DEFAULT_RETENTION, ...retention },
      } satisfies LogWriterSettings,
      clock,
      unavailable: 'BUS_UNAVAILABLE',
      onNotice: (notice) => (notice === 'checkpoint' ? this.#moveLog() : this.#noteForeign()),
    });
    this.#thread = thread;
    this.#checkpointer = new WriterThread({
      script: new URL('./sqlite-checkpointer.ts', import.meta.url),
      settings: { path } satisfies CheckpointerSettings,
      clock,
      unavailable: 'BUS_UNAVAILABLE',
    });
    this.#topics = new SqliteTopics(namespace, (topic) => {
      const partitionCount = partitions?.[topic.slice(namespace.length + 1)] ?? 1;
      return thread.call('topic', { topic, partitionCount });
    });
    this.#publisher = new SqlitePublisher({
      thread,
      topics: this.#topics,
      clock,
      log: this.#log,
      metrics,
      onCommitted: (append, baseOffset, at) => this.#deliver(append, baseOffset, at),
      onFenced: ({ member, partitionId, generation }) =>
        this.#members.get(member)?.onFenced(partitionId, generation),
    });
  }

  async start(): Promise<void> {
    const { path } = this.#options;
    this.#topics.learn(await this.#thread.start<PartitionName[]>());
    try {
      await this.#checkpointer.start();
      this.#reader = new LogReader(path, openForReading(path, LOG_FILE));
    } catch (error) {
      await this.#checkpointer.stop();
      await this.#thread.stop();
      throw error;
    }
    this.#isRunning = true;
  }

  async stop(): Promise<void> {
    if (!this.#isRunning) return;
    // Handlers that still run may publish until their subscription is closed.
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    this.#isRunning = false;
    await this.#publisher.drain();
    // The writer closes last: only a connection that may write moves the write-ahead file into the database.
    this.#reader?.close();
    this.#reader = undefined;
    await this.#checkpointer.stop();
    await this.#thread.stop();
  }

  async publish(topic: string, records: readonly NewRecord[]): Promise<readonly RecordPosition[]> {
    this.#runningReader();
    return this.#publisher.publish(topic, records);
  }

  async subscribe(options: SubscribeOptions, handler: BatchHandler): Promise<Subscription> {
    checkName('topic', options.topic);
    if (options.group !== undefined) checkName('group', options.group);
    this.#runningReader();
    const refs = await this.#topics.partitions(options.topic);
    await this.#thread.call('watch', undefined);
    let member: SqliteMember | undefined;
    const delivery = new Delivery({
      topic: options.topic,
      handler,
      batchMax: options.batchMax,
      clock: this.#options.clock,
      log: this.#log,
      read: (partition, from, limit) => this.#feeds.get(refs[partition]!.id)!.tail.from(from, limit),
      onHandled: (partition, nextOffset) => member?.onHandled(partition, nextOffset),
      onLost: (partition, from, to) => this.#noteLost(options, partition, from, to),
    });
    const ranges = refs.map(({ id }) => this.#runningReader().range(id));
    refs.forEach((ref, place) => void this.#feedOf(ref, ranges[place]!.nextOffset).deliveries.add(delivery));
    const close = async () => {
      this.#subscriptions.delete(subscription);
      if (member === undefined) await delivery.close();
      else await this.#closeMember(member);
      for (const { id } of refs) this.#leaveFeed(id, delivery);
    };
    let closing: Promise<void> | undefined;
    const subscription: Subscription = { close: () => (closing ??= close()) };
    this.#subscriptions.add(subscription);
    if (options.group === undefined) {
      const { from = 'latest' } = options;
      ranges.forEach(({ firstOffset, nextOffset }, partition) => {
        const chosen = typeof from === 'object' ? (from[partition] ?? 0) : undefined;
        delivery.assign(partition, chosen ?? (from === 'earliest' ? firstOffset : nextOffset));
      });
      return subscription;
    }
    try {
      member = this.#createMember(options, options.group, refs, delivery);
      await member.start();
    } catch (error) {
      await subscription.close();
      throw error;
    }
    return subscription;
  }

  async read(topic: string, partition: number, fromOffset: number, limit: number): Promise<BusRecord[]> {
    this.#runningReader();
    const ref = (await this.#topics.partitions(topic))[partition];
    return ref === undefined ? [] : this.#runningReader().read(ref.id, ref, fromOffset, limit);
  }

  async positions(topic: string): Promise<TopicPosition[]> {
    this.#runningReader();
    const refs = await this.#topics.partitions(topic);
    return refs.map(({ id, partition }) => ({ partition, ...this.#runningReader().range(id) }));
  }

  #deliver(
    { partitionId, topic, partition, records, length }: PendingAppend,
    base: number,
    at: number,
  ): void {
    const feed = this.#feeds.get(partitionId);
    if (feed === undefined) return;
    const delivered = records.map(({ key, value }, i): BusRecord => {
      return { topic, partition, offset: base + i, key, value, at };
    });
    feed.tail.append(delivered, length);
    for (const delivery of feed.deliveries) delivery.wake(partition);
  }

  #createMember(
    { topic, from = 'latest' }: SubscribeOptions,
    group: string,
    refs: readonly PartitionRef[],
    delivery: Delivery,
  ): SqliteMember {
    const name = `${this.#identity}:${++this.#memberCount}`;
    const member = new SqliteMember(
      {
        identity: { group, member: name, host: hostname(), pid: process.pid },
        topic: this.#topics.nameInFile(topic),
        refs,
        from,
        clock: this.#options.clock,
        log: this.#log,
        call: (kind, request) => this.#thread.call(kind, request),
        savePosition: (position) => this.#publisher.savePosition(position),
        onChange: () => this.#wakeMembers(member),
      },
      delivery,
    );
    this.#members.set(name, member);
    return member;
  }

  async #closeMember(member: SqliteMember): Promise<void> {
    await member.close();
    for (const [name, one] of this.#members) if (one === member) this.#members.delete(name);
  }

  #wakeMembers(changed: SqliteMember): void {
    for (const one of this.#members.values()) {
      if (one !== changed && one.group === changed.group && one.topic === changed.topic) one.beatSoon();
    }
  }

  #feedOf({ id, topic, partition }: PartitionRef, nextOffset: number): Feed {
    let feed = this.#feeds.get(id);
    if (feed === undefined) {
      const read = (from: number, limit: number) =>
        this.#runningReader().instants(id, { topic, partition }, from, limit);
      feed = { partition, tail: new PartitionTail(nextOffset, read), deliveries: new Set() };
      this.#feeds.set(id, feed);
    }
    return feed;
  }

  #leaveFeed(partitionId: number, delivery: Delivery): void {
    const feed = this.#feeds.get(partitionId);
    feed?.deliveries.delete(delivery);
    if (feed?.deliveries.size === 0) this.#feeds.delete(partitionId);
  }

  /** Without it the writer does it, later and at the expense of one commit. */
  #moveLog(): void {
    this.#checkpointer.call('checkpoint', undefined).catch((error: unknown) => {
      this.#log.debug('the write-ahead file was not moved', { error: messageOf(error) });
    });
  }

  #noteForeign(): void {
    for (const { partition, tail, deliveries } of this.#feeds.values()) {
      tail.noteForeign();
      for (const delivery of deliveries) delivery.wake(partition);
    }
  }

  #noteLost({ topic, group }: SubscribeOptions, partition: number, from: number, to: number): void {
    this.#lostTotal.add({ topic }, to - from);
    const fields = { topic, group, partition, from, to };
    this.#log.warn('retention deleted records that a subscriber had not read', fields);
  }

  #runningReader(): LogReader {
    if (this.#reader === undefined || !this.#isRunning) throw notRunning(this.#options.path);
    return this.#reader;
  }
}

function notRunning(path: string): AssayError {
  return new AssayError('BUS_UNAVAILABLE', `the event log ${path} is not started, or is stopping`, {
    context: { path, reason: 'stopped' },
    isTransient: false,
  });
}
