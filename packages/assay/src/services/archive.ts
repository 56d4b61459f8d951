// Service `archive`: event log -> history, for embedded runs (with Kafka the connector does it).
import { createArchiveService } from '@assay/oracle/archive/archive-service';
import type { Service, ServiceContext } from './service.ts';

export function archive({ bus, history, log, metrics }: ServiceContext): Service {
  return createArchiveService({ bus, history, log: log.child({ service: 'archive' }), metrics });
}
