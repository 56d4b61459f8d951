// What leaves for Tiingo: every address, header and message as a literal, with the page that says so; and
// what its examples do not show: the market's own direction of a pair, what a weekend looks like, its words
// for errors.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPrice } from '../price-check.ts';
import { sourceContext } from '../source-context.ts';
import tiingoFx from './tiingo-fx.ts';

const PAIRS = ['EUR/USD', 'GBP/USD', 'USD/JPY', 'USD/KRW'];
const context = sourceContext(tiingoFx, { pairs: PAIRS, credentials: { key: 'k' } });

function answer(body: string, status = 200) {
  return { status, headers: {}, body, receivedAt: 0 };
}

function top(...quotes: unknown[]) {
  const [request] = tiingoFx.http!.requests(context);
  return tiingoFx.http!.parse(answer(JSON.stringify(quotes)), request!, context);
}

test('Tiingo is asked as its documentation says, with the key in no address', () => {
  // https://www.tiingo.com/documentation/forex, Current Top-of-Book; general/connecting for the header.
  assert.deepEqual(tiingoFx.http!.requests(context), [
    {
      url: 'https://api.tiingo.com/tiingo/fx/top?tickers=eurusd,gbpusd,usdjpy,usdkrw',
      headers: { accept: 'application/json', authorization: 'Token k' },
      pairs: PAIRS,
    },
  ]);
  // https://www.tiingo.com/documentation/websockets/forex
  assert.equal(tiingoFx.stream!.url(context), 'wss://api.tiingo.com/fx');
  assert.deepEqual(tiingoFx.stream!.subscribe(context), [
    '{"eventName":"subscribe","authorization":"k","eventData":{"thresholdLevel":5,' +
      '"tickers":["eurusd","gbpusd","usdjpy","usdkrw"]}}',
  ]);
});

test('Tiingo has a pair in the direction of the market alone, and no coins', () => {
  const tickers = (pairs: string[]) => pairs.map((pair) => tiingoFx.symbol(pair, {}));
  assert.deepEqual(tickers(['EUR/GBP', 'AUD/NZD', 'CHF/JPY', 'ZAR/JPY', 'EUR/HUF', 'USD/CNH']), [
    'eurgbp',
    'audnzd',
    'chfjpy',
    'zarjpy',
    'eurhuf',
    'usdcnh',
  ]);
  const none = [
    'USD/EUR',
    'JPY/USD',
    'KRW/USD',
    'JPY/JPY',
    'SEK/NOK',
    'GBP/KRW',
    'BTC/USD',
    'USDT/USD',
    'EUR/EUR',
  ];
  assert.deepEqual(
    tickers(none),
    none.map(() => undefined),
  );
});

test('a closed market is as old as its last quote, and nothing makes it younger', () => {
  assert.equal(tiingoFx.stream!.vouches, false);
  // Friday evening, read on Sunday.
  const [quote] = top({
    ticker: 'usdjpy',
    quoteTimestamp: '2026-11-20T21:59:58.123000+00:00',
    bidPrice: 151.2,
    askPrice: 151.25,
  });
  const friday = Date.UTC(2026, 10, 20, 21, 59, 58, 123);
  assert.equal(quote?.observedAt, friday);
  assert.equal(quote?.venueAt, undefined, 'the time of a quote is not the time of the answer');
  const sunday = checkPrice(quote!, friday + 36 * 3_600_000, 0);
  assert.ok(typeof sunday !== 'string');
  assert.equal(sunday.observedAt, friday);
  const beat = tiingoFx.stream!.parse(
    '{"messageType":"H","response":{"code":200,"message":"HeartBeat"}}',
    context,
  );
  assert.deepEqual(beat, { kind: 'control', name: 'heartbeat' });
});

test('a quote that misses a value or is of another service is named, one without a bid is left out', () => {
  const frame = (...data: unknown[]) =>
    tiingoFx.stream!.parse(JSON.stringify({ messageType: 'A', service: 'fx', data }), context);
  const at = '2023-06-14T14:25:50.432000+00:00';
  const bad = { code: 'SOURCE_BAD_PAYLOAD' };
  assert.throws(() => frame('Q', 'eurusd', at, 1e6, 1.08, 1.09, 1.1), { ...bad, message: /8 values/ });
  assert.throws(() => frame('T', 'eurusd', at, 1e6, 1.08, 1.09, 1e6, 1.1), bad);
  assert.throws(() => frame('Q', 'eurusd', '2023-06-14 14:25', 1e6, 1.08, 1.09, 1e6, 1.1), bad);
  assert.deepEqual(frame('Q', 'eurusd', at, 0, null, null, 1e6, 1.1), {
    kind: 'prices',
    name: 'quote',
    prices: [],
  });
  const rejected: string[] = [];
  const hearing = { ...context, reject: (pair: string) => rejected.push(pair) };
  const body = JSON.stringify([
    { ticker: 'eurusd', quoteTimestamp: at, bidPrice: 0, askPrice: 1.1 },
    { ticker: 'gbpusd', quoteTimestamp: at, bidPrice: 1.2, askPrice: 1.3 },
  ]);
  const prices = tiingoFx.http!.parse(answer(body), tiingoFx.http!.requests(context)[0]!, hearing);
  assert.deepEqual([prices.map(({ pair }) => pair), rejected], [['GBP/USD'], ['EUR/USD']]);
});

test('Tiingo explains its refusals: a wrong token is for good, a used-up allocation asks to wait', () => {
  const explain = (status: number, body: string) => tiingoFx.http!.explain!(answer(body, status));
  assert.deepEqual(explain(401, '{"detail":"Invalid token."}'), {
    code: 'SOURCE_REFUSED',
    message: 'Invalid token.',
    isTransient: false,
  });
  assert.equal(
    explain(429, '{"detail":"Error: You have run over your hourly request allocation."}')?.code,
    'SOURCE_RATE_LIMITED',
  );
  assert.equal(explain(500, '{"detail":"Server Error"}'), undefined);
  assert.equal(explain(403, '<html>'), undefined);
  const error = '{"messageType":"E","response":{"code":401,"message":"Not authorized"}}';
  assert.throws(() => tiingoFx.stream!.parse(error, context), {
    code: 'SOURCE_REFUSED',
    message: /401 Not authorized/,
  });
  assert.throws(() => tiingoFx.stream!.parse('{"messageType":"Z"}', context), { code: 'SOURCE_BAD_PAYLOAD' });
});
