// Reads:      `submissions` (prices that clients offer), the operator's word on the source `submitted`.
// Writes:     `source-prices` (one price a pair, of the source `submitted`), `submissions` (which submissions
//             are in it, which are in none), `health` (how the source is).
// Decides:    what all clients together say of a pair (`submitted-prices.ts`), and that at a bounded pace.
// Guarantees: every submission read gets a fate; one process of many does this at a time.
// Survives:   a flood (read from the log at this pace, not held in memory); a bus that takes nothing for a
//             while; a restart, after which the voices of the last minutes are read back.
import { messageOf } from '@assay/kernel/errors/assay-error';
import type { Startable } from '@assay/kernel/lifecycle/startable';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import type { BusRecord, EventBus, NewRecord, Subscription } from '@assay/ports/event-bus/event-bus';
import { UNKNOWN_LISTING } from '../model/listing.ts';
import type { Pair } from '../model/pair.ts';
import { SOURCE_PRICES_TOPIC, type SourcePrice, type Withdrawal } from '../model/source-price.ts';
import { HEALTH_TOPIC, type SourceStatus } from '../model/source-status.ts';
import {
  decodeSubmissionRecord,
  type OfferedPrice,
  SUBMISSIONS_TOPIC,
  SUBMITTED_SOURCE,
  type SubmissionRecord,
} from '../model/submission.ts';
import { type SubmittedPrice, SubmittedPrices, type Unused } from './submitted-prices.ts';

export type SubmissionServiceOptions = {
  bus: EventBus;
  clock: Clock;
  log: Log;
  profile: string;
  /** The pairs for which feeds take submissions. */
  pairs: readonly Pair[];
  /** Display name of the source. */
  name: string;
};

export interface SubmissionService extends Startable {
  /** Nothing submitted is believed until `allow`. */
  deny(reason: string): void;
  allow(): void;
  /** Follows a new configuration. */
  update(pairs: readonly Pair[]): void;
}

/** A pair gets at most four submitted prices a second, whatever comes in. */
const PACE_MS = 250;
/** Taken from the log at once: with the pace, 40,000 a second. */
const BATCH_MAX = 10_000;
/** Read back at a start. */
const TAIL_MAX = 5_000;
const STATUS_EVERY_MS = 10_000;
/** Nobody has shown that a stranger's price is worth more; aggregation halves it again. */
const CONFIDENCE = 0.5;
/** Ids in one record, so that it stays far below the megabyte that the bus takes. */
const IDS_MAX = 1_000;

export function createSubmissionService(options: SubmissionServiceOptions): SubmissionService {
  return new Service(options);
}

class Service implements SubmissionService {
  readonly #options: SubmissionServiceOptions;
  readonly #prices = new SubmittedPrices();
  #pairs: ReadonlySet<Pair>;
  readonly #last = new Map<Pair, { price: string; observedAt: number }>();
  #denied: string | undefined;
  #published = 0;
  #subscription: Subscription | undefined;
  #cancelStatus: (() => void) | undefined;
  readonly #stopping = new AbortController();

  constructor(options: SubmissionServiceOptions) {
    this.#options = options;
    this.#pairs = new Set(options.pairs);
  }

