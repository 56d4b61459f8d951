// How often one client may do one thing in a minute. In: its principal. Out: nothing, or TOO_MANY_REQUESTS
// with the time to wait. Counted in the cache, which replicas share; without one, or with one that fails, in
// this process. Invariant: memory is bounded.
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { Clock } from '@assay/kernel/time/clock';
import type { Cache } from '@assay/ports/cache/cache';
import type { Principal } from '../auth/principal.ts';
import { dropOldest } from '../limits/drop-oldest.ts';

export type ClientLimitOptions = {
  cache: Cache | undefined;
  clock: Clock;
  /** What is limited, for the message: "submissions". */
  what: string;
  perMinute: number;
};

const MINUTE_MS = 60_000;
const CLIENTS_MAX = 10_000;

export class ClientLimit {
  readonly #options: ClientLimitOptions;
  readonly #counts = new Map<string, number>();
  /** Who has had all of a minute, and which: they are refused without asking the cache again. */
  readonly #full = new Map<string, number>();

  constructor(options: ClientLimitOptions) {
    this.#options = options;
  }

  /** @throws AssayError TOO_MANY_REQUESTS */
  async count(principal: Principal): Promise<void> {
    const { cache, clock, what, perMinute } = this.#options;
    const nowMs = clock.now();
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (this.#full.get(principal.id) !== minute) {
      const name = `limit ${what} ${principal.id} ${minute}`;
      // Without the cache this process counts for itself.
      const shared = await cache?.increment(name, 1, MINUTE_MS).catch(() => undefined);
      const count = shared ?? this.#countHere(name);
      if (count <= perMinute) return;
      this.#full.set(principal.id, minute);
      dropOldest(this.#full, CLIENTS_MAX);
    }
    throw new AssayError('TOO_MANY_REQUESTS', `more than ${perMinute} ${what} in a minute`, {
      context: { field: what, value: perMinute },
      retryAfterMs: (minute + 1) * MINUTE_MS - nowMs,
    });
  }

  #countHere(name: string): number {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    dropOldest(this.#counts, CLIENTS_MAX);
    return count;
  }
}
