// Who asks. In: the raw headers and address of a request. Out: a principal, or an error that tells a stranger
// nothing.
//
// A key or token that was verified lately is recognised without hashing: it is looked up by a part of it and
// compared in full, in time that does not depend on where it differs. It is verified again after
// RECHECK_AFTER_MS, so a revocation counts. Guessing is bounded per address: who failed too often is refused
// unheard, known keys excepted; replicas count together, so that each hears one guess more at most.
// Invariants: both memories are bounded; nothing that is revoked is served for more than RECHECK_AFTER_MS,
//   and while the ledger is away for no more than KNOWN_FOR_MS.
import { isIPv6 } from 'node:net';
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { Clock } from '@assay/kernel/time/clock';
import type { Cache } from '@assay/ports/cache/cache';
import { dropOldest } from '../limits/drop-oldest.ts';
import type { RateLimiter } from '../limits/rate-limiter.ts';
import { isCurrent, type KeyStore, principalOfKey } from './key-store.ts';
import type { Principal } from './principal.ts';

/** What may stand where a key stands, what a browser's stream has instead, and how much everybody may ask. */
export type OtherCredentials = {
  /** JSON Web Tokens; undefined when it does not count. */
  verifyToken?: (token: string) => Promise<Principal | undefined>;
  /** Good for one stream. */
  useTicket?: (ticket: string) => Promise<Principal | undefined>;
  limiter?: RateLimiter;
  /** Where replicas count guesses together; without it each counts by itself. */
  cache?: Cache | undefined;
};

/** Twice this, when a check began just before a revocation, stays under the promised five seconds. */
const RECHECK_AFTER_MS = 2_000;
/** A ledger that changes its owner is away for one to two seconds: those who are known do not notice. */
const KNOWN_FOR_MS = 4_500;
/** Keys in use at one time; beyond it the least recently verified are hashed again. */
const VERIFIED_MAX = 10_000;
/** A person who mistypes never gets here; a guesser does at once. */
const FAILURES_MAX = 30;
const FAILURE_WINDOW_MS = 60_000;
const ADDRESSES_MAX = 10_000;
const NO_LINES: string[] = [];
/** A token of an identity provider with many roles; more is not looked at. */
const CREDENTIAL_LENGTH_MAX = 8_192;

type Verified = { key: string; principal: Principal; verifiedAt: number };

export class Authenticator {
  readonly #keys: KeyStore;
  readonly #clock: Clock;
  readonly #others: OtherCredentials;
  readonly #verified = new Map<string, Verified>();
  readonly #failures = new Map<string, { count: number; sinceMs: number }>();

  constructor(keys: KeyStore, clock: Clock, others: OtherCredentials = {}) {
    this.#keys = keys;
    this.#clock = clock;
    this.#others = others;
  }

  /** The principal of a key that was verified within the last two seconds; costs no hash. */
  recent(key: string, nowMs: number): Principal | undefined {
    const verified = this.#known(key);
    if (verified === undefined) return undefined;
    const sinceMs = nowMs - verified.verifiedAt;
    const isRecent = sinceMs >= 0 && sinceMs < RECHECK_AFTER_MS;
    return isRecent && nowMs < (verified.principal.expiresAt ?? Infinity) ? verified.principal : undefined;
  }

  /**
   * `url` is given where a ticket may stand in it. @throws AssayError UNAUTHENTICATED, TOO_MANY_REQUESTS,
   * LEDGER_UNAVAILABLE
   */
  async authenticate(rawHeaders: readonly string[], address: string, url?: string): Promise<Principal> {
    const principal = await this.#identify(rawHeaders, address, url);
    await this.#others.limiter?.take(principal);
    return principal;
  }

  /** One request of theirs, when that needs no waiting; false leaves it to `authenticate`. */
  takeNow(principal: Principal, nowMs: number): boolean {
    return this.#others.limiter?.takeNow(principal, nowMs) ?? true;
  }

  /** One request of theirs. @throws AssayError TOO_MANY_REQUESTS with the time to wait */
  async take(principal: Principal): Promise<void> {
    await this.#others.limiter?.take(principal);
  }

  /** `RateLimit-*` for an answer to them: names and values in turn. */
  limitLines(principal: Principal, nowMs: number): string[] {
    return this.#others.limiter?.headerLines(principal, nowMs) ?? NO_LINES;
  }

