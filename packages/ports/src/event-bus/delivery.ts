// Hands batches of one subscription to its handler, one at a time, each until it is handled. In: partitions
// with their start offsets, and the log. Out: calls of the handler, and the position after each batch that
// was handled.
//
// Invariant: a batch begins where the last handled one of its partition ended, and an instant is never split
//   over two.
import type { Log } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import type { BatchHandler, BusRecord } from './event-bus.ts';

// A handler that fails is called again with the same batch after this pause, doubled each time up to the
// maximum.
const RETRY_PAUSE_MS = 100;
const RETRY_PAUSE_MAX_MS = 5_000;
export const BATCH_MAX = 1_000;

export type DeliveryOptions = {
  topic: string;
  handler: BatchHandler;
  batchMax?: number | undefined;
  clock: Clock;
  log: Log;
  /**
   * Whole instants from an offset on, at least one when there is any, else about `limit` records; none: the
   * log ends.
   */
  read(partition: number, fromOffset: number, limit: number): readonly BusRecord[];
  /** The handler is done with everything before `nextOffset`. */
  onHandled?(partition: number, nextOffset: number): void;
  /** Records from `fromOffset` to before `toOffset` were deleted by retention before they were delivered. */
  onLost?(partition: number, fromOffset: number, toOffset: number): void;
};

type Assigned = { partition: number; nextOffset: number; mayHaveNews: boolean };

export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #limit: number;
  #assigned: Assigned[] = [];
  #turn = 0;
  #isRunning = false;
  /** The batch that the handler has now. */
  #current: { partition: number; done: Promise<unknown> } | undefined;
  #pausing = new AbortController();
  #isClosed = false;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#limit = Math.max(1, options.batchMax ?? BATCH_MAX);
  }

  assign(partition: number, nextOffset: number): void {
    this.#assigned.push({ partition, nextOffset, mayHaveNews: true });
    this.wake(partition);
  }

  /** Takes a partition away; resolves when the handler is not working on it. */
  async revoke(partition: number): Promise<void> {
    this.#assigned = this.#assigned.filter((one) => one.partition !== partition);
    if (this.#current?.partition !== partition) return;
    this.#pausing.abort();
    await this.#current.done;
  }

  /** There may be news. An idle handler is called before this returns. */
  wake(partition: number): void {
    for (const one of this.#assigned) if (one.partition === partition) one.mayHaveNews = true;
    if (!this.#isRunning && !this.#isClosed) void this.#run();
  }

  /** Resolves when a handler that is running has finished. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#assigned = [];
    this.#pausing.abort();
    await this.#current?.done;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let one = this.#next(); one !== undefined; one = this.#next()) {
      one.mayHaveNews = false;
      const records = this.#read(one);
      if (records.length === 0) continue;
      const done = this.#handle(one, records);
      this.#current = { partition: one.partition, done };
      const isHandled = await done;
      this.#current = undefined;
      if (!isHandled) continue;
      one.mayHaveNews = true;
      one.nextOffset = records[records.length - 1]!.offset + 1;
      this.#options.onHandled?.(one.partition, one.nextOffset);
    }
    this.#isRunning = false;
  }

  #read(one: Assigned): readonly BusRecord[] {
    try {
      const records = this.#options.read(one.partition, one.nextOffset, this.#limit);
      const first = records[0];
      if (first !== undefined && first.offset > one.nextOffset) {
        this.#options.onLost?.(one.partition, one.nextOffset, first.offset);
      }
      return records;
    } catch (error) {
      // A log that cannot be read now is tried again; the position stays.
      const { topic, log, clock } = this.#options;
      log.error('the log could not be read', { topic, partition: one.partition, error });
      clock.after(RETRY_PAUSE_MAX_MS, () => this.wake(one.partition));
      return [];
    }
  }

  /** Partitions take turns, so that a busy one cannot starve the others. */
  #next(): Assigned | undefined {
    const count = this.#assigned.length;
    for (let i = 0; i < count; i++) {
      const one = this.#assigned[(this.#turn + i) % count]!;
      if (!one.mayHaveNews) continue;
      this.#turn = (this.#turn + i + 1) % count;
      return one;
    }
    return undefined;
  }

  /** False when the partition was taken away before the batch was handled. */
  async #handle(one: Assigned, records: readonly BusRecord[]): Promise<boolean> {
    for (let pauseMs = RETRY_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, RETRY_PAUSE_MAX_MS)) {
      try {
        await this.#options.handler(records);
        return true;
      } catch (error) {
        this.#options.log.error('a handler failed; the batch is delivered again', {
          topic: this.#options.topic,
          partition: one.partition,
          offset: one.nextOffset,
          error,
        });
      }
      await this.#pause(pauseMs);
      if (!this.#assigned.includes(one)) return false;
    }
  }

  async #pause(ms: number): Promise<void> {
    if (this.#isClosed) return;
    this.#pausing = new AbortController();
    await this.#options.clock.sleep(ms, this.#pausing.signal).catch(() => undefined);
  }
}
