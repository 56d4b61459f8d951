// For tests: the sources at work in virtual time on scripted venues. In: sources. Out: the service and
// everything around it.
import { seededRandom } from '@assay/kernel/random/random';
import { type LogLine, memoryLog } from '@assay/kernel/telemetry/log';
import { memoryMetrics } from '@assay/kernel/telemetry/metrics';
import { SimulatedClock } from '@assay/kernel/time/clock';
import type { ScoreRow } from '@assay/ports/history/history';
import type { SourceStatus } from '../model/source-status.ts';
import type { ConfiguredSource } from './configured-source.ts';
import type { Source } from './define-source.ts';
import { KeepingBus, ScriptedOutbound, scoreHistory } from './scripted-venue.ts';
import { createSourceService, type SourceService, type SourceServiceOptions } from './source-service.ts';

export const START: number = Date.parse('2026-01-01T00:00:00Z');

export type ScriptedWorld = {
  clock: SimulatedClock;
  outbound: ScriptedOutbound;
  bus: KeepingBus;
  history: ReturnType<typeof scoreHistory>;
  lines: LogLine[];
  values: Map<string, number>;
  service: SourceService;
  /** Status of one source; of the first without an id. */
  status(source?: string): SourceStatus;
  /** A body of one price of BTC/USD, told now. */
  body(price: string, more?: object): string;
  /** A frame of one price. */
  frame(price: string, more?: object): unknown;
};

export function scriptedWorld(
  sources: readonly (Source | (Partial<ConfiguredSource> & { source: Source }))[],
  changes: Partial<SourceServiceOptions> & { startAt?: number; rows?: ScoreRow[] } = {},
): ScriptedWorld {
  const clock = new SimulatedClock(changes.startAt ?? START);
  const outbound = new ScriptedOutbound(clock);
  const bus = new KeepingBus();
  const history = scoreHistory(changes.rows);
  const log = memoryLog();
  const metrics = memoryMetrics();
  const service = createSourceService({
    sources: sources.map((each) => configured('source' in each ? each : { source: each })),
    outbound,
    bus,
    history,
    clock,
    random: seededRandom(7),
    log,
    metrics,
    profile: 'test',
    ...changes,
  });
  const told = (price: string, more: object = {}) => {
    return { pair: 'BTC/USD', kind: 'ticker', price, observedAt: clock.now(), ...more };
  };
  return {
    clock,
    outbound,
    bus,
    history,
    lines: log.lines,
    values: metrics.values,
    service,
    status: (id) => service.status().find(({ source }) => id === undefined || source === id)!,
    body: (price, more) => JSON.stringify([told(price, more)]),
    frame: (price, more) => ({ kind: 'prices', name: 'ticker', prices: [told(price, more)] }),
  };
}

function configured(given: Partial<ConfiguredSource> & { source: Source }): ConfiguredSource {
  return {
    pairs: ['BTC/USD'],
    endpoints: given.source.endpoints,
    credentials: {},
    options: {},
    priority: 1,
    transport: 'both',
    ...given,
  };
}
