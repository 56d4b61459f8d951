import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DECISIONS_TOPIC, type DecisionInput, encodeDecision, type Verdict } from '../model/decision.ts';
import { agreementsIn } from './agreement.ts';
import { agreementOf, Confidence, freshnessOf } from './confidence.ts';
import { plainSource } from './scripted-venue.ts';
import { scriptedWorld } from './scripted-world.ts';

const input = (source: string, residualCbps: number, verdict: Verdict = 'used'): DecisionInput => {
  return { source, pair: 'BTC/USD', offset: 1, verdict, weightPpm: 1_000_000, residualCbps };
};

/** As aggregation writes it: in any other form the two would pass each other by. */
function decision(inputs: DecisionInput[]): string {
  return encodeDecision({
    id: 'BTC/USD@1',
    at: 1,
    feed: 'BTC/USD',
    check: null,
    method: 'weighted-median',
    state: 'ok',
    causes: [],
    inputs,
    withoutVenue: [],
  });
}

test('agreement is whole within honest noise, a quarter at the outlier floor, nothing far away', () => {
  assert.equal(agreementOf(0), 1);
  assert.equal(agreementOf(-15), 1);
  assert.ok(agreementOf(60) > 0.2 && agreementOf(60) < 0.25);
  assert.ok(agreementOf(5_000) < 0.001);
  assert.equal(freshnessOf(30_000, 60_000), 1);
  assert.equal(freshnessOf(120_000, 60_000), 0.5);
  assert.equal(freshnessOf(1e9, 60_000), 0);
});

test('only prices that were judged say anything, and what cannot be read harms nobody', () => {
  const value = decision([input('alpha', 100), input('beta', 0, 'stale')]);
  assert.deepEqual(agreementsIn([{ key: 'k', value }]), [{ source: 'alpha', pair: 'BTC/USD', agreement: 1 }]);
  for (const text of ['', 'null', '{"rows":3}', '[]', '{"pairs":["BTC/USD"],"rows":[7]}', value.slice(0, 90)])
    assert.deepEqual(agreementsIn([{ key: 'k', value: text }]), []);
});

test('a busy stream is sampled once a second: a thousand good frames do not wash away a bad minute', () => {
  const confidence = new Confidence(['BTC/USD']);
  for (let second = 0; second < 60; second++)
    confidence.observe('BTC/USD', { kind: 'failure' }, second * 1_000);
  const before = confidence.score('BTC/USD', 60_000);
  for (let i = 0; i < 1_000; i++) confidence.observe('BTC/USD', { kind: 'success' }, 60_000 + i / 2);
  assert.ok(confidence.score('BTC/USD', 60_500) < before + 0.05);
});

test('a liar loses its weight within a minute, is quarantined, and honest venues keep theirs', async () => {
  const sources = ['alpha', 'beta', 'gamma', 'delta'].map((id) => plainSource(id, { stream: null }));
  const { clock, outbound, bus, service, status, body } = scriptedWorld(sources);
  outbound.answer = ({ url }) => ({ body: body(url.includes('delta') ? '200' : '100') });
  await service.start();
  let quarantinedAfterS = 0;
  for (let second = 1; second <= 180; second++) {
    await clock.advance(1_000);
    const inputs = [input('alpha', 20), input('beta', -300), input('gamma', 0)];
    const isIn = status('delta').pairs[0]!.quarantinedUntil === null;
    if (isIn) inputs.push(input('delta', 693_147, 'outlier'));
    else quarantinedAfterS ||= second;
    await bus.deliver(DECISIONS_TOPIC, [JSON.parse(decision(inputs))]);
    if (second === 40) assert.match(status('delta').sentence, /disagree/);
    if (second === 60) assert.ok(status('delta').confidence < 0.5, String(status('delta').confidence));
    if (second === quarantinedAfterS) assert.equal(status('delta').state, 'quarantined');
  }
  assert.ok(quarantinedAfterS > 30 && quarantinedAfterS < 150, `after ${quarantinedAfterS} s`);
  assert.deepEqual(
    bus
      .withdrawals()
      .slice(0, 1)
      .map(({ source, reason }) => [source, reason]),
    [['delta', 'quarantined']],
  );
  for (const id of ['alpha', 'beta', 'gamma'])
    assert.ok(status(id).confidence > 0.9, `${id} ${status(id).confidence}`);
  const confidences = bus.prices().filter(({ source }) => source === 'delta');
  assert.ok(confidences.at(-1)!.confidence < confidences[0]!.confidence, 'it stands in every record');
  await service.stop();
});
