// Tokens: our own, which an API key gets by OAuth 2.0 client credentials, and those of configured outside
// issuers. In: keys, tokens. Out: signed tokens, principals, our public keys.
//
// Invariants: a token of ours counts only while its key does, and never for more than that key may; an
// outside token gives only the scopes that its issuer's mapping names; signing keys are renewed by one
// replica at a time, and an old one stays public until the last token it signed has ended.
import type { Log } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import type { Ledger } from '@assay/ports/ledger/ledger';
import type { Outbound } from '@assay/ports/outbound/outbound';
import { AUTH_SCHEMA, AUTH_STEPS } from './auth-schema.ts';
import {
  type Claims,
  claimedIssuer,
  type KeyFinder,
  keysAt,
  keysOf,
  newSigningKey,
  type PublicKey,
  SIGNING_ALGORITHM,
  signJwt,
  verifyJwt,
} from './jwt.ts';
import { newId } from './key-secret.ts';
import { isCurrent, type KeyInfo, type KeyStore, principalOfKey } from './key-store.ts';
import { type Principal, SCOPES, type Scope, type Tier } from './principal.ts';

export type OutsideIssuer = {
  issuer: string;
  jwksUrl: string;
  audience: string;
  algorithms: readonly string[];
  /** Their scope or role, to ours. */
  scopes: Record<string, Scope>;
  tier: Tier;
};

export type TokenServiceOptions = {
  ledger: Ledger;
  keys: KeyStore;
  clock: Clock;
  log: Log;
  /** To the key sets of outside issuers. */
  outbound: Outbound;
  /** Of this installation: issuer and audience of its tokens. */
  issuer: string;
  outside: readonly OutsideIssuer[];
};

export const TOKEN_LIVES_S = 3_600;
/** A month: long enough that nobody notices, short enough that it is known to work. */
const ROTATE_AFTER_MS = 30 * 86_400_000;
/** Another replica may have renewed them. Unknown key ids make us look again, at most this often. */
const RELOAD_AFTER_MS = 5_000;
/** Any number that no other lock of ours has. */
const LOCK = 418_363_513;

type SigningKey = { public_jwk: PublicKey; private_jwk: PublicKey; created_at: Date };

