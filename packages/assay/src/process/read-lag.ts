// How far behind the event log this process reads. In: the bus as its services use it. Out: the same bus, and
// the longest time since the last look between a record's commit and the end of its handling, with its topic.
// What is being handled now counts from its commit, so a handler that hangs or fails shows.
import type { Clock } from '@assay/kernel/time/clock';
import type { BatchHandler, EventBus } from '@assay/ports/event-bus/event-bus';

export type ReadLag = { ms: number; topic: string };

export class ReadLagWatch {
  readonly #clock: Clock;
  readonly #handling = new Set<{ topic: string; at: number }>();
  #worst: ReadLag | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  watched(bus: EventBus): EventBus {
    return {
      start: () => bus.start(),
      stop: () => bus.stop(),
      publish: (topic, records) => bus.publish(topic, records),
      read: (topic, partition, fromOffset, limit) => bus.read(topic, partition, fromOffset, limit),
      positions: (topic) => bus.positions(topic),
      subscribe: (options, handler) => bus.subscribe(options, this.#timed(options.topic, handler)),
    };
  }

  /** The worst since this was last asked; undefined: nothing was read. */
  take(): ReadLag | undefined {
    for (const { topic, at } of this.#handling) this.#note(topic, at);
    const worst = this.#worst;
    this.#worst = undefined;
    return worst;
  }

  #timed(topic: string, handler: BatchHandler): BatchHandler {
    return async (records) => {
      const batch = { topic, at: records[0]!.at };
      this.#handling.add(batch);
      try {
        await handler(records);
      } finally {
        this.#handling.delete(batch);
        this.#note(topic, batch.at);
      }
    };
  }

  #note(topic: string, at: number): void {
    const ms = Math.max(0, this.#clock.now() - at);
    if (this.#worst === undefined || ms > this.#worst.ms) this.#worst = { ms, topic };
  }
}
