// How much one principal may ask, over all replicas. In: principals, one call per request. Out: taken or not,
// and what is left.
//
// Two windows, the minute and the day (UTC), count in the cache that replicas share. So that a request costs
// two comparisons and not a round trip, each replica leases a hundredth of a window at a time and asks for
// the next lease while the last is half used. Invariants: replicas together never give more than the limit;
// at most a lease per replica and window is left unused; memory is bounded. Without the cache each replica
// counts by itself.
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { Clock } from '@assay/kernel/time/clock';
import type { Cache } from '@assay/ports/cache/cache';
import type { Principal, Tier } from '../auth/principal.ts';
import { dropOldest } from './drop-oldest.ts';

export type TierLimits = { requestsPerMinute: number; requestsPerDay: number };

export type RateLimiterOptions = {
  cache: Cache | undefined;
  clock: Clock;
  tiers: Readonly<Record<Tier, TierLimits>>;
};

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Small enough that a replica that stops wastes nothing that matters. */
const LEASES_PER_WINDOW = 100;
/** Principals in use at one time; the longest unused are forgotten and lease anew. */
const PRINCIPALS_MAX = 10_000;

export class RateLimiter {
  readonly #options: RateLimiterOptions;
  readonly #budgets = new Map<string, { minute: Budget; day: Budget }>();

  constructor(options: RateLimiterOptions) {
    this.#options = options;
  }

  /** Takes one at once, when the leases cover it; false leaves it to `take`. */
  takeNow(principal: Principal, nowMs: number): boolean {
    const budgets = this.#budgets.get(principal.id);
    if (budgets === undefined || !budgets.minute.hasOne(nowMs) || !budgets.day.hasOne(nowMs)) return false;
    budgets.minute.spend(nowMs);
    budgets.day.spend(nowMs);
    return true;
  }

  /** @throws AssayError TOO_MANY_REQUESTS with the time to wait */
  async take(principal: Principal): Promise<void> {
    const nowMs = this.#options.clock.now();
    if (this.takeNow(principal, nowMs)) return;
    const { minute, day } = this.#budgetsOf(principal);
    for (const budget of [day, minute]) {
      if (budget.hasOne(nowMs)) continue;
      await budget.lease(nowMs);
      if (!budget.hasOne(nowMs)) throw budget.exhausted(nowMs, principal);
    }
    minute.spend(nowMs);
    day.spend(nowMs);
  }

  /** `RateLimit-*` of draft-ietf-httpapi-ratelimit-headers-06, as most clients read them: names, values. */
  headerLines(principal: Principal, nowMs: number): string[] {
    const { minute, day } = this.#budgetsOf(principal);
    // The tighter of the two windows.
    return (day.remaining(nowMs) < minute.remaining(nowMs) ? day : minute).headerLines(nowMs);
  }

  #budgetsOf(principal: Principal): { minute: Budget; day: Budget } {
    const known = this.#budgets.get(principal.id);
    if (known !== undefined) return known;
    const { cache, tiers } = this.#options;
    const { requestsPerMinute, requestsPerDay } = tiers[principal.tier];
    const budgets = {
      minute: new Budget(cache, principal.id, requestsPerMinute, MINUTE_MS),
      day: new Budget(cache, principal.id, requestsPerDay, DAY_MS),
    };
    this.#budgets.set(principal.id, budgets);
    dropOldest(this.#budgets, PRINCIPALS_MAX);
    return budgets;
  }
}

/** One window of one principal, as this replica sees it. */
class Budget {
  readonly #cache: Cache | undefined;
  readonly #name: string;
  readonly #limit: number;
  readonly #windowMs: number;
  readonly #leaseSize: number;
  #window = -1;
  #startMs = Number.POSITIVE_INFINITY;
  #resetS = 0;
  #steadyLines: string[] = [];
  /** Given to us in this window, and how much of it is used. */
  #granted = 0;
  #used = 0;
  /** Given to all replicas, as of our last lease. */
  #total = 0;
  #leasing: Promise<void> | undefined;

  constructor(cache: Cache | undefined, principalId: string, limit: number, windowMs: number) {
    this.#cache = cache;
    // Names of outside subjects may be long, and a key of the cache may not.
    this.#name = `rate ${windowMs} ${principalId.slice(-150)}`;
    this.#limit = limit;
    this.#windowMs = windowMs;
    this.#leaseSize = Math.max(1, Math.floor(limit / LEASES_PER_WINDOW));
  }

  hasOne(nowMs: number): boolean {
    this.#turn(nowMs);
    return this.#used < this.#granted;
  }

  spend(nowMs: number): void {
    this.#used += 1;
    const left = this.#granted - this.#used;
    if (left * 2 < this.#leaseSize && this.#leasing === undefined && this.#total < this.#limit) {
      void this.lease(nowMs);
    }
  }

  /** Concurrent callers share one lease. */
  lease(nowMs: number): Promise<void> {
    this.#leasing ??= this.#lease(nowMs).finally(() => {
      this.#leasing = undefined;
    });
    return this.#leasing;
  }

  remaining(nowMs: number): number {
    this.#turn(nowMs);
    const unleased = this.#total < this.#limit ? this.#limit - this.#total : 0;
    return unleased + this.#granted - this.#used;
  }

  headerLines(nowMs: number): string[] {
    const resetS = Math.ceil(this.resetMs(nowMs) / 1_000);
    if (resetS !== this.#resetS) {
      // What changes once a second is written once a second.
      this.#resetS = resetS;
      const limit = ['ratelimit-limit', String(this.#limit)];
      this.#steadyLines = [...limit, 'ratelimit-reset', String(resetS), 'ratelimit-remaining'];
    }
    const lines = this.#steadyLines.slice();
    lines.push(String(this.remaining(nowMs)));
    return lines;
  }

  resetMs(nowMs: number): number {
    return this.#windowMs - (nowMs % this.#windowMs);
  }

  exhausted(nowMs: number, principal: Principal): AssayError {
    const per = this.#windowMs === MINUTE_MS ? 'minute' : 'day';
    const [limit, tier] = [this.#limit, principal.tier];
    const what = `"${principal.name}" has asked ${limit} times in this ${per}, which is all that tier ${tier} has`;
    return new AssayError('TOO_MANY_REQUESTS', what, {
      context: { field: 'tier', value: tier, limit, per },
      retryAfterMs: this.resetMs(nowMs),
    });
  }

  async #lease(nowMs: number): Promise<void> {
    const window = this.#turn(nowMs);
    if (this.#total >= this.#limit) return;
    const size = this.#leaseSize;
    const name = `${this.#name} ${window}`;
    const shared = await this.#cache?.increment(name, size, this.#windowMs).catch(() => undefined);
    if (this.#window !== window) return;
    this.#total = shared ?? this.#total + size;
    this.#granted += Math.max(0, size - Math.max(0, this.#total - this.#limit));
  }

  #turn(nowMs: number): number {
    if (nowMs >= this.#startMs && nowMs < this.#startMs + this.#windowMs) return this.#window;
    this.#window = Math.floor(nowMs / this.#windowMs);
    this.#startMs = this.#window * this.#windowMs;
    this.#granted = this.#used = this.#total = 0;
    return this.#window;
  }
}
