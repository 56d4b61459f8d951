// The sandbox as the process that `npm start` runs: real servers on loopback, one for each venue, spoken to
// by the real adapters through the real network outbound, and its control interface. It must end with its
// parent, and its errors must be sentences.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { systemClock } from '@assay/kernel/time/clock';
import type { Parsed, Source, SourceContext } from '@assay/oracle/sources/define-source';
import { sourceContext } from '@assay/oracle/sources/source-context';
import { createNetworkOutbound } from '@assay/ports/outbound/network';
import { POOLS } from '@assay/sandbox/venues/uniswap-v3';

const CHECKOUT = resolve(import.meta.dirname, '../..');
const ENTRY = join(CHECKOUT, 'sandbox/src/main.ts');
const ADAPTERS = join(CHECKOUT, 'packages/oracle/src/sources/adapters');
const PAIRS: Record<string, string[]> = {
  binance: ['BTC/USDT', 'ETH/BTC', 'EUR/USDT'],
  coinbase: ['BTC/USD', 'USDT/USD', 'ETH/EUR'],
  kraken: ['BTC/USD', 'DOGE/USD', 'USDT/USD', 'EUR/USD', 'GBP/USD', 'USD/JPY', 'USDT/JPY'],
  okx: ['BTC/USDT', 'USDC/USDT'],
  bybit: ['BTC/USDT', 'ETH/USDC'],
  bitstamp: ['BTC/USD', 'EUR/USD', 'GBP/USD'],
  coingecko: ['BTC/USD', 'ETH/USD'],
  coinmarketcap: ['BTC/USD', 'ETH/USD'],
  uniswap_v3: ['BTC/USDC', 'USDC/USDT'],
  kucoin: ['BTC/USDT', 'USDC/USDT'],
  gate: ['BTC/USDT', 'ETH/BTC'],
  htx: ['BTC/USDT', 'ETH/USDC'],
  upbit: ['BTC/KRW', 'USDT/KRW'],
  bithumb: ['BTC/KRW', 'USDT/KRW'],
  bitfinex: ['BTC/USD', 'ETH/USDT'],
};

/** No step here takes a second; a hanging one must not hold the suite. */
const TIMEOUT_MS = 20_000;

type Ready = { control: string; venues: Record<string, Record<string, string>> };
const outbound = createNetworkOutbound({ clock: systemClock });
const sources = new Map<string, Source>();
let child: ChildProcess;
let ready: Ready;

before(async () => {
  for (const file of readdirSync(ADAPTERS).filter((name) => /^[a-z0-9-]+\.ts$/.test(name))) {
    const module = (await import(pathToFileURL(join(ADAPTERS, file)).href)) as { default?: Source };
    if (module.default !== undefined) sources.set(module.default.id, module.default);
  }
  child = spawn(process.execPath, [ENTRY, '--seed', '7'], { stdio: ['pipe', 'pipe', 'inherit'] });
  ready = JSON.parse(await firstLine(child)) as Ready;
});

after(async () => {
  await outbound.close();
  child.stdin!.end();
  assert.equal(await ended(child), 0);
});

function firstLine(process: ChildProcess): Promise<string> {
  return new Promise((done) => createInterface({ input: process.stdout! }).once('line', done));
}

function ended(process: ChildProcess): Promise<number | null> {
  if (process.exitCode !== null) return Promise.resolve(process.exitCode);
  return new Promise((done) => process.once('exit', done));
}

type Answer = { status: number; body: { error: string; regime: string; dollars: Record<string, number> } };

async function control(method: string, path: string, body?: unknown): Promise<Answer> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(`${ready.control}${path}`, { method, ...sent });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

function contextFor(source: Source): SourceContext {
  const pools = Object.fromEntries(
    POOLS.map(({ address, token0, token1 }) => [
      `${token0.asset}/${token1.asset}`,
      { address, decimals0: token0.decimals, decimals1: token1.decimals, invert: false },
    ]),
  );
  const endpoints = ready.venues[source.id]!;
  return sourceContext(source, {
    pairs: PAIRS[source.id]!,
    endpoints,
    credentials: { key: 'any' },
    options: { pools },
  });
}

async function dollars(): Promise<Record<string, number>> {
  return { USD: 1, ...(await control('GET', '/state')).body.dollars };
}

async function poll(source: Source): Promise<Parsed[]> {
  const context = contextFor(source);
  const prices: Parsed[] = [];
  for (const request of source.http!.requests(context)) {
    const response = await outbound.request({ method: 'GET', timeoutMs: 5_000, ...request });
    assert.equal(response.status, 200, response.body.slice(0, 200));
    prices.push(...source.http!.parse(response, request, context));
  }
  return prices;
}

