// JSON Web Tokens: the only file that knows their library. In: claims and keys. Out: signed tokens; claims of
// tokens that are genuine, or undefined. Invariant: an algorithm counts only when its list names it, so
// "none" and a public key used as an HMAC secret never do.
import { AssayError, isAssayError, messageOf } from '@assay/kernel/errors/assay-error';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import type { Outbound } from '@assay/ports/outbound/outbound';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  decodeJwt,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose';

export type PublicKey = JWK;
export type Claims = JWTPayload;
/** Finds the key that a token's header names. */
export type KeyFinder = ReturnType<typeof createLocalJWKSet>;

export const SIGNING_ALGORITHM = 'ES256';
/** Two machines' clocks may differ by this. */
const CLOCK_TOLERANCE_S = 5;
const FETCH_TIMEOUT_MS = 5_000;
/** A key that an issuer withdrew is refused after this at the latest. */
const KEYS_KEPT_MS = 600_000;
const REFETCH_AFTER_MS = 5_000;
/** A hundred keys with their certificates. */
const KEY_SET_BYTES_MAX = 512 * 1024;

export async function newSigningKey(id: string): Promise<{ publicJwk: PublicKey; privateJwk: JWK }> {
  const pair = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true });
  const facts = { kid: id, alg: SIGNING_ALGORITHM, use: 'sig' };
  return {
    publicJwk: { ...(await exportJWK(pair.publicKey)), ...facts },
    privateJwk: { ...(await exportJWK(pair.privateKey)), ...facts },
  };
}

export async function signJwt(claims: Claims, privateJwk: JWK): Promise<string> {
  const header = { alg: SIGNING_ALGORITHM, kid: privateJwk.kid!, typ: 'at+jwt' };
  return await new SignJWT(claims)
    .setProtectedHeader(header)
    .sign(await importJWK(privateJwk, SIGNING_ALGORITHM));
}

export function keysOf(publicKeys: readonly PublicKey[]): KeyFinder {
  return createLocalJWKSet({ keys: [...publicKeys] });
}

export type KeyFetching = { outbound: Outbound; clock: Clock; log: Log };

/**
 * The keys that an issuer publishes. Fetched when a token names one that is not known: at most every 30 s, or
 * REFETCH_AFTER_MS after it failed, whatever strangers send. The finder throws ISSUER_UNAVAILABLE.
 */
export function keysAt(url: string, { outbound, clock, log }: KeyFetching): KeyFinder {
  let failedAtMs = Number.NEGATIVE_INFINITY;
  const fetchKeys = async (): Promise<Response> => {
    if (clock.monotonic() - failedAtMs < REFETCH_AFTER_MS) throw issuerUnavailable();
    try {
      const request = {
        method: 'GET',
        url,
        timeoutMs: FETCH_TIMEOUT_MS,
        maximumBytes: KEY_SET_BYTES_MAX,
      } as const;
      const { status, body } = await outbound.request({
        ...request,
        headers: { accept: 'application/json' },
      });
      if (status !== 200) throw issuerUnavailable(undefined, `it answered with status ${status}`);
      JSON.parse(body);
      return new Response(body);
    } catch (error) {
      failedAtMs = clock.monotonic();
      log.warn('the keys of an issuer of tokens cannot be fetched', { url, reason: messageOf(error) });
      throw issuerUnavailable(error);
    }
  };
  return createRemoteJWKSet(new URL(url), {
    cacheMaxAge: KEYS_KEPT_MS,
    [customFetch]: fetchKeys,
  }) as unknown as KeyFinder;
}

/** Whose keys are missing is for the log: a stranger is not told. */
function issuerUnavailable(cause?: unknown, what = 'tokens of this kind cannot be verified now'): AssayError {
  return new AssayError('ISSUER_UNAVAILABLE', what, {
    cause,
    retryAfterMs: REFETCH_AFTER_MS,
  });
}

export type Expected = { issuer: string; audience: string; algorithms: readonly string[]; nowMs: number };

/**
 * undefined for every token that is forged, expired, for others, or without an end. @throws AssayError
 * ISSUER_UNAVAILABLE
 */
export async function verifyJwt(
  token: string,
  keys: KeyFinder,
  { issuer, audience, algorithms, nowMs }: Expected,
): Promise<Claims | undefined> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: [...algorithms],
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: new Date(nowMs),
      requiredClaims: ['exp', 'sub'],
    });
    return payload;
  } catch (error) {
    if (isAssayError(error)) throw error;
    return undefined; // a stranger is not told why
  }
}

/** Who claims to have issued it; nothing of it is believed. */
export function claimedIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined; // not a token at all
  }
}
