// The embedded bus passes the suite.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@assay/kernel/time/clock';
import { eventBusSuite } from './event-bus.conformance.ts';
import type { EventBus } from './event-bus.ts';
import { createSqliteBus } from './sqlite.ts';

eventBusSuite('sqlite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'assay-log-'));
  const clients: EventBus[] = [];
  return {
    isDurable: true,
    async open() {
      const bus = createSqliteBus({
        path: join(folder, 'events.sqlite'),
        namespace: 'node0',
        clock: systemClock,
        partitions: { wide: 4 },
      });
      clients.push(bus);
      await bus.start();
      return bus;
    },
    async close() {
      for (const bus of clients) await bus.stop();
      await rm(folder, { recursive: true });
    },
  };
});
