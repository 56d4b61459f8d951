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

export type TierLimits = { requestsPerMinute: number; requestsPerDay: number };

export type RateLimiterOptions = {
  cache: Cache | undefined;
  clock: Clock;
  tiers: Readonly<Record<Tier, TierLimits>>;
};

type Allowance = { limit: number; remaining: number; resetMs: number; windowS: number };

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
      if (!budget.hasOne(nowMs)) throw exhausted(budget.allowance(nowMs), principal);
    }
    minute.spend(nowMs);
    day.spend(nowMs);
  }

  /** The tighter of the two windows. */
  #allowance(principal: Principal, nowMs: number): Allowance {
    const { minute, day } = this.#budgetsOf(principal);
    const [short, long] = [minute.allowance(nowMs), day.allowance(nowMs)];
    return long.remaining < short.remaining ? long : short;
  }

  /** `RateLimit-*` of draft-ietf-httpapi-ratelimit-headers-06, as most clients read them: names, values. */
  headerLines(principal: Principal, nowMs: number): string[] {
    const { limit, remaining, resetMs, windowS } = this.#allowance(principal, nowMs);
    return [
      ...['ratelimit-limit', String(limit), 'ratelimit-remaining', String(remaining)],
      ...['ratelimit-reset', String(Math.ceil(resetMs / 1_000)), 'ratelimit-policy', `${limit};w=${windowS}`],
    ];
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
    if (this.#budgets.size > PRINCIPALS_MAX) this.#budgets.delete(this.#budgets.keys().next().value!);
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

  allowance(nowMs: number): Allowance {
    this.#turn(nowMs);
    const unused = Math.max(0, this.#limit - this.#total) + this.#granted - this.#used;
    const remaining = Math.min(this.#limit, unused);
    const resetMs = this.#windowMs - (nowMs % this.#windowMs);
    return { limit: this.#limit, remaining, resetMs, windowS: this.#windowMs / 1_000 };
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
    const window = Math.floor(nowMs / this.#windowMs);
    if (window !== this.#window) {
      this.#window = window;
      this.#granted = this.#used = this.#total = 0;
    }
    return window;
  }
}

function exhausted({ limit, resetMs, windowS }: Allowance, principal: Principal): AssayError {
  const per = windowS === 60 ? 'minute' : 'day';
  return new AssayError(
    'TOO_MANY_REQUESTS',
    `"${principal.name}" has asked ${limit} times in this ${per}, which is all that tier ${principal.tier} has`,
    { context: { field: 'tier', value: principal.tier, limit, per }, retryAfterMs: resetMs },
  );
}
