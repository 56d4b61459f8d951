// What leaves for bitFlyer: every address and message as a literal, with the page that says so; and what its
// examples do not show: a halted order book, error words, the list of markets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sourceContext } from '../source-context.ts';
import bitflyer from './bitflyer.ts';

const context = sourceContext(bitflyer, { pairs: ['BTC/JPY', 'ETH/BTC', 'BTC/USDT'] });

function answer(body: string, status = 200) {
  return { status, headers: {}, body, receivedAt: 0 };
}

test('bitFlyer is asked as its documentation says, and not for pairs that it cannot have', () => {
  // https://lightning.bitflyer.com/docs?lang=en, Ticker
  assert.deepEqual(
    bitflyer.http?.requests(context).map(({ url }) => url),
    [
      'https://api.bitflyer.com/v1/getticker?product_code=BTC_JPY',
      'https://api.bitflyer.com/v1/getticker?product_code=ETH_BTC',
    ],
  );
  // https://bf-lightning-api.readme.io/docs/endpoint-json-rpc
  assert.equal(bitflyer.stream?.url(context), 'wss://ws.lightstream.bitflyer.com/json-rpc');
  assert.deepEqual(bitflyer.stream?.subscribe(context), [
    '{"jsonrpc":"2.0","method":"subscribe","params":{"channel":"lightning_ticker_BTC_JPY"},"id":1}',
    '{"jsonrpc":"2.0","method":"subscribe","params":{"channel":"lightning_executions_BTC_JPY"},"id":2}',
    '{"jsonrpc":"2.0","method":"subscribe","params":{"channel":"lightning_ticker_ETH_BTC"},"id":3}',
    '{"jsonrpc":"2.0","method":"subscribe","params":{"channel":"lightning_executions_ETH_BTC"},"id":4}',
  ]);
});

test('bitFlyer: a halted order book gives no price, an unknown state is named', () => {
  const [request] = bitflyer.http!.requests(context);
  const read = (state: string) =>
    bitflyer.http!.parse(
      answer(`{"product_code":"BTC_JPY","state":"${state}","ltp":31690}`),
      request!,
      context,
    );
  assert.equal(read('RUNNING').length, 1);
  for (const state of ['CLOSED', 'STARTING', 'PREOPEN', 'CIRCUIT BREAK']) assert.deepEqual(read(state), []);
  assert.throws(() => read('SURPRISE'), { code: 'SOURCE_BAD_PAYLOAD' });
});

test('bitFlyer: its error words say whether to wait', () => {
  const explain = bitflyer.http!.explain!;
  assert.deepEqual(explain(answer('{"status":-100,"error_message":"Invalid product","data":null}', 400)), {
    code: 'SOURCE_REFUSED',
    message: 'Invalid product',
    isTransient: false,
  });
  const limit = explain(answer('{"status":-1,"error_message":"Over API limit per minute","data":null}', 429));
  assert.equal(limit?.code, 'SOURCE_RATE_LIMITED');
  assert.equal(explain(answer('<html></html>', 404)), undefined);
});

test('bitFlyer: its lists of three regions say what is traded; the CFD is no spot market', () => {
  const requests = bitflyer.instruments!.requests(context);
  assert.deepEqual(
    requests.map(({ url }) => url),
    [
      'https://api.bitflyer.com/v1/getmarkets',
      'https://api.bitflyer.com/v1/getmarkets/usa',
      'https://api.bitflyer.com/v1/getmarkets/eu',
    ],
  );
  const body =
    '[{"product_code":"BTC_JPY","market_type":"Spot"},{"product_code":"FX_BTC_JPY","market_type":"FX"}]';
  assert.deepEqual(bitflyer.instruments!.parse(answer(body), requests[0]!, context), [
    { symbol: 'BTC_JPY', base: 'BTC', quote: 'JPY', isTrading: true },
  ]);
});
