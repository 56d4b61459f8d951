// Takes submissions of clients, puts them on the bus and follows them to their fate.
//
// Reads: topics `submissions`, `decisions`. Writes: topic `submissions`, the ledger. Guarantees: an accepted
// submission is stored and on the bus before its client hears of it; its fate is found again after a restart,
// because the ends of both logs are read back. Survives: a ledger that is away (submitting says so, fates are
// told when it is back).
import { AssayError, isAssayError, messageOf } from '@assay/kernel/errors/assay-error';
import type { Startable } from '@assay/kernel/lifecycle/startable';
import { secureBytes } from '@assay/kernel/random/random';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Counter, Metrics } from '@assay/kernel/telemetry/metrics';
import type { Clock } from '@assay/kernel/time/clock';
import { DECISIONS_TOPIC } from '@assay/oracle/model/decision';
import {
  decodeSubmissionRecord,
  type OfferedPrice,
  SUBMISSIONS_TOPIC,
  SUBMITTED_SOURCE,
} from '@assay/oracle/model/submission';
import type { Cache } from '@assay/ports/cache/cache';
import type { BusRecord, EventBus, Subscription } from '@assay/ports/event-bus/event-bus';
import type { Ledger } from '@assay/ports/ledger/ledger';
import { hasScope, type Principal, requireScope } from '../auth/principal.ts';
import { CURSOR_FIX } from '../rest/parameters.ts';
import { invalid } from '../rest/route.ts';
import type { PriceView } from '../views/prices.ts';
import { ClientLimit } from './client-limit.ts';
import type { Submission, SubmissionDesk, SubmissionInput, SubmissionPage } from './desk.ts';
import { type CheckedSubmission, checkSubmission, tooFar } from './submission-check.ts';
import { SubmissionFates } from './submission-fates.ts';
import { type Fate, type StoredSubmission, SubmissionTables } from './submission-tables.ts';

export type SubmissionLimits = {
  /** Of one client. */
  perMinute: number;
  /** A price further than this from the current one is rejected, per cent. */
  boundPercent: number;
  retentionDays: number;
};

/** One a second is what a feed can make use of; half the price is a mistake, not news. */
export const SUBMISSION_LIMITS: SubmissionLimits = { perMinute: 60, boundPercent: 50, retentionDays: 30 };

export type SubmissionDeskOptions = {
  bus: EventBus;
  ledger: Ledger;
  cache: Cache | undefined;
  view: PriceView;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  limits?: Partial<SubmissionLimits>;
};

const ID_BYTES = 12;
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,100}$/;
/** Read back at a start: some minutes of a busy market. */
const TAIL_MAX = 5_000;
const DAY_MS = 86_400_000;
const FORGET_EVERY_MS = 3_600_000;
/** Where a submission is taken within a second, one that still waits is waiting for somebody. */
const WAITING_AFTER_MS = 60_000;

export class LedgerSubmissionDesk implements SubmissionDesk, Startable {
  readonly #options: SubmissionDeskOptions;
  readonly #limits: SubmissionLimits;
  readonly #tables: SubmissionTables;
  readonly #fates = new SubmissionFates();
  readonly #perClient: ClientLimit;
  readonly #counter: Counter;
  #subscriptions: Subscription[] = [];
  #cancelForget: (() => void) | undefined;
  #isStopping = false;

