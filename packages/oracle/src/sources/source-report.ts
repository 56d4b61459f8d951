// The status of one source, put together from what its runner knows, and the gauges that show it.
import { BREAKER_PHASES } from '@assay/kernel/resilience/breaker';
import { type Band, bandOf } from '@assay/kernel/resilience/health';
import { UNKNOWN_LISTING } from '../model/listing.ts';
import type { Pair } from '../model/pair.ts';
import type { HealthParts, LimitUse, SourcePairStatus, SourceStatus } from '../model/source-status.ts';
import type { Quarantine } from './quarantine.ts';
import type { SourceMetrics } from './source-metrics.ts';
import type { SourceRunner } from './source-runner.ts';
import { stateOf } from './source-state.ts';

export type ReportContext = {
  now: number;
  profile: string;
  machine: number | undefined;
  previousBand?: Band | undefined;
};

export function statusOf(runner: SourceRunner, context: ReportContext): SourceStatus {
  const { now, profile, machine, previousBand } = context;
  const { source } = runner.configured;
  const pairs = runner.configured.pairs.map((pair) => pairStatus(runner, pair, now));
  const active = pairs.filter(({ pair }) => runner.pairs.isActive(pair));
  const pairsLive = pairs.filter(({ isLive }) => isLive).length;
  const judged = active.length === 0 ? pairs : active;
  const confidence = meanOf(judged.map((pair) => pair.confidence));
  const band: Band = bandOf(confidence, previousBand);
  const { state, sentence, retryAt } = stateOfRunner(runner, { now, pairsLive, band, confidence, pairs });
  const { latencies } = runner.desk;
  const skew = runner.desk.skewMs;
  return {
    source: source.id,
    name: source.name,
    venue: source.venue ?? source.id,
    kind: source.kind,
    profile,
    at: now,
    state,
    sentence,
    transport: transportOf(runner),
    pairsConfigured: pairs.length,
    pairsLive,
    confidence,
    band,
    parts: partsOf(
      runner,
      judged.map(({ pair }) => pair),
      now,
    ),
    latencyMs: tenths(runner.desk.confidence.meanLatencyMs()),
    latencyP50Ms: tenths(latencies.quantile(0.5)),
    latencyP99Ms: tenths(latencies.quantile(0.99)),
    breaker: runner.guard.breaker.phase,
    skewMs: skew === undefined ? null : Math.round(skew),
    machineSkewMs: machine === undefined ? null : Math.round(machine),
    lastError: runner.complaints.last ?? null,
    retryAt,
    limits: limitsOf(runner),
    counts: { ...runner.desk.counts },
    listedAt: runner.pairs.listed.readAt,
    offers: runner.pairs.listed.offers,
    pairs,
  };
}

export function showInMetrics(status: SourceStatus, metrics: SourceMetrics): void {
  const { source } = status;
  metrics.breaker.set(BREAKER_PHASES.indexOf(status.breaker), { source });
  metrics.pairsLive.set(status.pairsLive, { source });
  if (status.skewMs !== null) metrics.skew.set(status.skewMs / 1_000, { source });
  for (const { pair, confidence, ageMs } of status.pairs) {
    metrics.confidence.set(confidence, { source, pair });
    if (ageMs !== null) metrics.age.set(ageMs / 1_000, { source, pair });
  }
}

function pairStatus(runner: SourceRunner, pair: Pair, now: number): SourcePairStatus {
  const { book } = runner.desk;
  const freshAt = book.freshAt(pair);
  return {
    pair,
    isLive: book.isLive(pair),
    confidence: runner.desk.score(pair, now),
    ageMs: freshAt === undefined ? null : Math.max(0, now - freshAt),
    price: book.last(pair)?.price ?? null,
    quarantinedUntil: runner.blocks.pairQuarantined(pair, now)?.until ?? null,
    listing: runner.pairs.listed.listings.get(pair) ?? UNKNOWN_LISTING,
  };
}

