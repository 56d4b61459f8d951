// The embedded history passes the suite, and keeps what is special to it: retention, and files that are not
// its own.
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import { SimulatedClock, systemClock } from '@assay/kernel/time/clock';
import { answerRow, historySuite, priceRow } from './history.conformance.ts';
import type { History } from './history.ts';
import { createSqliteHistory } from './sqlite.ts';
import { type HistoryRetention, HistoryStore } from './sqlite-store.ts';

// Rows of the suite stand at a fixed day: they must not expire while it runs.
const FOR_EVER: HistoryRetention = {
  pricesMaxAgeMs: Number.MAX_SAFE_INTEGER,
  answersMaxAgeMs: Number.MAX_SAFE_INTEGER,
  shortCandlesMaxAgeMs: Number.MAX_SAFE_INTEGER,
  maxBytes: Number.MAX_SAFE_INTEGER,
};

historySuite('sqlite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'assay-history-'));
  const clients: History[] = [];
  return {
    async open() {
      const path = join(folder, 'history.sqlite');
      const history = createSqliteHistory({ path, clock: systemClock, retention: FOR_EVER });
      clients.push(history);
      await history.start();
      return history;
    },
    async close() {
      for (const history of clients) await history.stop();
      await rm(folder, { recursive: true });
    },
  };
});

let folder: string;
let path: string;
let fileCount = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-history-special-'));
});
after(() => rm(folder, { recursive: true }));
beforeEach(() => {
  path = join(folder, `${++fileCount}.sqlite`);
});

async function reading<T>(read: (history: History) => Promise<T>): Promise<T> {
  const history = createSqliteHistory({ path, clock: systemClock, retention: FOR_EVER });
  await history.start();
  try {
    return await read(history);
  } finally {
    await history.stop();
  }
}

describe('retention of the history', () => {
  const HOUR = 3_600_000;
  const start = Date.UTC(2026, 10, 20);

  test('deletes rows by age in steps, pair by pair, and keeps long candles', async () => {
    const clock = new SimulatedClock(start + 48 * HOUR);
    const store = new HistoryStore(path, clock);
    for (const pair of ['BTC/USD', 'ETH/USD']) {
      store.appendPrices(
        Array.from({ length: 3_000 }, (_, n) => priceRow(n, { pair, receivedAt: start + n * 60_000 })),
      );
    }
    store.appendAnswers(
      Array.from({ length: 48 }, (_, n) => answerRow(n, '1.0', { answeredAt: start + n * HOUR })),
    );
    const limits = {
      ...FOR_EVER,
      pricesMaxAgeMs: HOUR,
      answersMaxAgeMs: 24 * HOUR,
      shortCandlesMaxAgeMs: 12 * HOUR,
    };
    let steps = 1;
    while (store.expire(limits)) steps++;
    store.close();
    strictEqual(steps, 3);
    await reading(async (history) => {
      const { rows } = await history.prices('ETH/USD', undefined, { limit: 10_000 });
      deepStrictEqual([rows.length, rows[0]?.receivedAt], [3_000 - 47 * 60, start + 47 * HOUR]);
      strictEqual((await history.answers('BTC/USD', {})).rows.length, 24);
      strictEqual((await history.candles('BTC/USD', 60_000, {})).rows.length, 12);
      strictEqual((await history.candles('BTC/USD', HOUR, {})).rows.length, 48);
    });
  });

  test('deletes the oldest source prices when the file is larger than its bound', async () => {
    const clock = new SimulatedClock(start + 10 * HOUR);
    const store = new HistoryStore(path, clock);
    store.appendPrices(
      Array.from({ length: 30_000 }, (_, n) => priceRow(n, { receivedAt: start + n * 1_000 })),
    );
    store.appendAnswers([answerRow(1, '1.0')]);
    const limits = { ...FOR_EVER, maxBytes: 800_000 };
    while (store.expire(limits));
    store.close();
    ok(statSync(path).size > 0);
    await reading(async (history) => {
      const { rows } = await history.prices('BTC/USD', undefined, { limit: 10_000 });
      ok(rows.length > 1_000 && rows.length < 15_000, `${rows.length} rows are left`);
      const newest = await history.prices('BTC/USD', undefined, { limit: 1, newestFirst: true });
      strictEqual(newest.rows[0]?.offset, 29_999);
      strictEqual((await history.answers('BTC/USD', {})).rows.length, 1);
    });
  });
});

test('says so when its file is no history, and when it is not started', async () => {
  const history = createSqliteHistory({ path, clock: systemClock });
  await rejects(history.prices('BTC/USD', undefined, {}), (error) =>
    isAssayError(error, 'HISTORY_UNAVAILABLE'),
  );
  await rejects(history.appendPrices([priceRow(1)]), (error) => isAssayError(error, 'HISTORY_UNAVAILABLE'));
  writeFileSync(path, 'x'.repeat(10_000));
  await rejects(
    history.start(),
    (error) => isAssayError(error, 'DATA_FILE_INVALID') && error.message.includes(path),
  );
  await history.stop();
});
