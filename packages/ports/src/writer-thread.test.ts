// A writing thread that dies: what waited is refused, and the next request finds a new thread.
import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import { systemClock } from '@assay/kernel/time/clock';
import { WriterThread } from './writer-thread.ts';

function create(settings: object): { thread: WriterThread; notices: unknown[] } {
  const notices: unknown[] = [];
  const thread = new WriterThread({
    script: new URL('./dying-writer.ts', import.meta.url),
    settings,
    clock: systemClock,
    unavailable: 'BUS_UNAVAILABLE',
    onNotice: (notice) => void notices.push(notice),
  });
  return { thread, notices };
}

const isUnavailable = (error: unknown) => isAssayError(error, 'BUS_UNAVAILABLE');

test('answers in order, carries errors over whole, refuses what waits when it dies, and lives again', async () => {
  const { thread, notices } = create({ greeting: 'hello' });
  await rejects(thread.call('echo', 1), isUnavailable);
  strictEqual(await thread.start(), 'hello');
  deepStrictEqual(await Promise.all([thread.call('echo', 1), thread.call('echo', { a: [2] })]), [
    1,
    { a: [2] },
  ]);
  await rejects(thread.call('refuse', 'x'), (error) => {
    return (
      isAssayError(error, 'RECORD_INVALID') && error.message === 'refused: x' && error.context.field === 'x'
    );
  });
  deepStrictEqual(notices, ['heard 1', 'heard [object Object]']);
  const waiting = rejects(thread.call('die', undefined), isUnavailable);
  const behind = rejects(thread.call('echo', 3), isUnavailable);
  await waiting;
  await behind;
  // A thread that dies again and again is not started faster than once a second.
  await systemClock.sleep(1_000);
  strictEqual(await thread.call('echo', 4), 4);
  await thread.stop();
  await rejects(thread.call('echo', 5), isUnavailable);
  await thread.stop();
});

test('that cannot open leaves nothing running and says why', async () => {
  const { thread } = create({ isBroken: true });
  await rejects(thread.start(), (error) => isAssayError(error, 'DATA_FILE_INVALID'));
  await rejects(thread.call('echo', 1), isUnavailable);
});
