// How often we may call, as values: (state, cost, now) -> state and the wait. Three limits of different
// kinds:
//   token bucket   a steady rate with a reserve for bursts
//   burst window   never more than `count` in any window of `windowMs`, which is what venues enforce
//   credit budget  a paid count per period, spread over it so that the last day has credits too
// Invariant: a granted cost is never more than the limit allows in any interval; a refused one changes
// nothing and says how long to wait before asking again.

export type Grant<State> = { waitMs: number; state: State };

export type TokenBucketSettings = { capacity: number; refillPerSecond: number };
export type TokenBucket = { tokens: number; at: number };

export function fullBucket(settings: TokenBucketSettings, nowMs: number): TokenBucket {
  return { tokens: settings.capacity, at: nowMs };
}

/**
 * A cost above the capacity is granted when the bucket is full, and leaves it in debt: waiting longer would
 * not help.
 */
export function takeTokens(
  bucket: TokenBucket,
  settings: TokenBucketSettings,
  cost: number,
  nowMs: number,
): Grant<TokenBucket> {
  const at = Math.max(bucket.at, nowMs);
  const refill = ((at - bucket.at) / 1_000) * settings.refillPerSecond;
  const tokens = Math.min(settings.capacity, bucket.tokens + refill);
  const missing = Math.min(cost, settings.capacity) - tokens;
  // A ten-millionth of a token is rounding, not a debt.
  if (missing > 1e-7)
    return { waitMs: Math.ceil((missing / settings.refillPerSecond) * 1_000), state: bucket };
  return { waitMs: 0, state: { tokens: tokens - cost, at } };
}

export type BurstWindowSettings = { count: number; windowMs: number };
/** What was granted, oldest first, in slots of a twentieth of the window. */
export type BurstWindow = { slots: { startAt: number; cost: number }[] };

// A slot counts until all of it has left the window, so a coarse slot errs on the side of waiting: by a
// twentieth at most.
const SLOTS_PER_WINDOW = 20;

export function emptyWindow(): BurstWindow {
  return { slots: [] };
}

/** A cost above the count is granted when the window is empty: waiting longer would not help. */
export function takeInWindow(
  window: BurstWindow,
  settings: BurstWindowSettings,
  cost: number,
  nowMs: number,
): Grant<BurstWindow> {
  const slotMs = settings.windowMs / SLOTS_PER_WINDOW;
  const newest = window.slots.at(-1)?.startAt ?? Number.NEGATIVE_INFINITY;
  const startAt = Math.max(newest, Math.floor(nowMs / slotMs) * slotMs);
  const leavesAt = (slot: { startAt: number }) => slot.startAt + slotMs + settings.windowMs;
  const slots = slotsAt(window, settings, nowMs);
  let excess = slots.reduce((sum, slot) => sum + slot.cost, cost) - Math.max(cost, settings.count);
  if (excess > 0) {
    for (const slot of slots) {
      excess -= slot.cost;
      if (excess <= 0) return { waitMs: Math.max(1, Math.ceil(leavesAt(slot) - nowMs)), state: window };
    }
  }
  const last = slots.at(-1);
  if (last?.startAt === startAt) slots[slots.length - 1] = { startAt, cost: last.cost + cost };
  else slots.push({ startAt, cost });
  return { waitMs: 0, state: { slots } };
}

/** What was granted and still counts. */
export function usedInWindow(window: BurstWindow, settings: BurstWindowSettings, nowMs: number): number {
  return slotsAt(window, settings, nowMs).reduce((sum, slot) => sum + slot.cost, 0);
}

function slotsAt(
  window: BurstWindow,
  { windowMs }: BurstWindowSettings,
  nowMs: number,
): BurstWindow['slots'] {
  return window.slots.filter(({ startAt }) => startAt + windowMs / SLOTS_PER_WINDOW + windowMs > nowMs);
}

export type CreditBudgetSettings = { count: number; periodMs: number };
export type CreditBudget = { periodStartAt: number; spent: number };

// A restart, a poll by hand and the first fetch of all pairs may run this far ahead of the even spread.
const CREDITS_AHEAD_SHARE = 0.01;

export function newBudget(nowMs: number): CreditBudget {
  return { periodStartAt: nowMs, spent: 0 };
}

export function spendCredits(
  budget: CreditBudget,
  settings: CreditBudgetSettings,
  cost: number,
  nowMs: number,
): Grant<CreditBudget> {
  const current = budgetAt(budget, settings, nowMs);
  const endsAt = current.periodStartAt + settings.periodMs;
  if (current.spent + cost > settings.count) return { waitMs: Math.max(1, endsAt - nowMs), state: current };
  const ahead = Math.min(settings.count, Math.max(cost, settings.count * CREDITS_AHEAD_SHARE));
  const spread = settings.count - ahead;
  const share = Math.max(0, nowMs - current.periodStartAt) / settings.periodMs;
  const missing = current.spent + cost - (ahead + spread * share);
  if (missing > 0) {
    const waitMs = Math.ceil((missing / spread) * settings.periodMs);
    return { waitMs: Math.max(1, waitMs), state: current };
  }
  return { waitMs: 0, state: { ...current, spent: current.spent + cost } };
}

/** The budget of the period that `nowMs` lies in. */
export function budgetAt(budget: CreditBudget, settings: CreditBudgetSettings, nowMs: number): CreditBudget {
  const periods = Math.max(0, Math.floor((nowMs - budget.periodStartAt) / settings.periodMs));
  if (periods === 0) return budget;
  return { periodStartAt: budget.periodStartAt + periods * settings.periodMs, spent: 0 };
}

/** The shortest time between calls that cost `credits` each if the budget is to last, ms. */
export function creditIntervalMs(settings: CreditBudgetSettings, credits: number): number {
  return (settings.periodMs / settings.count) * credits;
}
