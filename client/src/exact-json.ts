// JSON whose money is exact. `price_usd` is a JSON number with all its digits on the wire; a JavaScript
// number would lose some of them. In: text with such numbers. Out: the same values with `price_usd` as a text
// of exactly those digits, and the way back. Works without the newest JSON.parse.

/** @throws SyntaxError when the text is not JSON */
export function parseExact(text: string): unknown {
  return JSON.parse(text.includes('"price_usd"') ? text.replace(STRING_AND_NUMBER, quoted) : text);
}

/** An object with `price_usd` in the first place, written as a number with the digits given. */
export function writePriceUsd(digits: string, rest: Record<string, unknown>): string {
  if (!DECIMAL.test(digits)) {
    throw new TypeError(`price_usd "${digits.slice(0, 80)}" is not a decimal text such as "67012.34"`);
  }
  const others = JSON.stringify(rest);
  return `{"price_usd":${digits}${others === '{}' ? '}' : `,${others.slice(1)}`}`;
}

const DECIMAL = /^-?(0|[1-9]\d*)(\.\d+)?$/;
/** Whole strings are taken one by one, so a number inside one is never seen as a value. */
const STRING_AND_NUMBER = /("(?:[^"\\]|\\.)*")(?:(\s*:\s*)(-?\d[\d.eE+-]*))?/g;

function quoted(whole: string, key: string, colon: string | undefined, digits: string | undefined): string {
  return digits !== undefined && key === '"price_usd"' ? `${key}${colon}"${digits}"` : whole;
}
