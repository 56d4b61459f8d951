// Adapters on payloads of others: recorded bodies, documented examples and malformed ones, read by path.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import { needsRecordings, recordings } from '../../../../test/recordings.ts';
import type { Pair } from '../model/pair.ts';
import binance from './adapters/binance.ts';
import bitstamp from './adapters/bitstamp.ts';
import bybit from './adapters/bybit.ts';
import coinbase from './adapters/coinbase.ts';
import coingecko from './adapters/coingecko.ts';
import coinmarketcap from './adapters/coinmarketcap.ts';
import kraken from './adapters/kraken.ts';
import okx from './adapters/okx.ts';
import type { Source } from './define-source.ts';
import { sourceContext } from './source-context.ts';

function stored(path: string): string {
  const full = join(recordings() ?? '', 'open', path);
  assert.ok(existsSync(full), full);
  const bytes = readFileSync(full);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
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

function outcome(read: () => unknown): string {
  try {
    const found = read();
    if (typeof found === 'string') return found;
    const prices = found as { pair: Pair; price?: string; bid?: string; ask?: string }[];
    return prices.map(({ pair, price, bid, ask }) => `${pair} ${price ?? `${bid} ${ask}`}`).join(', ');
  } catch (error) {
    if (isAssayError(error)) return error.code;
    throw error;
  }
}

const lines = (path: string): string[] => stored(path).trim().split('\n');
const bodies = (path: string): string[] => JSON.parse(stored(path)) as string[];

test('documented and recorded frames of every venue are read', needsRecordings(), () => {
  const wire = (name: string): string => stored(`wire/${name}`);
  const uncommented = (name: string): string => wire(name).replace(/\/\/.*$/gm, '');
  assert.equal(frame(binance, wire('binance/ws_24hrTicker.json'), ['ETH/BTC']), 'ETH/BTC 0.09177200');
  assert.equal(
    frame(binance, wire('binance/ws_miniTicker_recorded.json'), ['BTC/USDT']),
    'BTC/USDT 116762.00000000',
  );
  assert.equal(
    frame(binance, uncommented('binance/ws_bookTicker_doc.jsonc'), ['BNB/USDT']),
    'BNB/USDT 25.35190000 25.36520000',
  );
  assert.equal(frame(binance, uncommented('binance/ws_trade_doc.jsonc'), ['BNB/BTC']), 'BNB/BTC 0.001');
  const [ticker24, kline, trade, depth, balance] = lines('wire/binance/g_wsHandleData.jsonl');
  assert.deepEqual(
    [ticker24, kline, trade, depth, balance].map((line) => frame(binance, line ?? '', ['BNB/BTC'])),
    ['BNB/BTC 9338.96000000', 'ignored kline', 'BNB/BTC 0.001', 'ignored depthUpdate', 'SOURCE_BAD_PAYLOAD'],
  );
  assert.equal(frame(okx, wire('okx/n_ws_bbo_tbt.json'), ['BTC/USDT']), 'BTC/USDT 8476.97 8476.98');
  assert.equal(frame(okx, wire('okx/n_ws_trades.json'), ['BTC/USD']), 'BTC/USD 42219.9');
  assert.deepEqual(
    lines('wire/okx/g_wsAllTrades.jsonl').map((line) => frame(okx, line, ['BTC/USDT'])),
    ['BTC/USDT 95634.9', 'BTC/USDT 95635.3'],
  );
  assert.equal(frame(kraken, wire('kraken_ws_v2/ws_ticker_snapshot.json'), ['BTC/USD']), 'BTC/USD 105899.40');
  assert.equal(
    frame(kraken, wire('kraken_ws_v2/ws_trade_update.json'), ['BTC/USD']),
    'BTC/USD 105944.20, BTC/USD 105910.50',
  );
  assert.equal(frame(kraken, wire('kraken_ws_v2/ws_book_snapshot.json'), ['BTC/USD']), 'ignored book');
  assert.equal(frame(kraken, wire('kraken_ws_v2/ws_ohlc_update.json'), ['BTC/USD']), 'ignored ohlc');
  assert.equal(frame(kraken, wire('kraken_ws_v2/ws_pong.json'), ['BTC/USD']), 'control pong');
  assert.equal(frame(kraken, wire('kraken_ws_v2/ws_subscribe_response.json'), []), 'control subscribe');
  assert.equal(frame(bybit, wire('bybit_v5/ws_publicTrade.json5'), ['BTC/USDT']), 'BTC/USDT 16578.50');
  assert.equal(frame(bybit, wire('bybit_v5/n_ws_public_trade.json'), ['BTC/USDT']), 'BTC/USDT 27451.00');
  assert.equal(frame(bybit, wire('bybit_v5/n_ws_ticker_linear.json'), ['BTC/USDT']), 'BTC/USDT 17216.00');
  assert.equal(frame(bybit, wire('bybit_v5/ws_orderbook_snapshot.json5'), ['BTC/USDT']), 'ignored orderbook');
  assert.equal(frame(bybit, wire('bybit_v5/n_ws_subscription_ack.json'), []), 'control subscribe');
  assert.equal(frame(bybit, wire('bybit_v5/n_ws_subscription_failure.json'), []), 'SOURCE_REFUSED');
  assert.equal(frame(bitstamp, wire('bitstamp/ws_trade_v2.json'), ['BTC/USD']), 'BTC/USD 914.38999999999999');
});

test('REST bodies of every venue are read, whichever of its tickers they are', needsRecordings(), () => {
  const wire = (name: string): string => stored(`wire/${name}`);
  const inner = (name: string): string =>
    JSON.stringify((JSON.parse(wire(name)) as { body: unknown }[])[0]?.body);
  assert.equal(
    body(binance, inner('binance/g_rest_api_v3_ticker_24hr.json'), ['ETH/BTC']),
    'ETH/BTC 0.04103400',
  );
  assert.equal(
    body(binance, inner('binance/g_rest_api_v3_ticker_bookTicker.json'), ['BTC/USDT']),
    'BTC/USDT 6621.55000000 6622.10000000',
  );
  assert.equal(
    body(binance, inner('binance/g_rest_api_v3_ticker_price.json'), ['BTC/USDT']),
    'BTC/USDT 6622.57000000',
  );
  assert.equal(
    body(coinbase, wire('coinbase_exchange/rest_products_ticker.json'), ['BTC/USD']),
    'BTC/USD 246.28000000',
  );
  assert.equal(body(kraken, wire('kraken_rest/n_http_ticker.json'), ['BTC/USDT']), 'BTC/USDT 105899.40000');
  assert.equal(body(kraken, wire('kraken_rest/rest_0_public_Ticker.json'), ['BTC/EUR']), 'BTC/EUR 560.87711');
  assert.equal(
    body(bybit, wire('bybit_v5/rest_v5_market_tickers_spot.json5'), ['BTC/USDT']),
    'BTC/USDT 20533.13',
  );
  assert.equal(body(bybit, wire('bybit_v5/error_body.json5'), ['BTC/USDT']), 'SOURCE_REFUSED');
  const gecko = JSON.parse(wire('coingecko/simple_price.json')) as { body: unknown }[];
  assert.deepEqual(
    gecko.map((one) => body(coingecko, JSON.stringify(one.body), ['ETH/USD'])),
    ['ETH/USD 4226.71', 'ETH/USD 4208.38', 'ETH/USD 4220.49', 'ETH/USD 3015.64'],
  );
  const cap = JSON.parse(wire('coinmarketcap/quotes_latest_v2.json')) as { bodies: unknown[] };
  assert.deepEqual(
    cap.bodies.map((one) => body(coinmarketcap, JSON.stringify(one), ['BTC/USD'])),
    ['BTC/USD 6602.60701122', 'SOURCE_REFUSED', 'SOURCE_BAD_PAYLOAD', 'SOURCE_BAD_PAYLOAD'],
  );
});

test('malformed bodies are typed errors and never a price', needsRecordings(), () => {
  const bad = 'SOURCE_BAD_PAYLOAD';
  assert.deepEqual(
    bodies('wire/connect_test_bodies/binance.json').map((one) => body(binance, one, ['BTC/USDT'])),
    ['46707.03000000', '46707.03000000', bad, bad, '', '46707.03000000', '46707.03000000'].map((text) =>
      /^\d/.test(text) ? `BTC/USDT ${text}` : text,
    ),
  );
  assert.deepEqual(
    bodies('wire/connect_test_bodies/bitstamp.json').map((one) => body(bitstamp, one, ['BTC/USD'])),
    ['BTC/USD 2211.00', 'BTC/USD 2211.00', bad, bad, ''],
  );
  for (const one of bodies('wire/connect_test_bodies/kraken.json')) {
    const read = body(kraken, one, ['BTC/USD']);
    assert.match(read, /^(?:BTC\/USD \d+\.\d+|SOURCE_BAD_PAYLOAD|SOURCE_REFUSED|)$/);
  }
  for (const one of bodies('wire/connect_test_bodies/coinbase.json'))
    assert.equal(body(coinbase, one, ['BTC/USD']), bad);
});

test(
  'every pair of the recorded AssetPairs of Kraken is found under its answer name',
  needsRecordings(),
  () => {
    const recorded = JSON.parse(stored('wire/kraken_ws_v1/rest_0_public_AssetPairs.json.gz')) as {
      body: string;
    };
    const { result } = JSON.parse(recorded.body) as { result: Record<string, { wsname?: string }> };
    let checked = 0;
    for (const [name, { wsname }] of Object.entries(result)) {
      if (wsname === undefined) continue; // dark pools have no name on the socket
      const pair = wsname.replace(/\bXBT\b/, 'BTC').replace(/\bXDG\b/, 'DOGE');
      const answer = `{"error":[],"result":{"${name}":{"c":["1.25","3"]}}}`;
      assert.equal(body(kraken, answer, [pair]), `${pair} 1.25`, name);
      checked++;
    }
    assert.ok(checked > 200);
  },
);

test('recorded error answers are explained in the words of the venue', needsRecordings(), () => {
  type Recorded = { venue: string; status: number; headers: Record<string, string>; body: string | null };
  const errors = JSON.parse(stored('errors/http_errors.json')) as Recorded[];
  const sources: Record<string, Source> = { binance, coinbase_exchange: coinbase, coingecko, kraken, bybit };
  const explained = errors.flatMap(({ venue, status, headers, body: text }) => {
    const source = sources[venue];
    if (source === undefined || text === null || status === 200) return [];
    const answer = source.http?.explain?.({ status, headers, body: text, receivedAt: 0 });
    return [`${venue} ${status} ${answer?.code ?? 'as the status says'}`];
  });
  assert.deepEqual(explained, [
    'coingecko 429 SOURCE_RATE_LIMITED',
    'binance 429 SOURCE_RATE_LIMITED',
    'binance 403 as the status says',
    'coinbase_exchange 429 SOURCE_RATE_LIMITED',
    'coinbase_exchange 429 SOURCE_RATE_LIMITED',
    'kraken 403 as the status says',
  ]);
});
