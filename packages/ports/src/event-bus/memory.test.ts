// The bus in memory passes the suite, and is exact under a simulated clock.
import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock, systemClock } from '@assay/kernel/time/clock';
import { eventBusSuite, numbered, numbersOf } from './event-bus.conformance.ts';
import { createMemoryBus } from './memory.ts';

eventBusSuite('memory', async () => {
  const bus = createMemoryBus({ clock: systemClock, partitions: { wide: 4 } });
  await bus.start();
  return { open: async () => bus, isDurable: false, close: () => bus.stop() };
});

test('stamps commits with simulated time, and distinct commits of one moment with distinct instants', async () => {
  const clock = new SimulatedClock(1_000);
  const bus = createMemoryBus({ clock });
  await bus.start();
  const seen: [number, number][] = [];
  await bus.subscribe({ topic: 'prices' }, (records) => {
    for (const [i, n] of numbersOf(records).entries()) seen.push([n, records[i]!.at]);
  });
  await Promise.all([bus.publish('prices', numbered(1)), bus.publish('prices', numbered(1, 1))]);
  await bus.publish('prices', numbered(1, 2));
  await clock.advanceTo(5_000);
  await bus.publish('prices', numbered(1, 3));
  await clock.advance(0);
  await bus.stop();
  deepStrictEqual(seen, [
    [0, 1_000],
    [1, 1_000],
    [2, 1_001],
    [3, 5_000],
  ]);
});