export class TokenService {
  readonly #options: TokenServiceOptions;
  readonly #outside: Map<string, { issuer: OutsideIssuer; keys: KeyFinder }>;
  #signing: SigningKey[] = [];
  #finder: KeyFinder = keysOf([]);
  #loadedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: TokenServiceOptions) {
    this.#options = options;
    this.#outside = new Map(
      options.outside.map((issuer) => [issuer.issuer, { issuer, keys: keysAt(issuer.jwksUrl, options) }]),
    );
  }

  async start(): Promise<void> {
    await this.#options.ledger.migrate(AUTH_SCHEMA, AUTH_STEPS);
    await this.renewSigningKeys();
  }

  /** Makes a new signing key when the newest is old, and forgets those whose tokens have all ended. */
  async renewSigningKeys(): Promise<void> {
    const { ledger, clock } = this.#options;
    await ledger.transaction(async ({ query }) => {
      await query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
      const nowMs = clock.now();
      const [newest] = await query<{ at: Date | null }>('SELECT max(created_at) AS at FROM signing_keys');
      if ((newest?.at?.getTime() ?? 0) > nowMs - ROTATE_AFTER_MS) return;
      const id = newId();
      const { publicJwk, privateJwk } = await newSigningKey(id);
      await query(
        'INSERT INTO signing_keys (id, public_jwk, private_jwk, created_at) VALUES ($1, $2, $3, $4)',
        [...[id, JSON.stringify(publicJwk), JSON.stringify(privateJwk), new Date(nowMs)]],
      );
      // A day more than the last token signed by it lives.
      const ended = new Date(nowMs - ROTATE_AFTER_MS - TOKEN_LIVES_S * 1_000 - 86_400_000);
      await query('DELETE FROM signing_keys WHERE created_at < $1', [ended]);
    });
    await this.#load();
  }

  /** For /.well-known/jwks.json. */
  async publicKeys(): Promise<PublicKey[]> {
    await this.#refresh();
    return this.#signing.map(({ public_jwk }) => public_jwk);
  }

  /** A token for a key that was verified just now. */
  async issue(info: KeyInfo, scopes: readonly Scope[]): Promise<string> {
    await this.#refresh();
    const { issuer, clock } = this.#options;
    const nowS = Math.floor(clock.now() / 1_000);
    const expS = Math.min(nowS + TOKEN_LIVES_S, Math.floor((info.expiresAt ?? Infinity) / 1_000));
    const claims = { iss: issuer, aud: issuer, sub: info.id, iat: nowS, exp: expS, scope: scopes.join(' ') };
    return await signJwt({ ...claims, jti: newId() }, this.#signing[0]!.private_jwk);
  }

  /** Who a token speaks for; undefined when it does not count. @throws AssayError ISSUER_UNAVAILABLE */
  async verify(token: string): Promise<Principal | undefined> {
    const claimed = claimedIssuer(token);
    if (claimed === undefined) return undefined;
    if (claimed === this.#options.issuer) return await this.#verifyOwn(token);
    const found = this.#outside.get(claimed);
    if (found === undefined) return undefined;
    const { issuer, keys } = found;
    const { audience, algorithms } = issuer;
    const nowMs = this.#options.clock.now();
    const claims = await verifyJwt(token, keys, { issuer: claimed, audience, algorithms, nowMs });
    return claims === undefined ? undefined : outsidePrincipal(claims, issuer);
  }

  async #verifyOwn(token: string): Promise<Principal | undefined> {
    const { issuer, keys, clock } = this.#options;
    await this.#refresh();
    const nowMs = clock.now();
    const expected = { issuer, audience: issuer, algorithms: [SIGNING_ALGORITHM], nowMs };
    const claims = await verifyJwt(token, this.#finder, expected);
    if (claims === undefined) return undefined;
    const info = await keys.get(claims.sub!);
    if (info === undefined || !isCurrent(info, nowMs)) return undefined;
    const granted = new Set(scopeNames(claims));
    const scopes = info.scopes.filter((scope) => granted.has(scope));
    return { ...principalOfKey(info), scopes, kind: 'jwt', expiresAt: claims.exp! * 1_000 };
  }

  async #refresh(): Promise<void> {
    if (this.#options.clock.monotonic() - this.#loadedAtMs >= RELOAD_AFTER_MS) await this.#load();
  }

  async #load(): Promise<void> {
    this.#signing = await this.#options.ledger.query<SigningKey>(
      'SELECT public_jwk, private_jwk, created_at FROM signing_keys ORDER BY created_at DESC',
    );
    this.#finder = keysOf(this.#signing.map(({ public_jwk }) => public_jwk));
    this.#loadedAtMs = this.#options.clock.monotonic();
  }
}

function outsidePrincipal(claims: Claims, issuer: OutsideIssuer): Principal {
  const scopes = scopeNames(claims).flatMap((name) =>
    Object.hasOwn(issuer.scopes, name) ? [issuer.scopes[name]!] : [],
  );
  return {
    id: `${issuer.issuer}#${claims.sub!}`,
    name: claims.sub!,
    scopes: SCOPES.filter((scope) => scopes.includes(scope)),
    tier: issuer.tier,
    kind: 'jwt',
    expiresAt: claims.exp! * 1_000,
  };
}

/** `scope` as OAuth writes it, or the lists that identity providers use. */
function scopeNames(claims: Claims): string[] {
  return [claims.scope, claims.scp, claims.roles].flatMap((value) => {
    if (typeof value === 'string') return value.split(' ');
    return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
  });
}
