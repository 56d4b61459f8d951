import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiRig, answerOf, RIG_START_MS } from '../../../../test/api-rig.ts';

test('a restart serves the last prices at once, each with its true age', async () => {
  const rig = new ApiRig({ partitions: 3 });
  try {
    await rig.start();
    await rig.history.appendAnswers([
      { ...rowOf('ETH/EUR', '2800.00', RIG_START_MS - 60_000), offset: 1 },
      { ...rowOf('ETH/EUR', '2801.00', RIG_START_MS - 30_000), offset: 2 },
    ]);
    for (let i = 0; i < 1_500; i++)
      await rig.bus.publish('answers', [recordOf('BTC/USD', `${60_000 + i}.00`, i)]);
    await rig.clock.advance(2_000);
    const second = rig.createApi();
    await second.start();
    const response = await fetch(`${second.addresses().api}/v1/prices`, {
      headers: { 'x-api-key': rig.key },
    });
    const records = (await response.json()) as {
      feed: string;
      price: string;
      ageMs: number;
      state: string;
    }[];
    const now = rig.clock.now();
    assert.deepEqual(
      records.map(({ feed, price, ageMs, state }) => [feed, price, ageMs, state]),
      [
        ['BTC/USD', '61499.00', now - (RIG_START_MS + 1_499 - 100), 'ok'],
        ['ETH/EUR', '2801.00', now - (RIG_START_MS - 30_100), 'stale'],
      ],
    );
  } finally {
    await rig.stop();
  }
});

test('history goes by pages and instants, newest or oldest first', async () => {
  const rig = new ApiRig();
  try {
    await rig.start();
    const rows = [0, 1, 2, 3, 4].map((i) => ({
      ...rowOf('BTC/USD', `${100 + i}.00`, RIG_START_MS - 300_000 + i * 30_000),
      offset: i,
    }));
    await rig.history.appendAnswers(rows);
    type Page = { prices: { price: string }[]; nextCursor: string | null };
    const pages = async (query: string): Promise<string[][]> => {
      const all: string[][] = [];
      for (let cursor = ''; ; ) {
        const path = `/v1/prices/BTC-USD/history?limit=2${query}${cursor}`;
        const page = JSON.parse((await rig.get(path)).text) as Page;
        all.push(page.prices.map(({ price }) => price));
        if (page.nextCursor === null) return all;
        cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
      }
    };
    assert.deepEqual((await pages('')).flat(), ['100.00', '101.00', '102.00', '103.00', '104.00']);
    assert.deepEqual((await pages('&order=newest')).flat(), [
      '104.00',
      '103.00',
      '102.00',
      '101.00',
      '100.00',
    ]);
    const at = new Date(RIG_START_MS - 300_000 + 45_000).toISOString();
    assert.equal((await rig.get(`/v1/prices/BTC-USD?at=${at}`)).json().price, '101.00');
    assert.match((await rig.get(`/v1/prices?at=${at}`)).text, /^\[\{"feed":"BTC\/USD"[^[]*\]$/);
    assert.match((await rig.get(`/v1/prices/BTC?at=${at}`)).text, /"price_usd":101.00,/);
    assert.equal((await rig.get('/v1/prices/BTC-USD?at=2020-01-01')).json().code, 'NOT_FOUND');
    const candles = (await rig.get('/v1/prices/BTC-USD/candles?interval=1m&order=newest&limit=1')).json();
    assert.deepEqual(candles.candles, [
      {
        feed: 'BTC/USD',
        open: '104.00',
        high: '104.00',
        low: '104.00',
        close: '104.00',
        count: 1,
        startAt: '2026-11-21T09:57:00.000Z',
        interval: '1m',
      },
    ]);
  } finally {
    await rig.stop();
  }
});

function recordOf(feed: string, price: string, afterMs: number): { key: string; value: string } {
  return { key: feed, value: JSON.stringify(answerOf(feed, price, RIG_START_MS + afterMs)) };
}

function rowOf(
  feed: string,
  price: string,
  answeredAt: number,
): { feed: string; answeredAt: number; price: string; state: string; record: string } {
  return { feed, answeredAt, price, state: 'ok', record: JSON.stringify(answerOf(feed, price, answeredAt)) };
}
