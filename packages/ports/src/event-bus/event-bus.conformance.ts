// What every event bus must do. In: a way to open clients of one fresh log. An implementation's own test file
// runs the suite and adds what is special to it; nothing here is true of the embedded ones only.
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import { systemClock } from '@assay/kernel/time/clock';
import type { BusRecord, EventBus, NewRecord } from './event-bus.ts';
import { RECORD_BYTES_MAX } from './new-record.ts';

export type BusWorld = {
  /** A started client of the log; `wide` has four partitions, every other topic one. */
  open(): Promise<EventBus>;
  /** False when records do not outlive their only client. */
  isDurable: boolean;
  /** Stops every client and removes the log. */
  close(): Promise<void>;
};

// Far beyond what is needed: a busy machine must not fail a test.
const WAIT_MS = 45_000;

/** Resolves when `isTrue` becomes true. */
export async function until(what: string, isTrue: () => boolean): Promise<void> {
  const giveUpAt = systemClock.monotonic() + WAIT_MS;
  while (!isTrue()) {
    ok(systemClock.monotonic() < giveUpAt, `waited in vain for: ${what}`);
    await systemClock.sleep(2);
  }
}

export function numbered(count: number, from = 0, key = 'BTC/USD'): NewRecord[] {
  return Array.from({ length: count }, (_, i) => ({ key, value: `{"n":${from + i}}` }));
}

export function numbersOf(records: readonly BusRecord[]): number[] {
  return records.map(({ value }) => (JSON.parse(value) as { n: number }).n);
}

const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);

export function eventBusSuite(name: string, create: () => Promise<BusWorld>): void {
  describe(`${name} as an event bus`, () => {
    let world: BusWorld;
    let bus: EventBus;
    beforeEach(async () => {
      world = await create();
      bus = await world.open();
    });
    afterEach(() => world.close());
    const use = () => ({ world, bus });
    orderTests(use);
    instantTests(use);
    subscriptionTests(use);
    groupTests(use);
    boundTests(use);
  });
}

type Use = () => { world: BusWorld; bus: EventBus };

function orderTests(use: Use): void {
  test('acknowledges each record with its offset, from 0, without gaps, in the order of publishing', async () => {
    const { bus } = use();
    const first = bus.publish('prices', numbered(3));
    const second = bus.publish('prices', numbered(2, 3));
    const positions = [...(await first), ...(await second)];
    deepStrictEqual(
      positions.map(({ offset }) => offset),
      range(5),
    );
    const [position] = await bus.positions('prices');
    deepStrictEqual(position, { partition: 0, firstOffset: 0, nextOffset: 5 });
  });

  test('gives back keys and values exactly as they were published', async () => {
    const { bus } = use();
    const records = [
      { key: '', value: '{"price":"67012.3400","note":"\\u001e \\n €"}' },
      { key: 'ETH/€', value: '{ "spaced":\n\t1 }' },
      { key: 'a', value: '' },
      { key: 'long', value: JSON.stringify('x'.repeat(300_000)) },
    ];
    await bus.publish('prices', records);
    const read = await bus.read('prices', 0, 0, 10);
    deepStrictEqual(
      read.map(({ key, value }) => ({ key, value })),
      records,
    );
    ok(read.every(({ topic, partition }) => topic === 'prices' && partition === 0));
  });

  test('reads from an offset up to a limit, and fewer where the log ends', async () => {
    const { bus } = use();
    for (let n = 0; n < 10; n += 5) await bus.publish('prices', numbered(5, n));
    deepStrictEqual(numbersOf(await bus.read('prices', 0, 3, 4)), [3, 4, 5, 6]);
    deepStrictEqual(numbersOf(await bus.read('prices', 0, 8, 100)), [8, 9]);
    deepStrictEqual(await bus.read('prices', 0, 10, 5), []);
    deepStrictEqual(await bus.read('prices', 7, 0, 5), []);
  });

  test('keeps records of one key in one partition and in order, and uses every partition', async () => {
    const { bus } = use();
    const keys = range(40).map((i) => `K${i}/USD`);
    for (let n = 0; n < 3; n++) {
      await bus.publish(
        'wide',
        keys.map((key) => ({ key, value: `{"n":${n}}` })),
      );
    }
    const places = new Map<string, number>();
    for (const { partition, nextOffset } of await bus.positions('wide')) {
      const records = await bus.read('wide', partition, 0, 1_000);
      strictEqual(records.length, nextOffset);
      ok(records.length > 0, `partition ${partition} was used`);
      for (const key of new Set(records.map((record) => record.key))) {
        ok(!places.has(key), `${key} is in one partition`);
        places.set(key, partition);
        deepStrictEqual(numbersOf(records.filter((record) => record.key === key)), [0, 1, 2]);
      }
    }
    strictEqual(places.size, keys.length);
  });
}