  async start(): Promise<void> {
    const { bus } = this.#options;
    await this.#readBack();
    this.#subscription = await bus.subscribe(
      { topic: SUBMISSIONS_TOPIC, group: 'submitted-source', from: 'latest', batchMax: BATCH_MAX },
      (records) => this.#take(records),
    );
    this.#reportLater();
  }

  async stop(): Promise<void> {
    this.#cancelStatus?.();
    this.#cancelStatus = undefined;
    this.#stopping.abort();
    await this.#subscription?.close();
    this.#subscription = undefined;
  }

  deny(reason: string): void {
    this.#denied = reason;
    const withdrawal: Withdrawal = {
      type: 'withdrawal',
      source: SUBMITTED_SOURCE,
      reason: 'denied',
      detail: `on the denylist: ${reason}`,
      receivedAt: this.#options.clock.now(),
    };
    this.#say(SOURCE_PRICES_TOPIC, [{ key: SUBMITTED_SOURCE, value: JSON.stringify(withdrawal) }]);
    this.#report();
  }

  allow(): void {
    this.#denied = undefined;
    this.#report();
  }

  update(pairs: readonly Pair[]): void {
    this.#pairs = new Set(pairs);
    this.#report();
  }

  /** Who had a voice keeps it over a restart. */
  async #readBack(): Promise<void> {
    const { bus, clock } = this.#options;
    for (const { partition, firstOffset, nextOffset } of await bus.positions(SUBMISSIONS_TOPIC)) {
      const from = Math.max(firstOffset, nextOffset - TAIL_MAX);
      for (const record of await bus.read(SUBMISSIONS_TOPIC, partition, from, TAIL_MAX)) {
        const offered = this.#decode(record);
        if (offered !== undefined && this.#pairs.has(offered.pair)) this.#prices.take(offered);
      }
    }
    this.#prices.news(clock.now());
  }

  async #take(records: readonly BusRecord[]): Promise<void> {
    const unused: Unused[] = [];
    const offers = records.flatMap((record) => this.#decode(record) ?? []);
    if (offers.length === 0) return;
    for (const offered of offers) {
      const reason = this.#refusal(offered.pair);
      const lost =
        reason === undefined ? this.#prices.take(offered) : { pair: offered.pair, id: offered.id, reason };
      if (lost !== undefined) unused.push(lost);
    }
    const now = this.#options.clock.now();
    const prices = this.#prices.news(now);
    const positions = await this.#publishPrices(prices, now);
    const fates: SubmissionRecord[] = prices.map(({ pair, price, ids }, index) => {
      return { type: 'taken', pair, price, ids: ids.slice(-IDS_MAX), offset: positions[index]!, at: now };
    });
    fates.push(...unusedRecords(unused, now));
    await this.#options.bus.publish(
      SUBMISSIONS_TOPIC,
      fates.map((fate) => ({ key: fate.pair, value: JSON.stringify(fate) })),
    );
    await this.#options.clock.sleep(PACE_MS, this.#stopping.signal).catch(() => {});
  }

  async #publishPrices(prices: readonly SubmittedPrice[], now: number): Promise<number[]> {
    const records = prices.map(({ pair, price, observedAt }): NewRecord => {
      this.#last.set(pair, { price, observedAt });
      const record: SourcePrice = {
        type: 'price',
        source: SUBMITTED_SOURCE,
        pair,
        price,
        kind: 'submission',
        observedAt: Math.min(observedAt, now),
        receivedAt: now,
        confidence: CONFIDENCE,
        transport: 'submission',
        profile: this.#options.profile,
      };
      return { key: pair, value: JSON.stringify(record) };
    });
    const wasUp = this.#published > 0;
    this.#published += records.length;
    if (!wasUp && this.#published > 0) this.#report();
    const positions = await this.#options.bus.publish(SOURCE_PRICES_TOPIC, records);
    return positions.map(({ offset }) => offset);
  }

  #refusal(pair: Pair): string | undefined {
    if (!this.#pairs.has(pair)) return `no feed takes submissions for ${pair}`;
    return this.#denied === undefined ? undefined : `submissions are isolated: ${this.#denied}`;
  }

  #decode(record: BusRecord): OfferedPrice | undefined {
    try {
      const decoded = decodeSubmissionRecord(record.value);
      return decoded.type === 'submission' ? decoded : undefined;
    } catch (error) {
      this.#options.log.debug('a submission could not be read', { reason: messageOf(error) });
      return undefined;
    }
  }

  #reportLater(): void {
    this.#report();
    this.#cancelStatus = this.#options.clock.after(STATUS_EVERY_MS, () => this.#reportLater());
  }

  #report(): void {
    this.#say(HEALTH_TOPIC, [{ key: SUBMITTED_SOURCE, value: JSON.stringify(this.#status()) }]);
  }

  #say(topic: string, records: NewRecord[]): void {
    this.#options.bus.publish(topic, records).catch((error: unknown) => {
      this.#options.log.debug('the word of the submitted source was not published', {
        topic,
        reason: messageOf(error),
      });
    });
  }

  #status(): SourceStatus {
    const { clock, profile, name } = this.#options;
    const at = clock.now();
    const counts = this.#prices.clientCounts(at);
    const pairsLive = [...counts.values()].filter((count) => count > 0).length;
    const voices = [...counts.values()].reduce((sum, count) => sum + count, 0);
    return {
      source: SUBMITTED_SOURCE,
      name,
      venue: SUBMITTED_SOURCE,
      kind: 'submitted',
      profile,
      at,
      ...wordsOf(name, this.#denied, { voices, pairsLive }),
      transport: 'none',
      pairsConfigured: this.#pairs.size,
      pairsLive,
      confidence: CONFIDENCE,
      band: 'degraded',
      latencyMs: null,
      breaker: this.#denied === undefined ? 'closed' : 'isolated',
      skewMs: null,
      machineSkewMs: null,
      lastError: null,
      retryAt: null,
      counts: { ...NO_COUNTS, published: this.#published },
      listedAt: null,
      offers: [],
      pairs: [...this.#pairs].map((pair) => {
        const last = this.#last.get(pair);
        return {
          pair,
          isLive: (counts.get(pair) ?? 0) > 0,
          confidence: CONFIDENCE,
          ageMs: last === undefined ? null : Math.max(0, at - last.observedAt),
          price: last?.price ?? null,
          quarantinedUntil: null,
          listing: UNKNOWN_LISTING,
        };
      }),
    };
  }
}

const NO_COUNTS: SourceStatus['counts'] = {
  published: 0,
  rejected: 0,
  errors: 0,
  reconnects: 0,
  sequenceGaps: 0,
  withdrawals: 0,
  quarantines: 0,
};

function wordsOf(
  name: string,
  denied: string | undefined,
  seen: { voices: number; pairsLive: number },
): Pick<SourceStatus, 'state' | 'sentence'> {
  if (denied !== undefined) return { state: 'denied', sentence: `${name} is on the denylist: ${denied}.` };
  if (seen.pairsLive === 0) {
    return {
      state: 'standby',
      sentence: `${name} waits: no client has submitted a price in the last minutes.`,
    };
  }
  const sentence = `${name} has the newest prices of ${seen.voices} clients for ${seen.pairsLive} pairs.`;
  return { state: 'live', sentence };
}

/** One record for each pair and reason; ids of one reason stand together. */
function unusedRecords(unused: readonly Unused[], at: number): SubmissionRecord[] {
  const records: SubmissionRecord[] = [];
  const groups = new Map<string, { pair: Pair; reason: string; ids: string[] }>();
  for (const { pair, id, reason } of unused) {
    const name = `${pair} ${reason}`;
    const group = groups.get(name) ?? { pair, reason, ids: [] };
    groups.set(name, group);
    group.ids.push(id);
  }
  for (const { pair, reason, ids } of groups.values()) {
    for (let from = 0; from < ids.length; from += IDS_MAX) {
      records.push({ type: 'unused', pair, reason, ids: ids.slice(from, from + IDS_MAX), at });
    }
  }
  return records;
}
