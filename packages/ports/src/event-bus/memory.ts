// The event bus in memory, for tests: same order, instants, groups and replay as the durable ones, no
// durability, and exact under a simulated clock. In: records. Out: positions and deliveries in the next turn.
//
// What is published in one turn is one commit and so one instant. Groups live within this bus object.
import { AssayError } from '@assay/kernel/errors/assay-error';
import { type Log, silentLog } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import { BATCH_MAX, Delivery } from './delivery.ts';
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
import { checkName, checkNewRecord, partitionOf, UNACKNOWLEDGED_MAX } from './new-record.ts';

export type MemoryBusOptions = { clock: Clock; partitions?: Record<string, number>; log?: Log };

export function createMemoryBus(options: MemoryBusOptions): EventBus {
  return new MemoryBus(options);
}

type Topic = { partitions: BusRecord[][]; deliveries: Set<Delivery> };
type Group = {
  members: Delivery[];
  holders: (Delivery | undefined)[];
  nextOffsets: (number | undefined)[];
  sharing: Promise<void>;
};
type Waiting = {
  topic: string;
  records: readonly NewRecord[];
  resolve: (positions: RecordPosition[]) => void;
};

class MemoryBus implements EventBus {
  readonly #options: MemoryBusOptions;
  readonly #topics = new Map<string, Topic>();
  readonly #groups = new Map<string, Group>();
  readonly #subscriptions = new Set<Subscription>();
  #waiting: Waiting[] = [];
  #waitingCount = 0;
  #isRunning = false;

  constructor(options: MemoryBusOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#isRunning = true;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    this.#isRunning = false;
  }

