// A recorded market on the venues: each recorded number at its own time, never before it is known, in its own
// digits.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { RecordedMarket, readRecording } from './recording.ts';
import { Sandbox } from './sandbox.ts';

const NOW_MS = Date.UTC(2026, 0, 5);
const BARS =
  'ts,open,high,low,close,volume\n1000,1,1,1,20001.50,3\n1060,1,1,1,20002.25,0\n1120,1,1,1,20003.75,2\n';
const TRADES = 'at,px,qty\n1000500000,0.9991,1\n1130000000,0.9871,2\n';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-recording-'));
  const series = [
    {
      file: 'a.csv.gz',
      source: 'kraken',
      base: 'BTC',
      quote: 'USD',
      kind: 'bars',
      intervalMs: 60_000,
      fields: { time: 'ts', close: 'close', volume: 'volume' },
      timeUnit: 's',
      timeIs: 'intervalStart',
    },
    {
      file: 'b.csv',
      source: 'binance_us',
      base: 'USDC',
      quote: 'USDT',
      kind: 'trades',
      fields: { time: 'at', price: 'px', volume: 'qty' },
      timeUnit: 'us',
    },
    { file: 'c.csv', source: 'elsewhere', base: 'BTC', quote: 'USD', kind: 'bars', fields: {} },
  ];
  const description = { name: 'three', from: '1970-01-01T00:16:40Z', to: '1970-01-01T00:20:00Z', series };
  writeFileSync(join(folder, 'recording.json'), JSON.stringify(description));
  writeFileSync(join(folder, 'a.csv.gz'), gzipSync(BARS));
  writeFileSync(join(folder, 'b.csv'), TRADES);
});
after(() => rmSync(folder, { recursive: true }));

function playing(speed: number): Sandbox {
  const market = new RecordedMarket({ recording: readRecording(folder), nowMs: NOW_MS, speed });
  return new Sandbox({ seed: 1, nowMs: NOW_MS, market });
}

test('a bar is printed at the end of its interval and not before; one without volume is no news', () => {
  const sandbox = playing(10);
  const kraken = sandbox.host('kraken').board;
  const at = (recordedMs: number) => {
    sandbox.advance(NOW_MS + recordedMs / 10);
    return kraken.row('BTC/USD')?.price;
  };
  assert.equal(at(59_000), undefined);
  assert.equal(at(60_000), 20001.5);
  const first = kraken.row('BTC/USD')!.tradedAt;
  assert.equal(at(150_000), 20001.5);
  assert.equal(kraken.row('BTC/USD')!.tradedAt, first);
  assert.equal(at(180_000), 20003.75);
  assert.equal(at(9_000_000), 20003.75);
});

test('trades are printed at their time, by the venue whose protocol speaks for their source', () => {
  const sandbox = playing(1);
  const { board } = sandbox.host('binance');
  assert.equal(board.row('USDC/USDT'), undefined);
  sandbox.advance(NOW_MS + 600);
  assert.equal(board.row('USDC/USDT')?.price, 0.9991);
  sandbox.advance(NOW_MS + 130_000);
  assert.equal(board.row('USDC/USDT')?.price, 0.9871);
});

test('a regime cannot be set while a recording is played, and a bad folder is one sentence', () => {
  assert.throws(() => playing(1).setRegime('crash'), { code: 'RECORD_INVALID' });
  assert.throws(() => readRecording(join(folder, 'none')), {
    code: 'CONFIG_INVALID',
    message: /none.recording\.json: it cannot be read as JSON/,
  });
});
