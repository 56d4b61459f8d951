// What leaves for Bitget: every address and message as a literal, with the page that says so; and what its
// list of markets and its errors lead to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import { sourceContext } from '../source-context.ts';
import bitget from './bitget.ts';

test('Bitget is asked as its documentation says', () => {
  const context = sourceContext(bitget, { pairs: ['BTC/USDT', 'ETH/USDC'] });
  // api-doc/spot/market/Get-Tickers: without a name, all.
  assert.deepEqual(
    bitget.http?.requests(context).map(({ url }) => url),
    ['https://api.bitget.com/api/v2/spot/market/tickers'],
  );
  // api-doc/spot/market/Get-Symbols.
  assert.deepEqual(
    bitget.instruments?.requests(context).map(({ url }) => url),
    ['https://api.bitget.com/api/v2/spot/public/symbols'],
  );
  // api-doc/common/websocket-intro: the main domain, the public channel; the text ping.
  assert.equal(bitget.stream?.url(context), 'wss://ws.bitget.com/v2/ws/public');
  assert.equal(bitget.stream?.keepAlive?.message, 'ping');
  // api-doc/spot/websocket/public/Tickers-Channel.
  assert.deepEqual(bitget.stream?.subscribe(context), [
    '{"op":"subscribe","args":[{"instType":"SPOT","channel":"ticker","instId":"BTCUSDT"},' +
      '{"instType":"SPOT","channel":"ticker","instId":"ETHUSDC"}]}',
  ]);
});

test('a connection of Bitget has the fifty channels that it recommends, in one request of its size', () => {
  // Longer names than those of nearly all coins.
  const pairs = Array.from(
    { length: 51 },
    (_, index) => `LONGESTNAM${String.fromCharCode(65 + (index % 26))}${index}/USDT`,
  );
  const messages = bitget.stream!.subscribe(sourceContext(bitget, { pairs }));
  assert.deepEqual(
    messages.map((message) => (JSON.parse(message) as { args: unknown[] }).args.length),
    [bitget.stream!.pairsPerConnection, 1],
  );
  for (const message of messages) assert.ok(message.length <= 4096, String(message.length));
});

test('Bitget: its list of markets says what is traded under which name, and only `online` trades', () => {
  // api-doc/spot/market/Get-Symbols.
  const line = (base: string, status: string): string =>
    `{"symbol":"${base}USDT","baseCoin":"${base}","quoteCoin":"USDT","minTradeAmount":"0",` +
    '"maxTradeAmount":"900000000000000000000","takerFeeRate":"0.002","makerFeeRate":"0.002",' +
    `"pricePrecision":"2","quantityPrecision":"6","quotePrecision":"8","status":"${status}",` +
    '"minTradeUSDT":"1","buyLimitPriceRatio":"0.05","sellLimitPriceRatio":"0.05","areaSymbol":"no",' +
    '"orderQuantity":"200","openTime":"1532454360000","offTime":""}';
  const lines = [line('BTC', 'online'), line('ETH', 'halt'), line('SOL', 'gray'), line('LTC', 'offline')];
  assert.deepEqual(
    listed(`{"code":"00000","msg":"success","requestTime":1744276707885,"data":[${lines.join(',')}]}`),
    [
      { symbol: 'BTCUSDT', base: 'BTC', quote: 'USDT', isTrading: true },
      { symbol: 'ETHUSDT', base: 'ETH', quote: 'USDT', isTrading: false },
      { symbol: 'SOLUSDT', base: 'SOL', quote: 'USDT', isTrading: false },
      { symbol: 'LTCUSDT', base: 'LTC', quote: 'USDT', isTrading: false },
    ],
  );
  const broken = '{"code":"40015","msg":"System is abnormal, please try again later","data":null}';
  assert.throws(() => listed(broken), { code: 'SOURCE_REFUSED' });
});

