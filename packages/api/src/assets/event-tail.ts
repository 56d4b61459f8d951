// The tail of a topic as server-sent events, for an operator's eyes. In: a topic, a response. Out: `record`
// events as they are written. One subscription per topic serves all who watch it. Invariants: watchers are
// bounded; who reads slowly loses records and is told how many; without watchers nothing is read.
import type { ServerResponse } from 'node:http';
import { AssayError, messageOf } from '@assay/kernel/errors/assay-error';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import type { BusRecord, EventBus, Subscription } from '@assay/ports/event-bus/event-bus';
import type { Authenticator } from '../auth/authenticator.ts';
import type { Principal } from '../auth/principal.ts';

export type EventTailOptions = { bus: EventBus; authenticator: Authenticator; clock: Clock; log: Log };

type Watcher = { response: ServerResponse; principal: Principal; skipped: number };
type Watched = { watchers: Set<Watcher>; subscription: Promise<Subscription> };

/** People, not programs. */
const WATCHERS_MAX = 50;
const BUFFERED_MAX_BYTES = 256 * 1_024;
const SWEEP_EVERY_MS = 5_000;
/** A decision of a busy feed; longer records are cut, which they say. */
const SHOWN_MAX = 20_000;

export class EventTail {
  readonly #options: EventTailOptions;
  readonly #topics = new Map<string, Watched>();
  #cancelSweep: (() => void) | undefined;
  #count = 0;

  constructor(options: EventTailOptions) {
    this.#options = options;
  }

  /** @throws AssayError NOT_READY */
  async serve(topic: string, principal: Principal, response: ServerResponse): Promise<void> {
    if (this.#count >= WATCHERS_MAX) {
      throw new AssayError('NOT_READY', `${WATCHERS_MAX} watch topics already`, { retryAfterMs: 5_000 });
    }
    const watcher: Watcher = { response, principal, skipped: 0 };
    const watched = this.#watched(topic);
    watched.watchers.add(watcher);
    this.#count += 1;
    response.once('close', () => this.#leave(topic, watched, watcher));
    await watched.subscription;
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      connection: 'close',
      'x-accel-buffering': 'no',
    });
    response.write('retry: 1000\n\n');
    this.#cancelSweep ??= this.#sweepLater();
  }

  stop(): void {
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    for (const { watchers } of this.#topics.values()) for (const { response } of watchers) response.end();
  }

  #watched(topic: string): Watched {
    let watched = this.#topics.get(topic);
    if (watched !== undefined) return watched;
    const watchers = new Set<Watcher>();
    const subscription = this.#options.bus.subscribe({ topic, from: 'latest' }, (records) => {
      this.#tell(watchers, records);
    });
    this.#topics.set(topic, (watched = { watchers, subscription }));
    return watched;
  }

  #leave(topic: string, watched: Watched, watcher: Watcher): void {
    if (!watched.watchers.delete(watcher)) return;
    this.#count -= 1;
    if (watched.watchers.size > 0) return;
    this.#topics.delete(topic);
    watched.subscription
      .then((subscription) => subscription.close())
      .catch((error: unknown) =>
        this.#options.log.debug('a tail did not close', { reason: messageOf(error) }),
      );
  }

  #tell(watchers: ReadonlySet<Watcher>, records: readonly BusRecord[]): void {
    const texts = records.map(eventOf);
    for (const watcher of watchers) {
      if (watcher.response.writableLength > BUFFERED_MAX_BYTES) {
        watcher.skipped += records.length;
        continue;
      }
      const gap = watcher.skipped === 0 ? '' : `event: gap\ndata: {"skipped":${watcher.skipped}}\n\n`;
      watcher.skipped = 0;
      watcher.response.write(gap + texts.join(''));
    }
  }

  #sweepLater(): () => void {
    return this.#options.clock.after(SWEEP_EVERY_MS, () => {
      this.#cancelSweep = this.#topics.size === 0 ? undefined : this.#sweepLater();
      for (const { watchers } of this.#topics.values()) {
        for (const watcher of watchers) void this.#check(watcher);
      }
    });
  }

  async #check({ response, principal }: Watcher): Promise<void> {
    try {
      if (await this.#options.authenticator.isStillValid(principal)) response.write(': alive\n\n');
      else response.destroy();
    } catch (error) {
      this.#options.log.debug('the key of a watcher was not checked', { reason: messageOf(error) });
    }
  }
}

function eventOf({ partition, offset, key, value, at }: BusRecord): string {
  const isWhole = value.length <= SHOWN_MAX;
  const record = isWhole ? value : JSON.stringify(`${value.slice(0, SHOWN_MAX)}…`);
  const facts = `"partition":${partition},"offset":${offset},"at":"${new Date(at).toISOString()}"`;
  return `id: ${partition}.${offset}\nevent: record\ndata: {${facts},"key":${JSON.stringify(key)},"value":${record}}\n\n`;
}
