// Service `aggregation`: source prices -> answers with their decisions.
import { createAggregationService } from '@assay/oracle/aggregation/aggregation-service';
import type { Service, ServiceContext } from './service.ts';

export function aggregation({ bus, clock, log, metrics, config, settings }: ServiceContext): Service {
  const service = createAggregationService({
    bus,
    clock,
    log: log.child({ service: 'aggregation' }),
    metrics,
    config,
    profile: settings.profile,
  });
  return {
    start: () => service.start(),
    stop: () => service.stop(),
    reconfigure: (next) => service.reconfigure(next.config),
  };
}