function instantTests(use: Use): void {
  test('delivers instants whole: one `at` per commit, later ones larger, never split over two batches', async () => {
    const { bus } = use();
    const batches: BusRecord[][] = [];
    await bus.subscribe({ topic: 'prices', from: 'earliest', batchMax: 10 }, (records) => {
      batches.push([...records]);
    });
    const published = [];
    for (let n = 0; n < 600; n += 6) {
      published.push(bus.publish('prices', numbered(6, n)));
      if (n % 90 === 0) await systemClock.sleep(1);
    }
    const positions = (await Promise.all(published)).flat();
    await until('600 records', () => batches.flat().length === 600);
    const seen = batches.flat();
    deepStrictEqual(
      seen.map(({ offset, at }) => ({ partition: 0, offset, at })),
      positions,
    );
    for (let i = 0; i < positions.length; i += 6) {
      strictEqual(
        new Set(positions.slice(i, i + 6).map(({ at }) => at)).size,
        1,
        'one publication, one instant',
      );
    }
    const instantsOfBatches = batches.map((batch) => new Set(batch.map(({ at }) => at)));
    strictEqual(
      instantsOfBatches.reduce((sum, set) => sum + set.size, 0),
      new Set(seen.map(({ at }) => at)).size,
      'no instant is in two batches',
    );
    ok(seen.every(({ at }, i) => i === 0 || at >= seen[i - 1]!.at));
  });

  test('shows the same instants to whoever reads the log again', async () => {
    const { bus } = use();
    const live: BusRecord[] = [];
    await bus.subscribe({ topic: 'prices', from: 'earliest' }, (records) => void live.push(...records));
    await Promise.all(range(20).map((n) => bus.publish('prices', numbered(1, n))));
    await bus.publish('prices', numbered(5, 20));
    await until('25 records', () => live.length === 25);
    deepStrictEqual(await bus.read('prices', 0, 0, 100), live);
    const again: BusRecord[] = [];
    await bus.subscribe({ topic: 'prices', from: { 0: 0 } }, (records) => void again.push(...records));
    await until('25 records again', () => again.length === 25);
    deepStrictEqual(again, live);
  });
}

function subscriptionTests(use: Use): void {
  test('begins where it is told: at the end, at the beginning, or at an offset', async () => {
    const { bus } = use();
    await bus.publish('prices', numbered(5));
    const seen: Record<string, number[]> = { latest: [], earliest: [], exact: [] };
    const into = (name: string) => (records: readonly BusRecord[]) =>
      void seen[name]!.push(...numbersOf(records));
    await bus.subscribe({ topic: 'prices' }, into('latest'));
    await bus.subscribe({ topic: 'prices', from: 'earliest' }, into('earliest'));
    await bus.subscribe({ topic: 'prices', from: { 0: 3 } }, into('exact'));
    await bus.publish('prices', numbered(2, 5));
    await until('all three', () => Object.values(seen).every((numbers) => numbers.at(-1) === 6));
    deepStrictEqual(seen, { latest: [5, 6], earliest: range(7), exact: [3, 4, 5, 6] });
  });

  test('delivers a batch again when its handler fails, and goes on behind it', async () => {
    const { bus } = use();
    const calls: number[][] = [];
    await bus.subscribe({ topic: 'prices' }, async (records) => {
      calls.push(numbersOf(records));
      if (calls.length === 1) throw new TypeError('the handler fails once');
    });
    await bus.publish('prices', numbered(2));
    await until('the second try', () => calls.length === 2);
    await bus.publish('prices', numbered(1, 2));
    await until('the next batch', () => calls.length === 3);
    deepStrictEqual(calls, [[0, 1], [0, 1], [2]]);
  });

  test('waits for a slow handler without slowing publishers or other subscribers', async () => {
    const { bus } = use();
    const slow: number[] = [];
    const fast: number[] = [];
    let isRunning = false;
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    await bus.subscribe({ topic: 'prices' }, async (records) => {
      ok(!isRunning, 'one batch at a time');
      isRunning = true;
      await gate;
      slow.push(...numbersOf(records));
      isRunning = false;
    });
    await bus.subscribe({ topic: 'prices' }, (records) => void fast.push(...numbersOf(records)));
    for (let n = 0; n < 20_000; n += 500) await bus.publish('prices', numbered(500, n));
    await until('the fast one', () => fast.length === 20_000);
    strictEqual(slow.length, 0);
    release();
    await until('the slow one', () => slow.length === 20_000);
    deepStrictEqual(slow, range(20_000));
  });

  test('finishes the handler that runs when it is closed, and delivers nothing afterwards', async () => {
    const { bus } = use();
    const seen: number[] = [];
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const subscription = await bus.subscribe({ topic: 'prices' }, async (records) => {
      await gate;
      seen.push(...numbersOf(records));
    });
    await bus.publish('prices', numbered(1));
    await systemClock.sleep(20);
    let isClosed = false;
    const closing = subscription.close().then(() => {
      isClosed = true;
    });
    await bus.publish('prices', numbered(1, 1));
    strictEqual(isClosed, false);
    release();
    await closing;
    await bus.publish('prices', numbered(1, 2));
    await systemClock.sleep(20);
    deepStrictEqual(seen, [0]);
    await subscription.close();
  });
}

