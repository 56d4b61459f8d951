import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkPrice } from './price-check.ts';
import { comparePrices, isZero, midpoint, plainPrice } from './price-text.ts';

const digits = fc.stringMatching(/^[0-9]{1,20}$/);
const plain = fc
  .tuple(fc.bigInt({ min: 1n, max: 10n ** 24n }), fc.integer({ min: 0, max: 18 }))
  .map(([units, decimals]) => textOf(units, decimals));

function textOf(units: bigint, decimals: number): string {
  const text = units.toString().padStart(decimals + 1, '0');
  return decimals === 0 ? text : `${text.slice(0, -decimals)}.${text.slice(-decimals)}`;
}

/** Value as a fraction over 10^60. */
function scaled(text: string): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(60, '0'));
}

test('plain decimals keep their digits; the same value with an exponent becomes plain exactly', () => {
  fc.assert(
    fc.property(plain, fc.integer({ min: -12, max: 12 }), (text, shift) => {
      assert.equal(plainPrice(text), text);
      const moved = plainPrice(`${text}e${shift}`)!;
      const factor = 10n ** BigInt(Math.abs(shift));
      if (shift >= 0) assert.equal(scaled(moved), scaled(text) * factor);
      else assert.equal(scaled(moved) * factor, scaled(text));
    }),
    { seed: 1 },
  );
});

test('the midpoint is exact, between its sides, and the same both ways round', () => {
  fc.assert(
    fc.property(plain, plain, (a, b) => {
      const middle = midpoint(a, b);
      assert.equal(2n * scaled(middle), scaled(a) + scaled(b));
      assert.equal(middle, midpoint(b, a));
      assert.equal(Math.sign(Number(scaled(a) - scaled(b))), comparePrices(a, b));
    }),
    { seed: 2 },
  );
});

test('nothing that is not a positive decimal of at most 60 digits is a price', () => {
  const bad = [
    '',
    '0',
    '0.000',
    '-1',
    '+1',
    '1.',
    '.5',
    '01',
    'NaN',
    'Infinity',
    '1e',
    '1e999',
    '0x10',
    '1,5',
    ' 1',
    '1'.repeat(61),
  ];
  for (const text of bad) {
    const got = plainPrice(text);
    assert.ok(got === undefined || text === '01', `${text} became ${got}`);
  }
  assert.equal(plainPrice('6.1e-8'), '0.000000061');
  assert.equal(plainPrice('1.25E+3'), '1250');
  fc.assert(
    fc.property(fc.oneof(fc.string(), digits, fc.double().map(String)), (text) => {
      const got = plainPrice(text);
      if (got !== undefined) assert.match(got, /^(?:0|[1-9]\d*)(?:\.\d+)?$/);
    }),
    { seed: 3 },
  );
});

test('no volume is no volume however it is written', () => {
  for (const text of ['0', '0.0', '0.00000000', '0e-8']) assert.equal(isZero(text), true, text);
  for (const text of ['0.1', '1', '1e-8', '', '10']) assert.equal(isZero(text), false, text);
});

test('what passes the check is positive, plain, not in the future and not absurdly old', () => {
  const receivedAt = 1_700_000_000_000;
  fc.assert(
    fc.property(
      fc.oneof(plain, fc.string()),
      fc.option(fc.integer({ min: -1e13, max: 1e13 }), { nil: undefined }),
      fc.integer({ min: 0, max: 60_000 }),
      (price, offset, aheadMs) => {
        const time = offset === undefined ? {} : { observedAt: receivedAt + offset };
        const checked = checkPrice({ pair: 'BTC/USD', kind: 'trade', price, ...time }, receivedAt, aheadMs);
        if (typeof checked === 'string') return;
        assert.ok(checked.observedAt <= receivedAt && checked.observedAt >= receivedAt - 31 * 86_400_000);
        assert.match(checked.price, /^\d+(?:\.\d+)?$/);
        assert.match(checked.price, /[1-9]/);
      },
    ),
    { seed: 4 },
  );
  const book = { pair: 'BTC/USD', kind: 'book' as const };
  assert.equal(checkPrice({ ...book, bid: '2', ask: '1' }, receivedAt, 0), 'crossed');
  const bar = { pair: 'BTC/USD', kind: 'bar' as const, price: '5', observedAt: receivedAt };
  assert.equal(checkPrice({ ...bar, volume: '0.000' }, receivedAt, 0), 'no-news');
  assert.equal(typeof checkPrice({ ...bar, volume: '0.1' }, receivedAt, 0), 'object');
  assert.equal(checkPrice({ ...bar, observedAt: receivedAt + 9_000 }, receivedAt, 0), 'future');
  assert.equal(typeof checkPrice({ ...bar, observedAt: receivedAt + 9_000 }, receivedAt, 8_000), 'object');
});
