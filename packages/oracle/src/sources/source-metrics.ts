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
  return {
    guard: declareGuardMetrics(metrics),
    latency: metrics.histogram({
      name: 'assay_source_latency_seconds',
      help: 'Response time of a poll; of a stream, the time from the venue to us beyond the fastest message.',
      labels: ['source', 'transport'],
      // From loopback to the usual timeout of a slow aggregator.
      buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    }),
    ...declareCounters(metrics),
    ...declareGauges(metrics),
  };
}

type Named<Kind> = { [Name in keyof SourceMetrics as SourceMetrics[Name] extends Kind ? Name : never]: Kind };

function declareCounters(metrics: Metrics): Named<Counter> {
  return {
    frames: metrics.counter({
      name: 'assay_source_frames_total',
      help: 'Frames of streams, by kind.',
      labels: ['source', 'kind'],
    }),
    published: metrics.counter({
      name: 'assay_source_prices_total',
      help: 'Source prices published.',
      labels: ['source', 'transport'],
    }),
    rejected: metrics.counter({
      name: 'assay_source_rejected_total',
      help: 'Parsed prices not published, by reason.',
      labels: ['source', 'reason'],
    }),
    coalesced: metrics.counter({
      name: 'assay_source_coalesced_total',
      help: 'Prices replaced by a newer one of the same pair while the bus was slow.',
    }),
    errors: metrics.counter({
      name: 'assay_source_errors_total',
      help: 'Errors, by code.',
      labels: ['source', 'code'],
    }),
    withdrawals: metrics.counter({
      name: 'assay_source_withdrawals_total',
      help: 'Withdrawals published, by reason.',
      labels: ['source', 'reason'],
    }),
    reconnects: metrics.counter({
      name: 'assay_source_reconnects_total',
      help: 'Connections opened after the first, by cause.',
      labels: ['source', 'cause'],
    }),
    sequenceGaps: metrics.counter({
      name: 'assay_source_sequence_gaps_total',
      help: 'Gaps and steps back in sequence numbers.',
      labels: ['source'],
    }),
    rateLimitWaits: metrics.counter({
      name: 'assay_source_rate_limit_waits_total',
      help: 'Times the venue told us to wait.',
      labels: ['source'],
    }),
    quarantines: metrics.counter({
      name: 'assay_source_quarantines_total',
      help: 'Quarantines of a source or of one of its pairs.',
      labels: ['source'],
    }),
    failovers: metrics.counter({
      name: 'assay_source_failovers_total',
      help: 'Standby sources called in for a feed, or sent back.',
      labels: ['source', 'direction'],
    }),
  };
}

function declareGauges(metrics: Metrics): Named<Gauge> {
  return {
    age: metrics.gauge({
      name: 'assay_source_age_seconds',
      help: 'Age of the newest news.',
      labels: ['source', 'pair'],
    }),
    confidence: metrics.gauge({
      name: 'assay_source_confidence',
      help: 'Health score, 0 to 1.',
      labels: ['source', 'pair'],
    }),
    breaker: metrics.gauge({
      name: 'assay_source_breaker_state',
      help: 'Breaker: 0 closed, 1 open, 2 half-open, 3 isolated.',
      labels: ['source'],
    }),
    pairsLive: metrics.gauge({
      name: 'assay_source_pairs_live',
      help: 'Pairs with a price that was not withdrawn.',
      labels: ['source'],
    }),
    skew: metrics.gauge({
      name: 'assay_source_clock_skew_seconds',
      help: "The venue's clock minus ours.",
      labels: ['source'],
    }),
    machineSkew: metrics.gauge({
      name: 'assay_machine_clock_skew_seconds',
      help: "The median of the venues' clocks minus ours.",
    }),
  };
}
