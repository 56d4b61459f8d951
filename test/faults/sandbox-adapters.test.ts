// The sandbox venues spoken to by the real adapters, in memory and in virtual time: requests, subscriptions
// and every frame of the production code against every venue, with all pairs that the venue lists.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import { SimulatedClock } from '@assay/kernel/time/clock';
import type { Parsed, Source, SourceContext } from '@assay/oracle/sources/define-source';
import { sourceContext } from '@assay/oracle/sources/source-context';
import type { FaultKind } from '@assay/sandbox/faults';
import { RecordedMarket, readRecording } from '@assay/sandbox/recording';
import { Sandbox } from '@assay/sandbox/sandbox';
import { POOLS } from '@assay/sandbox/venues/uniswap-v3';
import { needsRecordings, recordings } from '../recordings.ts';
import { endpointsOf, SandboxOutbound } from './sandbox-outbound.ts';

const ADAPTERS = resolve(import.meta.dirname, '../../packages/oracle/src/sources/adapters');
const START_MS = Date.UTC(2026, 0, 5, 12);
const ASSETS = ['BTC', 'ETH', 'SOL', 'XRP', 'LINK', 'LTC', 'DOGE', 'ADA', 'AVAX', 'DOT', 'USDT', 'USDC'];

const sources = new Map<string, Source>();
before(async () => {
  for (const file of readdirSync(ADAPTERS).filter((name) => /^[a-z0-9-]+\.ts$/.test(name))) {
    const module = (await import(pathToFileURL(join(ADAPTERS, file)).href)) as { default?: Source };
    if (module.default !== undefined) sources.set(module.default.id, module.default);
  }
});

type World = { clock: SimulatedClock; sandbox: Sandbox; outbound: SandboxOutbound };

function world(seed = 11): World {
  const clock = new SimulatedClock(START_MS);
  const sandbox = new Sandbox({ seed, nowMs: START_MS });
  return { clock, sandbox, outbound: new SandboxOutbound({ hosts: sandbox.hosts.values(), clock }) };
}

async function pass({ clock, sandbox }: World, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    await clock.advance(Math.min(100, left));
    sandbox.advance(clock.now());
  }
}

function contextFor({ sandbox }: World, source: Source): SourceContext {
  const host = sandbox.host(source.id);
  const listed = host.board.listed().map((row) => row.pair);
  const pools = Object.fromEntries(
    POOLS.map(({ address, token0, token1 }) => [
      `${token0.asset}/${token1.asset}`,
      { address, decimals0: token0.decimals, decimals1: token1.decimals, invert: false },
    ]),
  );
  const pairs =
    source.kind === 'aggregator'
      ? ASSETS.map((asset) => `${asset}/USD`)
      : source.kind === 'pool'
        ? Object.keys(pools)
        : listed;
  return sourceContext(source, {
    pairs,
    endpoints: endpointsOf(host),
    credentials: { key: 'sandbox' },
    options: { pools },
  });
}

async function poll(at: World, source: Source, context: SourceContext): Promise<Parsed[]> {
  const prices: Parsed[] = [];
  for (const request of source.http!.requests(context)) {
    const answer = at.outbound.request({ method: 'GET', timeoutMs: 5_000, ...request });
    answer.catch(() => {});
    await at.clock.advance(50);
    const response = await answer;
    assert.equal(response.status, 200, `${source.id} ${request.url} ${response.body.slice(0, 200)}`);
    prices.push(...source.http!.parse(response, request, context));
  }
  return prices;
}

type Stream = { prices: Parsed[]; kinds: Map<string, number>; errors: string[]; closed: string[] };

/** As the shell does: asks first for what a connection is opened with. */
async function prepared(at: World, source: Source, context: SourceContext): Promise<SourceContext> {
  const { prepare } = source.stream!;
  if (prepare === undefined) return context;
  const { url, method = 'GET' } = prepare.request(context);
  const answer = at.outbound.request({ method, url, timeoutMs: 5_000 });
  answer.catch(() => {});
  await at.clock.advance(50);
  return { ...context, session: prepare.read(await answer, context) };
}

