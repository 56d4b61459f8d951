import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '@assay/kernel/time/clock';
import { createMemoryBus } from '@assay/ports/event-bus/memory';
import { ReadLagWatch } from './read-lag.ts';

test('the longest way of a record from its commit to the end of its handling, a hanging one included', async () => {
  const clock = new SimulatedClock(1_000_000);
  const watch = new ReadLagWatch(clock);
  const bus = watch.watched(createMemoryBus({ clock }));
  await bus.start();
  assert.equal(watch.take(), undefined);
  let end: () => void = () => undefined;
  const slow = () => new Promise<void>((done) => (end = done));
  const subscription = await bus.subscribe({ topic: 'answers', from: 'earliest' }, slow);
  await bus.subscribe({ topic: 'health', from: 'earliest' }, () => undefined);
  await bus.publish('health', [{ key: 'a', value: '1' }]);
  await bus.publish('answers', [{ key: 'a', value: '1' }]);
  await clock.advance(700);
  assert.deepEqual(watch.take(), { ms: 700, topic: 'answers' });
  await clock.advance(300);
  end();
  await subscription.close();
  assert.deepEqual(watch.take(), { ms: 1_000, topic: 'answers' });
  assert.equal(watch.take(), undefined);
  await bus.stop();
});
