// A process that owns an embedded ledger until it is killed: the other process of the ledger's tests. In: the
// folder as its argument. Out: one line when it serves.
import { silentLog } from '@assay/kernel/telemetry/log';
import { systemClock } from '@assay/kernel/time/clock';
import { createEmbeddedLedger } from './embedded.ts';

const ledger = createEmbeddedLedger({ path: process.argv[2]!, clock: systemClock, log: silentLog });
await ledger.start();
process.stdout.write('serving\n');
// Its connections are idle now; only this holds the process, longer than any test.
await systemClock.sleep(600_000);
