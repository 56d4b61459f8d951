// A decimal of any scale: value = digits / 10^decimals, for what does not fit 18 decimals or must keep its
// own scale. Addition and multiplication are exact; every division and every shortening names its rounding.
import { divideRounded, placePoint, powerOf10, type Rounding, splitDecimal } from './fixed.ts';

export type Decimal = { readonly digits: bigint; readonly decimals: number };

/** @throws AssayError DECIMAL_INVALID */
export function parseDecimal(text: string): Decimal {
  const { digits, decimals, isNegative } = splitDecimal(text);
  return { digits: isNegative ? -digits : digits, decimals };
}

export function decimalToText(value: Decimal): string {
  return placePoint(value.digits, value.decimals);
}

export function addDecimals(a: Decimal, b: Decimal): Decimal {
  const decimals = Math.max(a.decimals, b.decimals);
  return { digits: digitsAt(a, decimals) + digitsAt(b, decimals), decimals };
}

export function subtractDecimals(a: Decimal, b: Decimal): Decimal {
  return addDecimals(a, { digits: -b.digits, decimals: b.decimals });
}

export function multiplyDecimals(a: Decimal, b: Decimal): Decimal {
  return { digits: a.digits * b.digits, decimals: a.decimals + b.decimals };
}

/** @throws AssayError DECIMAL_INVALID on a divisor of zero */
export function divideDecimals(
  a: Decimal,
  b: Decimal,
  options: { decimals: number; rounding: Rounding },
): Decimal {
  // a/10^da / (b/10^db) * 10^d = a * 10^(d + db) / (b * 10^da)
  const dividend = a.digits * powerOf10(options.decimals + b.decimals);
  const divisor = b.digits * powerOf10(a.decimals);
  return { digits: divideRounded(dividend, divisor, options.rounding), decimals: options.decimals };
}

export function roundDecimal(value: Decimal, decimals: number, rounding: Rounding): Decimal {
  if (decimals >= value.decimals) return { digits: digitsAt(value, decimals), decimals };
  return { digits: divideRounded(value.digits, powerOf10(value.decimals - decimals), rounding), decimals };
}

/** Negative, zero or positive, as a - b. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const decimals = Math.max(a.decimals, b.decimals);
  const difference = digitsAt(a, decimals) - digitsAt(b, decimals);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function digitsAt(value: Decimal, decimals: number): bigint {
  return value.digits * powerOf10(decimals - value.decimals);
}
