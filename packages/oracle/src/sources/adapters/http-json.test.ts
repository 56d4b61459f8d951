// The generic polled source: requests and answers from a definition alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import type { Source } from '../define-source.ts';
import { sourceContext } from '../source-context.ts';
import { type HttpJsonDefinition, httpJsonSource } from './http-json.ts';

const GEMINI: HttpJsonDefinition = {
  name: 'Gemini',
  endpoints: { rest: 'https://api.gemini.com/' },
  symbol: '{base:lower}{quote:lower}',
  request: { path: '/v1/pubticker/{symbol}' },
  answer: { price: 'last', time: 'volume.timestamp', timeUnit: 'ms' },
  errors: [{ when: { result: 'error', reason: 'RateLimit' }, message: 'message', isRateLimit: true }],
  intervalMs: 3000,
};

const COINPAPRIKA: HttpJsonDefinition = {
  kind: 'aggregator',
  endpoints: { rest: 'https://api.example.com/v1' },
  credentials: { key: 'file:key' },
  symbols: { 'BTC/USD': 'btc-bitcoin' },
  request: {
    method: 'POST',
    path: 'tickers?ids={symbols}',
    headers: { authorization: 'Bearer {credential.key}' },
    body: '{"ids":"{symbols}"}',
    separator: '|',
    pairsPerRequest: 2,
    credits: 3,
  },
  answer: { items: 'data."by.id"', symbol: '$key', price: 'quotes[0].p', priceDecimals: 8, kind: 'index' },
  limits: { requests: { count: 10, windowMs: 1000 }, credits: { count: 1000, periodMs: 86_400_000 } },
};

function read(source: Source, body: string, pairs: string[]) {
  const context = sourceContext(source, { pairs });
  const request = source.http!.requests(context)[0]!;
  return source.http!.parse(
    { status: 200, headers: {}, body, receivedAt: 1_700_000_000_000 },
    request,
    context,
  );
}

test('one pair a request: the answer is about the pair that was asked for', () => {
  const gemini = httpJsonSource('gemini', { ...GEMINI, type: 'http-json', weight: 1, enabled: true });
  const context = sourceContext(gemini, { pairs: ['BTC/USD', 'ETH/EUR'] });
  assert.deepEqual(
    gemini.http!.requests(context).map(({ url }) => url),
    ['https://api.gemini.com/v1/pubticker/btcusd', 'https://api.gemini.com/v1/pubticker/etheur'],
  );
  assert.equal(gemini.http!.intervalMs, 3000);
  assert.deepEqual(read(gemini, '{"last":"9345.70","volume":{"timestamp":1420088400000}}', ['BTC/USD']), [
    { pair: 'BTC/USD', kind: 'ticker', price: '9345.70', observedAt: 1420088400000, venueAt: 1420088400000 },
  ]);
  const refused = '{"result":"error","reason":"RateLimit","message":"slow down"}';
  assert.throws(() => read(gemini, refused, ['BTC/USD']), {
    code: 'SOURCE_RATE_LIMITED',
    message: /slow down/,
  });
  for (const bad of ['{"last":"0"}', '{"last":"9345.70"}', '{"last":null}', '{"last":"1', 'oops'])
    assert.throws(() => read(gemini, bad, ['BTC/USD']), { code: 'SOURCE_BAD_PAYLOAD' }, bad);
});

test('many pairs a request: joined symbols, secrets, credits, and prices counted in small units', () => {
  const source = httpJsonSource('paprika', COINPAPRIKA);
  const pairs = ['BTC/USD', 'ETH/USD', 'SOL/USD'];
  const context = sourceContext(source, { pairs, credentials: { key: 'secret' } });
  assert.deepEqual(source.http!.requests(context)[0], {
    method: 'POST',
    url: 'https://api.example.com/v1/tickers?ids=btc-bitcoin|ETHUSD',
    headers: { authorization: 'Bearer secret' },
    body: '{"ids":"btc-bitcoin|ETHUSD"}',
    pairs: ['BTC/USD', 'ETH/USD'],
    weight: 1,
    credits: 3,
  });
  assert.deepEqual(source.limits.credits, { count: 1000, periodMs: 86_400_000 });
  const body =
    '{"data":{"by.id":{"btc-bitcoin":{"quotes":[{"p":6701234000000}]},"ETHUSD":{"quotes":[{"p":12345}]},' +
    '"who":{"quotes":[]}}}}';
  assert.deepEqual(
    read(source, body, pairs).map((one) => one.kind !== 'book' && `${one.pair} ${one.price}`),
    ['BTC/USD 67012.34000000', 'ETH/USD 0.00012345'],
  );
});

test('one bad pair of a batch is told to whoever listens, and the others are kept', () => {
  const source = httpJsonSource('paprika', COINPAPRIKA);
  const rejected: string[] = [];
  const context = sourceContext(source, {
    pairs: ['BTC/USD', 'ETH/USD'],
    reject: (pair, error) => rejected.push(`${pair} ${error.code}`),
  });
  const body = '{"data":{"by.id":{"btc-bitcoin":{"quotes":[{"p":null}]},"ETHUSD":{"quotes":[{"p":12345}]}}}}';
  const response = { status: 200, headers: {}, body, receivedAt: 0 };
  const prices = source.http!.parse(response, { url: '', pairs: context.pairs }, context);
  assert.deepEqual([prices.map(({ pair }) => pair), rejected], [['ETH/USD'], ['BTC/USD SOURCE_BAD_PAYLOAD']]);
});

test('a definition that cannot work is refused with the name of its field', () => {
  const cases: [string, Record<string, unknown>][] = [
    ['sources.x.endpoints.rest', { ...GEMINI, endpoints: {} }],
    ['sources.x.request', { ...GEMINI, request: undefined }],
    ['sources.x.request.method', { ...GEMINI, request: { method: 'PUT' } }],
    ['sources.x.request.pairsPerRequest', { ...GEMINI, request: { path: '/{symbol}', pairsPerRequest: 9 } }],
    ['sources.x.answer.symbol', { ...GEMINI, request: { path: '/all' } }],
    ['sources.x.answer.time', { ...GEMINI, answer: { price: 'last', timeUnit: 'ms' } }],
    ['sources.x.answer.price', { ...GEMINI, answer: { bid: 'bid' } }],
    ['sources.x.answer.pirce', { ...GEMINI, answer: { price: 'last', pirce: 'x' } }],
    ['sources.x.errors[0].when', { ...GEMINI, errors: [{ message: 'message' }] }],
    ['sources.x.limits.requests.count', { ...GEMINI, limits: { requests: { windowMs: 1 } } }],
    ['sources.x.kind', { ...GEMINI, kind: 'oracle' }],
  ];
  for (const [field, definition] of cases) {
    try {
      httpJsonSource('x', definition);
      assert.fail(`${field} was accepted`);
    } catch (error) {
      assert.ok(isAssayError(error, 'CONFIG_INVALID'), String(error));
      assert.equal(error.context.field, field);
    }
  }
});
