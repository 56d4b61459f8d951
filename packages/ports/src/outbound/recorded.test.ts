// The scripted door passes the suite, and is exact under a simulated clock.
import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import { SimulatedClock, systemClock } from '@assay/kernel/time/clock';
import { outboundSuite } from './outbound.conformance.ts';
import { createRecordedOutbound, type RecordedSession } from './recorded.ts';

const URL_OF = 'https://venue.test';
const SESSION: RecordedSession = {
  steps: [{ frame: 'hello' }, { frame: new Uint8Array([1, 2, 3]) }, { pulse: true }],
  answer: (frame) => [`echo ${frame}`],
};

outboundSuite('recorded', async () => {
  const outbound = createRecordedOutbound({
    clock: systemClock,
    requests: {
      [`${URL_OF}/teapot`]: [{ status: 418, headers: { 'X-Kind': 'Pot' }, body: 'short and stout' }],
      [`${URL_OF}/moved`]: [{ status: 302, headers: { Location: `${URL_OF}/teapot` } }],
      [`${URL_OF}/large`]: [{ body: 'x'.repeat(100_000) }],
      [`${URL_OF}/silent`]: [{ delayMs: 5_000 }],
    },
    sockets: {
      'wss://venue.test/socket': [{ ...SESSION, closeAfter: { frame: 'bye', code: 4001, text: 'so long' } }],
    },
  });
  return {
    outbound,
    httpUrl: URL_OF,
    socketUrl: 'wss://venue.test/socket',
    deadUrl: 'https://nobody.test/',
    deadSocketUrl: 'wss://nobody.test/',
    close: () => outbound.close(),
  };
});

test('plays answers in order and on time, and keeps what was asked', async () => {
  const clock = new SimulatedClock(1_000);
  const answers = [{ body: 'first', delayMs: 30 }, { fails: 'reset' as const }, { body: 'last' }];
  const outbound = createRecordedOutbound({ clock, requests: { [URL_OF]: answers } });
  const ask = () => outbound.request({ method: 'GET', url: URL_OF, timeoutMs: 100 });
  const first = ask();
  await clock.advance(30);
  const { body, receivedAt, durationMs } = await first;
  deepStrictEqual({ body, receivedAt, durationMs }, { body: 'first', receivedAt: 1_030, durationMs: 30 });
  const second = rejects(ask(), (error) => isAssayError(error) && error.context.reason === 'reset');
  await clock.advance(1);
  await second;
  for (let i = 0; i < 2; i++) {
    const next = ask();
    await clock.advance(1);
    strictEqual((await next).body, 'last');
  }
  strictEqual(outbound.asked.length, 4);
});
