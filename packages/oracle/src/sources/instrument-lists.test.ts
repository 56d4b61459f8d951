// The venues' own lists of instruments as they were recorded: what a list calls a pair is what the adapter
// asks for, for every line of it, and what is not trading is not listed as such.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { needsRecordings, recordings } from '../../../../test/recordings.ts';
import bitfinex from './adapters/bitfinex.ts';
import gate from './adapters/gate.ts';
import htx from './adapters/htx.ts';
import kucoin from './adapters/kucoin.ts';
import upbit from './adapters/upbit.ts';
import type { Instrument, Source } from './define-source.ts';
import { sourceContext } from './source-context.ts';

function instrumentsIn(source: Source, file: string): Instrument[] {
  const bytes = readFileSync(join(recordings()!, 'open', 'wire', file));
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const { body } = JSON.parse(text) as { body: string };
  const context = sourceContext(source, { pairs: ['BTC/USDT'] });
  const [request] = source.instruments!.requests(context);
  return source.instruments!.parse({ status: 200, headers: {}, body, receivedAt: 0 }, request!, context);
}

/** Lines, those that trade, and those whose pair is asked for by another name than the list has. */
const RECORDED: [Source, string, { lines: number; trading: number; others: string[] }][] = [
  [gate, 'gate/rest_api_v4_spot_currency_pairs.json.gz', { lines: 1458, trading: 1408, others: [] }],
  [kucoin, 'kucoin/rest_api_v1_symbols.json.gz', { lines: 634, trading: 633, others: [] }],
  [htx, 'huobi/rest_v1_common_symbols.json.gz', { lines: 938, trading: 883, others: [] }],
  [upbit, 'upbit/rest_v1_market_all.json', { lines: 294, trading: 294, others: [] }],
  [bitfinex, 'bitfinex/rest_v2_conf_pub_list_pair_exchange.json', { lines: 293, trading: 293, others: [] }],
];

for (const [source, file, expected] of RECORDED) {
  test(
    `the recorded list of ${source.name} is read, and its names are those we ask by`,
    needsRecordings(),
    () => {
      const instruments = instrumentsIn(source, file);
      const others = instruments
        .filter(({ symbol, base, quote }) => source.symbol(`${base}/${quote}`, {}) !== symbol)
        .map(({ symbol }) => symbol);
      const trading = instruments.filter(({ isTrading }) => isTrading).length;
      assert.deepEqual({ lines: instruments.length, trading, others }, expected);
    },
  );
}
