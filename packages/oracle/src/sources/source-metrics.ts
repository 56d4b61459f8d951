// The metrics of the sources, declared once a process beside the code that moves them.
import { declareGuardMetrics, type GuardMetrics } from '@assay/kernel/resilience/guarded-call';
import type { Counter, Gauge, Histogram, Metrics } from '@assay/kernel/telemetry/metrics';

export type SourceMetrics = {
  guard: GuardMetrics;
  latency: Histogram;
  frames: Counter;
  published: Counter;
  rejected: Counter;
  coalesced: Counter;
  errors: Counter;
  withdrawals: Counter;
  reconnects: Counter;
  sequenceGaps: Counter;
  rateLimitWaits: Counter;
  quarantines: Counter;
  failovers: Counter;
  age: Gauge;
  confidence: Gauge;
  breaker: Gauge;
  skew: Gauge;
  machineSkew: Gauge;
  pairsLive: Gauge;
};

export function declareSourceMetrics(metrics: Metrics): SourceMetrics {
  const counter = (name: string, help: string, ...labels: string[]) =>
    metrics.counter({ name: `assay_source_${name}`, help, labels });
  const gauge = (name: string, help: string, ...labels: string[]) =>
    metrics.gauge({ name: `assay_source_${name}`, help, labels });
  return {
    guard: declareGuardMetrics(metrics),
    latency: metrics.histogram({
      name: 'assay_source_latency_seconds',
      help: 'Response time of a poll; of a stream, the time from the venue to us.',
      labels: ['source', 'transport'],
      // From loopback to the usual timeout of a slow aggregator.
      buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    }),
    frames: counter('frames_total', 'Frames of streams, by kind.', 'source', 'kind'),
    published: counter('prices_total', 'Source prices published.', 'source', 'transport'),
    rejected: counter('rejected_total', 'Parsed prices not published, by reason.', 'source', 'reason'),
    coalesced: counter(
      'coalesced_total',
      'Prices replaced by a newer one of the same pair while the bus was slow.',
    ),
    errors: counter('errors_total', 'Errors, by code.', 'source', 'code'),
    withdrawals: counter('withdrawals_total', 'Withdrawals published, by reason.', 'source', 'reason'),
    reconnects: counter(
      'reconnects_total',
      'Connections opened after the first, by cause.',
      'source',
      'cause',
    ),
    sequenceGaps: counter('sequence_gaps_total', 'Gaps and steps back in sequence numbers.', 'source'),
    rateLimitWaits: counter('rate_limit_waits_total', 'Times the venue told us to wait.', 'source'),
    quarantines: counter('quarantines_total', 'Quarantines of a source or of one of its pairs.', 'source'),
    failovers: counter(
      'failovers_total',
      'Standby sources called in for a feed, or sent back.',
      'source',
      'direction',
    ),
    age: gauge('age_seconds', 'Age of the newest news.', 'source', 'pair'),
    confidence: gauge('confidence', 'Health score, 0 to 1.', 'source', 'pair'),
    breaker: gauge('breaker_state', 'Breaker: 0 closed, 1 open, 2 half-open, 3 isolated.', 'source'),
    skew: gauge('clock_skew_seconds', "The venue's clock minus ours.", 'source'),
    machineSkew: metrics.gauge({
      name: 'assay_machine_clock_skew_seconds',
      help: "The median of the venues' clocks minus ours.",
    }),
    pairsLive: gauge('pairs_live', 'Pairs with a price that was not withdrawn.', 'source'),
  };
}
