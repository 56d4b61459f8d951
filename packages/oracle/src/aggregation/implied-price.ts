// What the others imply, in the currency of the price that they contradict. In: the exact price and its
// residual. Out: text.
import { type Fixed, formatFixed } from '@assay/kernel/money/fixed';
import { CBPS_PER_LN } from './slot.ts';

/** Digits after the point of an implied price: it is for reading. */
const IMPLIED_DIGITS = 8;

/** price / e^residual: what the others imply, as exact as the residual is (a hundredth of a basis point). */
export function impliedPrice(price: Fixed, residualCbps: number): string {
  const factor = BigInt(Math.round(Math.exp(-residualCbps / CBPS_PER_LN) * 1e9));
  const implied = (price * factor) / 1_000_000_000n;
  const whole = (implied / 10n ** 18n).toString();
  const decimals = whole === '0' ? 12 : Math.max(2, IMPLIED_DIGITS - whole.length);
  return formatFixed(implied, decimals, 'halfEven');
}
