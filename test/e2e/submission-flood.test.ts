// However many prices one client submits, a feed stays within what its honest venues say and does not lose
// its state. The real services of submissions and aggregation on one bus; the figures are printed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@assay/kernel/random/random';
import { silentLog } from '@assay/kernel/telemetry/log';
import { memoryMetrics } from '@assay/kernel/telemetry/metrics';
import { SimulatedClock } from '@assay/kernel/time/clock';
import { createAggregationService } from '@assay/oracle/aggregation/aggregation-service';
import { ANSWERS_TOPIC, type Answer } from '@assay/oracle/model/answer';
import type { AggregationConfig } from '@assay/oracle/model/feed';
import { SOURCE_PRICES_TOPIC, type SourcePrice } from '@assay/oracle/model/source-price';
import { SUBMISSIONS_TOPIC } from '@assay/oracle/model/submission';
import { createSubmissionService } from '@assay/oracle/sources/submission-service';
import { createMemoryBus } from '@assay/ports/event-bus/memory';
import { RIG_START_MS } from '../api-rig.ts';

const COUNT = 100_000;
const VENUES = ['coinbase', 'kraken', 'bitstamp', 'gemini', 'okx'];
const FEED = 'BTC/USD';

const config: AggregationConfig = {
  feeds: [
    {
      feed: FEED,
      decimals: 2,
      heartbeatMs: 3_600_000,
      deviationThresholdPpb: 5_000_000,
      method: 'weighted-median',
      sources: [...VENUES, 'submitted'].map((source) => ({ source, pair: FEED, weight: 1 })),
      minimumVenues: 3,
      outlierFloorBps: 60,
      maximumMoveBps: 500,
      staleAfterMs: 30_000,
    },
  ],
  sources: [
    ...VENUES.map((source) => ({ source, name: source, venue: source, kind: 'exchange' as const })),
    { source: 'submitted', name: 'Submitted', venue: 'submitted', kind: 'submitted' as const },
  ],
  hub: ['USD', 'BTC'],
  checkIntervalMs: 100,
};

/** Near enough to look honest, as far as the API lets through, and everything between. */
const LIES = [1.0005, 1.004, 1.02, 1.49, 0.9995, 0.996, 0.98, 0.51];

for (const clients of [1, 50]) {
  const who = clients === 1 ? 'one client' : `${clients} clients`;
  test(`${COUNT} submissions of ${who} leave every answer among the honest venues, and ok`, async (t) => {
    const clock = new SimulatedClock(RIG_START_MS);
    const bus = createMemoryBus({ clock });
    const tools = { bus, clock, log: silentLog, profile: 'test' };
    const aggregation = createAggregationService({ ...tools, metrics: memoryMetrics(), config });
    const submissions = createSubmissionService({ ...tools, pairs: [FEED], name: 'Submitted' });
    await bus.start();
    await aggregation.start();
    await submissions.start();
    const random = seededRandom(7);
    let honest = VENUES.map(() => 67_000);
    const seen = { answers: 0, submitted: 0 };
    const outside: string[] = [];
    let isWarm = false;
    await bus.subscribe({ topic: ANSWERS_TOPIC, from: 'latest' }, (records) => {
      for (const { value } of records) {
        const { price, state, stateReason } = JSON.parse(value) as Answer;
        if (!isWarm) continue;
        seen.answers += 1;
        const isInside =
          Number(price) >= Math.min(...honest) - 0.01 && Number(price) <= Math.max(...honest) + 0.01;
        if (!isInside || state !== 'ok') outside.push(`${price} ${state}: ${stateReason}`);
      }
    });
    await bus.subscribe({ topic: SOURCE_PRICES_TOPIC, from: 'latest' }, (records) => {
      for (const { value } of records) if (value.includes('"submitted"')) seen.submitted += 1;
    });
    const publishVenues = async () => {
      honest = VENUES.map(() => 67_000 + random.normal() * 3);
      const records = VENUES.map((source, i): { key: string; value: string } => {
        const at = clock.now();
        const price: SourcePrice = {
          type: 'price',
          source,
          pair: FEED,
          price: honest[i]!.toFixed(2),
          kind: 'trade',
          observedAt: at,
          receivedAt: at,
          confidence: 0.85,
          transport: 'stream',
          profile: 'test',
        };
        return { key: FEED, value: JSON.stringify(price) };
      });
      honest = honest.map((price) => Number(price.toFixed(2)));
      await bus.publish(SOURCE_PRICES_TOPIC, records);
    };
    for (let i = 0; i < 20; i++) {
      await publishVenues();
      await clock.advance(100);
    }
    isWarm = true;
    const perTurn = Math.max(1, Math.ceil(COUNT / 100));
    for (let sent = 0; sent < COUNT; ) {
      const records = Array.from({ length: Math.min(perTurn, COUNT - sent) }, () => {
        const at = clock.now();
        const lie = LIES[Math.floor(sent / perTurn) % LIES.length]!;
        const offered = {
          type: 'submission',
          id: `sub_${sent}`,
          client: `client ${sent++ % clients}`,
          pair: FEED,
          price: (67_000 * lie).toFixed(2),
          observedAt: at,
          receivedAt: at,
          submittedBy: 'flood',
        };
        return { key: FEED, value: JSON.stringify(offered) };
      });
      await bus.publish(SUBMISSIONS_TOPIC, records);
      await clock.advance(150);
      await publishVenues();
      await clock.advance(150);
    }
    const stopping = submissions.stop();
    await clock.advance(1_000);
    await stopping;
    await aggregation.stop();
    await bus.stop();
    t.diagnostic(`${COUNT} submissions, ${seen.submitted} submitted prices, ${seen.answers} answers`);
    assert.ok(seen.answers >= 100 && seen.submitted >= 50, JSON.stringify(seen));
    assert.deepEqual(outside.slice(0, 3), []);
  });
}
