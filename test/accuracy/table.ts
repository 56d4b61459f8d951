// The accuracy table as text. In: rows. Out: lines: honest rows in full, hostile ones by their worst, pairs
// by the worst few.
import { OUR_RULE, type Row } from './tasks.ts';

const PAIRS_SHOWN = 5;

export function printTable(rows: readonly Row[]): void {
  for (const recording of new Set(rows.map((row) => row.recording))) {
    for (const feed of new Set(rows.filter((row) => row.recording === recording).map((row) => row.feed))) {
      printFeed(rows.filter((row) => row.recording === recording && row.feed === feed));
    }
  }
}

function printFeed(rows: readonly Row[]): void {
  const { recording, feed } = rows[0]!;
  console.log(`\n${recording}: ${feed} (basis points, answers in state ok)`);
  console.log(HEADER);
  for (const row of rows.filter(({ hostile }) => hostile === null)) console.log(line(row.rule, row));
  const ours = rows.filter(({ rule, hostile }) => rule === OUR_RULE && hostile !== null);
  for (const kind of ['series', 'venue'] as const) {
    const names = new Set(ours.flatMap(({ hostile }) => (hostile?.kind === kind ? [hostile.name] : [])));
    for (const name of names) {
      for (const row of ours) {
        if (row.hostile?.kind === kind && row.hostile.name === name) {
          console.log(line(`${kind} ${name}: ${row.hostile.mode}`, row));
        }
      }
    }
    printWorst(
      `${OUR_RULE}: any one ${kind} hostile`,
      ours.filter(({ hostile }) => hostile?.kind === kind),
    );
  }
  const pairs = ours.filter(({ hostile }) => hostile?.kind === 'pair').sort((a, b) => b.max - a.max);
  for (const row of pairs.slice(0, PAIRS_SHOWN)) {
    console.log(line(`pair ${row.hostile!.name}: ${row.hostile!.mode}`, row));
  }
  printWorst(`${OUR_RULE}: any pair hostile (${pairs.length})`, pairs);
  for (const rule of new Set(rows.map((row) => row.rule))) {
    const hostile = rows.filter((row) => row.rule === rule && row.hostile !== null);
    if (rule !== OUR_RULE) printWorst(`${rule}: any series or venue hostile`, hostile);
  }
}

const HEADER = `${'minutes'.padStart(8)}${'ok %'.padStart(9)}${[
  'p50',
  'p99',
  'p99.9',
  'max',
  'all p99',
  'all max',
  'degr.',
  'halt',
  'stale',
  'silent',
]
  .map((title) => title.padStart(9))
  .join('')}`;

function line(title: string, row: Row): string {
  const { p50, p99, p999, max, all, states } = row;
  const errors = [p50, p99, p999, max, all.p99, all.max]
    .map((value) => value.toFixed(2).padStart(9))
    .join('');
  const counts = [states.degraded, states.halted, states.stale, states.silent]
    .map((n) => String(n).padStart(9))
    .join('');
  return `${String(row.minutes).padStart(8)}${(row.okShare * 100).toFixed(3).padStart(9)}${errors}${counts}  ${title}`;
}

function printWorst(title: string, rows: readonly Row[]): void {
  if (rows.length === 0) return;
  const worst = rows.reduce((a, b) => (b.max > a.max ? b : a));
  const p99 = Math.max(...rows.map((row) => row.p99));
  const least = rows.reduce((a, b) => (b.okShare < a.okShare ? b : a));
  const named = (row: Row): string => `${row.hostile?.name} ${row.hostile?.mode}`;
  console.log(
    `  ${title}: p99 at most ${p99.toFixed(2)}, max ${worst.max.toFixed(2)} (${named(worst)}, ${worst.worst.at}); ` +
      `least ok ${(least.okShare * 100).toFixed(2)} % (${named(least)})`,
  );
  if (worst.worst.why !== '') console.log(`    ${worst.worst.why}`);
}
