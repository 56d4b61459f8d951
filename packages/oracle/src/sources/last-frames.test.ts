import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '@assay/kernel/time/clock';
import { createMemoryCache } from '@assay/ports/cache/memory';
import { FRAME_KEPT_BYTES, FRAMES_KEPT, framesKey, type SourceFrames } from '../model/source-frames.ts';
import { plainSource } from './scripted-venue.ts';
import { START, scriptedWorld } from './scripted-world.ts';

test('the last payloads of a source are in the cache within 5 s, newest first, cut, and only when there is news', async () => {
  const cache = createMemoryCache({ clock: new SimulatedClock(START) });
  let writes = 0;
  const set = cache.set.bind(cache);
  cache.set = async (...given) => {
    writes++;
    await set(...given);
  };
  const { clock, outbound, service, body } = scriptedWorld([plainSource('alpha', { stream: null })], {
    cache,
  });
  let price = 100;
  outbound.answer = () => ({ body: body(String(price++), { note: '€'.repeat(1_000) }) });
  await service.start();
  await clock.advance(30_500);
  const kept = JSON.parse((await cache.get(framesKey('alpha')))!) as SourceFrames;
  assert.equal(kept.frames.length, FRAMES_KEPT);
  assert.ok(clock.now() - kept.at <= 5_000);
  const prices = kept.frames.map(({ text }) => Number(/"price":"(\d+)"/.exec(text)![1]));
  assert.deepEqual(
    prices,
    prices.map((_, i) => prices[0]! - i),
  );
  for (const { text, size, status, transport } of kept.frames) {
    assert.deepEqual([status, transport], [200, 'poll']);
    assert.ok(Buffer.byteLength(text) <= FRAME_KEPT_BYTES && size >= 1_000);
  }
  assert.ok(writes <= 6, `${writes} writes in 30 s`);
  outbound.answer = () => ({ status: 451, body: '{"msg":"not here"}' });
  await clock.advance(10_000);
  const refused = JSON.parse((await cache.get(framesKey('alpha')))!) as SourceFrames;
  assert.deepEqual([refused.frames[0]!.status, refused.frames[0]!.text], [451, '{"msg":"not here"}']);
  const before = writes;
  await clock.advance(60_000);
  assert.equal(writes, before, 'a silent venue is not written again');
  await service.stop();
});

test('a credential that a venue echoes is never kept, whole, escaped or cut off at the end', async () => {
  const cache = createMemoryCache({ clock: new SimulatedClock(START) });
  const secret = 'sk/"7f3a9c';
  const alpha = plainSource('alpha', { stream: null });
  const { clock, outbound, service } = scriptedWorld([{ source: alpha, credentials: { key: secret } }], {
    cache,
  });
  const echoes = [
    `unknown key ${secret} `,
    `/prices?key=${encodeURIComponent(secret)}&x`,
    JSON.stringify({ apiKey: secret }),
    // Cut in the middle of the credential, after one that is replaced by a longer text.
    `${secret}${'x'.repeat(FRAME_KEPT_BYTES - secret.length - 6)}${secret}`,
  ];
  for (const body of echoes) {
    outbound.answer = () => ({ status: 500, body });
    if (body === echoes[0]) await service.start();
    await clock.advance(60_000);
    const text = (await cache.get(framesKey('alpha')))!;
    assert.match(text, /\[credential\]/);
    for (const part of [secret, encodeURIComponent(secret), secret.slice(4), secret.slice(0, 6)]) {
      assert.ok(
        !text.includes(part) && !text.includes(JSON.stringify(part).slice(1, -1)),
        `${body}: ${part}`,
      );
    }
  }
  await service.stop();
});

test('frames of a stream are kept as they came; the token that it is opened with is not', async () => {
  const cache = createMemoryCache({ clock: new SimulatedClock(START) });
  const alpha = plainSource('alpha', {
    http: null,
    stream: {
      prepare: {
        request: () => ({ url: 'https://alpha.test/token', pairs: [] }),
        read: ({ body }) => JSON.parse(body) as Record<string, string>,
      },
    },
  });
  const { clock, outbound, service, frame } = scriptedWorld([alpha], { cache });
  outbound.answer = () => ({ body: '{"token":"t0k3n"}' });
  await service.start();
  await clock.advance(100);
  outbound.openSockets[0]!.say(frame('42'));
  await clock.advance(5_000);
  const { frames } = JSON.parse((await cache.get(framesKey('alpha')))!) as SourceFrames;
  assert.equal(frames.length, 1, 'the frame alone');
  assert.match(frames[0]!.text, /"price":"42"/);
  assert.deepEqual([frames[0]!.transport, frames[0]!.status], ['stream', null]);
  await service.stop();
});
