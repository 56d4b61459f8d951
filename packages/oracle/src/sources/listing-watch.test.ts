// A venue's own list of instruments in virtual time: what it does not trade under our name is not asked for,
// what comes back is, and a list that cannot be meant changes nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Instrument, Source } from './define-source.ts';
import { plainSource } from './scripted-venue.ts';
import { type ScriptedWorld, scriptedWorld } from './scripted-world.ts';

const PAIRS = ['BTC/USD', 'ETH/USD', 'LUNA/USD', 'SOL/USD'];

function venue(): Source {
  return plainSource('alpha', {
    stream: null,
    // Days of virtual time, and no test of polling.
    http: { intervalMs: 600_000 },
    instruments: {
      requests: (context) => [{ url: `${context.endpoints.rest}/instruments`, pairs: context.pairs }],
      parse: (response) => JSON.parse(response.body) as Instrument[],
    },
  });
}

const trading = (base: string, quote = 'USD', more: Partial<Instrument> = {}): Instrument => ({
  symbol: `${base}${quote}`,
  base,
  quote,
  isTrading: true,
  ...more,
});

async function started(lists: (readonly Instrument[] | number)[]): Promise<{
  world: ScriptedWorld;
  /** Pairs of the last poll. */
  asked(): string[];
  listRequests(): number;
}> {
  const feeds = [
    { feed: 'BTC/USD', minimumVenues: 1, sources: [{ source: 'alpha', pair: 'BTC/USD' }] },
    { feed: 'EUR/USD', minimumVenues: 1, sources: [{ source: 'alpha', pair: 'EUR/USDT' }] },
  ];
  let asked: readonly string[] = [];
  const source = venue();
  source.http!.requests = (context) => {
    asked = context.pairs;
    return [{ url: 'https://alpha.test/prices', pairs: context.pairs }];
  };
  const world = scriptedWorld([{ source, pairs: PAIRS }], { feeds });
  let listRequests = 0;
  world.outbound.answer = ({ url }) => {
    if (!url.endsWith('/instruments')) return { body: world.body('100') };
    const list = lists[Math.min(listRequests++, lists.length - 1)]!;
    return typeof list === 'number' ? { status: list, body: 'no' } : { body: JSON.stringify(list) };
  };
  await world.service.start();
  await world.clock.advance(30_000);
  return { world, asked: () => [...asked], listRequests: () => listRequests };
}

const listingOf = (world: ScriptedWorld, pair: string) =>
  world.status().pairs.find((one) => one.pair === pair)?.listing;

test('what is delisted, halted or means another coin is not asked for, with the reason; what returns is', async () => {
  const first = [
    trading('BTC'),
    trading('ETH', 'USD', { isTrading: false }),
    trading('LUNA', 'USD', { base: 'LUNC', title: 'Terra Classic' }),
    trading('BTC', 'USDT'),
    trading('EUR', 'USDT'),
    trading('PEPE'),
  ];
  const { world, asked, listRequests } = await started([
    first,
    PAIRS.map((pair) => trading(pair.slice(0, -4))),
  ]);
  await world.clock.advance(600_000);
  assert.deepEqual(asked(), ['BTC/USD']);
  assert.deepEqual(
    PAIRS.map((pair) => listingOf(world, pair)?.state),
    ['listed', 'halted', 'collision', 'unlisted'],
  );
  assert.match(listingOf(world, 'LUNA/USD')!.detail, /"LUNAUSD" is LUNC\/USD \(Terra Classic\) there/);
  assert.deepEqual(world.status().offers, ['BTC/USDT', 'EUR/USDT']);
  assert.equal(listRequests(), 1);
  await world.clock.advance(70 * 60_000);
  assert.equal(listRequests(), 2, 'an hour later, because something is left out');
  assert.deepEqual(asked(), PAIRS);
  await world.clock.advance(20 * 3_600_000);
  assert.equal(listRequests(), 2, 'then once a day');
  await world.clock.advance(8 * 3_600_000);
  assert.equal(listRequests(), 3);
  await world.service.stop();
});

test('a list that fails, is no list, or lacks most of our pairs changes nothing', async () => {
  for (const list of [503, 404, [], [trading('BTC')]]) {
    const { world, asked } = await started([list]);
    assert.deepEqual(asked(), PAIRS);
    assert.equal(listingOf(world, 'SOL/USD')?.state, 'unknown');
    assert.equal(world.status().listedAt, null);
    await world.service.stop();
  }
});

test('when none of its pairs is traded there, the source says so', async () => {
  const { world } = await started([
    PAIRS.map((pair) => trading(pair.slice(0, -4), 'USD', { isTrading: false })),
  ]);
  assert.deepEqual([world.status().state, world.status().pairsLive], ['standby', 0]);
  assert.match(world.status().sentence, /its own list has none of the pairs/);
  await world.service.stop();
});
