// Who asks. In: the raw headers and address of a request. Out: a principal, or an error that tells a stranger
// nothing.
//
// A key that was verified lately is recognised without hashing: it is looked up by its public id and compared
// in full, in time that does not depend on where it differs. It is verified again after RECHECK_AFTER_MS, so
// a revocation counts. Guessing is bounded per address: who failed too often is refused unheard, known keys
// excepted. Invariant: both memories are bounded; no key that the store refuses is served for more than
// RECHECK_AFTER_MS.
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { Clock } from '@assay/kernel/time/clock';
import { isCurrent, type KeyInfo, type KeyStore } from './key-store.ts';
import type { Principal } from './principal.ts';

/**
 * Together with the second after which a store looks at its file, this stays well under the promised five
 * seconds.
 */
const RECHECK_AFTER_MS = 2_000;
/** Keys in use at one time; beyond it the least recently verified are hashed again. */
const VERIFIED_MAX = 10_000;
/** A person who mistypes never gets here; a guesser does at once. */
const FAILURES_MAX = 30;
const FAILURE_WINDOW_MS = 60_000;
const ADDRESSES_MAX = 10_000;

type Verified = { key: string; principal: Principal; verifiedAt: number };

export class Authenticator {
  readonly #keys: KeyStore;
  readonly #clock: Clock;
  readonly #verified = new Map<string, Verified>();
  readonly #failures = new Map<string, { count: number; sinceMs: number }>();

  constructor(keys: KeyStore, clock: Clock) {
    this.#keys = keys;
    this.#clock = clock;
  }

  /** The principal of a key that was verified within the last two seconds; costs no hash. */
  recent(key: string, nowMs: number): Principal | undefined {
    const verified = this.#known(key);
    if (verified === undefined) return undefined;
    const sinceMs = nowMs - verified.verifiedAt;
    return sinceMs >= 0 && sinceMs < RECHECK_AFTER_MS ? verified.principal : undefined;
  }

  /** @throws AssayError UNAUTHENTICATED, TOO_MANY_REQUESTS */
  async authenticate(rawHeaders: readonly string[], address: string): Promise<Principal> {
    const key = keyInHeaders(rawHeaders);
    const nowMs = this.#clock.now();
    const recent = key === undefined ? undefined : this.recent(key, nowMs);
    if (recent !== undefined) return recent;
    if (key === undefined) throw unauthenticated();
    const isKnown = this.#known(key) !== undefined;
    if (!isKnown) this.#refuseGuesser(address, nowMs);
    const info = await this.#keys.verify(key);
    if (info === undefined) {
      if (isKnown) this.#verified.delete(key.slice(3, 15));
      this.#countFailure(address, nowMs);
      throw unauthenticated();
    }
    return this.#remember(key, info, nowMs);
  }

  /** Whether whoever opened a long-lived connection may still have it. */
  async isStillValid(principal: Principal): Promise<boolean> {
    const info = await this.#keys.get(principal.id);
    return info !== undefined && isCurrent(info, this.#clock.now());
  }

  #known(key: string): Verified | undefined {
    // "ak_" and twelve digits: the public id. A text of another shape finds nothing.
    const verified = this.#verified.get(key.slice(3, 15));
    return verified !== undefined && isSameText(verified.key, key) ? verified : undefined;
  }

  #remember(key: string, info: KeyInfo, nowMs: number): Principal {
    const principal: Principal = {
      id: info.id,
      name: info.name,
      scopes: info.scopes,
      ...(info.feeds === undefined ? {} : { feeds: info.feeds }),
      tier: 'standard',
      kind: 'key',
    };
    this.#verified.delete(info.id);
    this.#verified.set(info.id, { key, principal, verifiedAt: nowMs });
    dropOldest(this.#verified, VERIFIED_MAX);
    return principal;
  }

  #refuseGuesser(address: string, nowMs: number): void {
    const failures = this.#failures.get(address);
    if (failures === undefined) return;
    const leftMs = failures.sinceMs + FAILURE_WINDOW_MS - nowMs;
    if (leftMs <= 0 || leftMs > FAILURE_WINDOW_MS) {
      this.#failures.delete(address);
    } else if (failures.count >= FAILURES_MAX) {
      throw new AssayError('TOO_MANY_REQUESTS', 'too many requests without a valid key from this address', {
        retryAfterMs: leftMs,
      });
    }
  }

  #countFailure(address: string, nowMs: number): void {
    const failures = this.#failures.get(address);
    if (failures !== undefined) {
      failures.count += 1;
      return;
    }
    this.#failures.set(address, { count: 1, sinceMs: nowMs });
    dropOldest(this.#failures, ADDRESSES_MAX);
  }
}

/**
 * The key as the request carries it: `X-API-Key`, else `Authorization: Bearer`. Reads the raw list, which
 * costs nothing.
 */
export function keyInHeaders(rawHeaders: readonly string[]): string | undefined {
  let bearer: string | undefined;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (name.length === 9 && name.toLowerCase() === 'x-api-key') return rawHeaders[i + 1];
    if (name.length === 13 && name.toLowerCase() === 'authorization') {
      const value = rawHeaders[i + 1]!;
      if (value.length > 7 && value.slice(0, 7).toLowerCase() === 'bearer ') bearer = value.slice(7).trim();
    }
  }
  return bearer;
}

function unauthenticated(): AssayError {
  return new AssayError('UNAUTHENTICATED', 'this request carries no valid API key');
}

/** All characters are looked at, wherever the first difference is. */
function isSameText(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

function dropOldest<T>(map: Map<string, T>, maximum: number): void {
  if (map.size > maximum) map.delete(map.keys().next().value!);
}
