// The venues' own lists of instruments as they were recorded, through the adapters: every line is read, and
// what an adapter would ask for is what the list calls that pair.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { needsRecordings, recordings } from '../../../../test/recordings.ts';
import binance from './adapters/binance.ts';
import binanceUs from './adapters/binance-us.ts';
import bitstamp from './adapters/bitstamp.ts';
import bybit from './adapters/bybit.ts';
import coinbase from './adapters/coinbase.ts';
import coinbaseAdvanced from './adapters/coinbase-advanced.ts';
import coingecko from './adapters/coingecko.ts';
import coinmarketcap from './adapters/coinmarketcap.ts';
import coinpaprika from './adapters/coinpaprika.ts';
import cryptoCom from './adapters/crypto-com.ts';
import cryptocompare from './adapters/cryptocompare.ts';
import gemini from './adapters/gemini.ts';
import kraken from './adapters/kraken.ts';
import okx from './adapters/okx.ts';
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

test(
  'the recorded lists of the first venues are read whole, in our names of currencies',
  needsRecordings(),
  () => {
    const lists: [Source, string, number][] = [
      [bitstamp, 'bitstamp/rest_api_v2_trading_pairs_info.json', 140],
      [coinbase, 'coinbase_exchange/rest_products.json.gz', 162],
      // 304 lines, of which 11 are dark pools.
      [kraken, 'kraken_ws_v1/rest_0_public_AssetPairs.json.gz', 293],
      [okx, 'okx/rest_api_v5_public_instruments_instType_SPOT.json.gz', 513],
    ];
    for (const [source, path, count] of lists) {
      const instruments = listed(source, recorded(path));
      assert.equal(instruments.length, count, source.id);
      assert.ok(
        instruments.every(({ isTrading }) => isTrading),
        source.id,
      );
      assertAskedByName(source, instruments);
    }
    const names = listed(kraken, recorded('kraken_ws_v1/rest_0_public_AssetPairs.json.gz')).map(
      ({ symbol }) => symbol,
    );
    for (const pair of ['BTC/USD', 'DOGE/EUR', 'ETH/BTC', 'USDT/USD']) assert.ok(names.includes(pair), pair);
  },
);

test('halted markets and what is no spot market are told apart, in the form of the documentation', () => {
  // developers.binance.com, "Exchange information".
  const line = '"status":"BREAK","baseAsset":"ETH","quoteAsset":"BTC","isSpotTradingAllowed":';
  assert.deepEqual(
    listed(binance, `{"symbols":[{"symbol":"ETHBTC",${line}true},{"symbol":"ETHUPBTC",${line}false}]}`),
    [{ symbol: 'ETHBTC', base: 'ETH', quote: 'BTC', isTrading: false }],
  );
  // www.bitstamp.net/api, "Markets".
  const market = '"base_currency":"BTC","counter_currency":"USD","trading":"Disabled","market_type":';
  assert.deepEqual(
    listed(
      bitstamp,
      `[{"name":"BTC/USD","market_symbol":"btcusd",${market}"SPOT"},` +
        `{"name":"BTC/USD-PERP","market_symbol":"btcusd-perp",${market}"PERPETUAL"}]`,
    ),
    [{ symbol: 'btcusd', base: 'BTC', quote: 'USD', isTrading: false }],
  );
  // bybit-exchange.github.io/docs/v5/market/instrument.
  const bybitList = (cursor: string): string =>
    '{"retCode":0,"retMsg":"OK","result":{"category":"spot","list":[{"symbol":"BTCUSDT","baseCoin":"BTC",' +
    `"quoteCoin":"USDT","innovation":"0","status":"Trading"}]${cursor}}}`;
  assert.deepEqual(listed(bybit, bybitList('')), [
    { symbol: 'BTCUSDT', base: 'BTC', quote: 'USDT', isTrading: true },
  ]);
  assert.throws(() => listed(bybit, bybitList(',"nextPageCursor":"first%3DBTC"')), {
    code: 'SOURCE_BAD_PAYLOAD',
  });
});

test('aggregators tell which coin an id is, and which others share its ticker', () => {
  const spelled = (source: Source, body: string, pairs: string[]): string[] =>
    listed(source, body, pairs).map(
      ({ symbol, base, quote, isTrading, title }) => `${symbol} ${base}/${quote} ${title} ${isTrading}`,
    );
  // docs.coingecko.com/reference/coins-list.
  assert.deepEqual(
    spelled(
      coingecko,
      '[{"id":"bitcoin","symbol":"btc","name":"Bitcoin"},{"id":"batcat","symbol":"btc","name":"batcat"},' +
        '{"id":"zcash","symbol":"zec","name":"Zcash"}]',
      ['BTC/USD', 'BTC/EUR'],
    ),
    [
      'bitcoin:usd BTC/USD Bitcoin true',
      'bitcoin:eur BTC/EUR Bitcoin true',
      'batcat:usd BTC/USD batcat true',
      'batcat:eur BTC/EUR batcat true',
    ],
  );
  // coinmarketcap.com/api/documentation/v1, "CoinMarketCap ID map".
  assert.deepEqual(
    spelled(
      coinmarketcap,
      '{"status":{"error_code":0,"error_message":null},"data":[' +
        '{"id":1,"rank":1,"name":"Bitcoin","symbol":"BTC","slug":"bitcoin","is_active":1}]}',
      ['BTC/USD'],
    ),
    ['1:USD BTC/USD Bitcoin true'],
  );
  // docs.coinpaprika.com/api-reference/coins/list-coins. An id under another ticker is told by its ticker.
  assert.deepEqual(
    spelled(
      coinpaprika,
      '[{"id":"btc-bitcoin","name":"Bitcoin","symbol":"XBT","rank":1,"is_new":false,"is_active":false,' +
        '"type":"coin"}]',
      ['BTC/USD'],
    ),
    ['btc-bitcoin:USD XBT/USD Bitcoin false'],
  );
  // min-api.cryptocompare.com/documentation, "All the coins".
  assert.deepEqual(
    spelled(
      cryptocompare,
      '{"Response":"Success","Data":{"BTC":{"Id":"1182","Symbol":"BTC","FullName":"Bitcoin (BTC)"},' +
        '"42":{"Id":"4321","Symbol":"42","FullName":"42 Coin (42)"}}}',
      ['BTC/USD'],
    ),
    ['BTC:USD BTC/USD Bitcoin (BTC) true'],
  );
});
