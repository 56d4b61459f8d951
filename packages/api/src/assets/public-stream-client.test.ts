// A public client of server-sent events (npm `eventsource`), unmodified, against the real stream.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventSource } from 'eventsource';
import { ApiRig, answerOf, RIG_START_MS } from '../../../../test/api-rig.ts';

test('the eventsource package follows prices with a key in its headers', async () => {
  const rig = new ApiRig({});
  const api = await rig.start();
  const source = new EventSource(`${api.addresses().api}/v1/stream?feeds=BTC/USD`, {
    fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, 'x-api-key': rig.key } }),
  });
  try {
    const heard: string[] = [];
    const next = () =>
      new Promise<void>((resolve, reject) => {
        source.addEventListener(
          'error',
          () => reject(new assert.AssertionError({ message: 'the stream failed' })),
          { once: true },
        );
        source.addEventListener(
          'price',
          (event) => {
            heard.push((JSON.parse(event.data as string) as { price: string }).price);
            resolve();
          },
          { once: true },
        );
      });
    await new Promise((opened) => source.addEventListener('open', opened, { once: true }));
    for (const price of ['1.00', '2.00', '3.00']) {
      const arrived = next();
      await rig.answer(answerOf('BTC/USD', price, RIG_START_MS + heard.length));
      await arrived;
    }
    assert.deepEqual(heard, ['1.00', '2.00', '3.00']);
  } finally {
    source.close();
    await rig.stop();
  }
});
