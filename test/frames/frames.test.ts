// The frames command: its sessions are read whole, and it fails when something is lost or invented.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadSources } from '@assay/assay/source-folder';
import coinbase from '@assay/oracle/sources/adapters/coinbase';
import { defineSource, type Source } from '@assay/oracle/sources/define-source';
import { needsRecordings, recordings } from '../recordings.ts';
import { replaySession } from './replay-session.ts';
import { adapterOf, readSession, type SessionRow, sessionFile } from './session.ts';

const T = '1618677817.5';
const ticker = (product: string, price: string): string =>
  `{"type":"ticker","product_id":"${product}","price":"${price}","time":"2021-04-17T16:43:37.089723Z"}`;
const ROWS: SessionRow[] = [
  { conn: 'a', t: T, dir: 'connect', raw: 'wss://ws-feed.exchange.coinbase.com' },
  {
    conn: 'a',
    t: T,
    dir: 'out',
    raw: '{"type":"subscribe","product_ids":["SKL-USD"],"channels":["ticker"]}',
  },
  { conn: 'a', t: T, dir: 'in', raw: '{"type":"subscriptions","channels":[]}' },
  { conn: 'a', t: T, dir: 'in', raw: ticker('SKL-USD', '0.791') },
  { conn: 'a', t: T, dir: 'in', raw: ticker('BTC-USD', '61000.00') },
  { conn: 'a', t: T, dir: 'in', raw: '{"type":"surprise"}' },
];

function replayed(source: Source, rows: SessionRow[] = ROWS) {
  const folder = mkdtempSync(join(tmpdir(), 'assay-frames-'));
  try {
    return replaySession('session', folder, rows, source);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('every stored frame is accounted for by kind, and only subscribed instruments give prices', () => {
  const report = replayed(coinbase);
  assert.equal(report.stored, 4);
  assert.equal(report.instruments, 1);
  assert.equal(report.prices, 1);
  const tickers = report.kinds.find(({ kind }) => kind === 'ticker');
  assert.deepEqual([tickers?.withPrices, tickers?.ofOthers], [1, 1]);
  assert.deepEqual(
    report.errors.map(({ code, frame }) => [code, frame]),
    [['SOURCE_BAD_PAYLOAD', 'surprise']],
  );
  assert.deepEqual(report.violations, []);
});

test('the hash changes with one digit of one price', () => {
  const other = ROWS.map((row) => ({ ...row, raw: row.raw.replace('0.791', '0.792') }));
  assert.notEqual(replayed(coinbase).sha256, replayed(coinbase, other).sha256);
});

test('a crash, and a price whose digits are not in the frame, are violations', () => {
  const stream = coinbase.stream!;
  const crashing = defineSource({
    ...coinbase,
    stream: {
      ...stream,
      parse: () => {
        throw new TypeError('undefined is not an object');
      },
    },
  });
  assert.match(replayed(crashing).violations.join(), /crashed/);
  const inventing = defineSource({
    ...coinbase,
    stream: {
      ...stream,
      parse: (raw, context) => {
        const frame = stream.parse(raw, context);
        if (frame.kind !== 'prices') return frame;
        return { ...frame, prices: frame.prices.map((one) => ({ ...one, kind: 'ticker', price: '0.7911' })) };
      },
    },
  });
  assert.match(replayed(inventing).violations.join(), /does not stand in/);
});

test(
  'the recorded sessions of five venues give prices from every price frame',
  needsRecordings(),
  async () => {
    const wire = join(recordings()!, 'open', 'wire');
    const sources = await loadSources();
    const spoken: string[] = [];
    for (const session of readdirSync(wire).sort()) {
      const path = sessionFile(join(wire, session));
      if (path === undefined) continue;
      const rows = readSession(path);
      const source = adapterOf(session, rows, sources);
      if (source?.stream === undefined) continue;
      spoken.push(session);
      const report = replaySession(session, join(wire, session), rows, source);
      assert.deepEqual(report.violations, [], session);
      assert.deepEqual(report.errors, [], session);
      assert.equal(
        report.kinds.reduce((sum, { ofOthers }) => sum + ofOthers, 0),
        0,
        `${session}: a price frame of a subscribed instrument gave no price`,
      );
    }
    for (const session of ['binance', 'bitstamp', 'coinbase_exchange', 'okx'])
      assert.ok(spoken.includes(session), session);
  },
);