type Heard = {
  prices: Parsed[];
  closed: Promise<string>;
  close(): void;
  has(pairs: readonly string[]): Promise<void>;
};

/** As the shell does: asks first for what a connection is opened with. */
async function prepared(source: Source): Promise<SourceContext> {
  const context = contextFor(source);
  if (source.stream?.prepare === undefined) return context;
  const { url, method = 'GET' } = source.stream.prepare.request(context);
  const response = await outbound.request({ method, url, timeoutMs: 5_000 });
  return { ...context, session: source.stream.prepare.read(response, context) };
}

function listen(source: Source, context: SourceContext = contextFor(source)): Heard {
  const stream = source.stream!;
  const { compression } = stream;
  const prices: Parsed[] = [];
  let hear = () => {};
  let tell: (text: string) => void;
  const closed = new Promise<string>((done) => {
    tell = done;
  });
  const socket = outbound.open(
    {
      url: stream.url(context),
      timeoutMs: 5_000,
      ...(compression === undefined ? {} : { compression }),
    },
    {
      onOpen() {
        for (const message of stream.subscribe(context)) socket.send(message);
      },
      onFrame(raw) {
        const frame = stream.parse(raw, context);
        if (frame.kind === 'prices') prices.push(...frame.prices);
        hear();
      },
      onPulse() {},
      onClose: ({ code, text }) => tell(`${code} ${text}`),
    },
  );
  const has = (pairs: readonly string[]) =>
    new Promise<void>((done) => {
      hear = () => {
        if (pairs.every((pair) => prices.some((price) => price.pair === pair))) done();
      };
      hear();
    });
  return { prices, closed, close: () => socket.close(), has };
}

/** Leans, spreads and the pause of an aggregator or a block. */
const NEAR = 0.01;

function assertNear(prices: readonly Parsed[], truth: Record<string, number>): void {
  for (const parsed of prices) {
    const [base = '', quote = ''] = parsed.pair.split('/');
    const price = Number(parsed.kind === 'book' ? parsed.bid : parsed.price);
    const expected = truth[base]! / truth[quote]!;
    assert.ok(Math.abs(price / expected - 1) < NEAR, `${parsed.pair} ${price} is not near ${expected}`);
  }
}

for (const id of Object.keys(PAIRS)) {
  test(`${id}: its real server gives the real adapter prices near the market`, {
    timeout: TIMEOUT_MS,
  }, async () => {
    const source = sources.get(id)!;
    const prices = await poll(source);
    assert.deepEqual(new Set(prices.map(({ pair }) => pair)), new Set(PAIRS[id]));
    assertNear(prices, await dollars());
    if (source.stream === undefined) return;
    const heard = listen(source, await prepared(source));
    await heard.has([PAIRS[id]![0]!]);
    assertNear(heard.prices, await dollars());
    heard.close();
  });
}

test('a cut venue refuses requests and sockets, a silent one hangs, and both come back', {
  timeout: TIMEOUT_MS,
}, async () => {
  const source = sources.get('kraken')!;
  const heard = listen(source);
  await heard.has(['BTC/USD']);
  await control('POST', '/faults', { venue: 'kraken', kind: 'disconnect' });
  assert.match(await heard.closed, /^1006/);
  await assert.rejects(poll(source), { code: 'OUTBOUND_FAILED' });
  assert.match(await listen(source).closed, /^1006/);
  await control('DELETE', '/faults/kraken');
  await control('POST', '/faults', { venue: 'kraken', kind: 'silence' });
  const [request] = source.http!.requests(contextFor(source));
  const hanging = outbound.request({ method: 'GET', ...request!, timeoutMs: 300 });
  await assert.rejects(hanging, { code: 'OUTBOUND_TIMEOUT' });
  await control('DELETE', '/faults/kraken');
  assertNear(await poll(source), await dollars());
});

