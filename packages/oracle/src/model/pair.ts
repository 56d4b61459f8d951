// A pair of currencies, "BASE/QUOTE" in upper case: what a source prices, and how a feed is named.
import { AssayError } from '@assay/kernel/errors/assay-error';

export type Pair = string;

// Assets as venues and directories spell them after mapping: letters, digits, and the marks that occur
// ("1INCH", "USDC.E").
const PAIR = /^[A-Z0-9][A-Z0-9.+_-]{0,31}\/[A-Z0-9][A-Z0-9.+_-]{0,31}$/;

export function isPair(text: string): text is Pair {
  return PAIR.test(text);
}

/** @throws AssayError RECORD_INVALID */
export function checkPair(text: string): Pair {
  if (isPair(text)) return text;
  throw new AssayError(
    'RECORD_INVALID',
    `"${text}" is not a pair: write BASE/QUOTE in upper case, such as BTC/USD`,
    {
      context: { field: 'pair', value: text },
    },
  );
}

export function baseOf(pair: Pair): string {
  return pair.slice(0, pair.indexOf('/'));
}

export function quoteOf(pair: Pair): string {
  return pair.slice(pair.indexOf('/') + 1);
}

/** "BTC/USD" in text, "BTC-USD" in a path. */
export function pairInPath(pair: Pair): string {
  return pair.replace('/', '-');
}