  async publish(topic: string, records: readonly NewRecord[]): Promise<readonly RecordPosition[]> {
    checkName('topic', topic);
    this.#checkRunning();
    for (const record of records) checkNewRecord(topic, record);
    if (records.length === 0) return [];
    if (this.#waitingCount + records.length > UNACKNOWLEDGED_MAX) {
      throw new AssayError('BUS_OVERLOADED', `more than ${UNACKNOWLEDGED_MAX} records wait for the bus`);
    }
    this.#waitingCount += records.length;
    return new Promise((resolve) => {
      this.#waiting.push({ topic, records, resolve });
      if (this.#waiting.length === 1) queueMicrotask(() => this.#commit());
    });
  }

  async subscribe(options: SubscribeOptions, handler: BatchHandler): Promise<Subscription> {
    checkName('topic', options.topic);
    if (options.group !== undefined) checkName('group', options.group);
    this.#checkRunning();
    const topic = this.#topic(options.topic);
    const group = options.group === undefined ? undefined : this.#group(options.topic, options.group);
    const delivery = new Delivery({
      topic: options.topic,
      handler,
      batchMax: options.batchMax,
      clock: this.#options.clock,
      log: this.#options.log ?? silentLog,
      read: (partition, from, limit) => instantsFrom(topic.partitions[partition]!, from, limit),
      onHandled(partition, nextOffset) {
        if (group?.holders[partition] === delivery) group.nextOffsets[partition] = nextOffset;
      },
    });
    topic.deliveries.add(delivery);
    const starts = topic.partitions.map((records, partition) => startOf(options.from, records, partition));
    if (group === undefined) {
      starts.forEach((start, partition) => void delivery.assign(partition, start));
    } else {
      starts.forEach((start, partition) => {
        group.nextOffsets[partition] ??= start;
      });
      group.members.push(delivery);
      await this.#share(group, topic);
    }
    let closing: Promise<void> | undefined;
    const close = async () => {
      this.#subscriptions.delete(subscription);
      await delivery.close();
      topic.deliveries.delete(delivery);
      if (group === undefined) return;
      group.members = group.members.filter((member) => member !== delivery);
      await this.#share(group, topic);
    };
    const subscription: Subscription = { close: () => (closing ??= close()) };
    this.#subscriptions.add(subscription);
    return subscription;
  }

  async read(topic: string, partition: number, fromOffset: number, limit: number): Promise<BusRecord[]> {
    checkName('topic', topic);
    this.#checkRunning();
    return this.#topic(topic).partitions[partition]?.slice(fromOffset, fromOffset + limit) ?? [];
  }

  async positions(topic: string): Promise<TopicPosition[]> {
    checkName('topic', topic);
    this.#checkRunning();
    return this.#topic(topic).partitions.map((records, partition) => {
      return { partition, firstOffset: 0, nextOffset: records.length };
    });
  }

  #commit(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingCount = 0;
    const at = this.#nextInstant(waiting);
    const touched = new Map<Topic, Set<number>>();
    for (const { topic: name, records, resolve } of waiting) {
      const topic = this.#topic(name);
      const partitions = touched.get(topic) ?? new Set();
      touched.set(topic, partitions);
      const positions = records.map(({ key, value }) => {
        const partition = partitionOf(key, topic.partitions.length);
        const kept = topic.partitions[partition]!;
        const offset = kept.length;
        kept.push({ topic: name, partition, offset, key, value, at });
        partitions.add(partition);
        return { partition, offset, at };
      });
      resolve(positions);
    }
    for (const [{ deliveries }, partitions] of touched) {
      for (const partition of partitions) for (const delivery of deliveries) delivery.wake(partition);
    }
  }

  /** One value for the commit, later than the last one of every partition of the topics that it touches. */
  #nextInstant(waiting: readonly Waiting[]): number {
    let at = this.#options.clock.now();
    for (const name of new Set(waiting.map(({ topic }) => topic))) {
      for (const records of this.#topic(name).partitions) at = Math.max(at, (records.at(-1)?.at ?? 0) + 1);
    }
    return at;
  }

  /** Gives each partition of a group to the member whose turn it is; one change of hands after the other. */
  #share(group: Group, topic: Topic): Promise<void> {
    group.sharing = group.sharing.then(() => this.#shareNow(group, topic));
    return group.sharing;
  }

  async #shareNow(group: Group, topic: Topic): Promise<void> {
    await Promise.all(
      topic.partitions.map(async (_, partition) => {
        const wanted = group.members[partition % Math.max(1, group.members.length)];
        const holder = group.holders[partition];
        if (holder === wanted) return;
        await holder?.revoke(partition);
        group.holders[partition] = wanted;
        wanted?.assign(partition, group.nextOffsets[partition]!);
      }),
    );
  }

  #topic(name: string): Topic {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      const partitionCount = this.#options.partitions?.[name] ?? 1;
      topic = { partitions: Array.from({ length: partitionCount }, () => []), deliveries: new Set() };
      this.#topics.set(name, topic);
    }
    return topic;
  }

  #group(topic: string, name: string): Group {
    const id = `${topic} ${name}`;
    let group = this.#groups.get(id);
    if (group === undefined) {
      group = { members: [], holders: [], nextOffsets: [], sharing: Promise.resolve() };
      this.#groups.set(id, group);
    }
    return group;
  }

  #checkRunning(): void {
    if (this.#isRunning) return;
    throw new AssayError('BUS_UNAVAILABLE', 'the bus is not started, or is stopping', { isTransient: false });
  }
}

function startOf(from: SubscribeOptions['from'], records: readonly BusRecord[], partition: number): number {
  if (typeof from === 'object') return from[partition] ?? 0;
  return from === 'earliest' ? 0 : records.length;
}

/** Whole instants, at least one, as many as fit into `limit`. */
function instantsFrom(records: readonly BusRecord[], from: number, limit = BATCH_MAX): BusRecord[] {
  let end = from;
  while (end < records.length) {
    let next = end + 1;
    while (next < records.length && records[next]!.at === records[end]!.at) next++;
    if (end > from && next - from > limit) break;
    end = next;
  }
  return records.slice(from, end);
}
