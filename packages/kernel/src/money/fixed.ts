// Prices as integers: a `Fixed` is a bigint that counts 1e-18. In: decimal text from anywhere. Out: the exact
// number, or DECIMAL_INVALID; never a float that stands for money. Text finer than 1e-18 is rounded half to
// even, on reading only.
import { AssayError } from '../errors/assay-error.ts';

export type Fixed = bigint;

/** How a quotient or a shortened text is rounded; named at every division. */
export type Rounding = 'halfEven' | 'floor' | 'ceiling' | 'towardsZero';

export const FIXED_DECIMALS = 18;
export const FIXED_ONE: Fixed = 10n ** 18n;

/** Longer texts are refused: no market writes them, and unbounded digits are an attack on the reader. */
export const DIGITS_MAX = 60;
/**
 * Doubles hold every integer of 15 digits, and 10 to the 22nd, exactly: one division of the two is rounded
 * correctly.
 */
const DOUBLE_DIGITS = 15;
const DOUBLE_POWERS = Array.from({ length: 23 }, (_, power) => 10 ** power);
const ZEROS = '0'.repeat(FIXED_DECIMALS);
const POWERS: bigint[] = Array.from({ length: 160 }, (_, power) => 10n ** BigInt(power));
/** Beyond this exponent the number is zero or larger than any price; it also bounds the work. */
const EXPONENT_MAX = 60;
const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?$/;

/** @throws AssayError DECIMAL_INVALID */
export function parseFixed(text: string, options: { allowNegative?: boolean } = {}): Fixed {
  const fast = parseShort(text);
  if (fast !== undefined) return fast;
  const { digits, decimals, isNegative } = splitDecimal(text);
  if (isNegative && digits !== 0n && options.allowNegative !== true) {
    throw invalid(text, 'it is negative');
  }
  const size = decimals <= FIXED_DECIMALS ? digits * powerOf10(FIXED_DECIMALS - decimals) : shrink();
  return isNegative ? -size : size;

  function shrink(): bigint {
    return divideRounded(digits, powerOf10(decimals - FIXED_DECIMALS), 'halfEven');
  }
}

/**
 * The double nearest to a plain decimal text, as Number() gives it but checked and several times faster.
 * NaN: the text is not a plain unsigned decimal of at most 15 digits (read it with parseFixed).
 */
export function doubleOfPlainDecimal(text: string): number {
  const length = text.length;
  if (length === 0 || length > DOUBLE_DIGITS + 1) return Number.NaN;
  let mantissa = 0;
  let point = -1;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 48 && code <= 57) mantissa = mantissa * 10 + (code - 48);
    else if (code === 46 && point < 0) point = at;
    else return Number.NaN;
  }
  if (point < 0) return length > DOUBLE_DIGITS ? Number.NaN : mantissa;
  if (length === 1) return Number.NaN;
  return mantissa / DOUBLE_POWERS[length - 1 - point]!;
}

/** Decimal text with exactly `decimals` digits after the point. */
export function formatFixed(value: Fixed, decimals: number, rounding: Rounding): string {
  const cut = FIXED_DECIMALS - decimals;
  const rounded = cut <= 0 ? value * powerOf10(-cut) : divideRounded(value, powerOf10(cut), rounding);
  return placePoint(rounded, decimals);
}

/**
 * What formatFixed(parseFixed(text), decimals) gives, without the integers where the text needs only zeros at
 * its end: so does nearly every price that a venue writes.
 * @throws AssayError DECIMAL_INVALID
 */
export function padDecimal(text: string, decimals: number): string {
  const zeros = isPlainDecimal(text) ? decimals - (text.length - 1 - text.indexOf('.')) : -1;
  if (zeros < 0 || zeros > FIXED_DECIMALS) return formatFixed(parseFixed(text), decimals, 'halfEven');
  return zeros === 0 ? text : text + ZEROS.slice(0, zeros);
}

/** Digits, a point, digits, and no zero in front that integers would drop. */
function isPlainDecimal(text: string): boolean {
  const first = text.charCodeAt(0);
  if (!(first >= 49 && first <= 57) && !(first === 48 && text.charCodeAt(1) === 46)) return false;
  let point = -1;
  for (let at = 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 46 && point < 0) point = at;
    else if (code < 48 || code > 57) return false;
  }
  return point > 0 && point < text.length - 1 && text.length <= DIGITS_MAX;
}

/** Shortest text of the exact value. */
export function fixedToText(value: Fixed): string {
  const text = formatFixed(value, FIXED_DECIMALS, 'towardsZero');
  let end = text.length;
  while (text.charCodeAt(end - 1) === 48) end--;
  if (text.charCodeAt(end - 1) === 46) end--;
  return text.slice(0, end);
}

