// The audit log: who did what, when, with what result. In: single records of what changes something or opens
// a stream; counts of reads. Out: rows in the ledger, pages of them for an administrator.
//
// Reads are added up per principal, action, result and minute, in memory and off the request's way; every few
// seconds all of it is written in one statement. Invariants: bounded (what does not fit is counted and said
// in the next record); a crash loses at most the last few seconds; rows older than the retention are
// forgotten.
import { AssayError, messageOf } from '@assay/kernel/errors/assay-error';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import type { Ledger } from '@assay/ports/ledger/ledger';
import type { Principal } from './principal.ts';

export type AuditEntry = {
  who: Pick<Principal, 'id' | 'name'>;
  /** `POST /v1/submissions`, `keys.revoke`, `stream.open`. */
  action: string;
  /** An HTTP status, or `ok` or an error code. */
  result: string;
  /** What it was about: feeds, ids, address. Never a secret. */
  detail?: Record<string, unknown>;
};

export type AuditRow = {
  id: string;
  at: string;
  who: string;
  whoName: string;
  action: string;
  result: string;
  count: number;
  detail: Record<string, unknown>;
};

export type AuditQuery = { who?: string; action?: string; before?: string; limit: number };

export type AuditOptions = { ledger: Ledger; clock: Clock; log: Log; keptForMs: number };

const FLUSH_EVERY_MS = 2_000;
const MINUTE_MS = 60_000;
/** Single records that wait: the submissions of two busy seconds. */
const WAITING_MAX = 10_000;
/** Different reads of one minute: principals times routes. */
const COUNTED_MAX = 20_000;
const DETAIL_LENGTH_MAX = 2_000;

type Waiting = AuditEntry & { atMs: number; count: number };

export class AuditLog {
  readonly #options: AuditOptions;
  #waiting: Waiting[] = [];
  #reads = new Map<string, Waiting>();
  #lastRead: { who: Principal; action: string; status: number; atMs: number; read: Waiting } | undefined;
  #lost = 0;
  /** One after the other: whoever waits for a flush waits for those before it. */
  #flushing: Promise<void> = Promise.resolve();
  #cancelFlush: (() => void) | undefined;
  #isStarted = false;

  constructor(options: AuditOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#flushLater();
  }

  async stop(): Promise<void> {
    if (!this.#isStarted) return;
    this.#isStarted = false;
    this.#cancelFlush?.();
    await this.flush(true);
  }

  /** Never waits and never fails. */
  record(entry: AuditEntry): void {
    if (this.#waiting.length >= WAITING_MAX) this.#lost += 1;
    else this.#waiting.push({ ...entry, atMs: this.#options.clock.now(), count: 1 });
  }

  /** A read: one addition. */
  count(who: Principal, action: string, result: number, nowMs: number): void {
    const minuteMs = nowMs - (nowMs % MINUTE_MS);
    // One client that asks the same again and again is the common case, and the one that must cost nothing.
    const last = this.#lastRead;
    if (last?.who === who && last.action === action && last.status === result && last.atMs === minuteMs) {
      last.read.count += 1;
      return;
    }
    const name = `${who.id} ${action} ${result} ${minuteMs}`;
    const known = this.#reads.get(name);
    if (known === undefined && this.#reads.size >= COUNTED_MAX) {
      this.#lost += 1;
      return;
    }
    const read = known ?? { who, action, result: String(result), atMs: minuteMs, count: 0 };
    read.count += 1;
    this.#reads.set(name, read);
    this.#lastRead = { who, action, status: result, atMs: minuteMs, read };
  }

  /** Newest first. @throws AssayError REQUEST_INVALID, LEDGER_UNAVAILABLE */
  async list({ who, action, before, limit }: AuditQuery): Promise<{ rows: AuditRow[]; next?: string }> {
    if (before !== undefined && !/^\d{1,18}$/.test(before)) {
      throw new AssayError('REQUEST_INVALID', 'cursor is not one of ours: give the nextCursor unchanged', {
        context: { field: 'cursor', value: before.slice(0, 80) },
      });
    }
    const rows = await this.#options.ledger.query(
      `SELECT id, at, who, who_name, action, result, count, detail FROM audit
       WHERE ($1::text IS NULL OR who = $1) AND ($2::text IS NULL OR action = $2)
         AND ($3::bigint IS NULL OR id < $3) ORDER BY id DESC LIMIT $4`,
      [who ?? null, action ?? null, before === undefined ? null : BigInt(before), limit + 1],
    );
    const page = rows.slice(0, limit).map((row) => ({
      id: String(row.id),
      at: (row.at as Date).toISOString(),
      who: row.who as string,
      whoName: row.who_name as string,
      action: row.action as string,
      result: row.result as string,
      count: row.count as number,
      detail: row.detail as Record<string, unknown>,
    }));
    return rows.length > limit ? { rows: page, next: page.at(-1)!.id } : { rows: page };
  }

  async forgetOld(): Promise<void> {
    const { ledger, clock, keptForMs } = this.#options;
    await ledger.query('DELETE FROM audit WHERE at < $1', [new Date(clock.now() - keptForMs)]);
  }

  /** Writes what waits; of the reads, the minutes that are over, or all. */
  flush(isAll = false): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#flush(isAll));
    return this.#flushing;
  }

  /** Never fails. */
  async #flush(isAll: boolean): Promise<void> {
    const nowMs = this.#options.clock.now();
    const entries = this.#waiting.splice(0);
    this.#lastRead = undefined;
    for (const [name, read] of this.#reads) {
      if (!isAll && read.atMs + MINUTE_MS > nowMs) continue;
      this.#reads.delete(name);
      entries.push(read);
    }
    if (this.#lost > 0) {
      const detail = { lost: this.#lost };
      this.#lost = 0;
      const who = { id: 'assay', name: 'assay' };
      entries.push({ who, action: 'audit.lost', result: 'ok', detail, atMs: nowMs, count: 1 });
    }
    if (entries.length === 0) return;
    try {
      await this.#insert(entries);
    } catch (error) {
      this.#options.log.warn('audit records wait for the ledger', { reason: messageOf(error) });
      const room = WAITING_MAX - this.#waiting.length;
      this.#lost += Math.max(0, entries.length - room);
      this.#waiting.unshift(...entries.slice(0, room));
    }
  }

  async #insert(entries: readonly Waiting[]): Promise<void> {
    await this.#options.ledger.query(
      `INSERT INTO audit (at, who, who_name, action, result, count, detail)
       SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[],
         $7::jsonb[])`,
      [
        entries.map(({ atMs }) => new Date(atMs)),
        entries.map(({ who }) => who.id),
        entries.map(({ who }) => who.name),
        entries.map(({ action }) => action),
        entries.map(({ result }) => result),
        entries.map(({ count }) => count),
        entries.map(({ detail }) => detailText(detail)),
      ],
    );
  }

  #flushLater(): void {
    this.#cancelFlush = this.#options.clock.after(FLUSH_EVERY_MS, () => {
      void this.flush().finally(() => {
        if (this.#isStarted) this.#flushLater();
      });
    });
  }
}

function detailText(detail: Record<string, unknown> = {}): string {
  const text = JSON.stringify(detail);
  if (text.length <= DETAIL_LENGTH_MAX && !text.includes('\\u0000')) return text;
  return JSON.stringify({ cut: text.slice(0, DETAIL_LENGTH_MAX).replaceAll('\\u0000', '') });
}
