// A process for tests: appends to the embedded log until it is killed, and writes each acknowledgement to its
// output at once.
// In: path of the log, how many publications may wait at a time. Out: lines "<offset> <n>", one per
//   acknowledged record.
import { systemClock } from '@assay/kernel/time/clock';
import { createSqliteBus } from './sqlite.ts';

const [path = '', name = 'p', parallel = '8'] = process.argv.slice(2);
const bus = createSqliteBus({ path, namespace: 'node0', clock: systemClock });
await bus.start();
process.stdin.on('end', () => process.exit(0)).resume();
let next = 0;

async function append(): Promise<void> {
  for (;;) {
    const n = next++;
    const [position] = await bus.publish('prices', [{ key: name, value: `{"n":${n}}` }]);
    // To a pipe this is written at once, before anything else happens here.
    process.stdout.write(`${position!.offset} ${n}\n`);
  }
}

await Promise.all(Array.from({ length: Number(parallel) }, append));
