// The venues' own lists of instruments as they were recorded, through the adapters: every line is read, and
// what an adapter would ask for is what the list calls that pair.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { needsRecordings, recordings } from '../../../../test/recordings.ts';
import binanceUs from './adapters/binance-us.ts';
import coinbaseAdvanced from './adapters/coinbase-advanced.ts';
import cryptoCom from './adapters/crypto-com.ts';
import gemini from './adapters/gemini.ts';
import type { Instrument, Source } from './define-source.ts';
import { sourceContext } from './source-context.ts';

/** The body of a recorded answer, as it came. */
function recorded(path: string): string {
  const full = join(recordings() ?? '', 'open', 'wire', path);
  assert.ok(existsSync(full), full);
  const bytes = readFileSync(full);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const { body } = JSON.parse(text) as { body: unknown };
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function listed(source: Source, body: string, pairs: string[] = []): Instrument[] {
  const context = sourceContext(source, { pairs, credentials: { key: 'k' } });
  const response = { status: 200, headers: {}, body, receivedAt: 0 };
  const [request] = source.instruments?.requests(context) ?? [];
  assert.ok(request !== undefined);
  return source.instruments?.parse(response, request, context) ?? [];
}

/** Every instrument is found again under the name that the adapter would ask for. */
function assertAskedByName(source: Source, instruments: readonly Instrument[]): void {
  for (const { symbol, base, quote } of instruments)
    assert.equal(source.symbol(`${base}/${quote}`, {}), symbol, `${base}/${quote}`);
}

test('Binance.US lists 121 markets, four of them halted', needsRecordings(), () => {
  const instruments = listed(binanceUs, recorded('binance_us/rest_api_v3_exchangeInfo.json.gz'));
  assert.equal(instruments.length, 121);
  assert.equal(instruments.filter(({ isTrading }) => !isTrading).length, 4);
  assert.deepEqual(instruments[0], { symbol: 'BTCUSD', base: 'BTC', quote: 'USD', isTrading: true });
  assertAskedByName(binanceUs, instruments);
});

test('a product of Coinbase Advanced is listed once, under its own book', needsRecordings(), () => {
  const product = JSON.parse(
    readFileSync(join(recordings() ?? '', 'open/wire/coinbase_advanced/http_product.json'), 'utf8'),
  ) as Record<string, unknown>;
  const alias = { ...product, product_id: 'BTC-USDC', quote_currency_id: 'USDC', alias: 'BTC-USD' };
  const halted = { ...product, product_id: 'ETH-USD', base_currency_id: 'ETH', trading_disabled: true };
  const future = { ...product, product_id: 'BIT-28JUL23-CDE', product_type: 'FUTURE' };
  const body = JSON.stringify({ products: [product, alias, halted, future], num_products: 4 });
  assert.deepEqual(
    listed(coinbaseAdvanced, body).map(({ symbol, isTrading, title }) => [symbol, isTrading, title]),
    [
      ['BTC-USD', true, 'Bitcoin'],
      ['ETH-USD', false, 'Bitcoin'],
    ],
  );
  assertAskedByName(coinbaseAdvanced, listed(coinbaseAdvanced, body));
});

test('the names of Gemini are taken apart where they must be', needsRecordings(), () => {
  const body = recorded('gemini/rest_v1_symbols.json');
  const instruments = listed(gemini, body);
  assert.equal(instruments.length, (JSON.parse(body) as string[]).length);
  assertAskedByName(gemini, instruments);
  const pairs = new Map(instruments.map(({ symbol, base, quote }) => [symbol, `${base}/${quote}`]));
  assert.deepEqual(
    ['btcgusd', 'paxgusd', 'gusdusd', 'btcdai', 'ltcbch', '1inchusd'].map((name) => pairs.get(name)),
    ['BTC/GUSD', 'PAXG/USD', 'GUSD/USD', 'BTC/DAI', 'LTC/BCH', '1INCH/USD'],
  );
  // The details of a name, asked of the venue on the same day, say the same.
  const details = JSON.parse(recorded('gemini/rest_v1_symbols_details_btcusd.json')) as Record<
    string,
    string
  >;
  assert.equal(pairs.get('btcusd'), `${details.base_currency}/${details.quote_currency}`);
  const later = '["btcusd","btcusdt","btcusdc","btcrlusd","btcgusdperp","GEMI-FEDJAN26-DN25"]';
  assert.deepEqual(
    listed(gemini, later).map(({ base, quote }) => `${base}/${quote}`),
    ['BTC/USD', 'BTC/USDT', 'BTC/USDC', 'BTC/RLUSD'],
  );
});

test('Crypto.com lists spot markets, and contracts that are left out', needsRecordings(), () => {
  const instruments = listed(cryptoCom, recorded('crypto_com/rest_v2_public_get_instruments.json.gz'));
  assert.equal(instruments.length, 250);
  assertAskedByName(cryptoCom, instruments);
  // exchange/v1, "public/get-instruments".
  const v1 =
    '{"id":1,"method":"public/get-instruments","code":0,"result":{"data":[{"symbol":"BTC_USDT",' +
    '"inst_type":"CCY_PAIR","display_name":"BTC/USDT","base_ccy":"BTC","quote_ccy":"USDT","tradable":false},' +
    '{"symbol":"BTCUSD-PERP","inst_type":"PERPETUAL_SWAP","base_ccy":"BTC","quote_ccy":"USD","tradable":true}]}}';
  assert.deepEqual(listed(cryptoCom, v1), [
    { symbol: 'BTC_USDT', base: 'BTC', quote: 'USDT', isTrading: false },
  ]);
});
