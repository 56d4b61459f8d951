// What every history must do. In: a way to open clients of one fresh history. Out: the suite.
import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import type { AnswerRow, History, Page, PriceRow } from './history.ts';

export type HistoryWorld = {
  /** A started client. */
  open(): Promise<History>;
  close(): Promise<void>;
};

// Midnight UTC, so that every interval begins here.
const DAY = Date.UTC(2026, 10, 20);

export function priceRow(offset: number, more: Partial<PriceRow> = {}): PriceRow {
  const receivedAt = DAY + offset * 10;
  const own = { source: 'kraken', pair: 'BTC/USD', price: `${67_000 + offset}.50`, offset };
  return { ...own, receivedAt, observedAt: receivedAt - 3, ...more };
}

export function answerRow(offset: number, price: string, more: Partial<AnswerRow> = {}): AnswerRow {
  const own = { feed: 'BTC/USD', answeredAt: DAY + offset * 1_000, offset, price, state: 'ok' };
  return { ...own, record: `{"price":"${price}"}`, ...more };
}

/** All rows, page by page. */
export async function allPages<T>(read: (cursor: string | undefined) => Promise<Page<T>>): Promise<T[][]> {
  const pages: T[][] = [];
  for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
    const page = await read(cursor);
    pages.push(page.rows);
    cursor = page.nextCursor;
  }
  return pages;
}

const withCursor = (cursor: string | undefined) => (cursor === undefined ? {} : { cursor });

export function historySuite(name: string, create: () => Promise<HistoryWorld>): void {
  describe(`${name} as a history`, () => {
    let world: HistoryWorld;
    let history: History;
    beforeEach(async () => {
      world = await create();
      history = await world.open();
    });
    afterEach(() => world.close());
    const use = () => ({ world, history });
    rowTests(use);
    candleTests(use);
    scoreTests(use);
  });
}

type Use = () => { world: HistoryWorld; history: History };

function rowTests(use: Use): void {
  test('keeps source prices in order of time, by pair and by source, each position once', async () => {
    const { history } = use();
    const rows = [0, 1, 2, 3].map((n) => priceRow(n, { source: n % 2 === 0 ? 'kraken' : 'coinbase' }));
    await history.appendPrices([rows[3]!, rows[1]!]);
    await history.appendPrices([...rows, priceRow(9, { pair: 'ETH/USD' })]);
    deepStrictEqual((await history.prices('BTC/USD', undefined, {})).rows, rows);
    deepStrictEqual((await history.prices('BTC/USD', 'coinbase', {})).rows, [rows[1], rows[3]]);
    deepStrictEqual((await history.prices('BTC/EUR', undefined, {})).rows, []);
    await history.appendPrices([]);
  });

  test('reads a range, its end excluded, in pages that neither repeat nor leave out a row', async () => {
    const { history } = use();
    // Four rows share each millisecond: the cursor must part them.
    const rows = Array.from({ length: 1_203 }, (_, n) =>
      priceRow(n, { receivedAt: DAY + Math.floor(n / 4) }),
    );
    await history.appendPrices(rows);
    const read = (cursor: string | undefined) =>
      history.prices('BTC/USD', undefined, { limit: 601, ...withCursor(cursor) });
    const pages = await allPages(read);
    deepStrictEqual(
      pages.map((page) => page.length),
      [601, 601, 1],
    );
    deepStrictEqual(pages.flat(), rows);
    const newestFirst = await allPages((cursor) =>
      history.prices('BTC/USD', 'kraken', { limit: 401, newestFirst: true, ...withCursor(cursor) }),
    );
    deepStrictEqual(newestFirst.flat(), rows.toReversed());
    const range = await history.prices('BTC/USD', undefined, { fromMs: DAY + 2, toMs: DAY + 4 });
    deepStrictEqual(range.rows, rows.slice(8, 16));
    strictEqual(range.nextCursor, undefined);
  });

  test('keeps answers whole, and finds the newest one at an instant', async () => {
    const { history } = use();
    const rows = [
      answerRow(1, '67000.10'),
      answerRow(2, '67001.00', { state: 'degraded' }),
      answerRow(5, '67002'),
    ];
    await history.appendAnswers(rows.toReversed());
    await history.appendAnswers([answerRow(3, '3500.00', { feed: 'ETH/USD' })]);
    deepStrictEqual((await history.answers('BTC/USD', {})).rows, rows);
    deepStrictEqual(await history.answerAt('BTC/USD', DAY + 2_000), rows[1]);
    deepStrictEqual(await history.answerAt('BTC/USD', DAY + 4_999), rows[1]);
    deepStrictEqual(await history.answerAt('BTC/USD', DAY + 999), undefined);
  });

  test('keeps everything when it is opened again, and shows it to a second client at once', async () => {
    const { world, history } = use();
    const beside = await world.open();
    await history.appendPrices([priceRow(1)]);
    deepStrictEqual((await beside.prices('BTC/USD', undefined, {})).rows, [priceRow(1)]);
    await history.stop();
    await beside.stop();
    const again = await world.open();
    deepStrictEqual((await again.prices('BTC/USD', undefined, {})).rows, [priceRow(1)]);
  });

  test('refuses a page larger than 10,000 rows, and a cursor that is none', async () => {
    const { history } = use();
    const isInvalid = (error: unknown) => isAssayError(error, 'RECORD_INVALID');
    await rejects(history.answers('BTC/USD', { limit: 10_001 }), isInvalid);
    await rejects(history.answers('BTC/USD', { limit: 0 }), isInvalid);
    await rejects(history.candles('BTC/USD', 60_000, { cursor: 'page 2' }), isInvalid);
    await rejects(history.prices('BTC/USD', undefined, { fromMs: 1.5 }), isInvalid);
  });
}

