// API keys: `ak_<id>_<32 random bytes in base64url>`. The secret is shown once, at creation or rotation; what
// is kept is its SHA-256. A key is also an OAuth client: its id and secret are client_id and client_secret.
//
// In: names, scopes, texts that claim to be keys. Out: who may do what. Invariants: no secret is ever
// written; a comparison takes the same time whatever differs; a store that cannot be read lets nobody in.
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { Startable } from '@assay/kernel/lifecycle/startable';
import { type Principal, SCOPES, type Scope, TIERS, type Tier } from './principal.ts';

/** What may be shown of a key. */
export type KeyInfo = {
  id: string;
  name: string;
  scopes: Scope[];
  /** Only these feeds; absent: all. */
  feeds?: string[];
  tier: Tier;
  /** Instants are ms since the epoch. */
  createdAt: number;
  expiresAt?: number;
  revokedAt?: number;
  /** True to a minute. */
  lastUsedAt?: number;
};

export type NewKey = {
  name: string;
  scopes: readonly Scope[];
  feeds?: readonly string[];
  /** Default standard. */
  tier?: Tier;
  expiresAt?: number;
};

export interface KeyStore extends Startable {
  /**
   * The only moment, with `rotate`, at which the key itself is in the open. @throws AssayError
   * REQUEST_INVALID
   */
  create(key: NewKey): Promise<{ key: string; info: KeyInfo }>;
  /** Newest last. */
  list(): Promise<KeyInfo[]>;
  get(id: string): Promise<KeyInfo | undefined>;
  /** A new secret under the same id; the old one is refused everywhere within 5 s. Not for revoked keys. */
  rotate(id: string): Promise<{ key: string; info: KeyInfo } | undefined>;
  /** Effective everywhere within 5 s; undefined when there is no such key. */
  revoke(id: string): Promise<KeyInfo | undefined>;
  /** Who a key belongs to; undefined when it is unknown, wrong, expired or revoked. */
  verify(key: string): Promise<KeyInfo | undefined>;
}

const NAME_MAX = 100;
const FEEDS_MAX = 1_000;

/** Whether a key counts at an instant. */
export function isCurrent(info: KeyInfo, nowMs: number): boolean {
  return info.revokedAt === undefined && (info.expiresAt === undefined || nowMs < info.expiresAt);
}

export function principalOfKey(info: KeyInfo): Principal {
  const { id, name, scopes, feeds, tier } = info;
  return { id, name, scopes, ...(feeds === undefined ? {} : { feeds }), tier, kind: 'key' };
}

/** @throws AssayError REQUEST_INVALID */
export function checkNewKey(key: NewKey, nowMs: number): void {
  if (key.name.trim() === '' || key.name.length > NAME_MAX) {
    throw invalid('name', key.name, `give 1 to ${NAME_MAX} characters`);
  }
  if (key.scopes.length === 0) throw invalid('scopes', '', `give one of ${SCOPES.join(', ')}`);
  for (const scope of key.scopes) {
    if (!SCOPES.includes(scope)) throw invalid('scopes', scope, `give one of ${SCOPES.join(', ')}`);
  }
  if (key.tier !== undefined && !TIERS.includes(key.tier)) {
    throw invalid('tier', key.tier, `give one of ${TIERS.join(', ')}`);
  }
  if (key.feeds !== undefined && (key.feeds.length === 0 || key.feeds.length > FEEDS_MAX)) {
    throw invalid('feeds', String(key.feeds.length), `give 1 to ${FEEDS_MAX} feeds, or none for all`);
  }
  if (key.expiresAt !== undefined && !(key.expiresAt > nowMs)) {
    throw invalid('expiresAt', String(key.expiresAt), 'give an instant in the future');
  }
}

function invalid(field: string, value: string, fix: string): AssayError {
  const shown = value.slice(0, NAME_MAX);
  return new AssayError('REQUEST_INVALID', `${field} "${shown}" of an API key cannot be used: ${fix}`, {
    context: { field, value: shown },
  });
}
