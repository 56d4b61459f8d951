// A 64-bit hash over a set of source prices that does not depend on their order and is cheap to keep: each
// price is hashed once, when it arrives; a set is the sum. It finds differences between two runs; it is no
// proof against a forger.

export type HashPair = { high: number; low: number };

/** Of a text, started from another hash, so that (id, price, times) can be chained. */
export function hashText(text: string, start: HashPair, into: HashPair): void {
  let high = start.high ^ 0x9e3779b9;
  let low = start.low ^ 0x85ebca6b;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high + code, 0x9e3779b1) ^ (low >>> 15);
  }
  into.high = high;
  into.low = low;
}

/** Mixes a number of up to 53 bits (a time, a confidence in thousandths). */
export function hashNumber(value: number, into: HashPair): void {
  const upper = Math.floor(value / 4294967296);
  into.low = Math.imul(into.low ^ value, 0xcc9e2d51) ^ (into.high >>> 13);
  into.high = Math.imul(into.high ^ upper ^ (value << 7), 0x1b873593) ^ (into.low >>> 16);
}

/** Makes a hash ready to be added: sums of unmixed hashes would let two changes cancel each other. */
export function finishHash(hash: HashPair): void {
  const { high, low } = hash;
  hash.low = finish(low ^ high);
  hash.high = finish(high + 0x7f4a7c15);
}

/** @param high @param low of a finished hash */
export function addHash(sum: HashPair, high: number, low: number): void {
  sum.low = (sum.low + low) | 0;
  sum.high = (sum.high + high) | 0;
}

export function hashToText(hash: HashPair): string {
  return word(hash.high) + word(hash.low);
}

function word(value: number): string {
  return HEX[value >>> 24]! + HEX[(value >>> 16) & 255]! + HEX[(value >>> 8) & 255]! + HEX[value & 255]!;
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function finish(value: number): number {
  let z = value;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return z ^ (z >>> 16);
}