test('statuses, garbage, a wrong price and latency are what the fault says', {
  timeout: TIMEOUT_MS,
}, async () => {
  const source = sources.get('binance')!;
  const [request] = source.http!.requests(contextFor(source));
  const ask = () => outbound.request({ method: 'GET', timeoutMs: 5_000, ...request! });
  for (const [kind, value, status] of [
    ['429', 9, 429],
    ['418', 60, 418],
    ['5xx', 502, 502],
    ['refused', 451, 451],
  ] as const) {
    await control('POST', '/faults', { venue: 'binance', kind, value });
    const response = await ask();
    assert.equal(response.status, status);
    if (status === 429) assert.equal(response.headers['retry-after'], '9');
    assert.match(await listen(source).closed, new RegExp(String(status)));
    await control('DELETE', '/faults/binance');
  }
  await control('POST', '/faults', { venue: 'binance', kind: 'garbage' });
  const garbled = await ask();
  assert.throws(() => source.http!.parse(garbled, request!, contextFor(source)), {
    code: 'SOURCE_BAD_PAYLOAD',
  });
  await control('DELETE', '/faults/binance');
  await control('POST', '/faults', { venue: 'binance', kind: 'latency', value: 400 });
  await assert.rejects(outbound.request({ method: 'GET', ...request!, timeoutMs: 200 }), {
    code: 'OUTBOUND_TIMEOUT',
  });
  assert.ok((await ask()).durationMs >= 400);
  await control('DELETE', '/faults/binance');
});

test('bad orders get 400 and a sentence that names field, value and what is allowed', async () => {
  for (const [path, body, words] of [
    ['/faults', { venue: 'krakn', kind: 'silence' }, /"venue" is "krakn"; it must be one of binance, /],
    ['/faults', { venue: 'kraken', kind: 'sleep' }, /"kind" is "sleep"; it must be one of /],
    [
      '/faults',
      { venue: 'kraken', kind: 'latency', value: -1 },
      /"value" is -1; it must be delay in ms: a number/,
    ],
    ['/faults', { venue: 'kraken', kind: 'silence', value: 3 }, /"value" is 3; it must be no value/],
    [
      '/faults',
      { venue: 'kraken', kind: 'silence', forMs: 0 },
      /"forMs" is 0; it must be a number of milliseconds/,
    ],
    ['/faults', 'x', /"body" is "\\"x\\""|"body" is "x"/],
    ['/regime', { regime: 'boom' }, /"regime" is "boom"; it must be one of calm, trend, crash/],
    ['/speed', { speed: 2 }, /"speed" 2 cannot be set: the market is simulated/],
  ] as const) {
    const answer = await control('POST', path, body);
    assert.equal(answer.status, 400);
    assert.match(answer.body.error, words);
  }
  assert.equal((await control('GET', '/nowhere')).status, 404);
});

test('a depeg shows on the venues, and a regime with a duration is over by itself', {
  timeout: TIMEOUT_MS,
}, async () => {
  await control('POST', '/regime', { regime: 'depeg' });
  const shown = async () => {
    const parsed = (await poll(sources.get('okx')!)).find(({ pair }) => pair === 'USDC/USDT');
    return parsed !== undefined && parsed.kind !== 'book' && Number(parsed.price) < 0.99;
  };
  while (!(await shown())) await systemClock.sleep(50);
  await control('POST', '/regime', { regime: 'halt', forMs: 200 });
  while ((await control('GET', '/state')).body.regime !== 'calm') await systemClock.sleep(50);
});

/**
 * Starts the sandbox as a child and shows its first line; it is killed, so it cannot end its child itself.
 */
const PARENT = `
  const { spawn } = require('node:child_process');
  const child = spawn(process.execPath, [process.argv[1]], { stdio: ['pipe', 1, 2] });
  child.on('exit', () => process.exit());`;

test('it ends with its parent, even when that is killed', { timeout: TIMEOUT_MS }, async () => {
  const parent = spawn(process.execPath, ['-e', PARENT, ENTRY], { stdio: ['ignore', 'pipe', 'inherit'] });
  const own = JSON.parse(await firstLine(parent)) as Ready;
  assert.equal((await fetch(`${own.control}/state`)).status, 200);
  parent.kill('SIGKILL');
  const isGone = () =>
    fetch(own.control).then(
      () => false,
      () => true,
    );
  while (!(await isGone())) await systemClock.sleep(50);
});

test('a taken port is one sentence and exit code 1', { timeout: TIMEOUT_MS }, async () => {
  const port = new URL(ready.control).port;
  const taken = spawn(process.execPath, [ENTRY, '--ports', port], { stdio: ['pipe', 'ignore', 'pipe'] });
  let words = '';
  taken.stderr!.on('data', (part: Buffer) => {
    words += part.toString();
  });
  assert.equal(await ended(taken), 1);
  assert.match(words, new RegExp(`^sandbox: port ${port} of 127.0.0.1 cannot be listened on; .*\\n$`));
});
