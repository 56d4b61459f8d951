// JSON Web Tokens: the only file that knows their library. In: claims and keys. Out: signed tokens; claims of
// tokens that are genuine, or undefined. Invariant: an algorithm counts only when its list names it, so
// "none" and a public key used as an HMAC secret never do.
import {
  createLocalJWKSet,
  createRemoteJWKSet,
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

/** Fetched when a token names a key that is not known, at most every 30 s. */
export function keysAt(url: string): KeyFinder {
  return createRemoteJWKSet(new URL(url), {
    timeoutDuration: FETCH_TIMEOUT_MS,
    cacheMaxAge: KEYS_KEPT_MS,
  }) as unknown as KeyFinder;
}

export type Expected = { issuer: string; audience: string; algorithms: readonly string[]; nowMs: number };

/** undefined for every token that is forged, expired, for others, or without an end. */
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
  } catch {
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
