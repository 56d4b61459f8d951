// The laws of registration, each broken once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import kraken from './adapters/kraken.ts';
import { checkSource, sourceIdOfFile } from './registry.ts';
import { sourceContext } from './source-context.ts';

const stream = kraken.stream!;

test('a source that breaks a law is refused with the name of the field and the fix', () => {
  const cases: [string, unknown, string?][] = [
    ['kraken.id', kraken, 'krakken.ts'],
    ['Kraken.id', { ...kraken, id: 'Kraken' }],
    ['kraken.homepage', { ...kraken, homepage: 'kraken.com' }],
    ['kraken.kind', { ...kraken, kind: 'bank' }],
    ['kraken.limits', { ...kraken, limits: undefined }],
    ['kraken.limits.requests.count', { ...kraken, limits: { requests: { count: 0, windowMs: 1 } } }],
    ['kraken.endpoints.rest', { ...kraken, endpoints: { rest: 'https://api.kraken.com/' } }],
    ['kraken.http', { ...kraken, http: undefined, stream: undefined }],
    ['kraken.stream.silenceAfterMs', { ...kraken, stream: { ...stream, silenceAfterMs: 10_001 } }],
    ['kraken.stream.lifeMs', { ...kraken, stream: { ...stream, lifeMs: 90 * 86_400_000 } }],
    [
      'kraken.stream.keepAlive.everyMs',
      { ...kraken, stream: { ...stream, keepAlive: { everyMs: 5000, message: '' } } },
    ],
    ['kraken.examples', { ...kraken, examples: [] }],
    ['my-source.ts.default', undefined, 'my-source.ts'],
  ];
  for (const [field, source, file] of cases)
    assert.throws(() => checkSource(source, file), { code: 'CONFIG_INVALID', context: { field } });
  assert.equal(checkSource(kraken, 'kraken.ts'), kraken);
  assert.equal(sourceIdOfFile('uniswap-v3.ts'), 'uniswap_v3');
});

test('pairs and symbols are inverse to each other, and two pairs of one symbol are refused', () => {
  const context = sourceContext(kraken, {
    pairs: ['BTC/USD', 'ETH/USD', 'BTC/USD'],
    endpoints: { rest: 'https://x//' },
  });
  assert.deepEqual(context.pairs, ['BTC/USD', 'ETH/USD']);
  for (const pair of context.pairs) assert.equal(context.pairOf(context.symbolOf(pair)), pair);
  assert.equal(context.pairOf('SOL/USD'), undefined);
  assert.deepEqual(context.endpoints, { rest: 'https://x', stream: 'wss://ws.kraken.com/v2' });
  const one = { ...kraken, symbol: () => 'SAME' };
  assert.throws(() => sourceContext(one, { pairs: ['A/B', 'C/D'] }), {
    code: 'CONFIG_INVALID',
    message: /A\/B and C\/D/,
  });
});
