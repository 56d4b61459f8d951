import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@assay/kernel/random/random';
import { plainSource } from './scripted-venue.ts';
import { scriptedWorld } from './scripted-world.ts';
import { machineSkewMs, newSkew, observeSkew, skewMs } from './skew.ts';

test("a venue's clock is found within the fastest message's time, through jitter and stalls", () => {
  for (const trueSkew of [-30_000, -400, 0, 700, 8_000]) {
    const random = seededRandom(11);
    let skew = newSkew();
    for (let now = 1e12; now < 1e12 + 600_000; now += 500) {
      const onTheWay = 20 + 200 * random.next() + (random.next() < 0.05 ? 9_000 : 0);
      skew = observeSkew(skew, now + trueSkew - onTheWay, now);
    }
    const found = skewMs(skew)!;
    assert.ok(found <= trueSkew - 20 && found >= trueSkew - 40, `${found} for ${trueSkew}`);
  }
});

test('a clock that is set is noticed within two windows; too little or too old evidence says nothing', () => {
  let skew = newSkew();
  for (let now = 0; now < 300_000; now += 1_000) skew = observeSkew(skew, now + 5_000, now);
  for (let now = 300_000; now < 560_000; now += 1_000) skew = observeSkew(skew, now, now);
  assert.equal(skewMs(skew), 0);
  assert.equal(skewMs(observeSkew(newSkew(), 1, 1)), undefined);
  assert.equal(machineSkewMs([3_000, undefined, 3_100]), undefined);
  assert.equal(machineSkewMs([3_000, undefined, 3_100, -90_000]), 3_000);
});

test('prices of a venue whose clock is ahead are not of the future, and the skew is in its status', async () => {
  const { clock, outbound, bus, service, status } = scriptedWorld([plainSource('alpha', { http: null })]);
  await service.start();
  await clock.advance(300);
  const ahead = 9_000;
  for (let i = 0; i < 20; i++) {
    await clock.advance(500);
    const at = clock.now() + ahead - 30;
    const price = { pair: 'BTC/USD', kind: 'trade', price: String(i + 1), observedAt: at, venueAt: at };
    outbound.openSockets[0]!.say({ kind: 'prices', name: 'trade', prices: [price] });
  }
  assert.ok(Math.abs(status().skewMs! - ahead) < 100);
  assert.ok(bus.prices().length >= 15);
  for (const { observedAt, receivedAt } of bus.prices())
    assert.ok(observedAt <= receivedAt && observedAt > receivedAt - 500);
  await service.stop();
});

test("this machine's clock is held against the median of the venues and a second is worth a warning", async () => {
  const sources = ['alpha', 'beta', 'gamma'].map((id) => plainSource(id, { stream: null }));
  const { clock, outbound, service, status, lines } = scriptedWorld(sources);
  outbound.answer = ({ url }) => {
    const venueAt = clock.now() + (url.includes('beta') ? -60_000 : 2_500);
    return { body: JSON.stringify([{ pair: 'BTC/USD', kind: 'ticker', price: '1', venueAt }]) };
  };
  await service.start();
  await clock.advance(10_000);
  assert.ok(Math.abs(status().machineSkewMs! - 2_495) <= 1);
  assert.equal(lines.filter(({ message }) => message.includes("this machine's clock")).length, 1);
  await service.stop();
});
