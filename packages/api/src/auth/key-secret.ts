// The secret part of keys and tickets. In: nothing, or a text that claims to be one. Out: random texts, their
// SHA-256 (256 random bits need no slow hash), comparisons whose time does not depend on where they differ.
import { createHash, timingSafeEqual } from 'node:crypto';
import { secureBytes } from '@assay/kernel/random/random';

/** Six bytes name a key: ten thousand do not meet (probability 2e-7), and they can be read out. */
const ID_BYTES = 6;
const SECRET_BYTES = 32;
const KEY_SHAPE = /^ak_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;
const NOTHING = Buffer.alloc(32);

export function newId(): string {
  return Buffer.from(secureBytes(ID_BYTES)).toString('hex');
}

/** 43 characters of base64url. */
export function newSecret(): string {
  return Buffer.from(secureBytes(SECRET_BYTES)).toString('base64url');
}

export function joinKey(id: string, secret: string): string {
  return `ak_${id}_${secret}`;
}

/** `undefined` when a text does not have the shape of a key. */
export function splitKey(key: string): { id: string; secret: string } | undefined {
  const match = KEY_SHAPE.exec(key);
  return match === null ? undefined : { id: match[1]!, secret: match[2]! };
}

export function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Against nothing it costs the same hash and comparison, and is false. */
export function isDigestOf(secret: string, expected: Uint8Array | undefined): boolean {
  const isEqual = timingSafeEqual(digest(secret), expected ?? NOTHING);
  return isEqual && expected !== undefined;
}
