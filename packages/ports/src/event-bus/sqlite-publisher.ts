// The publishing half of the embedded bus: takes records in, keeps one group on its way to the disk, and
// gathers the next one meanwhile. In: records, and positions of consumers. Out: acknowledgements, and
// committed groups for delivery.
//
// Invariant: at most UNACKNOWLEDGED_MAX records wait; one group is under way at a time, so order is the order
//   of publishing.
import { AssayError, messageOf } from '@assay/kernel/errors/assay-error';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Metrics } from '@assay/kernel/telemetry/metrics';
import { type Clock, systemClock } from '@assay/kernel/time/clock';
import type { WriterThread } from '../writer-thread.ts';
import type { NewRecord, RecordPosition } from './event-bus.ts';
import { checkNewRecord, partitionOf, UNACKNOWLEDGED_LENGTH_MAX, UNACKNOWLEDGED_MAX } from './new-record.ts';
import { acknowledge, type PendingAppend, Publications, refuse } from './publications.ts';
import type { ConsumerPosition } from './sqlite-consumers.ts';
import type { CommitRequest, CommitResult } from './sqlite-store.ts';
import type { SqliteTopics } from './sqlite-topics.ts';

export type SqlitePublisherOptions = {
  thread: WriterThread;
  topics: SqliteTopics;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  onCommitted(append: PendingAppend, baseOffset: number, at: number): void;
  onFenced(position: ConsumerPosition): void;
};

// Positions travel with the next commit of records; a bus that publishes nothing saves them after this pause.
const POSITION_PAUSE_MS = 20;
const COMMIT_BUCKETS_S = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5];

export class SqlitePublisher {
  readonly #options: SqlitePublisherOptions;
  readonly #recordsTotal;
  readonly #commitSeconds;
  readonly #publications = new Publications();
  #positions = new Map<string, ConsumerPosition>();
  #sending: Promise<void> | undefined;
  #isFlushPlanned = false;
  #cancelPositions: (() => void) | undefined;
  #whenSettled: (() => void) | undefined;
  #unacknowledged = 0;
  #unacknowledgedLength = 0;

  constructor(options: SqlitePublisherOptions) {
    this.#options = options;
    this.#recordsTotal = options.metrics.counter({
      name: 'assay_bus_records_total',
      help: 'Records acknowledged by the event log.',
      labels: ['topic'],
    });
    this.#commitSeconds = options.metrics.histogram({
      name: 'assay_bus_commit_seconds',
      help: 'From handing a group to the writer until it is on disk.',
      buckets: COMMIT_BUCKETS_S,
    });
  }

  /** @throws AssayError BUS_OVERLOADED, RECORD_INVALID */
  publish(topic: string, records: readonly NewRecord[]): Promise<readonly RecordPosition[]> {
    if (records.length === 0) return Promise.resolve([]);
    let length = 0;
    for (const record of records) length += checkNewRecord(topic, record);
    this.#checkRoom(records.length, length);
    const published = new Promise<readonly RecordPosition[]>((resolve, reject) => {
      this.#options.topics.ask(topic, (refs, error) => {
        if (refs === undefined) return reject(error);
        this.#publications.add(records, ({ key }) => refs[partitionOf(key, refs.length)]!, {
          resolve,
          reject,
        });
        this.#planFlush();
      });
    });
    this.#unacknowledged += records.length;
    this.#unacknowledgedLength += length;
    const settle = () => {
      this.#unacknowledged -= records.length;
      this.#unacknowledgedLength -= length;
      if (this.#unacknowledged === 0) this.#whenSettled?.();
    };
    published.then(settle, settle);
    return published;
  }

  savePosition(position: ConsumerPosition): void {
    this.#positions.set(`${position.member} ${position.partitionId}`, position);
    this.#cancelPositions ??= this.#options.clock.after(POSITION_PAUSE_MS, () => {
      this.#cancelPositions = undefined;
      this.#flush();
    });
  }

  /** Resolves when everything that was handed in is settled. */
  async drain(): Promise<void> {
    if (this.#unacknowledged > 0) {
      await new Promise<void>((resolve) => {
        this.#whenSettled = resolve;
      });
    }
    this.#flush();
    await this.#sending;
  }

  #checkRoom(count: number, length: number): void {
    const isOver =
      this.#unacknowledged + count > UNACKNOWLEDGED_MAX ||
      (this.#unacknowledgedLength + length > UNACKNOWLEDGED_LENGTH_MAX && this.#unacknowledged > 0);
    if (!isOver) return;
    throw new AssayError(
      'BUS_OVERLOADED',
      `${this.#unacknowledged} records wait for the event log, and ${count} more would pass its bound of ` +
        `${UNACKNOWLEDGED_MAX} records or ${UNACKNOWLEDGED_LENGTH_MAX} characters`,
      { context: { waiting: this.#unacknowledged, offered: count, bound: UNACKNOWLEDGED_MAX } },
    );
  }

  /** What is published in the same turn goes together. */
  #planFlush(): void {
    if (this.#sending !== undefined || this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    queueMicrotask(() => {
      this.#isFlushPlanned = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#sending !== undefined) return;
    const appends = this.#publications.take();
    if (appends.length === 0 && this.#positions.size === 0) return;
    const positions = [...this.#positions.values()];
    this.#positions.clear();
    this.#cancelPositions?.();
    this.#cancelPositions = undefined;
    this.#sending = this.#send(appends, positions);
  }

  async #send(appends: PendingAppend[], positions: ConsumerPosition[]): Promise<void> {
    const { clock, thread, log, onCommitted, onFenced } = this.#options;
    const startMs = clock.monotonic();
    const packed = appends.map(({ partitionId, records, parts }) => {
      return { partitionId, count: records.length, records: parts.join('') };
    });
    const request: CommitRequest = { appends: packed, positions };
    if (clock !== systemClock) request.nowMs = clock.now();
    const outcome = await thread.call<CommitResult>('commit', request).catch((error: unknown) => ({ error }));
    // The next group leaves before anything is done with this one: the disk should not wait for handlers.
    this.#sending = undefined;
    this.#flush();
    if ('error' in outcome) {
      log.warn('the event log refused a group of records', { problem: messageOf(outcome.error) });
      return refuse(appends, outcome.error);
    }
    this.#commitSeconds.observe((clock.monotonic() - startMs) / 1_000);
    acknowledge(appends, outcome.baseOffsets, outcome.at);
    appends.forEach((append, i) => {
      this.#recordsTotal.add({ topic: append.topic }, append.records.length);
      onCommitted(append, outcome.baseOffsets[i]!, outcome.at);
    });
    outcome.fenced.forEach(onFenced);
  }
}
