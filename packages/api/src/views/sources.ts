// How every source is, fed by the topic `health`: the newest record of each. A source that has never written
// one is shown as such; one that wrote nothing for long is shown with the state `unknown` and the age of what
// it wrote last.
//
// Reads: topic `health`. Writes: nothing. Survives: records that cannot be read are skipped.
import type { Log } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import type { SourceTraits } from '@assay/oracle/model/feed';
import { decodeSourceStatus, HEALTH_TOPIC, type SourceStatus } from '@assay/oracle/model/source-status';
import type { BusRecord, EventBus, Subscription } from '@assay/ports/event-bus/event-bus';

export type SourceViewOptions = {
  bus: EventBus;
  sources: readonly SourceTraits[];
  clock: Clock;
  log: Log;
};

export type ShownSource = Omit<SourceTraits, 'name'> & {
  name: string;
  state: string;
  sentence: string;
} & Partial<Omit<SourceStatus, 'state' | 'sentence'>>;

/** Sources write every 10 s; three of those missed, and nobody knows. */
const UNKNOWN_AFTER_MS = 30_000;
/** States in which a source gives prices, or need not. */
const UP: readonly string[] = ['live', 'degraded', 'standby'];
/** The last records of the topic hold every source that lives: each writes six a minute. */
const TAIL = 1_000;

export class SourceView {
  readonly #options: SourceViewOptions;
  readonly #statuses = new Map<string, SourceStatus>();
  readonly #listeners = new Set<(sources: readonly string[]) => void>();
  #subscription: Subscription | undefined;

  constructor(options: SourceViewOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { bus } = this.#options;
    const from: Record<number, number> = {};
    for (const { partition, firstOffset, nextOffset } of await bus.positions(HEALTH_TOPIC)) {
      from[partition] = Math.max(firstOffset, nextOffset - TAIL);
    }
    const subscribed = Object.keys(from).length === 0 ? 'earliest' : from;
    this.#subscription = await bus.subscribe({ topic: HEALTH_TOPIC, from: subscribed }, (records) => {
      const changed = new Set(records.filter((record) => this.#take(record)).map(({ key }) => key));
      if (changed.size > 0) for (const listener of this.#listeners) listener([...changed]);
    });
  }

  async stop(): Promise<void> {
    await this.#subscription?.close();
    this.#subscription = undefined;
  }

  all(): ShownSource[] {
    const nowMs = this.#options.clock.now();
    return this.#options.sources.map((traits) => {
      const status = this.#statuses.get(traits.source);
      if (status === undefined) {
        return { ...traits, state: 'unknown', sentence: 'It has not reported yet.' };
      }
      if (nowMs - status.at <= UNKNOWN_AFTER_MS) return { ...traits, ...status };
      const sentence = `Nothing reported since ${new Date(status.at).toISOString()}: is \`adapters\` running?`;
      return { ...traits, ...status, state: 'unknown', sentence };
    });
  }

  /** Calls `listener` with the ids of sources whose state, band or breaker changed; the result ends it. */
  onChange(listener: (sources: readonly string[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Those that give no prices, each with its sentence. */
  down(): { source: string; state: string; sentence: string }[] {
    return this.all()
      .filter(({ state }) => !UP.includes(state))
      .map(({ source, state, sentence }) => ({ source, state, sentence }));
  }

  /** True when the source is not as it was. */
  #take(record: BusRecord): boolean {
    const known = this.#options.sources.some(({ source }) => source === record.key);
    if (!known) return false;
    try {
      const before = this.#statuses.get(record.key);
      const status = decodeSourceStatus(record.value);
      this.#statuses.set(record.key, status);
      return CHANGES.some((field) => before?.[field] !== status[field]);
    } catch (error) {
      this.#options.log.debug('a record of health was skipped', { key: record.key, error });
      return false;
    }
  }
}

/** What makes a source another one to those who watch it; figures move all the time. */
const CHANGES = ['state', 'band', 'breaker', 'transport', 'pairsLive'] as const;