function listen(at: World, source: Source, context: SourceContext): Stream {
  const seen: Stream = { prices: [], kinds: new Map(), errors: [], closed: [] };
  const stream = source.stream!;
  const keepAlive = (): void => {
    const { everyMs, message } = stream.keepAlive ?? {};
    if (everyMs === undefined || seen.closed.length > 0) return;
    at.clock.after(everyMs, () => {
      if (typeof message === 'string') socket.send(message);
      keepAlive();
    });
  };
  const socket = at.outbound.open(
    {
      url: stream.url(context),
      timeoutMs: 5_000,
      ...(stream.compression === undefined ? {} : { compression: stream.compression }),
    },
    {
      onOpen() {
        for (const message of stream.subscribe(context)) socket.send(message);
        keepAlive();
      },
      onFrame(raw) {
        try {
          const frame = stream.parse(raw, context);
          seen.kinds.set(frame.name, (seen.kinds.get(frame.name) ?? 0) + 1);
          if (frame.kind === 'prices') seen.prices.push(...frame.prices);
          if (frame.kind === 'control' && frame.reply !== undefined) socket.send(frame.reply);
        } catch (error) {
          seen.errors.push(isAssayError(error) ? error.code : String(error));
        }
      },
      onPulse() {},
      onClose: ({ code, text }) => seen.closed.push(`${code} ${text}`),
    },
  );
  return seen;
}

/**
 * How far a price may be from the market of that moment: leans, spread and one trade's noise, or an
 * aggregator's pause.
 */
const NEAR = { exchange: 0.002, pool: 0.005, aggregator: 0.01, submitted: 0 };

function assertNear({ sandbox }: World, source: Source, parsed: Parsed): void {
  const [base = '', quote = ''] = parsed.pair.split('/');
  const price = Number(parsed.kind === 'book' ? parsed.bid : parsed.price);
  const expected = sandbox.market.dollars(base)! / sandbox.market.dollars(quote)!;
  const distance = Math.abs(price / expected - 1);
  assert.ok(distance < NEAR[source.kind], `${source.id} ${parsed.pair} ${price} is not near ${expected}`);
}

const VENUE_IDS = [...world().sandbox.hosts.keys()];
const STREAMED = VENUE_IDS.filter((id) => world().sandbox.host(id).definition.hasStreamAt !== undefined);

for (const id of VENUE_IDS) {
  test(`${id}: its adapter polls a price near the market for every pair`, async () => {
    const at = world();
    await pass(at, 2_000);
    const source = sources.get(id)!;
    const context = contextFor(at, source);
    const prices = await poll(at, source, context);
    assert.deepEqual(new Set(prices.map((one) => one.pair)), new Set(context.pairs));
    for (const parsed of prices) assertNear(at, source, parsed);
    for (const [role, address] of Object.entries(endpointsOf(at.sandbox.host(id)))) {
      assert.equal(new URL(address).pathname, new URL(source.endpoints[role]!).pathname, `${id} ${role}`);
    }
  });
}

for (const id of STREAMED) {
  test(`${id}: its adapter streams every pair, knows every frame by name, and misses no number`, async () => {
    const at = world();
    const source = sources.get(id)!;
    const context = await prepared(at, source, contextFor(at, source));
    const seen = listen(at, source, context);
    await pass(at, 60_000);
    assert.deepEqual(seen.errors, []);
    assert.deepEqual(seen.closed, []);
    assert.deepEqual(new Set(seen.prices.map((one) => one.pair)), new Set(context.pairs));
    for (const parsed of seen.prices.slice(-20)) assertNear(at, source, parsed);
    const last = new Map<string, number>();
    for (const { pair, sequence } of seen.prices) {
      if (sequence === undefined) continue;
      const before = last.get(pair) ?? sequence - 1;
      if (source.stream!.sequence === 'consecutive') assert.equal(sequence, before + 1);
      else assert.ok(sequence >= before);
      last.set(pair, sequence);
    }
  });

  test(`${id}: silence, garbage, a cut and a wrong price are what they say, and pass`, async () => {
    const at = world();
    const source = sources.get(id)!;
    const context = await prepared(at, source, contextFor(at, source));
    const inject = (kind: FaultKind, value = 0) => at.sandbox.setFault({ venue: id, kind, value });
    const seen = listen(at, source, context);
    await pass(at, 10_000);
    inject('silence');
    const before = seen.prices.length;
    await pass(at, 10_000);
    assert.equal(seen.prices.length, before);
    assert.deepEqual(seen.closed, []);
    at.sandbox.host(id).clearFaults();
    inject('wrong-price', 2);
    await pass(at, 2_000);
    const doubled = seen.prices.at(-1)!;
    const [base = '', quote = ''] = doubled.pair.split('/');
    const truth = at.sandbox.market.dollars(base)! / at.sandbox.market.dollars(quote)!;
    assert.ok(Math.abs(Number((doubled as { price: string }).price) / truth - 2) < 0.01);
    at.sandbox.host(id).clearFaults();
    inject('garbage');
    await pass(at, 5_000);
    assert.ok(
      seen.errors.length > 0 && seen.errors.every((code) => code.startsWith('SOURCE_')),
      `${seen.errors}`,
    );
    at.sandbox.host(id).clearFaults();
    await pass(at, 2_000);
    assertNear(at, source, seen.prices.at(-1)!);
    inject('disconnect');
    assert.equal(seen.closed.length, 1);
    context.channels.clear();
    const again = listen(at, source, context);
    await pass(at, 1_000);
    assert.deepEqual(again.closed, ['1006 refused']);
  });
}

