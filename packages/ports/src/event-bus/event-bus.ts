// The event bus: an ordered, durable log of records by topic. One operator owns one bus; its namespace
// prefixes every topic (`node0.source-prices`), which the implementation does: callers name the bare topic.
//
// Order: records with one key are read in the order of their acknowledged publication. Inside a partition
//   offsets grow by one without gaps as a reader sees them, and `at` never decreases.
// Instants: all records that were committed together carry one `at` and reach a subscriber in one batch,
//   never split over two; two commits never share an `at` within a partition. So "one instant" is a fact of
//   the log, and whoever reads it again, at any time, on any machine, sees the same instants.
// Durability: `publish` resolves when the records survive the death of the process and of the machine (fsync
//   or quorum).
// Delivery: at least once per group: a batch whose handler rejects or whose process dies is delivered again.
//   Without a group every subscriber gets everything from where it says, and nothing is remembered.
// Bounds: one record at most 1 MiB; a publisher may have at most 10,000 records unacknowledged, then
//   `publish` rejects with BUS_OVERLOADED. A slow subscriber never slows a publisher: it reads on from the
//   log at its own pace.
// Failure: a full disk rejects with BUS_UNAVAILABLE (transient); publishing works again by itself when there
//   is room.
import type { Startable } from '@assay/kernel/lifecycle/startable';

export type BusRecord = {
  topic: string;
  partition: number;
  /** Position in the partition, from 0. */
  offset: number;
  key: string;
  /** JSON text. */
  value: string;
  /** Commit time, ms since the epoch, by the log itself. */
  at: number;
};

export type NewRecord = { key: string; value: string };
export type RecordPosition = { partition: number; offset: number; at: number };

export type SubscribeOptions = {
  topic: string;
  /**
   * Members of a group share the partitions; each record is handled by one of them. Absent: this subscriber
   * gets all.
   */
  group?: string;
  /**
   * Where to begin when nothing is committed for the group. Default `latest`. An object: exact offset per
   * partition.
   */
  from?: 'earliest' | 'latest' | Record<number, number>;
  /**
   * At most this many records a batch (a whole instant is delivered even when it is larger). Default 1,000.
   */
  batchMax?: number;
};

export type BatchHandler = (records: readonly BusRecord[]) => void | Promise<void>;

export interface Subscription {
  /** Stops delivery; resolves when a handler that is running has finished and its position is committed. */
  close(): Promise<void>;
}

export type TopicPosition = { partition: number; firstOffset: number; nextOffset: number };

export interface EventBus extends Startable {
  /** @throws AssayError BUS_OVERLOADED, BUS_UNAVAILABLE, RECORD_INVALID */
  publish(topic: string, records: readonly NewRecord[]): Promise<readonly RecordPosition[]>;
  subscribe(options: SubscribeOptions, handler: BatchHandler): Promise<Subscription>;
  /** Records from an offset on, without subscribing; fewer than `limit` when the log ends. */
  read(topic: string, partition: number, fromOffset: number, limit: number): Promise<BusRecord[]>;
  /** The retained range of each partition. */
  positions(topic: string): Promise<TopicPosition[]>;
}
