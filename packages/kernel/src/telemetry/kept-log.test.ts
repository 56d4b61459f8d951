// The last lines of a log: passed on, bounded, and without what must not be seen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepLines } from './kept-log.ts';
import { memoryLog } from './log.ts';

test('lines go on to the log and the last 500 of them are kept, with the fields of their children', () => {
  const inner = memoryLog();
  let now = 0;
  const { log, lines } = keepLines(inner, () => now++, 'info');
  const child = log.child({ source: 'kraken' });
  child.debug('too fine');
  for (let index = 0; index < 600; index++) child.info(`line ${index}`, { index });
  assert.equal(inner.lines.length, 601);
  assert.equal(lines().length, 500);
  assert.deepEqual(lines()[0], {
    id: 100,
    at: 100,
    level: 'info',
    message: 'line 100',
    fields: { source: 'kraken', index: '100' },
  });
});

test('fields that hold secrets are left out, long texts are cut, and what is no text becomes one', () => {
  const { log, lines } = keepLines(memoryLog(), () => 0, 'debug');
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  log.warn('x'.repeat(1_000), { apiKey: 'ak_1', token: 't', error: new Error('boom'), circle, n: [1, 2] });
  const [line] = lines();
  assert.equal(line!.message.length, 301);
  assert.deepEqual(line!.fields, { error: 'boom', circle: '[object Object]', n: '[1,2]' });
});
