// The generic stream on recorded sessions of three venues that have no adapter: each is defined in a few
// lines.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import { replaySession } from '../../../../../test/frames/replay-session.ts';
import { readSession, sessionFile } from '../../../../../test/frames/session.ts';
import { needsRecordings, recordings } from '../../../../../test/recordings.ts';
import { sourceContext } from '../source-context.ts';
import { type WebSocketJsonDefinition, webSocketJsonSource } from './web-socket-json.ts';

const GATE: WebSocketJsonDefinition = {
  name: 'Gate',
  endpoints: { stream: 'wss://api.gateio.ws/ws/v4/' },
  symbol: '{base}_{quote}',
  subscribe: { message: { time: 0, channel: 'spot.tickers', event: 'subscribe', payload: ['{symbol}'] } },
  keepAlive: { everyMs: 4000, message: { time: 0, channel: 'spot.ping' } },
  vouches: true,
  frames: [
    {
      name: 'ticker',
      when: { channel: 'spot.tickers', event: 'update' },
      symbol: 'result.currency_pair',
      price: 'result.last',
      time: 'time',
      timeUnit: 's',
    },
    {
      name: 'trade',
      when: { channel: 'spot.trades', event: 'update' },
      kind: 'trade',
      symbol: 'result.currency_pair',
      price: 'result.price',
      volume: 'result.amount',
      time: 'result.create_time_ms',
      timeUnit: 'ms',
    },
    { name: 'pong', when: { channel: 'spot.pong' }, is: 'control', action: 'alive' },
    { name: 'subscribed', when: { event: 'subscribe', 'result.status': 'success' }, is: 'control' },
    { name: 'refused', when: { event: 'subscribe' }, is: 'error', message: 'error.message' },
    { name: 'other channels', when: { event: 'update' }, is: 'ignored' },
  ],
};

const KUCOIN: WebSocketJsonDefinition = {
  endpoints: { stream: 'wss://push-private.kucoin.com/endpoint' },
  symbol: '{base}-{quote}',
  subscribe: {
    message: { id: 1, type: 'subscribe', topic: '/market/ticker:{symbols}', response: true },
  },
  keepAlive: { everyMs: 5000, message: '{"id":"1","type":"ping"}' },
  frames: [
    {
      name: 'ticker',
      when: { subject: 'trade.ticker' },
      symbol: 'topic',
      symbolPattern: '/market/ticker:{symbol}',
      price: 'data.price',
      sequence: 'data.sequence',
      time: 'data.time',
      timeUnit: 'ms',
    },
    {
      name: 'match',
      when: { subject: 'trade.l3match' },
      kind: 'trade',
      symbol: 'data.symbol',
      price: 'data.price',
      time: 'data.time',
      timeUnit: 'ns',
    },
    { name: 'welcome', when: { type: 'welcome' }, is: 'control' },
    { name: 'ack', when: { type: 'ack' }, is: 'control' },
    { name: 'pong', when: { type: 'pong' }, is: 'control', action: 'alive' },
    { name: 'other topics', when: { type: 'message' }, is: 'ignored' },
  ],
};

const GEMINI: WebSocketJsonDefinition = {
  endpoints: { stream: 'wss://api.gemini.com/v2/marketdata' },
  subscribe: { message: { type: 'subscribe', subscriptions: [{ name: 'l2', symbols: ['{symbol}'] }] } },
  frames: [
    {
      name: 'trade',
      when: { type: 'trade' },
      kind: 'trade',
      symbol: 'symbol',
      price: 'price',
      volume: 'quantity',
      time: 'timestamp',
      timeUnit: 'ms',
    },
    { name: 'heartbeat', when: { type: 'heartbeat' }, is: 'control', action: 'alive' },
    { name: 'book', when: { type: 'l2_updates' }, is: 'ignored' },
  ],
};

for (const [session, definition, expected] of [
  ['gate', GATE, { ticker: 22, trade: 9 }],
  ['kucoin', KUCOIN, undefined],
  ['gemini', GEMINI, { trade: 16 }],
] as const) {
  test(`the recorded session of ${session} is read by a definition alone`, needsRecordings(), () => {
    const folder = join(recordings()!, 'open', 'wire', session);
    const source = webSocketJsonSource(session, definition);
    const report = replaySession(session, folder, readSession(sessionFile(folder)!), source);
    // A definition has no names of its own for renamed currencies; the adapter of KuCoin has.
    const renamed = session === 'kucoin' ? ['BSV/USDT is "BSV-USDT" here and "BCHSV-USDT" there'] : [];
    assert.deepEqual([report.violations, report.errors], [renamed, []]);
    assert.ok(report.prices > 0);
    const withPrices = report.kinds.filter((kind) => kind.withPrices > 0);
    assert.ok(withPrices.every(({ frames, withPrices: read }) => frames === read));
    if (expected !== undefined)
      assert.deepEqual(Object.fromEntries(withPrices.map(({ kind, prices }) => [kind, prices])), expected);
  });
}