/**
 * a * b / c in one rounding; with Fixed a and the quotient b/c of two Fixed this converts between currencies.
 */
export function mulDiv(a: bigint, b: bigint, c: bigint, rounding: Rounding): bigint {
  return divideRounded(a * b, c, rounding);
}

/** One over a value above zero, to 18 decimals: what a price says when it is read the other way round. */
export function inverseOf(value: Fixed): Fixed {
  return mulDiv(FIXED_ONE, FIXED_ONE, value, 'halfEven');
}

/** @throws AssayError DECIMAL_INVALID on a divisor of zero */
export function divideRounded(dividend: bigint, divisor: bigint, rounding: Rounding): bigint {
  if (divisor === 0n) throw invalid('0', 'nothing can be divided by zero');
  const quotient = dividend / divisor;
  const rest = dividend - quotient * divisor;
  if (rest === 0n) return quotient;
  const isNegative = rest < 0n !== divisor < 0n;
  switch (rounding) {
    case 'towardsZero':
      return quotient;
    case 'floor':
      return isNegative ? quotient - 1n : quotient;
    case 'ceiling':
      return isNegative ? quotient : quotient + 1n;
    case 'halfEven': {
      const twice = 2n * (rest < 0n ? -rest : rest);
      const size = divisor < 0n ? -divisor : divisor;
      if (twice < size || (twice === size && quotient % 2n === 0n)) return quotient;
      return isNegative ? quotient - 1n : quotient + 1n;
    }
  }
}

/** Takes a decimal text apart: value = digits / 10^decimals. @throws AssayError DECIMAL_INVALID */
export function splitDecimal(text: string): { digits: bigint; decimals: number; isNegative: boolean } {
  if (typeof text !== 'string' || text === '') throw invalid(text, 'it is empty');
  if (text.length > DIGITS_MAX + 20) throw invalid(text, `it has more than ${DIGITS_MAX} digits`);
  const parts = DECIMAL.exec(text);
  if (parts === null) throw invalid(text, 'it is not a decimal number');
  const whole = parts[2] ?? '';
  const fraction = parts[3] ?? '';
  if (whole === '' && fraction === '') throw invalid(text, 'it has no digits');
  if (whole.length + fraction.length > DIGITS_MAX) {
    throw invalid(text, `it has more than ${DIGITS_MAX} digits`);
  }
  const exponent = parts[4] === undefined ? 0 : Number(parts[4]);
  if (Math.abs(exponent) > EXPONENT_MAX) {
    throw invalid(text, `its exponent is beyond ${EXPONENT_MAX}`);
  }
  const digits = BigInt(whole + fraction);
  const decimals = fraction.length - exponent;
  const isNegative = parts[1] === '-';
  return decimals >= 0
    ? { digits, decimals, isNegative }
    : { digits: digits * powerOf10(-decimals), decimals: 0, isNegative };
}

export function powerOf10(power: number): bigint {
  return POWERS[power] ?? 10n ** BigInt(power);
}

/** Writes an integer with a decimal point before its last `decimals` digits. */
export function placePoint(value: bigint, decimals: number): string {
  if (decimals === 0) return value.toString();
  const isNegative = value < 0n;
  const digits = (isNegative ? -value : value).toString();
  const sign = isNegative ? '-' : '';
  const whole = digits.length - decimals;
  if (whole > 0) return `${sign}${digits.slice(0, whole)}.${digits.slice(whole)}`;
  return `${sign}0.${digits.padStart(decimals, '0')}`;
}

/** Nearly every price that a venue writes: digits and one point, 15 digits at most. */
function parseShort(text: string): Fixed | undefined {
  const length = text.length;
  if (length === 0 || length > DOUBLE_DIGITS + 1) return undefined;
  let mantissa = 0;
  let point = -1;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 48 && code <= 57) mantissa = mantissa * 10 + (code - 48);
    else if (code === 46 && point < 0) point = at;
    else return undefined;
  }
  const decimals = point < 0 ? 0 : length - 1 - point;
  if (point >= 0 ? length === 1 : length > DOUBLE_DIGITS) return undefined;
  return BigInt(mantissa) * POWERS[FIXED_DECIMALS - decimals]!;
}

function invalid(text: unknown, why: string): AssayError {
  const shown = String(text).slice(0, 40);
  return new AssayError('DECIMAL_INVALID', `"${shown}" is not a usable number: ${why}`, {
    context: { value: shown },
  });
}