test('a stale venue repeats its old trades with their old times; a skewed one bears its wrong clock', async () => {
  const at = world();
  const source = sources.get('kraken')!;
  const context = contextFor(at, source);
  const seen = listen(at, source, context);
  await pass(at, 10_000);
  at.sandbox.setFault({ venue: 'kraken', kind: 'stale', value: 0 });
  const [count, frozenAt] = [seen.prices.length, at.clock.now()];
  await pass(at, 10_000);
  assert.ok(seen.prices.length > count);
  assert.ok(seen.prices.slice(count).every((one) => one.observedAt! <= frozenAt));
  at.sandbox.host('kraken').clearFaults();
  at.sandbox.setFault({ venue: 'kraken', kind: 'skewed-clock', value: 45_000 });
  await pass(at, 5_000);
  const skew = seen.prices.at(-1)!.venueAt! - at.clock.now();
  assert.ok(Math.abs(skew - 45_000) < 2_000, `${skew}`);
});

test(
  'a recording played on the venues reaches the adapter in its own digits',
  needsRecordings(),
  async () => {
    const clock = new SimulatedClock(START_MS);
    const recording = readRecording(join(recordings()!, 'open/prices/usdc_depeg_2023_03'));
    const market = new RecordedMarket({ recording, nowMs: START_MS, speed: 600 });
    const sandbox = new Sandbox({ seed: 1, nowMs: START_MS, market });
    const at = { clock, sandbox, outbound: new SandboxOutbound({ hosts: sandbox.hosts.values(), clock }) };
    await pass(at, 60_000);
    const source = sources.get('kraken')!;
    const context = contextFor(at, source);
    assert.deepEqual(
      new Set(context.pairs),
      new Set(['BTC/USD', 'BTC/USDT', 'BTC/USDC', 'USDC/USD', 'USDT/USD', 'USDC/USDT']),
    );
    for (const { pair, price } of (await poll(at, source, context)) as { pair: string; price: string }[]) {
      const [base = '', quote = ''] = pair.split('/');
      assert.equal(Number(price), market.rate('kraken', base, quote)!.price);
    }
  },
);

test('429, 418, 5xx and a refused region answer with status, words and Retry-After, and end by themselves', async () => {
  const at = world();
  const source = sources.get('binance')!;
  const context = contextFor(at, source);
  const [request] = source.http!.requests(context);
  const ask = async () => {
    const answer = at.outbound.request({ method: 'GET', timeoutMs: 5_000, ...request! });
    await pass(at, 100);
    return answer;
  };
  for (const [kind, value, status, code] of [
    ['429', 7, 429, 'SOURCE_RATE_LIMITED'],
    ['418', 120, 418, 'SOURCE_RATE_LIMITED'],
    ['5xx', 502, 502, undefined],
    ['refused', 451, 451, undefined],
  ] as const) {
    at.sandbox.setFault({ venue: 'binance', kind, value, forMs: 1_000 });
    const response = await ask();
    assert.equal(response.status, status);
    if (code !== undefined) {
      assert.equal(response.headers['retry-after'], String(value));
      assert.equal(source.http!.explain!(response)?.code, code);
    }
    await pass(at, 1_100);
    assert.equal((await ask()).status, 200);
  }
});
