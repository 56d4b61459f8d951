// Who asks, once it is known: one shape for API keys, OAuth clients, outside issuers and tickets. In: a
// principal and what it wants. Out: nothing, or ACCESS_DENIED that names what is missing.
import { AssayError } from '@assay/kernel/errors/assay-error';

export const SCOPES = ['prices:read', 'prices:submit', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

export const TIERS = ['standard', 'high'] as const;
export type Tier = (typeof TIERS)[number];

export type Principal = {
  /** Of the key, the OAuth client, or the outside issuer and its subject: stable over renewals. */
  id: string;
  name: string;
  scopes: readonly Scope[];
  /** Only these feeds; absent: all. */
  feeds?: readonly string[];
  tier: Tier;
  /** How it came: by a key, a JWT, or a one-minute ticket that one of these two was given. */
  kind: 'key' | 'jwt' | 'ticket';
  /** Of a JWT: what it opened ends then. Ms since the epoch. */
  expiresAt?: number;
};

/** Whether it has the scope; `admin` has them all. */
export function hasScope(principal: Principal, scope: Scope): boolean {
  return principal.scopes.includes(scope) || principal.scopes.includes('admin');
}

/** @throws AssayError ACCESS_DENIED */
export function requireScope(principal: Principal, scope: Scope): void {
  if (hasScope(principal, scope)) return;
  throw new AssayError('ACCESS_DENIED', `the API key "${principal.name}" does not have the scope ${scope}`, {
    context: { field: 'scope', value: scope },
  });
}

export function mayReadFeed(principal: Principal, feed: string): boolean {
  return principal.feeds === undefined || principal.feeds.includes(feed);
}

/** @throws AssayError ACCESS_DENIED */
export function requireFeed(principal: Principal, feed: string): void {
  if (mayReadFeed(principal, feed)) return;
  throw new AssayError('ACCESS_DENIED', `the API key "${principal.name}" may not read ${feed}`, {
    context: { field: 'feed', value: feed },
  });
}