function groupTests(use: Use): void {
  test('shares the partitions of a topic among the members of a group, each record to one of them', async () => {
    const { world, bus } = use();
    const other = await world.open();
    const seen: BusRecord[][] = [[], []];
    const options = { topic: 'wide', group: 'archive', from: 'earliest' as const };
    const first = await bus.subscribe(options, (records) => void seen[0]!.push(...records));
    await other.subscribe(options, (records) => void seen[1]!.push(...records));
    let n = 0;
    const publishSome = () =>
      bus.publish(
        'wide',
        range(40).map((i) => ({ key: `K${i}`, value: `{"n":${n++}}` })),
      );
    // Until both have work: how long a handover takes is the implementation's own affair.
    let hasWork = false;
    const publishing = (async () => {
      while (!hasWork) {
        await publishSome();
        await systemClock.sleep(5);
      }
    })();
    await until('both members have work', () => seen.every((records) => records.length > 0));
    hasWork = true;
    await publishing;
    await publishSome();
    const distinct = () => new Set(numbersOf(seen.flat())).size;
    await until('every record', () => distinct() === n);
    await first.close();
    const before = seen[0]!.length;
    await publishSome();
    await until('the other member takes over', () => distinct() === n);
    strictEqual(seen[0]!.length, before);
  });

  test('goes on where the group was, with another member and another client', async () => {
    const { world, bus } = use();
    await bus.publish('prices', numbered(10));
    const first: number[] = [];
    const options = { topic: 'prices', group: 'archive', from: 'earliest' as const };
    const member = await bus.subscribe(options, (records) => void first.push(...numbersOf(records)));
    await until('ten records', () => first.length === 10);
    await member.close();
    await bus.publish('prices', numbered(5, 10));
    if (world.isDurable) await bus.stop();
    const later = world.isDurable ? await world.open() : bus;
    const second: number[] = [];
    await later.subscribe(options, (records) => void second.push(...numbersOf(records)));
    await until('the rest', () => second.length === 5);
    deepStrictEqual(second, range(5, 10));
  });

  test('remembers where a group began, even when it has handled nothing yet', async () => {
    const { bus } = use();
    await bus.publish('prices', numbered(3));
    const member = await bus.subscribe({ topic: 'prices', group: 'archive' }, () => {});
    await member.close();
    await bus.publish('prices', numbered(2, 3));
    const seen: number[] = [];
    await bus.subscribe(
      { topic: 'prices', group: 'archive' },
      (records) => void seen.push(...numbersOf(records)),
    );
    await until('what came while nobody listened', () => seen.length === 2);
    deepStrictEqual(seen, [3, 4]);
  });
}

function boundTests(use: Use): void {
  test('refuses a record that is too large, a name that is none, half a character; the log stays as it is', async () => {
    const { bus } = use();
    await bus.publish('prices', numbered(1));
    const isInvalid = (error: unknown) => isAssayError(error, 'RECORD_INVALID');
    const tooLarge = { key: 'k', value: 'x'.repeat(RECORD_BYTES_MAX) };
    await rejects(bus.publish('prices', [{ key: 'k', value: '{}' }, tooLarge]), isInvalid);
    await rejects(bus.publish('prices', [{ key: '\ud800', value: '{}' }]), isInvalid);
    await rejects(bus.publish('no/topic', numbered(1)), isInvalid);
    await rejects(
      bus.subscribe({ topic: 'prices', group: 'a b' }, () => {}),
      isInvalid,
    );
    strictEqual((await bus.positions('prices'))[0]!.nextOffset, 1);
  });

  test('refuses more than 10,000 records without acknowledgement, and takes records again afterwards', async () => {
    const { bus } = use();
    const accepted = range(10).map((i) => bus.publish('prices', numbered(1_000, i * 1_000)));
    await rejects(bus.publish('prices', numbered(1)), (error) => isAssayError(error, 'BUS_OVERLOADED'));
    await Promise.all(accepted);
    await bus.publish('prices', numbered(1, 10_000));
    strictEqual((await bus.positions('prices'))[0]!.nextOffset, 10_001);
  });

  test('keeps every acknowledged record when it stops, and says so when it is asked for more', async () => {
    const { world, bus } = use();
    const publishing = Promise.all(range(50).map((n) => bus.publish('prices', numbered(1, n))));
    await bus.stop();
    await publishing;
    await rejects(bus.publish('prices', numbered(1)), (error) => isAssayError(error, 'BUS_UNAVAILABLE'));
    await bus.stop();
    if (!world.isDurable) return;
    const again = await world.open();
    deepStrictEqual(numbersOf(await again.read('prices', 0, 0, 100)), range(50));
  });
}