  async #identify(rawHeaders: readonly string[], address: string, url?: string): Promise<Principal> {
    const key = keyInHeaders(rawHeaders);
    const nowMs = this.#clock.now();
    if (key === undefined) return await this.#byTicket(ticketIn(url), address, nowMs);
    const recent = this.recent(key, nowMs);
    if (recent !== undefined) return recent;
    const known = this.#known(key);
    if (known === undefined) this.#refuseGuesser(address, nowMs);
    let principal: Principal | undefined;
    try {
      principal = await this.#verify(key);
    } catch (error) {
      const isKnown = known !== undefined && nowMs - known.verifiedAt < KNOWN_FOR_MS;
      if (isKnown && error instanceof AssayError && error.isTransient) return known.principal;
      throw error;
    }
    if (principal === undefined) {
      if (known !== undefined) this.#verified.delete(placeOf(key));
      this.#countFailure(address, nowMs);
      throw unauthenticated();
    }
    this.#remember(key, principal, nowMs);
    return principal;
  }

  /** Whether whoever opened a long-lived connection may still have it. While the ledger is away, yes. */
  async isStillValid(principal: Principal): Promise<boolean> {
    const nowMs = this.#clock.now();
    if (principal.expiresAt !== undefined && nowMs >= principal.expiresAt) return false;
    // Of an outside issuer we know no more than the end of its token.
    if (principal.id.includes('#')) return true;
    try {
      const info = await this.#keys.get(principal.id);
      return info !== undefined && isCurrent(info, nowMs);
    } catch (error) {
      return error instanceof AssayError && error.isTransient;
    }
  }

  async #verify(key: string): Promise<Principal | undefined> {
    if (key.length > CREDENTIAL_LENGTH_MAX) return undefined;
    if (key.startsWith('ak_')) {
      const info = await this.#keys.verify(key);
      return info === undefined ? undefined : principalOfKey(info);
    }
    return await this.#others.verifyToken?.(key);
  }

  async #byTicket(ticket: string | undefined, address: string, nowMs: number): Promise<Principal> {
    if (ticket === undefined || this.#others.useTicket === undefined) throw unauthenticated();
    this.#refuseGuesser(address, nowMs);
    const principal = await this.#others.useTicket(ticket);
    if (principal !== undefined && (await this.isStillValid(principal))) return principal;
    this.#countFailure(address, nowMs);
    throw unauthenticated();
  }

  #known(key: string): Verified | undefined {
    const verified = this.#verified.get(placeOf(key));
    return verified !== undefined && isSameText(verified.key, key) ? verified : undefined;
  }

  #remember(key: string, principal: Principal, nowMs: number): void {
    const place = placeOf(key);
    this.#verified.delete(place);
    this.#verified.set(place, { key, principal, verifiedAt: nowMs });
    dropOldest(this.#verified, VERIFIED_MAX);
  }

  #refuseGuesser(address: string, nowMs: number): void {
    const place = networkOf(address);
    const failures = this.#failures.get(place);
    if (failures === undefined) return;
    const leftMs = failures.sinceMs + FAILURE_WINDOW_MS - nowMs;
    if (leftMs <= 0 || leftMs > FAILURE_WINDOW_MS) {
      this.#failures.delete(place);
    } else if (failures.count >= FAILURES_MAX) {
      throw new AssayError('TOO_MANY_REQUESTS', 'too many requests without a valid key from this address', {
        retryAfterMs: leftMs,
      });
    }
  }

  #countFailure(address: string, nowMs: number): void {
    const place = networkOf(address);
    const failures = this.#failures.get(place) ?? { count: 0, sinceMs: nowMs };
    failures.count += 1;
    this.#failures.set(place, failures);
    dropOldest(this.#failures, ADDRESSES_MAX);
    const everywhere = this.#others.cache?.increment(`guesses ${place}`, 1, FAILURE_WINDOW_MS);
    everywhere?.then(
      (count) => (failures.count = Math.max(failures.count, count)),
      () => undefined, // counted here at least
    );
  }
}

/** Whoever has one address of IPv6 has the 2^64 of its network (RFC 6177): they count as one. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address;
  const [head = '', tail = ''] = address.split('::');
  const [first, last] = [head.split(':'), tail === '' ? [] : tail.split(':')];
  const zeros = address.includes('::') ? Array<string>(8 - first.length - last.length).fill('0') : [];
  return [...first, ...zeros, ...last].slice(0, 4).join(':');
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

function ticketIn(url: string | undefined): string | undefined {
  return url === undefined ? undefined : /[?&]ticket=([A-Za-z0-9_-]{43})(?:&|$)/.exec(url)?.[1];
}

/** Of a key its public id, of a token the end of its signature: short, and different for each. */
function placeOf(key: string): string {
  return key.startsWith('ak_') ? key.slice(3, 15) : key.slice(-43);
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
