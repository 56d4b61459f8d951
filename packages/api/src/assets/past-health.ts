// How one source was over a range of time, thinned to what a chart can show. In: the topic `health`, a
// source, a range. Out: at most 300 points, oldest first; of the records that fall into one point the worst
// stands for all, so that a bad moment is never thinned away where it was read.
//
// Invariant: reads are bounded whatever the range and the log. A range with more records than that is looked
// at in windows at regular places of the log: each holds one round of reports of all sources.
import {
  decodeSourceStatus,
  HEALTH_TOPIC,
  type HealthParts,
  SOURCE_STATES,
  type SourceStatus,
} from '@assay/oracle/model/source-status';
import type { BusRecord, EventBus, TopicPosition } from '@assay/ports/event-bus/event-bus';

export type HealthRange = { source: string; fromMs: number; toMs: number; sourceCount: number };

/** Numbers are null where the record does not say them. */
export type HealthPoint = {
  at: string;
  state: string;
  confidence: number;
  parts: HealthParts | null;
  band: string;
  breaker: string;
  transport: string;
  latencyMs: number | null;
  latencyP50Ms: number | null;
  latencyP99Ms: number | null;
  pairsLive: number;
  pairsConfigured: number;
  /** Since the start of the process that reports. */
  errors: number;
  reconnects: number;
};

export const HEALTH_POINTS_MAX = 300;

/** Beside a round of all sources, changes of state between two rounds. */
const WINDOW_MORE = 8;
/** Even with hundreds of sources a request reads no more at once. */
const WINDOW_MAX = 100;
const PAGE = 1_000;

export async function pastHealth(bus: EventBus, range: HealthRange): Promise<HealthPoint[]> {
  const kept = new Map<number, SourceStatus>();
  const stepMs = Math.max(1, (range.toMs - range.fromMs) / HEALTH_POINTS_MAX);
  for (const position of await bus.positions(HEALTH_TOPIC)) {
    for await (const record of recordsIn(bus, position, range)) {
      if (record.key !== range.source || record.at < range.fromMs || record.at >= range.toMs) continue;
      const status = readable(record);
      if (status === undefined) continue;
      const place = Math.floor((record.at - range.fromMs) / stepMs);
      const other = kept.get(place);
      if (other === undefined || badnessOf(status) > badnessOf(other)) kept.set(place, status);
    }
  }
  return [...kept.entries()].sort(([a], [b]) => a - b).map(([, status]) => pointOf(status));
}

/** Everything in the range where that is little, else a window at each of 300 places. */
async function* recordsIn(
  bus: EventBus,
  { partition, firstOffset, nextOffset }: TopicPosition,
  { fromMs, toMs, sourceCount }: HealthRange,
): AsyncGenerator<BusRecord> {
  const find = (ms: number) => firstSince(bus, { partition, firstOffset, nextOffset }, ms);
  const [begin, end] = [await find(fromMs), await find(toMs)];
  const window = Math.min(WINDOW_MAX, sourceCount + WINDOW_MORE);
  if (end - begin <= window * HEALTH_POINTS_MAX) {
    for (let from = begin; from < end; from += PAGE) {
      yield* await bus.read(HEALTH_TOPIC, partition, from, Math.min(PAGE, end - from));
    }
    return;
  }
  const stride = (end - begin) / HEALTH_POINTS_MAX;
  for (let i = 0; i < HEALTH_POINTS_MAX; i++) {
    yield* await bus.read(HEALTH_TOPIC, partition, Math.floor(begin + i * stride), window);
  }
}

/** Offset of the first record at or after an instant: `at` never decreases within a partition. */
async function firstSince(
  bus: EventBus,
  { partition, firstOffset, nextOffset }: TopicPosition,
  ms: number,
): Promise<number> {
  let [low, high] = [firstOffset, nextOffset];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [record] = await bus.read(HEALTH_TOPIC, partition, middle, 1);
    // What retention has deleted meanwhile was older.
    if (record === undefined || record.at < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

function readable({ value }: BusRecord): SourceStatus | undefined {
  try {
    return decodeSourceStatus(value);
  } catch {
    // One record that nobody can read is a gap in a chart, not an error of the request.
    return undefined;
  }
}

const WELL: readonly string[] = ['live', 'standby'];

/** What gives no prices before what gives some, then by confidence. */
function badnessOf({ state, confidence }: SourceStatus): number {
  const grade = WELL.includes(state) ? 0 : state === 'degraded' ? 1 : 2 + SOURCE_STATES.indexOf(state) / 100;
  return grade * 2 + (1 - confidence);
}

function pointOf(status: SourceStatus): HealthPoint {
  const { state, confidence, parts, band, breaker, transport, latencyMs, counts } = status;
  return {
    at: new Date(status.at).toISOString(),
    state,
    confidence,
    parts: parts ?? null,
    band,
    breaker,
    transport,
    latencyMs: latencyMs ?? null,
    latencyP50Ms: status.latencyP50Ms ?? null,
    latencyP99Ms: status.latencyP99Ms ?? null,
    pairsLive: status.pairsLive,
    pairsConfigured: status.pairsConfigured,
    errors: counts?.errors ?? 0,
    reconnects: counts?.reconnects ?? 0,
  };
}
