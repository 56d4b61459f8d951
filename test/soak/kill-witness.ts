// The outside process of the kill run: it shares the event log with whatever is killed, publishes source
// prices of its own into it, and remembers every acknowledged event of every topic that it has seen. In: log
// and history. Out: what must still be there.
//
// An event is acknowledged when its publisher was told so, or when a subscriber in another process was given
// it: both happen only after the disk has it.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { systemClock } from '@assay/kernel/time/clock';
import type { BusRecord, EventBus, Subscription } from '@assay/ports/event-bus/event-bus';
import { createSqliteBus } from '@assay/ports/event-bus/sqlite';
import { createSqliteHistory } from '@assay/ports/history/sqlite';
import type { KillTarget } from './kill-targets.ts';

export const OWN_TOPIC = 'source-prices';
export const OWN_PAIR = 'SOAK/USD';
/** The program's topics of which the outside keeps account beside its own. */
export const WATCHED_TOPICS = [OWN_TOPIC, 'answers', 'decisions', 'checks', 'acknowledged'] as const;

// 1,000 a second is asked for; the rest is room for a pause of the machine.
const OWN_PER_SECOND = 1_300;
const TICK_MS = 5;
const PAGE = 2_000;

export type Seen = { hash: string; key: string };

export class Witness {
  readonly #target: KillTarget;
  readonly #bus: EventBus;
  readonly #subscriptions: Subscription[] = [];
  /** By topic, by offset. */
  readonly seen: Map<string, Seen[]> = new Map(WATCHED_TOPICS.map((topic) => [topic, []]));
  /** Records of our own, by number, with the offset that they were acknowledged at. */
  readonly ownOffsets: number[] = [];
  refusedCount = 0;
  /** Up to where the history has been looked at. */
  historyCursor: string | undefined;
  /** Acknowledged events seen per whole second of the run. */
  readonly perSecond: number[] = [];
  #published = 0;
  #startMs = 0;
  #isPublishing = true;
  #publishing: Promise<void> = Promise.resolve();

  constructor(target: KillTarget) {
    this.#target = target;
    this.#bus = createSqliteBus({ path: target.events, namespace: target.namespace, clock: systemClock });
  }

  async start(): Promise<void> {
    await this.#bus.start();
    this.#startMs = systemClock.monotonic();
    for (const topic of WATCHED_TOPICS) {
      const take = (records: readonly BusRecord[]) => this.#take(topic, records);
      this.#subscriptions.push(await this.#bus.subscribe({ topic, from: 'earliest' }, take));
    }
    this.#publishing = this.#publish();
  }

  /** Stops publishing; everything of its own is acknowledged or refused afterwards. */
  async settle(): Promise<void> {
    this.#isPublishing = false;
    await this.#publishing;
  }

  async stop(): Promise<void> {
    await this.settle();
    await this.#bus.stop();
  }

  get total(): number {
    return [...this.seen.values()].reduce((sum, records) => sum + records.filter(Boolean).length, 0);
  }

  /**
   * Everything that is in the log now, read again from its beginning; how many events are lost, changed or
   * missing between.
   */
  async recheck(): Promise<{ lost: number; gaps: number }> {
    let lost = 0;
    let gaps = 0;
    for (const [topic, known] of this.seen) {
      const upTo = known.length;
      let offset = 0;
      while (offset < upTo) {
        const records = await this.#bus.read(topic, 0, offset, PAGE);
        if (records.length === 0) break;
        for (const record of records) {
          if (record.offset !== offset) gaps++;
          const before = known[record.offset];
          if (record.offset < upTo && before !== undefined && before.hash !== hashOf(record)) lost++;
          offset = record.offset + 1;
        }
      }
      lost += Math.max(0, upTo - offset);
    }
    return { lost, gaps };
  }

  #take(topic: string, records: readonly BusRecord[]): void {
    const known = this.seen.get(topic)!;
    for (const record of records) known[record.offset] = { hash: hashOf(record), key: record.key };
    const second = Math.floor((systemClock.monotonic() - this.#startMs) / 1_000);
    this.perSecond[second] = (this.perSecond[second] ?? 0) + records.length;
  }

  async #publish(): Promise<void> {
    const startMs = systemClock.monotonic();
    const open = new Set<Promise<void>>();
    while (this.#isPublishing) {
      const due =
        Math.floor(((systemClock.monotonic() - startMs) / 1_000) * OWN_PER_SECOND) - this.#published;
      if (due > 0) {
        // After a pause of the machine the rate is caught up in pieces.
        const numbers = Array.from({ length: Math.min(due, 500) }, () => this.#published++);
        const sending: Promise<void> = this.#send(numbers).finally(() => open.delete(sending));
        open.add(sending);
      }
      await systemClock.sleep(TICK_MS);
    }
    await Promise.all(open);
  }

  async #send(numbers: readonly number[]): Promise<void> {
    try {
      const positions = await this.#bus.publish(
        OWN_TOPIC,
        numbers.map((n) => ({ key: OWN_PAIR, value: ownPrice(n) })),
      );
      numbers.forEach((n, i) => {
        this.ownOffsets[n] = positions[i]!.offset;
      });
    } catch {
      this.refusedCount += numbers.length;
    }
  }

  /**
   * Own rows in the history, by offset; the newest `savedAt` of any score. Empty while the file does not
   * exist.
   */
  async history(
    afterCursor?: string,
  ): Promise<{ rows: Map<number, string>; savedAt: number; cursor: string | undefined }> {
    const rows = new Map<number, string>();
    let cursor = afterCursor;
    if (!existsSync(this.#target.history)) return { rows, savedAt: 0, cursor };
    const history = createSqliteHistory({ path: this.#target.history, clock: systemClock });
    await history.start();
    try {
      for (;;) {
        const query = cursor === undefined ? { limit: PAGE } : { limit: PAGE, cursor };
        const page = await history.prices(OWN_PAIR, 'soak', query);
        for (const { offset, price } of page.rows) rows.set(offset, price);
        if (page.nextCursor === undefined) break;
        cursor = page.nextCursor;
      }
      const scores = await history.loadScores();
      return { rows, savedAt: Math.max(0, ...scores.map(({ savedAt }) => savedAt)), cursor };
    } finally {
      await history.stop();
    }
  }
}

/** A source price as the program reads it; its digits carry the number of the event. */
function ownPrice(n: number): string {
  const nowMs = systemClock.now();
  return JSON.stringify({
    type: 'price',
    source: 'soak',
    pair: OWN_PAIR,
    price: priceOf(n),
    kind: 'ticker',
    observedAt: nowMs,
    receivedAt: nowMs,
    confidence: 0.5,
    transport: 'submission',
    profile: 'sandbox',
  });
}

export function priceOf(n: number): string {
  return `${n + 1}.5`;
}

function hashOf({ key, value, at }: BusRecord): string {
  return createHash('sha1').update(`${key} ${at} ${value}`).digest('base64').slice(0, 12);
}