function stateOfRunner(
  runner: SourceRunner,
  seen: {
    now: number;
    pairsLive: number;
    band: Band;
    confidence: number;
    pairs: readonly SourcePairStatus[];
  },
): { state: SourceStatus['state']; sentence: string; retryAt: number | null } {
  const { now } = seen;
  const { blocks, guard, streamer, poller } = runner;
  const refusals = [
    streamer === undefined ? undefined : blocks.refusal('stream', now),
    poller === undefined ? undefined : blocks.refusal('poll', now),
  ].filter((words) => words !== undefined);
  const wanted = [streamer, poller].filter((transport) => transport !== undefined).length;
  const isRefused = refusals.length > 0 && refusals.length === wanted;
  const pairQuarantines = runner.active.map((pair) => blocks.pairQuarantined(pair, now));
  const quarantine = blocks.quarantined(now) ?? earliestOfAll(pairQuarantines);
  const openUntil = guard.breaker.phase === 'open' ? guard.breaker.retryAt : undefined;
  const heldUntil = runner.heldUntil;
  const retryAt =
    quarantine?.until ?? (isRefused ? blocks.refusedUntil() : undefined) ?? heldUntil ?? openUntil ?? null;
  const told = stateOf({
    name: runner.configured.source.name,
    deniedBecause: blocks.denied,
    refusedBecause: isRefused ? refusals[0] : undefined,
    partlyRefused: isRefused ? undefined : refusals[0],
    quarantine,
    isStandby: runner.active.length === 0,
    standbyReason: runner.pairs.reason,
    heldUntil,
    openUntil,
    wasHeard: seen.pairs.some(({ ageMs }) => ageMs !== null),
    pairsLive: seen.pairsLive,
    pairsWanted: runner.active.length,
    pairsQuarantined: pairQuarantines.filter((each) => each !== undefined).length,
    isContradicted: isContradicted(runner, now),
    isStreamWanted: streamer !== undefined,
    isStreamUp: streamer?.isUp === true,
    isPolling: poller?.isRunning === true,
    band: seen.band,
    confidence: seen.confidence,
    lastError: runner.complaints.last?.message,
  });
  return { ...told, retryAt: blocks.denied === undefined ? retryAt : null };
}

function partsOf(runner: SourceRunner, pairs: readonly Pair[], now: number): HealthParts {
  const scores = pairs.map((pair) => runner.desk.confidence.scores(pair, now));
  const mean = (part: keyof HealthParts) => meanOf(scores.map((score) => score[part]));
  return {
    latency: mean('latency'),
    freshness: mean('freshness'),
    success: mean('success'),
    agreement: mean('agreement'),
  };
}

function limitsOf({ configured, guard, poller, pollIntervalMs }: SourceRunner): LimitUse {
  const { requests, credits } = configured.source.limits;
  const { use } = guard;
  return {
    requests: { ...requests, used: use.window },
    credits:
      credits === undefined || use.creditsEndAt === undefined
        ? null
        : { ...credits, used: use.credits, endsAt: use.creditsEndAt },
    pollIntervalMs: poller === undefined ? null : pollIntervalMs,
  };
}

/** Every pair is left out for itself: then the source is. */
function earliestOfAll(quarantines: readonly (Quarantine | undefined)[]): Quarantine | undefined {
  const all = quarantines.filter((each) => each !== undefined);
  if (all.length === 0 || all.length < quarantines.length) return undefined;
  return all.reduce((first, each) => (each.until < first.until ? each : first));
}

/** The others have taken more of its confidence than anything else has. */
function isContradicted(runner: SourceRunner, now: number): boolean {
  const { agreement, success, latency, freshness } = partsOf(runner, runner.active, now);
  return agreement < Math.min(success, latency, freshness);
}

function transportOf({ streamer, poller }: SourceRunner): SourceStatus['transport'] {
  const isStreaming = streamer?.isUp === true;
  const isPolling = poller?.isRunning === true;
  if (isStreaming) return isPolling ? 'both' : 'stream';
  return isPolling ? 'poll' : 'none';
}

function tenths(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms * 10) / 10;
}

function meanOf(values: readonly number[]): number {
  if (values.length === 0) return 0;
  return Math.round((1_000 * values.reduce((sum, value) => sum + value, 0)) / values.length) / 1_000;
}
