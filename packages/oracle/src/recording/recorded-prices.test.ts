import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import { instantsOf, lowestByBase, readSeries } from './recorded-prices.ts';
import { configOfRecording, parseRecording, type Recording, type Series } from './recording.ts';

const BARS = {
  source: 'a',
  base: 'btc',
  quote: 'USD',
  kind: 'bars',
  intervalMs: 60_000,
  timeIs: 'intervalStart',
};
const TRADES = { source: 'b', base: 'BTC', quote: 'EUR', kind: 'trades', timeUnit: 'us' };
const RANGE = { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY };

function recordingOf(...series: Record<string, unknown>[]): Recording {
  return parseRecording(JSON.stringify({ name: 'made', series }));
}
const bars = recordingOf({ ...BARS, file: 'a.csv', fields: { time: 't', close: 'c', volume: 'v' } })
  .series[0]!;
const trades = recordingOf({
  ...TRADES,
  file: 'b.csv',
  fields: { time: 'at', received: 'got', price: 'px', volume: 'size' },
}).series[0]!;

test('a bar is known at the end of its interval, and one without volume is no news', () => {
  const read = readSeries(bars, 't,c,v\r\n1700000040,5.5,2\r\n1700000100,5.5,0\r\n', RANGE);
  assert.deepEqual(read.prices, [
    { at: 1_700_000_100_000, observedAt: 1_700_000_100_000, price: '5.5', volume: '2' },
  ]);
  assert.equal(read.quietCount, 1);
});

test('trades out of order, in microseconds, without some volumes, become known when they were received', () => {
  const csv =
    'px,"at",got\n100.5,1700000002000000,1700000002500000\n"99",1700000001000001,1700000001000001\n';
  const read = readSeries(trades, csv, RANGE);
  assert.deepEqual(
    read.prices.map(({ at, observedAt, price, volume }) => [at, observedAt, price, volume]),
    [
      [1_700_000_001_001, 1_700_000_001_001, '99', undefined],
      [1_700_000_002_500, 1_700_000_002_000, '100.5', undefined],
    ],
  );
});

test('bad rows are counted by reason and never fatal; a missing column is an error that names it', () => {
  const rows = [
    'x,1,1',
    '1700000040,NaN,1',
    '1700000100,-3,1',
    '1700000160,,1',
    '1700000220,1e400,1',
    '1700000280,7,1',
    '1',
  ];
  const read = readSeries(bars, `t,c,v\n${rows.join('\n')}`, RANGE);
  assert.deepEqual(read.badRows, { time: 1, price: 5 });
  assert.equal(read.prices.length, 1);
  assert.throws(
    () => readSeries(bars, 'time,c,v\n', RANGE),
    (error) => isAssayError(error, 'RECORD_INVALID') && /no column "t"/.test(error.message),
  );
});

test('a date without a zone is UTC', () => {
  const read = readSeries(bars, 't,c,v\n2023-03-01 00:00:00,1,1\n', RANGE);
  assert.equal(read.prices[0]!.at, Date.UTC(2023, 2, 1, 0, 1));
});

test('every base is priced in dollars where a path exists, else in its most quoted currency, and all quotes are in the hub', () => {
  const one = { kind: 'ticks', file: 'x', fields: { time: 't', price: 'p' } };
  const recording = recordingOf(
    { ...one, source: 'a', base: 'BTC', quote: 'GBP' },
    { ...one, source: 'b', base: 'BTC', quote: 'USD' },
    { ...one, source: 'a', base: 'XYZ', quote: 'TRY' },
    { ...one, source: 'b', base: 'XYZ', quote: 'TRY' },
  );
  const config = configOfRecording(recording);
  assert.deepEqual(
    config.feeds.map((feed) => [feed.feed, feed.minimumVenues]),
    [
      ['BTC/USD', 1],
      ['XYZ/TRY', 1],
    ],
  );
  assert.ok(config.hub.includes('GBP') && config.hub.includes('TRY'));
});

test('a coin of a fraction of a cent gets the decimals that its digits need', () => {
  const tiny: Series = { ...trades, base: 'PEPE', quote: 'USD', pair: 'PEPE/USD' };
  const prices =
    '1700000040000000,1700000040000000,1.0512e-06,1\n1700000050000000,1700000050000000,9.97e-7,1';
  const read = readSeries(tiny, `at,got,px,size\n${prices}\n`, RANGE);
  const recording: Recording = { name: 'made', fromMs: RANGE.fromMs, toMs: RANGE.toMs, series: [tiny, bars] };
  const config = configOfRecording(recording, lowestByBase([read, readSeries(bars, 't,c,v\n', RANGE)]));
  assert.deepEqual(
    config.feeds.map(({ feed, decimals }) => [feed, decimals]),
    [
      [`${bars.base}/USD`, 8],
      ['PEPE/USD', 14],
    ],
  );
});

test('records of one time are one instant, after one that starts the aggregation', () => {
  const series = [
    readSeries(bars, 't,c,v\n1700000040,1,1\n1700000100,2,1\n', RANGE),
    readSeries(trades, 'at,got,px,size\n1700000100000000,1700000100000000,3,1\n', RANGE),
  ];
  const recording = { name: 'made', fromMs: 1_699_999_980_000, toMs: RANGE.toMs, series: [bars, trades] };
  const config = configOfRecording(recording);
  const instants = [...instantsOf(series, { type: 'start', profile: 'replay', config }, recording)];
  assert.deepEqual(
    instants.map(({ at, records }) => [at - 1_700_000_000_000, records.map(({ offset }) => offset)]),
    [
      [-20_000, [0]],
      [100_000, [1, 2]],
      [160_000, [3]],
    ],
  );
});
