// Adapters of dollar venues and of two aggregators on payloads of others: recorded bodies and frames and
// documented examples, read by path.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import { needsRecordings, recordings } from '../../../../test/recordings.ts';
import type { Pair } from '../model/pair.ts';
import binanceUs from './adapters/binance-us.ts';
import coinbaseAdvanced from './adapters/coinbase-advanced.ts';
import coinpaprika from './adapters/coinpaprika.ts';
import cryptoCom from './adapters/crypto-com.ts';
import cryptocompare from './adapters/cryptocompare.ts';
import gemini from './adapters/gemini.ts';
import type { Parsed, Source } from './define-source.ts';
import { sourceContext } from './source-context.ts';

function wire(path: string): string {
  const full = join(recordings() ?? '', 'open', 'wire', path);
  assert.ok(existsSync(full), full);
  return readFileSync(full, 'utf8');
}

/** Digits by pair, or the code of the error, or the name of the control or ignored frame. */
function frame(source: Source, payload: string, pairs: Pair[]): string {
  return outcome(() => {
    const read = source.stream!.parse(payload, sourceContext(source, { pairs }));
    return read.kind === 'prices' ? read.prices : `${read.kind} ${read.name}`;
  });
}

function body(source: Source, payload: string, pairs: Pair[]): string {
  const context = sourceContext(source, { pairs, credentials: { key: 'k' } });
  return outcome(() => {
    const response = { status: 200, headers: {}, body: payload, receivedAt: 1_760_000_000_000 };
    return source.http!.parse(response, { url: '', pairs }, context);
  });
}

function outcome(read: () => Parsed[] | string): string {
  try {
    const found = read();
    if (typeof found === 'string') return found;
    const digits = (one: Parsed): string => (one.kind === 'book' ? `${one.bid} ${one.ask}` : one.price);
    return found.map((one) => `${one.pair} ${digits(one)}`).join(', ');
  } catch (error) {
    if (isAssayError(error)) return error.code;
    throw error;
  }
}

test('every documented frame and body of Coinbase Advanced is read by its name', needsRecordings(), () => {
  const read = (name: string): string =>
    frame(coinbaseAdvanced, wire(`coinbase_advanced/${name}`), ['BTC/USD']);
  assert.deepEqual(
    [
      'ws_ticker.json',
      'ws_market_trades.json',
      'ws_heartbeats.json',
      'ws_subscriptions.json',
      'ws_candles.json',
      'ws_l2_data_snapshot.json',
      'ws_l2_data_update.json',
    ].map(read),
    [
      'BTC/USD 68900.50',
      'BTC/USD 68900.50, BTC/USD 68900.00',
      'control heartbeats',
      'control subscriptions',
      'ignored candles',
      'ignored l2_data',
      'ignored l2_data',
    ],
  );
  assert.equal(
    body(coinbaseAdvanced, wire('coinbase_advanced/http_ticker.json'), ['BTC/USD']),
    'BTC/USD 68923.67',
  );
});

test('frames and bodies of Gemini are read, whichever of its versions they are', needsRecordings(), () => {
  const inner = (name: string): string =>
    JSON.stringify((JSON.parse(wire(`gemini/${name}`)) as { body: unknown }[])[0]?.body);
  assert.equal(frame(gemini, wire('gemini/ws_trade_1.json'), ['ANKR/USD']), 'ANKR/USD 0.07946');
  assert.equal(frame(gemini, wire('gemini/ws_heartbeat_1.json'), []), 'control heartbeat');
  // The first frame of a book brings its last trades, of which the newest counts.
  assert.equal(frame(gemini, wire('gemini/ws_l2_updates_1.json'), ['ALCX/USD']), 'ALCX/USD 302.53');
  assert.equal(body(gemini, inner('g_rest_v1_trades_btcusd.json'), ['BTC/USD']), 'BTC/USD 11410.49');
  assert.equal(body(gemini, inner('g_rest_v1_pubticker_BTCUSD.json'), ['BTC/USD']), 'BTC/USD 11381.47');
  assert.equal(body(gemini, inner('g_rest_v2_ticker_BTCUSD.json'), ['BTC/USD']), 'BTC/USD 9662.94');
  assert.equal(body(gemini, inner('g_rest_v1_pubticker_bla.json'), ['BTC/USD']), 'SOURCE_REFUSED');
  // Frames of 2026-09-15 as others saw them on the current socket.
  assert.equal(
    frame(gemini, '{"id":11,"status":400,"error":{"code":-1020,"msg":"Unsupported operation"}}', []),
    'SOURCE_REFUSED',
  );
  assert.equal(
    frame(gemini, '{"id":3,"status":429,"error":{"code":-1003,"msg":"Rate limit exceeded"}}', []),
    'SOURCE_RATE_LIMITED',
  );
  assert.equal(
    frame(
      gemini,
      '{"e":"markPrice","E":1789456746446652397,"s":"btcgusdperp","p":"77303.727","i":"7725880.833"}',
      ['BTC/USD'],
    ),
    'ignored markPrice',
  );
  const empty = '{"u":1,"E":1789456746446652397,"s":"btcusd","b":"","B":"","a":"45001.00","A":"0.75"}';
  assert.equal(frame(gemini, empty, ['BTC/USD']), '');
});

