// Publishes a number of records one after the other, each when the one before is acknowledged, and says how
// many.
import { systemClock } from '@assay/kernel/time/clock';
import { createSqliteBus } from '@assay/ports/event-bus/sqlite';

const COUNT = 200;
const bus = createSqliteBus({ path: process.argv[2] ?? '', namespace: 'node0', clock: systemClock });
await bus.start();
for (let n = 0; n < COUNT; n++) await bus.publish('acknowledged', [{ key: 'k', value: `{"n":${n}}` }]);
await bus.stop();
process.stdout.write(`${COUNT} acknowledgements, one after the other,\n`);
