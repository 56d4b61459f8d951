import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '@assay/kernel/telemetry/log';
import { memoryMetrics } from '@assay/kernel/telemetry/metrics';
import { SimulatedClock } from '@assay/kernel/time/clock';
import { createMemoryBus } from '@assay/ports/event-bus/memory';
import { ANSWERS_TOPIC, type Answer } from '../model/answer.ts';
import { DECISIONS_TOPIC, decodeDecision } from '../model/decision.ts';
import { decodeSourceRecord, SOURCE_PRICES_TOPIC } from '../model/source-price.ts';
import { createAggregationService } from './aggregation-service.ts';
import { Aggregator } from './aggregator.ts';
import { configOf, instantOf, type Line, START_AT } from './book-for-tests.ts';

const LINES: Line[] = ['a', 'b', 'c', 'd'].map((source) => [source, 'SOL/USD', '100.00']);

test('answers on the bus are those that the log alone gives again, and time is marked when nobody speaks', async () => {
  const clock = new SimulatedClock(START_AT);
  const bus = createMemoryBus({ clock });
  await bus.start();
  const metrics = memoryMetrics();
  const config = configOf(['SOL/USD'], LINES);
  const service = createAggregationService({ bus, clock, log: silentLog, metrics, config, profile: 'test' });
  await service.start();
  await clock.advance(100);
  const { records } = instantOf(100, LINES);
  const published = bus.publish(SOURCE_PRICES_TOPIC, [
    ...records.map(({ record }) => ({ key: 'SOL/USD', value: JSON.stringify(record) })),
    { key: 'SOL/USD', value: '{"type":"price","source":""}' },
  ]);
  await clock.advance(20);
  await published;
  await clock.advance(400_000);
  await service.stop();

  const answers = (await bus.read(ANSWERS_TOPIC, 0, 0, 1000)).map(({ value }) => JSON.parse(value) as Answer);
  assert.equal(answers[0]!.state, 'ok');
  assert.equal(answers.at(-1)!.state, 'stale');
  const decisions = await bus.read(DECISIONS_TOPIC, 0, 0, 1000);
  assert.deepEqual(
    decisions.map(({ value }) => decodeDecision(value).id),
    answers.map(({ decision }) => decision),
  );

  const again = new Aggregator();
  const recomputed: Answer[] = [];
  const pending: { at: number; values: { offset: number; value: string }[] }[] = [];
  for (const { at, offset, value } of await bus.read(SOURCE_PRICES_TOPIC, 0, 0, 10_000)) {
    if (pending.at(-1)?.at !== at) pending.push({ at, values: [] });
    pending.at(-1)!.values.push({ offset, value });
  }
  for (const { at, values } of pending) {
    const readable = values.flatMap(({ offset, value }) => {
      try {
        return [{ offset, record: decodeSourceRecord(value) }];
      } catch {
        return [];
      }
    });
    recomputed.push(...again.take({ at, records: readable }).answers);
  }
  assert.deepEqual(recomputed, answers);
  assert.equal(metrics.values.get('assay_aggregation_damaged_records_total'), 1);
  assert.equal(metrics.values.get('assay_feed_state{feed="SOL/USD",state="stale"}'), 1);
  await bus.stop();
});