test('bodies of CoinPaprika and CryptoCompare are read by their own ids', needsRecordings(), () => {
  const inner = (name: string): string => JSON.stringify((JSON.parse(wire(name)) as { body: unknown }).body);
  const collision = inner('coinpaprika/tickers_symbol_collision.json');
  assert.equal(body(coinpaprika, collision, ['BTC/USD']), 'BTC/USD 40000.2425813062');
  const other = sourceContext(coinpaprika, {
    pairs: ['BTC/USD'],
    options: { ids: { BTC: 'fake-btc-bitcoin' } },
  });
  assert.equal(other.symbolOf('BTC/USD'), 'fake-btc-bitcoin:USD');
  assert.equal(
    body(coinpaprika, inner('coinpaprika/tickers_eth-ethereum.json'), ['ETH/USD']),
    'ETH/USD 3949.2425813062',
  );
  assert.equal(
    body(cryptocompare, inner('cryptocompare/pricemultifull.json'), ['ETH/USD']),
    'ETH/USD 1276.75',
  );
  assert.equal(cryptocompare.symbol('USDE/USD', {}), undefined, 'another coin has that name there');
  assert.equal(cryptocompare.symbol('USDE/USD', { ids: { USDE: 'USDEE' } }), 'USDEE:USD');
});

test('errors of each venue lead to the behaviour that they ask for, with whatever status they come', () => {
  const explained = (source: Source, status: number, text: string): string => {
    const answer = source.http?.explain?.({ status, headers: {}, body: text, receivedAt: 0 });
    return answer === undefined ? 'as the status says' : `${answer.code} ${answer.isTransient ?? 'for now'}`;
  };
  assert.deepEqual(
    [
      explained(binanceUs, 429, '{"code":-1003,"msg":"Too much request weight used; current limit is 1200"}'),
      explained(binanceUs, 403, '<!DOCTYPE HTML><TITLE>ERROR: The request could not be satisfied</TITLE>'),
      explained(coinbaseAdvanced, 429, '{"message":"Public rate limit exceeded"}'),
      explained(coinbaseAdvanced, 404, '{"error":"NOT_FOUND","message":"valid product_id is required"}'),
      explained(
        gemini,
        429,
        '{"result":"error","reason":"RateLimited","message":"Requests were made too frequently."}',
      ),
      explained(gemini, 400, '{"result":"error","reason":"Bad Request","message":"not a valid symbol"}'),
      explained(cryptoCom, 429, '{"code":42901,"message":"TOO_MANY_REQUESTS"}'),
      explained(cryptoCom, 400, '{"id":-1,"method":"public/get-tickers","code":40004,"message":"missing"}'),
      explained(cryptoCom, 500, '{"code":50001,"message":"ERR_INTERNAL"}'),
      explained(coinpaprika, 429, '{"error":"too many requests"}'),
      explained(coinpaprika, 402, '{"error":"this endpoint is not allowed for your plan"}'),
      explained(cryptocompare, 401, '{"Data":{},"Err":{"type":1,"message":"API key required"}}'),
    ],
    [
      'SOURCE_RATE_LIMITED for now',
      'as the status says',
      'SOURCE_RATE_LIMITED for now',
      'SOURCE_REFUSED false',
      'SOURCE_RATE_LIMITED for now',
      'SOURCE_REFUSED false',
      'SOURCE_RATE_LIMITED for now',
      'SOURCE_REFUSED false',
      'as the status says',
      'SOURCE_RATE_LIMITED for now',
      'SOURCE_REFUSED false',
      'SOURCE_REFUSED false',
    ],
  );
});
