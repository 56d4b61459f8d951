import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { ApiRig, answerOf, RIG_START_MS } from '../../../../test/api-rig.ts';
import { createSchema } from './schema.ts';

type Answered = {
  status: number;
  text: string;
  data: unknown;
  errors: { extensions: { code: string; recovery: string } }[];
};

describe('what documents may ask for', () => {
  const rig = new ApiRig();
  let url = '';
  before(async () => {
    await rig.start();
    url = `${rig.api().addresses().api}/graphql`;
    await rig.answer(answerOf('BTC/USD', '67012.10', RIG_START_MS));
  });
  after(() => rig.stop());

  async function post(body: unknown): Promise<Answered> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': rig.key },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    const { data, errors = [] } = text.startsWith('[') ? {} : JSON.parse(text);
    return { status: response.status, text, data, errors };
  }

  async function ask(query: string, variables?: Record<string, unknown>): Promise<Answered> {
    return await post({ query, variables });
  }

  /** The code of the one refusal. */
  async function refusedWith(body: unknown): Promise<[number, string]> {
    const { status, errors, data } = await post(body);
    assert.equal(data, undefined);
    assert.ok(errors[0]!.extensions.recovery.length > 10);
    return [status, errors[0]!.extensions.code];
  }

  test('documents that ask for too much are refused before they cost anything', async () => {
    const aliases = Array.from({ length: 1_000 }, (_, i) => `a${i}: price(symbol: "BTC") { price }`).join(
      ' ',
    );
    const deep = `{ ${'feeds { price { '.repeat(25)} price ${'} }'.repeat(25)} }`;
    const rows =
      '{ history(feed: "BTC/USD", limit: 10000) { prices { feed price low high state ageMs round ' +
      'symbol price_usd timestamp source kind stateReason observedAt sourcesUsed quorum profile signatures ' +
      'confidence sourcesConfigured again: price more: price other: price } } }';
    const circle = '{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }';
    const doubling = (i: number) => `fragment f${i} on Query { ...f${i + 1} ...f${i + 1} }`;
    const last = 'fragment f12 on Query { feeds { feed } }';
    const fan = `{ ...f0 } ${Array.from({ length: 12 }, (_, i) => doubling(i)).join(' ')} ${last}`;
    assert.deepEqual(await refusedWith({ query: `{ ${aliases} }` }), [400, 'DOCUMENT_TOO_COSTLY']);
    const fewer = aliases.split(' a').slice(0, 40).join(' a');
    assert.deepEqual(await refusedWith({ query: `{ ${fewer} }` }), [400, 'DOCUMENT_TOO_COSTLY']);
    assert.deepEqual(await refusedWith({ query: deep }), [400, 'DOCUMENT_TOO_COSTLY']);
    assert.deepEqual(await refusedWith({ query: rows }), [400, 'DOCUMENT_TOO_COSTLY']);
    const asVariable = rows.replace('{ history', 'query($n: Int) { history').replace('10000', '$n');
    assert.equal((await ask(asVariable, { n: 10 })).status, 200);
    assert.deepEqual(await refusedWith({ query: asVariable, variables: { n: 10_000 } }), [
      400,
      'DOCUMENT_TOO_COSTLY',
    ]);
    assert.deepEqual(await refusedWith({ query: circle }), [400, 'DOCUMENT_INVALID']);
    assert.deepEqual(await refusedWith({ query: fan }), [400, 'DOCUMENT_TOO_COSTLY']);
    assert.deepEqual(await refusedWith({ query: `{ feeds { feed } } # ${'x'.repeat(17_000)}` }), [
      400,
      'DOCUMENT_TOO_COSTLY',
    ]);
    const batch = Array.from({ length: 1_000 }, () => ({ query: '{ __typename }' }));
    assert.deepEqual(await refusedWith(batch), [400, 'DOCUMENT_TOO_COSTLY']);
    const ten = await post([{ query: '{ __typename }' }, { query: '{ nothing }' }]);
    assert.equal(ten.status, 200);
    assert.match(ten.text, /^\[\{"data":\{"__typename":"Query"\}\},\{"errors":\[/);
  });

  test('no document, however it is put together, makes the server fail', async () => {
    const fields = [...FIELDS, 'nothing', '__typename', '__schema { types { name fields { name } } }'];
    const word = fc.constantFrom(
      ...fields,
      '...f',
      '... on Query',
      '@skip(if: true)',
      '@include(if: $v)',
      'a:',
    );
    const argument = fc.constantFrom(
      ...['symbol', 'feed', 'source', 'at', 'from', 'limit', 'cursor', 'id', 'kind', 'interval', 'x'],
    );
    const value = fc.oneof(
      fc.constantFrom(
        '"BTC"',
        '"BTC/USD"',
        'null',
        '$v',
        '[]',
        '{}',
        'FINAL',
        '1e400',
        '-1',
        'ONE_DAY',
        '"\\u0000"',
      ),
      fc.string({ maxLength: 12 }).map((text) => JSON.stringify(text)),
      fc.integer().map(String),
    );
    const call = fc
      .tuple(word, fc.array(fc.tuple(argument, value), { maxLength: 3 }))
      .map(([name, given]) =>
        given.length === 0 ? name : `${name}(${given.map((one) => one.join(': ')).join()})`,
      );
    const set = fc.letrec((tie) => ({
      set: fc
        .array(
          fc.oneof(
            { depthSize: 'small' },
            call,
            fc.tuple(call, tie('set')).map((two) => two.join(' ')),
          ),
          { minLength: 1, maxLength: 4 },
        )
        .map((all) => `{ ${all.join(' ')} }`),
    })).set;
    const kind = fc.constantFrom(
      '',
      'query',
      'query($v: Int)',
      'query($v: Boolean! = true)',
      'mutation',
      'subscription',
    );
    const wild = fc.oneof(
      {
        weight: 4,
        arbitrary: fc
          .tuple(kind, set)
          .map((two) => `${two.join(' ')} fragment f on Query { status { isReady } }`),
      },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
    );
    await fc.assert(
      fc.asyncProperty(wild, fc.oneof(fc.jsonValue(), fc.constant(undefined)), async (query, v) => {
        const { status, errors } = await post({ query, variables: { v } });
        assert.ok(status < 500, query);
        for (const { extensions } of errors) assert.notEqual(extensions.code, 'ASSERTION_FAILED', query);
      }),
      { numRuns: 600, seed: 4 },
    );
  });

  test('no body, whatever JSON it is, makes the server fail', async () => {
    const part = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constant('{ __typename }'));
    const body = fc.oneof(
      fc.jsonValue(),
      fc.record(
        { query: part, variables: part, operationName: part, extensions: part },
        { requiredKeys: [] },
      ),
      fc.array(fc.record({ query: part }), { maxLength: 12 }),
    );
    await fc.assert(
      fc.asyncProperty(body, async (given) => {
        const { status, text } = await post(given);
        assert.ok(status < 500, JSON.stringify(given));
        assert.ok(!text.includes('ASSERTION_FAILED'), JSON.stringify(given));
      }),
      { numRuns: 200, seed: 4 },
    );
  });
});

test('the schema passes a linter', async () => {
  const definition = readFileSync(join(import.meta.dirname, 'schema.graphql'), 'utf8');
  const { Configuration } = require('graphql-schema-linter/lib/configuration.js');
  const { validateSchemaDefinition } = require('graphql-schema-linter/lib/validator.js');
  const configuration = new Configuration({ definition, sourceMap: {} }, { rules: LINTED });
  const errors: { message: string }[] = validateSchemaDefinition(
    { definition, sourceMap: {} },
    configuration.getRules(),
    configuration,
  );
  const found = errors.map(({ message }) => message).filter((message) => !FOUNDED.test(message));
  assert.deepEqual(found, []);
});

const require = createRequire(import.meta.url);

/** All root fields, with what they need to be answered. */
const FIELDS: string[] = ['Query', 'Mutation', 'Subscription', 'Price', 'Source', 'Explanation'].flatMap(
  (name) => {
    const type = createSchema().getType(name);
    return type !== undefined && 'getFields' in type ? Object.keys(type.getFields()) : [];
  },
);

/**
 * Left out: alphabetical order (fields stand in the order in which they are read), descriptions of what its
 * name says, Relay's connections (pages have a cursor, as over REST), and capitals for enums whose values are
 * the words of every other door (`ok`, `degraded`).
 */
const LINTED = [
  'defined-types-are-used',
  'deprecations-have-a-reason',
  'descriptions-are-capitalized',
  'fields-are-camel-cased',
  'input-object-values-are-camel-cased',
  'types-are-capitalized',
];
/** The founding names, word for word. */
const FOUNDED = /price_usd|submitted_by/;
