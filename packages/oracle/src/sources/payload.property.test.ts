// Laws of reading payloads: exact numbers, and nothing but a typed error for what is none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import fc from 'fast-check';
import { isPrice, parseJson, parseJsonExact } from './payload.ts';

const RUNS = { seed: 20261121, numRuns: 500 };

/** Any JSON value, with texts that look like numbers between punctuation. */
const json = fc.jsonValue({ maxDepth: 4 });
const nasty = fc.oneof(
  fc.string(),
  fc.constantFrom(',5,', ':1}', '[-0.5e3]', '"', '\\', '\\"7,', '{"a":1}', ' 12 ', ':3, "x":4'),
);

test('exact reading is plain reading with every number as the text that stands there', () => {
  const asTexts = (value: unknown): unknown => {
    if (typeof value === 'number') return JSON.stringify(value);
    if (Array.isArray(value)) return value.map(asTexts);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, asTexts(one)]));
  };
  fc.assert(
    fc.property(
      fc.dictionary(nasty, fc.oneof(json, nasty, fc.double({ noNaN: true, noDefaultInfinity: true }))),
      (value) => {
        for (const text of [JSON.stringify(value), JSON.stringify(value, null, 1)])
          assert.deepEqual(parseJsonExact(text, 'x'), asTexts(JSON.parse(text)));
      },
    ),
    RUNS,
  );
});

test('digits that no double can hold are kept', () => {
  const digits = fc
    .bigInt({ min: 10n ** 17n, max: 10n ** 40n })
    .map((big) => `${big}`.replace(/^(\d{3})/, '$1.'));
  fc.assert(
    fc.property(digits, (text) => {
      assert.deepEqual(parseJsonExact(`{"p":${text},"q":[${text}]}`, 'x'), { p: text, q: [text] });
    }),
    RUNS,
  );
});

test('whatever is no JSON is a typed error, for both ways of reading', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        nasty,
        json.map((value) => JSON.stringify(value).slice(0, -1)),
      ),
      (text) => {
        const plain = outcome(() => parseJson(text, 'x'));
        const exact = outcome(() => parseJsonExact(text, 'x'));
        assert.equal(plain, exact, text);
      },
    ),
    RUNS,
  );
  assert.equal(
    outcome(() => parseJson(new Uint8Array([0x22, 0xff, 0x22]), 'x')),
    'SOURCE_BAD_PAYLOAD',
  );
});

function outcome(read: () => unknown): string {
  try {
    read();
    return 'read';
  } catch (error) {
    if (isAssayError(error)) return error.code;
    throw error;
  }
}

test('a price is a decimal above zero of at most 60 characters, and nothing else', () => {
  for (const yes of ['1', '0.1', '10', '0.000000000000000001', '1e-7', '9.2E+3', '67012.3400'])
    assert.ok(isPrice(yes), yes);
  const noes = [
    '',
    '0',
    '0.00',
    '0e5',
    '-1',
    '+1',
    '.5',
    '5.',
    '01',
    '1e100',
    '1,5',
    ' 1',
    '1 ',
    '0x1',
    'NaN',
    '٣',
  ];
  for (const no of [...noes, '9'.repeat(61), 5, null, undefined, ['1']]) assert.ok(!isPrice(no), String(no));
  fc.assert(
    fc.property(fc.string(), (text) => {
      if (isPrice(text)) assert.ok(Number(text) > 0 && Number.isFinite(Number(text)));
    }),
    RUNS,
  );
});