function candleTests(use: Use): void {
  test('rolls answers into candles of every interval, comparing exact decimals, counting each position once', async () => {
    const { history } = use();
    // As doubles 9.10000000000000000001 and 9.1 are equal, and as texts "10" < "9".
    const rows = [
      answerRow(10, '9.1'),
      answerRow(20, '9.10000000000000000001'),
      answerRow(30, '10'),
      answerRow(40, '9.09999999999999999999'),
      answerRow(50, '9.5'),
      answerRow(70, '8.0'),
    ];
    await history.appendAnswers([rows[2]!, rows[0]!, answerRow(45, '99', { state: 'stale' })]);
    await history.appendAnswers([rows[1]!, rows[4]!, rows[3]!, rows[5]!]);
    await history.appendAnswers(rows);
    const first = { feed: 'BTC/USD', startAt: DAY, intervalMs: 60_000, count: 5 };
    deepStrictEqual((await history.candles('BTC/USD', 60_000, {})).rows, [
      { ...first, open: '9.1', high: '10', low: '9.09999999999999999999', close: '9.5' },
      { ...first, startAt: DAY + 60_000, count: 1, open: '8.0', high: '8.0', low: '8.0', close: '8.0' },
    ]);
    for (const intervalMs of [300_000, 3_600_000, 86_400_000]) {
      deepStrictEqual((await history.candles('BTC/USD', intervalMs, {})).rows, [
        { ...first, intervalMs, count: 6, open: '9.1', high: '10', low: '8.0', close: '8.0' },
      ]);
    }
  });

  test('reads candles of a range in pages, oldest or newest first', async () => {
    const { history } = use();
    await history.appendAnswers(
      Array.from({ length: 10 }, (_, minute) => answerRow(minute * 60, `${minute}.0`)),
    );
    const read = (newestFirst: boolean) =>
      allPages((cursor) =>
        history.candles('BTC/USD', 60_000, {
          fromMs: DAY + 60_000,
          toMs: DAY + 480_000,
          limit: 3,
          newestFirst,
          ...withCursor(cursor),
        }),
      );
    const opens = (pages: { open: string }[][]) => pages.map((page) => page.map(({ open }) => open));
    deepStrictEqual(opens(await read(false)), [['1.0', '2.0', '3.0'], ['4.0', '5.0', '6.0'], ['7.0']]);
    deepStrictEqual(opens(await read(true)), [['7.0', '6.0', '5.0'], ['4.0', '3.0', '2.0'], ['1.0']]);
  });
}

function scoreTests(use: Use): void {
  test('keeps the newest score of each source and feed', async () => {
    const { world, history } = use();
    const row = (source: string, feed: string, savedAt: number) => ({
      source,
      feed,
      savedAt,
      state: `{"at":${savedAt}}`,
    });
    await history.saveScores([
      row('kraken', 'BTC/USD', 1),
      row('kraken', '*', 1),
      row('coinbase', 'BTC/USD', 1),
    ]);
    await history.saveScores([row('kraken', 'BTC/USD', 2)]);
    const later = await world.open();
    deepStrictEqual(await later.loadScores(), [
      row('coinbase', 'BTC/USD', 1),
      row('kraken', '*', 1),
      row('kraken', 'BTC/USD', 2),
    ]);
  });
}