test('errors of Bitget lead to the behaviour that they ask for, with status 400 as well', () => {
  const explained = (status: number, body: string): string => {
    const answer = bitget.http?.explain?.({ status, headers: {}, body, receivedAt: 0 });
    return answer === undefined ? 'as the status says' : `${answer.code} ${answer.isTransient ?? ''}`.trim();
  };
  // api-doc/spot/error-code/restapi.
  const words = (code: string, msg: string): string =>
    `{"code":"${code}","msg":"${msg}","requestTime":1789456354640,"data":null}`;
  assert.deepEqual(
    [
      explained(429, words('429', 'Too Many Requests')),
      explained(400, words('429', 'Too Many Requests')),
      explained(400, words('40034', 'Parameter NOPEUSDT does not exist')),
      explained(400, words('40200', 'Server upgrade, please try again later')),
      explained(400, words('40103', 'based on your IP address , it appears that you are located in')),
      explained(502, words('50000', 'bad gateway')),
      explained(403, '<html>Access denied</html>'),
    ],
    [
      'SOURCE_RATE_LIMITED',
      'SOURCE_RATE_LIMITED',
      'SOURCE_REFUSED false',
      'SOURCE_REFUSED true',
      'SOURCE_REGION_REFUSED',
      'SOURCE_REFUSED true',
      'as the status says',
    ],
  );
});

test('events of the socket of Bitget are told apart by code, be it a number or a text', () => {
  assert.equal(heard('{"event":"error","code":30006,"msg":"too many requests"}'), 'SOURCE_RATE_LIMITED');
  assert.equal(heard('{"event":"error","code":"30007","msg":"connection close"}'), 'SOURCE_RATE_LIMITED');
  const arg = '"arg":{"instType":"SPOT","channel":"ticker","instId":"NOPEUSDT"}';
  assert.equal(heard(`{"event":"error",${arg},"code":30016,"msg":"Param error"}`), 'SOURCE_REFUSED');
  assert.equal(heard(`{"event":"unsubscribe",${arg}}`), 'control unsubscribe');
  assert.equal(heard('{"event":"login","code":0}'), 'SOURCE_BAD_PAYLOAD');
});

test('candles, differences of the book and auctions of Bitget carry no price of ours', () => {
  const pushed = (channel: string): string =>
    heard(
      `{"action":"update","arg":{"instType":"SPOT","channel":"${channel}","instId":"BTCUSDT"},"data":[]}`,
    );
  assert.deepEqual(['candle1m', 'candle1Dutc', 'books', 'auction', 'surprise'].map(pushed), [
    'ignored candle',
    'ignored candle',
    'ignored books',
    'ignored auction',
    'SOURCE_BAD_PAYLOAD',
  ]);
});

test('a market of Bitget without a price costs the others nothing', () => {
  const rejected: string[] = [];
  const context = { ...sourceContext(bitget, { pairs: ['BTC/USDT', 'ETH/USDT'] }) };
  context.reject = (pair, error) => rejected.push(`${pair} ${error.code}`);
  const ticker = (symbol: string, last: string): string =>
    `{"symbol":"${symbol}","lastPr":"${last}","ts":"1625125755277"}`;
  const body =
    '{"code":"00000","msg":"success","requestTime":1695808949356,"data":[' +
    `${ticker('ETHUSDT', '0')},${ticker('NEWUSDT', '')},${ticker('BTCUSDT', '34413.1')}]}`;
  const [request] = bitget.http!.requests(context);
  const response = { status: 200, headers: {}, body, receivedAt: 0 };
  const pairs = bitget.http!.parse(response, request!, context).map(({ pair }) => pair);
  assert.deepEqual({ pairs, rejected }, { pairs: ['BTC/USDT'], rejected: ['ETH/USDT SOURCE_BAD_PAYLOAD'] });
});

function listed(body: string) {
  const context = sourceContext(bitget, { pairs: ['BTC/USDT'] });
  const [request] = bitget.instruments!.requests(context);
  return bitget.instruments!.parse({ status: 200, headers: {}, body, receivedAt: 0 }, request!, context);
}

function heard(raw: string): string {
  try {
    const frame = bitget.stream!.parse(raw, sourceContext(bitget, { pairs: ['BTC/USDT'] }));
    return `${frame.kind} ${frame.name}`;
  } catch (error) {
    if (!isAssayError(error)) throw error;
    return error.code;
  }
}
