// Every adapter's own examples, and the laws common to all sources.
// One adapter only: node --test --test-name-pattern kraken packages/oracle/src/sources/adapters.test.ts
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import { systemClock } from '@assay/kernel/time/clock';
import type { Frame, Parsed, Source, SourceContext, SourceExample } from './define-source.ts';
import { checkPrice } from './price-check.ts';
import { checkSource } from './registry.ts';
import { sourceContext } from './source-context.ts';

const FOLDER = join(import.meta.dirname, 'adapters');
// Two files build sources from a definition; their laws are in their own tests.
const GENERIC = ['http-json.ts', 'web-socket-json.ts'];

const files = readdirSync(FOLDER).filter(
  (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !GENERIC.includes(file),
);
const sources: Source[] = [];
for (const file of files) {
  const module = (await import(pathToFileURL(join(FOLDER, file)).href)) as { default: unknown };
  sources.push(checkSource(module.default, file));
}

/** Wall time of arrival for the check of times: the moment the test runs. */
const RECEIVED_AT = systemClock.now();

type Outcome = { prices: Parsed[] } | { control: string } | { ignored: string } | { error: string };

function contextOf(source: Source, example: SourceExample, pairs = example.pairs): SourceContext {
  return sourceContext(source, { pairs, options: example.options ?? {} });
}

function outcomeOf(source: Source, example: SourceExample, payload: string, context: SourceContext): Outcome {
  try {
    if (example.transport === 'stream') {
      for (const frame of example.after ?? []) source.stream!.parse(frame, context);
      return outcomeOfFrame(source.stream!.parse(payload, context));
    }
    const http = source.http!;
    const receivedAt = example.receivedAt ?? RECEIVED_AT;
    const response = { status: 200, headers: {}, body: payload, receivedAt };
    const request = http.requests(context)[0] ?? { url: '', pairs: [] };
    return { prices: http.parse(response, request, context) };
  } catch (error) {
    if (!isAssayError(error)) throw error;
    return { error: error.code };
  }
}

/** One request a pair: whose price the answer is follows from the request. */
function asksOnePairEach(source: Source, example: SourceExample): boolean {
  const context = contextOf(source, example, ['BTC/USD', 'ETH/USD', 'LTC/USD']);
  return source.http!.requests(context).length === context.pairs.length;
}

function outcomeOfFrame(frame: Frame): Outcome {
  if (frame.kind === 'prices') return { prices: frame.prices };
  return frame.kind === 'control' ? { control: frame.name } : { ignored: frame.name };
}

function digitsOf(parsed: Parsed): string[] {
  return parsed.kind === 'book' ? [parsed.bid, parsed.ask] : [parsed.price];
}

/** What the shell will check again: a decimal, no crossing, and no time in the future. */
function assertSound(parsed: Parsed): void {
  const checked = checkPrice(parsed, RECEIVED_AT, 0);
  // Examples are years old, which is all that may be wrong with them.
  if (typeof checked === 'string') assert.equal(checked, 'ancient');
  assert.ok((parsed.venueAt ?? 0) <= RECEIVED_AT && (parsed.observedAt ?? 0) <= RECEIVED_AT);
}

/** The texts that a price may be a whole token of: surrounded by what is no part of a number. */
function standsIn(digits: string, payload: string): boolean {
  const token = new RegExp(`(?<![\\d.])${digits.replace(/[.+]/g, '\\$&')}(?![\\d.])`);
  return token.test(payload);
}

const CODES = ['SOURCE_BAD_PAYLOAD', 'SOURCE_RATE_LIMITED', 'SOURCE_REGION_REFUSED', 'SOURCE_REFUSED'];

for (const source of sources) {
  for (const example of source.examples.filter(({ transport }) => transport !== 'submission')) {
    test(`${source.id} reads ${example.name}`, () => {
      const outcome = outcomeOf(source, example, example.payload, contextOf(source, example));
      assert.deepEqual(outcome, example.expect);
      if (!('prices' in outcome)) return;
      for (const parsed of outcome.prices) {
        assertSound(parsed);
        if (source.kind === 'pool') continue; // computed from a square root, so no digits of the payload
        for (const digits of digitsOf(parsed)) assert.ok(standsIn(digits, example.payload), digits);
      }
    });
  }

  test(`${source.id} makes a typed error of every truncated example, and leaves unknown symbols out`, () => {
    for (const example of source.examples.filter(({ transport }) => transport !== 'submission')) {
      const context = contextOf(source, example);
      for (let length = 0; length < example.payload.length; length++) {
        const outcome = outcomeOf(source, example, example.payload.slice(0, length), context);
        assert.ok('error' in outcome, `${example.name} cut to ${length}: ${JSON.stringify(outcome)}`);
        assert.ok(CODES.includes(outcome.error), outcome.error);
      }
      if (!('prices' in example.expect) || source.kind === 'pool') continue;
      const stranger = contextOf(source, example, ['ZZZ/QQQ']);
      if (stranger.pairs.length === 0) continue;
      if (example.transport === 'http' && asksOnePairEach(source, example)) continue; // its answers name none
      assert.deepEqual(outcomeOf(source, example, example.payload, stranger), { prices: [] });
    }
  });

  test(`${source.id} refuses prices that are no decimals above zero`, () => {
    for (const example of source.examples) {
      if (!('prices' in example.expect) || source.kind === 'pool' || example.transport === 'submission')
        continue;
      const context = contextOf(source, example);
      for (const digits of example.expect.prices.flatMap(digitsOf)) {
        for (const wrong of ['0', '0.0', '-1.5', 'NaN', '$12', '1,5', '0x1f', 'Infinity', '', '1e999']) {
          // As a number where the venue sends numbers, as a text where it sends texts.
          const payload = example.payload
            .replaceAll(`"${digits}"`, `"${wrong}"`)
            .replaceAll(
              new RegExp(`(?<=[:[,])${digits.replace('.', '\\.')}(?=[,}\\]])`, 'g'),
              /^-?\d/.test(wrong) ? wrong : `"${wrong}"`,
            );
          assert.notEqual(payload, example.payload);
          assert.deepEqual(
            outcomeOf(source, example, payload, context),
            { error: 'SOURCE_BAD_PAYLOAD' },
            `${example.name} with "${wrong}"`,
          );
        }
      }
    }
  });
}

for (const { id, kind, checked, examples } of sources) {
  if (kind === 'submitted') continue;
  test(`${id} says how its protocol was checked, on which version and when, on payloads of the venue`, () => {
    assert.match(checked?.on ?? '', /^20\d\d-\d\d-\d\d$/, id);
    // What `npm run new-source` put there is no evidence.
    for (const { from } of examples) assert.doesNotMatch(from, /new-source/, id);
    assert.ok(checked?.version !== '' && ['recorded', 'documented'].includes(checked?.by ?? ''), id);
  });
}

const STRANGE = ['{}', '[]', '{"type":"surprise"}', '{"e":"surprise"}', '42', 'null', '"x"', 'ping?'];

for (const source of sources.filter(({ stream }) => stream !== undefined)) {
  test(`${source.id} makes typed errors of frames that it does not know`, () => {
    const context = sourceContext(source, { pairs: [] });
    for (const payload of STRANGE) {
      const example = { transport: 'stream' } as SourceExample;
      const outcome = outcomeOf(source, example, payload, context);
      if ('prices' in outcome && payload === '[]') continue; // a list without elements is a list of prices
      assert.deepEqual(outcome, { error: 'SOURCE_BAD_PAYLOAD' }, payload);
    }
  });
}
