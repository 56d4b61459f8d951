// Payloads that were damaged at random: whatever a venue sends, an adapter answers with prices whose digits
// stand in it, a frame with a name, or a typed error. It never crashes and never invents.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import fc from 'fast-check';
import type { Parsed, Source, SourceExample } from './define-source.ts';
import { isPrice } from './payload.ts';
import { sourceContext } from './source-context.ts';

// Two files build sources from a definition, and what clients submit is no payload of a venue.
const LEFT_OUT = ['http-json.ts', 'web-socket-json.ts', 'submitted.ts'];
const FOLDER = join(import.meta.dirname, 'adapters');
const files = readdirSync(FOLDER).filter((file) => !file.endsWith('.test.ts') && !LEFT_OUT.includes(file));
const SOURCES = await Promise.all(
  files.map(async (file) => {
    const { default: source } = (await import(pathToFileURL(join(FOLDER, file)).href)) as { default: Source };
    return source;
  }),
);
const RUNS = { seed: 20261121, numRuns: 20000 };

const example = fc
  .constantFrom(...SOURCES)
  .chain((source) => fc.constantFrom(...source.examples).map((one) => ({ source, example: one })));

/** Pieces that make a payload valid again in another shape. */
const PIECES = [
  '',
  '0',
  '9',
  '-',
  '.',
  'e5',
  '"',
  'null',
  'true',
  '[]',
  '{}',
  '[',
  ']',
  '{',
  '}',
  ',',
  ':',
  '\\',
  'é',
];
const damage = fc.array(
  fc.record({
    at: fc.nat(),
    length: fc.nat({ max: 12 }),
    piece: fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 3 })),
  }),
  { minLength: 1, maxLength: 4 },
);

/** Values swapped as a whole, so that the result is mostly valid JSON. */
const swap = fc.record({ at: fc.nat(), value: fc.jsonValue({ maxDepth: 2 }) });

test('a damaged payload never crashes an adapter and never makes up a price', () => {
  fc.assert(
    fc.property(example, damage, ({ source, example: one }, changes) => {
      let payload = one.payload;
      for (const { at, length, piece } of changes) {
        const from = at % (payload.length + 1);
        payload = payload.slice(0, from) + piece + payload.slice(from + length);
      }
      check(source, one, payload);
    }),
    RUNS,
  );
});

test('a payload with any value replaced by any other never crashes an adapter', () => {
  fc.assert(
    fc.property(
      example,
      fc.array(swap, { minLength: 1, maxLength: 2 }),
      ({ source, example: one }, swaps) => {
        let payload = one.payload;
        for (const { at, value } of swaps) {
          const values = [...payload.matchAll(/(?<=[:[,])(?:"[^"]*"|-?[\d.]+|null|true|false)(?=[,}\]])/g)];
          const found = values[at % Math.max(1, values.length)];
          if (found === undefined) continue;
          const end = found.index + found[0].length;
          payload = payload.slice(0, found.index) + JSON.stringify(value) + payload.slice(end);
        }
        check(source, one, payload);
      },
    ),
    RUNS,
  );
});

function check(source: Source, one: SourceExample, payload: string): void {
  const context = sourceContext(source, { pairs: one.pairs, options: one.options ?? {} });
  let prices: Parsed[];
  try {
    if (one.transport === 'stream') {
      for (const before of one.after ?? []) source.stream!.parse(before, context);
      const frame = source.stream!.parse(payload, context);
      assert.ok(frame.name !== '');
      prices = frame.kind === 'prices' ? frame.prices : [];
    } else {
      const response = { status: 200, headers: {}, body: payload, receivedAt: one.receivedAt ?? 0 };
      prices = source.http!.parse(response, source.http!.requests(context)[0]!, context);
    }
  } catch (error) {
    assert.ok(isAssayError(error), `${source.id}: ${String(error)} on ${payload}`);
    assert.match(error.code, /^SOURCE_/);
    return;
  }
  for (const parsed of prices) {
    assert.ok(one.pairs.includes(parsed.pair));
    for (const text of parsed.kind === 'book' ? [parsed.bid, parsed.ask] : [parsed.price]) {
      assert.ok(isPrice(text), text);
      if (source.kind !== 'pool') assert.ok(payload.includes(text), `${text} in ${payload}`);
    }
    for (const at of [parsed.observedAt, parsed.venueAt])
      assert.ok(at === undefined || Number.isSafeInteger(at));
  }
}
