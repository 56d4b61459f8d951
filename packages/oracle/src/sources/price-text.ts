// Prices as exact decimal text. In: what a venue wrote, an exponent included. Out: plain notation with the
// same value, and the midpoint of a bid and an ask without rounding. Invariant: no float is involved, and
// nothing longer than 60 digits gets out.

/** Longer numbers are noise or an attack; the smallest unit of any asset has 18 decimals. */
export const DIGITS_MAX = 60;

const PLAIN = /^(?:0|[1-9]\d*)(?:\.\d+)?$/;
const SCIENTIFIC = /^(\d{1,60})(?:\.(\d{1,60}))?(?:[eE]([+-]?\d{1,3}))?$/;

/**
 * The text in plain notation, the venue's own digits where they are plain; undefined when it is not a
 * positive decimal.
 */
export function plainPrice(text: string): string | undefined {
  if (text.length > 2 * DIGITS_MAX) return undefined;
  const plain = PLAIN.test(text) ? text : expand(text);
  if (plain === undefined) return undefined;
  const digits = plain.length - (plain.includes('.') ? 1 : 0);
  return digits <= DIGITS_MAX && /[1-9]/.test(plain) ? plain : undefined;
}

/** (bid + ask) / 2, exact. Both must be plain and positive. */
export function midpoint(bid: string, ask: string): string {
  const decimals = Math.max(decimalsOf(bid), decimalsOf(ask));
  const sum = unitsOf(bid, decimals) + unitsOf(ask, decimals);
  return sum % 2n === 0n ? textOf(sum / 2n, decimals) : textOf(sum * 5n, decimals + 1);
}

/** -1, 0 or 1. Both must be plain. */
export function comparePrices(a: string, b: string): number {
  const decimals = Math.max(decimalsOf(a), decimalsOf(b));
  const difference = unitsOf(a, decimals) - unitsOf(b, decimals);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** True for "0", "0.000" and the like: volume of a bar in which nothing was traded. */
export function isZero(text: string): boolean {
  return /^[+-]?0*(?:\.0*)?(?:[eE][+-]?\d+)?$/.test(text) && text !== '';
}

function expand(text: string): string | undefined {
  const match = SCIENTIFIC.exec(text);
  if (match === null) return undefined;
  const [, whole = '', fraction = '', exponentText = '0'] = match;
  const shift = Number(exponentText);
  if (Math.abs(shift) > DIGITS_MAX) return undefined;
  const digits = whole + fraction;
  const decimals = fraction.length - shift;
  const padded = decimals < 0 ? digits + '0'.repeat(-decimals) : digits.padStart(decimals + 1, '0');
  const split = decimals <= 0 ? padded.length : padded.length - decimals;
  const head = padded.slice(0, split).replace(/^0+(?=\d)/, '');
  const tail = padded.slice(split);
  return tail === '' ? head : `${head}.${tail}`;
}

function decimalsOf(text: string): number {
  const point = text.indexOf('.');
  return point < 0 ? 0 : text.length - point - 1;
}

function unitsOf(text: string, decimals: number): bigint {
  return BigInt(text.replace('.', '') + '0'.repeat(decimals - decimalsOf(text)));
}

function textOf(units: bigint, decimals: number): string {
  if (decimals === 0) return units.toString();
  const digits = units.toString().padStart(decimals + 1, '0');
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
