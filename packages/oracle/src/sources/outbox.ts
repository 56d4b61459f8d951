// Records on their way to the bus, in order. In: batches of prices and withdrawals. Out: one publish at a
// time, the next batch being all that waits. Invariant: memory is bounded whatever the bus does: past the
// bound the newest price of a source and pair replaces the one that waits (counted), and a withdrawal takes
// the prices it withdraws out of the queue.
import { messageOf } from '@assay/kernel/errors/assay-error';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Counter } from '@assay/kernel/telemetry/metrics';
import type { Clock } from '@assay/kernel/time/clock';
import type { EventBus, NewRecord } from '@assay/ports/event-bus/event-bus';
import {
  keyOfSourceRecord,
  SOURCE_PRICES_TOPIC,
  type SourcePrice,
  type Withdrawal,
} from '../model/source-price.ts';

export type OutboxRecord = SourcePrice | Withdrawal;

/** Up to this many records wait one by one; a second of 9 busy sources is less. */
export const QUEUE_MAX = 2_000;

/** One publish takes at most this many: a tenth of what the bus lets a publisher have unacknowledged. */
const BATCH_MAX = 1_000;

/** The bus is asked again after this: a full disk or a broker's election lasts seconds. */
const RETRY_MS = 500;

export class Outbox {
  readonly #bus: EventBus;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #coalesced: Counter;
  #queue: OutboxRecord[] = [];
  /**
   * Grows with what cannot be made shorter, so that a queue of different pairs is not gone through at every
   * record.
   */
  #coalesceAbove = QUEUE_MAX;
  #isSending = false;
  #isFailing = false;
  #idle: Promise<void> = Promise.resolve();

  constructor(tools: { bus: EventBus; clock: Clock; log: Log; coalesced: Counter }) {
    this.#bus = tools.bus;
    this.#clock = tools.clock;
    this.#log = tools.log;
    this.#coalesced = tools.coalesced;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  add(records: readonly OutboxRecord[]): void {
    if (records.length === 0) return;
    for (const record of records) {
      if (record.type === 'withdrawal') this.#dropWithdrawn(record);
      this.#queue.push(record);
    }
    if (this.#queue.length > this.#coalesceAbove) this.#coalesce();
    if (!this.#isSending) this.#idle = this.#send();
  }

  /** Resolves when everything is on the bus, or after `withinMs`. */
  async drain(withinMs: number): Promise<void> {
    const controller = new AbortController();
    const timeout = this.#clock.sleep(withinMs, controller.signal).catch(() => {});
    await Promise.race([this.#idle, timeout]);
    controller.abort();
    this.#queue = [];
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    while (this.#queue.length > 0) {
      const batch = this.#queue.slice(0, BATCH_MAX);
      this.#queue = this.#queue.slice(BATCH_MAX);
      try {
        await this.#bus.publish(SOURCE_PRICES_TOPIC, batch.map(encoded));
        if (this.#isFailing) this.#log.info('the bus takes source prices again');
        this.#isFailing = false;
      } catch (error) {
        if (!this.#isFailing) this.#log.warn('source prices wait for the bus', { error: messageOf(error) });
        this.#isFailing = true;
        this.#queue = [...batch, ...this.#queue];
        this.#coalesce();
        await this.#clock.sleep(RETRY_MS);
      }
    }
    this.#isSending = false;
  }

  #dropWithdrawn(withdrawal: Withdrawal): void {
    const before = this.#queue.length;
    this.#queue = this.#queue.filter(
      (record) =>
        record.type !== 'price' ||
        record.source !== withdrawal.source ||
        (withdrawal.pair !== undefined && record.pair !== withdrawal.pair) ||
        (withdrawal.transport !== undefined && record.transport !== withdrawal.transport),
    );
    const dropped = before - this.#queue.length;
    if (dropped > 0) this.#coalesced.add({}, dropped);
  }

  /** Keeps the newest record of each source, pair and type, in the order of their arrival. */
  #coalesce(): void {
    const newest = new Map<string, OutboxRecord>();
    for (const record of this.#queue) {
      const transport = record.type === 'withdrawal' ? (record.transport ?? '') : '';
      const key = `${record.type} ${record.source} ${record.pair ?? ''} ${transport}`;
      newest.delete(key);
      newest.set(key, record);
    }
    const dropped = this.#queue.length - newest.size;
    if (dropped > 0) this.#coalesced.add({}, dropped);
    this.#queue = [...newest.values()];
    this.#coalesceAbove = Math.max(QUEUE_MAX, 2 * newest.size);
  }
}

function encoded(record: OutboxRecord): NewRecord {
  return { key: keyOfSourceRecord(record), value: JSON.stringify(record) };
}