test('messages are made from the definition: lists repeat, texts join, replies quote the frame', () => {
  const pairs = ['BTC/USDT', 'ETH/BTC'];
  const gate = webSocketJsonSource('gate', GATE);
  assert.deepEqual(gate.stream!.subscribe(sourceContext(gate, { pairs })), [
    '{"time":0,"channel":"spot.tickers","event":"subscribe","payload":["BTC_USDT","ETH_BTC"]}',
  ]);
  const kucoin = webSocketJsonSource('kucoin', KUCOIN);
  assert.deepEqual(kucoin.stream!.subscribe(sourceContext(kucoin, { pairs })), [
    '{"id":1,"type":"subscribe","topic":"/market/ticker:BTC-USDT,ETH-BTC","response":true}',
  ]);
  const other = webSocketJsonSource('other', {
    endpoints: { stream: 'wss://example.com' },
    path: '/stream?key={credential.token}&pairs={symbols}',
    headers: { 'x-key': '{credential.token}' },
    credentials: { token: 'env:TOKEN' },
    symbol: '{base:lower}{quote:lower}',
    symbols: { 'ETH/BTC': 'xyz' },
    currencies: { BTC: 'XBT' },
    subscribe: { message: 'SUB {symbol}' },
    keepAlive: { everyMs: 1000, message: 'ping-frame' },
    frames: [
      { name: 'ping', when: { ping: '*' }, is: 'control', reply: '{"pong":{ping}}' },
      { name: 'pong', when: 'pong', is: 'control', action: 'alive' },
      { name: 'quotes', when: { bids: '*' }, items: 'bids', symbol: '$key', bid: '[0]', ask: '[-1]' },
    ],
  });
  const context = sourceContext(other, { pairs, credentials: { token: 's' } });
  const stream = other.stream!;
  assert.equal(stream.url(context), 'wss://example.com/stream?key=s&pairs=xbtusdt,xyz');
  assert.deepEqual(stream.headers?.(context), { 'x-key': 's' });
  assert.deepEqual(stream.subscribe(context), ['SUB xbtusdt', 'SUB xyz']);
  assert.deepEqual(stream.keepAlive, { everyMs: 1000, message: { frame: 'ping' } });
  assert.deepEqual(stream.parse('{"ping":18446744073709551615}', context), {
    kind: 'control',
    name: 'ping',
    reply: '{"pong":18446744073709551615}',
  });
  assert.deepEqual(stream.parse('pong', context), { kind: 'control', name: 'pong', action: 'alive' });
  assert.deepEqual(stream.parse('{"bids":{"xyz":[0.0520,1,0.0530],"who":["?"]}}', context), {
    kind: 'prices',
    name: 'quotes',
    prices: [{ pair: 'ETH/BTC', kind: 'book', bid: '0.0520', ask: '0.0530' }],
  });
  assert.throws(() => stream.parse('{"surprise":1}', context), { code: 'SOURCE_BAD_PAYLOAD' });
});

test('a definition that cannot work is refused with the name of its field', () => {
  const [ticker] = GATE.frames;
  const cases: [string, Record<string, unknown>][] = [
    ['sources.x.endpoints.stream', { ...GATE, endpoints: {} }],
    ['sources.x.symbol', { ...GATE, symbol: '{base}_{qoute}' }],
    ['sources.x.vouchse', { ...GATE, vouchse: true }],
    ['sources.x.silenceAfterMs', { ...GATE, silenceAfterMs: 60_000 }],
    ['sources.x.frames', { ...GATE, frames: [] }],
    ['sources.x.frames[0].when', { ...GATE, frames: [{ ...ticker, when: {} }] }],
    ['sources.x.frames[0].symbol', { ...GATE, frames: [{ ...ticker, symbol: undefined }] }],
    ['sources.x.frames[0].price', { ...GATE, frames: [{ ...ticker, price: undefined }] }],
    ['sources.x.frames[0].price', { ...GATE, frames: [{ ...ticker, price: 'a..b' }] }],
    ['sources.x.frames[0].timeUnit', { ...GATE, frames: [{ ...ticker, timeUnit: 'minutes' }] }],
    ['sources.x.frames[0].priceDecimals', { ...GATE, frames: [{ ...ticker, priceDecimals: -1 }] }],
    [
      'sources.x.subscribe.symbolsPerMessage',
      { ...GATE, subscribe: { message: 'S {symbol}', symbolsPerMessage: 5 } },
    ],
  ];
  for (const [field, definition] of cases) {
    try {
      webSocketJsonSource('x', definition);
      assert.fail(`${field} was accepted`);
    } catch (error) {
      assert.ok(isAssayError(error, 'CONFIG_INVALID'), String(error));
      assert.equal(error.context.field, field);
    }
  }
});