  constructor(options: SubmissionDeskOptions) {
    const { ledger, cache, clock, metrics } = options;
    this.#options = options;
    this.#limits = { ...SUBMISSION_LIMITS, ...options.limits };
    this.#tables = new SubmissionTables(ledger);
    this.#perClient = new ClientLimit({
      cache,
      clock,
      what: 'submissions',
      perMinute: this.#limits.perMinute,
    });
    this.#counter = metrics.counter({
      name: 'assay_submissions_total',
      help: 'Prices submitted by clients, by what was said to them.',
      labels: ['status'],
    });
  }

  async start(): Promise<void> {
    this.#isStopping = false;
    await this.#tables.prepare();
    await this.#follow(SUBMISSIONS_TOPIC, (record) =>
      this.#fates.takeRecord(decodeSubmissionRecord(record.value)),
    );
    await this.#follow(DECISIONS_TOPIC, (record) => this.#fates.takeDecision(record.value));
    this.#forgetLater();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#cancelForget?.();
    this.#cancelForget = undefined;
    await Promise.all(this.#subscriptions.splice(0).map((subscription) => subscription.close()));
  }

  async submit(principal: Principal, input: SubmissionInput, idempotencyKey?: string): Promise<Submission> {
    requireScope(principal, 'prices:submit');
    if (idempotencyKey !== undefined && !IDEMPOTENCY_KEY.test(idempotencyKey)) {
      throw invalid('Idempotency-Key', idempotencyKey, 'give 1 to 100 visible ASCII characters');
    }
    const nowMs = this.#options.clock.now();
    const known =
      idempotencyKey === undefined ? undefined : await this.#tables.byKey(principal.id, idempotencyKey);
    if (known !== undefined) return sameAs(known, input);
    await this.#perClient.count(principal);
    const checked = checkSubmission(input, this.#options.view, principal, nowMs);
    const stored = this.#judged(principal, input, checked, nowMs);
    if (!(await this.#tables.insert(stored, principal.name, idempotencyKey))) {
      // Somebody was faster with the same key.
      return sameAs((await this.#tables.byKey(principal.id, idempotencyKey!))!, input);
    }
    this.#counter.add({ status: stored.status });
    if (stored.status === 'accepted') await this.#offer(stored, checked);
    return shown(stored, nowMs);
  }

  async find(principal: Principal, id: string): Promise<Submission | undefined> {
    if (id.length > 100) return undefined;
    const found = await this.#tables.byId(id);
    if (found === undefined || !mayRead(principal, found)) return undefined;
    return shown(found, this.#options.clock.now());
  }

  async list(
    principal: Principal,
    { limit, cursor }: { limit: number; cursor?: string },
  ): Promise<SubmissionPage> {
    if (cursor !== undefined && !/^\d{1,18}$/.test(cursor)) throw invalid('cursor', cursor, CURSOR_FIX);
    const client = hasScope(principal, 'admin') ? undefined : principal.id;
    const before = cursor === undefined ? undefined : BigInt(cursor);
    const { rows, next } = await this.#tables.page(client, limit, before);
    const nowMs = this.#options.clock.now();
    return { submissions: rows.map((row) => shown(row, nowMs)), nextCursor: next?.toString() ?? null };
  }

  #judged(
    principal: Principal,
    input: SubmissionInput,
    checked: CheckedSubmission,
    nowMs: number,
  ): StoredSubmission {
    const { definition } = checked.current;
    const takes = definition.sources.some(({ source }) => source === SUBMITTED_SOURCE);
    const refusal = takes
      ? tooFar(checked, this.#limits.boundPercent, nowMs)
      : `${definition.feed} takes no submissions: the source "${SUBMITTED_SOURCE}" is not among its sources`;
    const status = refusal === undefined ? 'accepted' : 'rejected';
    const detail = refusal ?? 'on its way';
    const receivedAt = new Date(nowMs).toISOString();
    return {
      ...input,
      price_usd: checked.price,
      id: `sub_${Buffer.from(secureBytes(ID_BYTES)).toString('hex')}`,
      client: principal.id,
      feed: definition.feed,
      status,
      detail,
      receivedAt,
      events: [{ at: receivedAt, status, detail }],
    };
  }

  async #offer({ id, client, receivedAt }: StoredSubmission, checked: CheckedSubmission): Promise<void> {
    const pair = checked.current.definition.feed;
    const offered: OfferedPrice = {
      type: 'submission',
      id,
      client,
      pair,
      price: checked.price,
      observedAt: checked.observedAt,
      receivedAt: Date.parse(receivedAt),
      submittedBy: checked.submittedBy,
    };
    try {
      await this.#options.bus.publish(SUBMISSIONS_TOPIC, [{ key: pair, value: JSON.stringify(offered) }]);
    } catch (error) {
      const detail = 'the event log took nothing: submit it again';
      await this.#tables.tell([{ id, status: 'rejected', detail, at: this.#options.clock.now() }]);
      throw error;
    }
  }

  async #follow(topic: string, read: (record: BusRecord) => Fate[]): Promise<void> {
    const { bus, log } = this.#options;
    const from: Record<number, number> = {};
    for (const { partition, firstOffset, nextOffset } of await bus.positions(topic)) {
      from[partition] = Math.max(firstOffset, nextOffset - TAIL_MAX);
    }
    const subscribed = Object.keys(from).length === 0 ? 'earliest' : from;
    const subscription = await bus.subscribe({ topic, from: subscribed }, async (records) => {
      const fates = records.flatMap((record) => {
        try {
          return read(record);
        } catch (error) {
          log.debug('a record was skipped', { topic, reason: messageOf(error) });
          return [];
        }
      });
      await this.#tell(fates);
    });
    this.#subscriptions.push(subscription);
  }

  /** Fates wait for a ledger that is away: nothing else would ever tell them. */
  async #tell(fates: readonly Fate[]): Promise<void> {
    for (;;) {
      try {
        return await this.#tables.tell(fates);
      } catch (error) {
        if (!isAssayError(error, 'LEDGER_UNAVAILABLE')) throw error;
        // They are read back at the next start.
        if (this.#isStopping) return;
        this.#options.log.warn('fates of submissions wait for the ledger', { reason: messageOf(error) });
        await this.#options.clock.sleep(1_000);
      }
    }
  }

  #forgetLater(): void {
    this.#cancelForget = this.#options.clock.after(FORGET_EVERY_MS, () => {
      this.#forgetLater();
      const before = this.#options.clock.now() - this.#limits.retentionDays * DAY_MS;
      this.#tables.forgetBefore(before).catch((error: unknown) => {
        this.#options.log.warn('old submissions were not deleted', { reason: messageOf(error) });
      });
    });
  }
}

function mayRead(principal: Principal, { client }: StoredSubmission): boolean {
  return client === principal.id || hasScope(principal, 'admin');
}

function shown({ client: _, ...submission }: StoredSubmission, nowMs: number): Submission {
  const isWaiting = submission.status === 'accepted' && submission.events.length === 1;
  if (!isWaiting || nowMs - Date.parse(submission.receivedAt) < WAITING_AFTER_MS) return submission;
  return { ...submission, detail: 'nobody has taken it yet: is `adapters` running?' };
}

/** @throws AssayError IDEMPOTENCY_KEY_REUSED when the key stood for something else */
function sameAs(known: StoredSubmission, input: SubmissionInput): Submission {
  const names = ['symbol', 'price_usd', 'timestamp', 'submitted_by'] as const;
  const other = names.find((name) => known[name] !== input[name]);
  if (other === undefined) return shown(known, Date.parse(known.receivedAt));
  throw new AssayError('IDEMPOTENCY_KEY_REUSED', `this Idempotency-Key came with another ${other} before`, {
    context: { field: 'Idempotency-Key', value: other },
  });
}
