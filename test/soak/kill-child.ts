// The ports of the program under load, to be killed: appends to the event log, archives what it appended,
// saves scores every second. In: paths of log and history. Out: a line "acknowledged <offset> <n>" for every
// record, when it is acknowledged.
import { systemClock } from '@assay/kernel/time/clock';
import { createSqliteBus } from '@assay/ports/event-bus/sqlite';
import { createSqliteHistory } from '@assay/ports/history/sqlite';

const [events = '', history = ''] = process.argv.slice(2);
const RECORDS_PER_PUBLICATION = 5;
const PAUSE_MS = 3;
const SCORE_INTERVAL_MS = 1_000;

const bus = createSqliteBus({ path: events, namespace: 'node0', clock: systemClock });
const rows = createSqliteHistory({ path: history, clock: systemClock });
await bus.start();
await rows.start();
// The end of the starting process ends this one too.
process.stdin.on('end', () => process.exit(0)).resume();

await bus.subscribe({ topic: 'source-prices', group: 'archive', from: 'earliest' }, (records) =>
  rows.appendPrices(
    records.map(({ key, value, offset, at }) => {
      const { price } = JSON.parse(value) as { price: string };
      return { source: 'soak', pair: key, price, observedAt: at, receivedAt: at, offset };
    }),
  ),
);

const saveScores = async (): Promise<void> => {
  const savedAt = systemClock.now();
  await rows.saveScores([{ source: 'soak', feed: '*', savedAt, state: `{"savedAt":${savedAt}}` }]);
  systemClock.after(SCORE_INTERVAL_MS, () => void saveScores());
};
await saveScores();

for (let n = 0; ; n += RECORDS_PER_PUBLICATION) {
  const records = Array.from({ length: RECORDS_PER_PUBLICATION }, (_, i) => ({
    key: 'CHILD/USD',
    value: `{"n":${n + i}}`,
  }));
  const published = bus.publish('acknowledged', records);
  void published.then((positions) => {
    const lines = positions.map(({ offset }, i) => `acknowledged ${offset} ${n + i}\n`);
    process.stdout.write(lines.join(''));
  });
  await systemClock.sleep(PAUSE_MS);
}
