import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Decimal } from 'decimal.js';
import fc from 'fast-check';
import { isAssayError } from '../errors/assay-error.ts';
import {
  addDecimals,
  compareDecimals,
  decimalToText,
  divideDecimals,
  multiplyDecimals,
  parseDecimal,
  roundDecimal,
  subtractDecimals,
} from './decimal.ts';
import {
  divideRounded,
  doubleOfPlainDecimal,
  fixedToText,
  formatFixed,
  padDecimal,
  parseFixed,
  type Rounding,
} from './fixed.ts';

const Exact = Decimal.clone({ precision: 200, toExpNeg: -200, toExpPos: 200 });
const MODES: Record<Rounding, Decimal.Rounding> = {
  halfEven: Decimal.ROUND_HALF_EVEN,
  floor: Decimal.ROUND_FLOOR,
  ceiling: Decimal.ROUND_CEIL,
  towardsZero: Decimal.ROUND_DOWN,
};
const rounding = fc.constantFrom(...(Object.keys(MODES) as Rounding[]));
const digits = (max: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: max }).map((each) => each.join(''));
const plain = fc.oneof(
  digits(25),
  fc.tuple(digits(20), digits(30)).map(([whole, fraction]) => `${whole}.${fraction}`),
);
const scientific = fc
  .tuple(plain, fc.integer({ min: -30, max: 20 }))
  .map(([text, power]) => `${text}e${power}`);
const OPTIONS = { seed: 1, numRuns: 500 };

test('a text is read as decimal.js reads it, rounded half to even beyond 18 decimals', () => {
  fc.assert(
    fc.property(fc.oneof(plain, scientific), (text) => {
      const expected = new Exact(text).toDecimalPlaces(18, Decimal.ROUND_HALF_EVEN);
      assert.equal(fixedToText(parseFixed(text)), expected.toFixed());
    }),
    OPTIONS,
  );
});

test('the double of a plain decimal is the one that Number gives, or is refused', () => {
  fc.assert(
    fc.property(plain, (text) => {
      const value = doubleOfPlainDecimal(text);
      if (!Number.isNaN(value)) assert.equal(value, Number(text));
      else assert.ok(text.length > 15);
    }),
    OPTIONS,
  );
});

test('formatting and division round as their name says', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
      fc.integer({ min: 0, max: 18 }),
      rounding,
      (value, decimals, mode) => {
        const exact = new Exact(value.toString()).div(new Exact(10).pow(18));
        const expected = exact.toDecimalPlaces(decimals, MODES[mode]).toFixed(decimals);
        assert.equal(formatFixed(value, decimals, mode), expected.replace(/^-(0(\.0+)?)$/, '$1'));
      },
    ),
    OPTIONS,
  );
  fc.assert(
    fc.property(
      fc.bigInt(),
      fc.bigInt().filter((divisor) => divisor !== 0n),
      rounding,
      (dividend, divisor, mode) => {
        const expected = new Exact(dividend.toString())
          .div(divisor.toString())
          .toDecimalPlaces(0, MODES[mode]);
        assert.equal(divideRounded(dividend, divisor, mode), BigInt(expected.toFixed().replace('-0', '0')));
      },
    ),
    OPTIONS,
  );
});

test('decimals of any scale add, multiply and compare exactly and divide as asked', () => {
  fc.assert(
    fc.property(plain, plain, rounding, (left, right, mode) => {
      const [a, b] = [parseDecimal(left), parseDecimal(right)];
      assert.ok(new Exact(decimalToText(addDecimals(a, b))).eq(new Exact(left).plus(right)));
      assert.ok(new Exact(decimalToText(subtractDecimals(a, b))).eq(new Exact(left).minus(right)));
      const rounded = new Exact(decimalToText(roundDecimal(a, 2, mode)));
      assert.ok(rounded.eq(new Exact(left).toDecimalPlaces(2, MODES[mode])));
      assert.ok(new Exact(decimalToText(multiplyDecimals(a, b))).eq(new Exact(left).times(right)));
      assert.equal(Math.sign(compareDecimals(a, b)), new Exact(left).cmp(right));
      if (b.digits === 0n) return;
      const quotient = divideDecimals(a, b, { decimals: 12, rounding: mode });
      assert.ok(
        new Exact(decimalToText(quotient)).eq(new Exact(left).div(right).toDecimalPlaces(12, MODES[mode])),
      );
    }),
    OPTIONS,
  );
});

test('what is no usable price is a typed error, never a number', () => {
  for (const text of [
    '',
    ' ',
    'NaN',
    'Infinity',
    '-1',
    '1e400',
    '1e-400',
    '1,5',
    '0x10',
    '.',
    '-',
    '1.2.3',
    '1e',
    '9'.repeat(61),
  ]) {
    assert.throws(
      () => parseFixed(text),
      (error) => isAssayError(error, 'DECIMAL_INVALID'),
      text,
    );
  }
  assert.equal(parseFixed('-1.5', { allowNegative: true }), -1_500_000_000_000_000_000n);
  assert.equal(fixedToText(parseFixed('1e-7')), '0.0000001');
});

test('a text padded to its decimals is the text of its number', () => {
  fc.assert(
    fc.property(fc.oneof(plain, scientific), fc.integer({ min: 0, max: 18 }), (text, decimals) => {
      assert.equal(padDecimal(text, decimals), formatFixed(parseFixed(text), decimals, 'halfEven'));
    }),
    {
      examples: [
        ['0.5', 1],
        ['00.5', 3],
        ['5.', 2],
        ['.5', 2],
        ['0.10', 1],
        ['100', 2],
        ['12.345', 2],
      ],
    },
  );
});
