// `npm run accuracy -- <folder of recordings or one recording> [more] [--quick]`: how far answers are from
// the truth on recorded markets, all honest and with every series, venue and pair lying in turn, beside the
// rules that others follow (ARCHITECTURE.md). Prints a table; a whole run writes
// test/bench/results/accuracy.json.
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { findRecordings, type LoadedRecording, loadRecording } from '@assay/assay/recording-files';
import { recordings } from '../recordings.ts';
import type { TaskResult } from './accuracy-worker.ts';
import { hostileCases, MODES } from './cases.ts';
import { coalesced } from './coalesce.ts';
import { printTable } from './table.ts';
import { targetsOf } from './targets.ts';
import { directSeries, type Task } from './tasks.ts';

const RESULTS = resolve(import.meta.dirname, '../bench/results');
/**
 * The whole table must end within ten minutes; cases that would not fit are thinned out evenly, pairs first.
 */
const BUDGET_SECONDS = 480;
const WORKERS = 2;

async function main(args: readonly string[]): Promise<void> {
  const isQuick = args.includes('--quick');
  const paths = args.filter((arg) => !arg.startsWith('--'));
  const home = recordings();
  if (paths.length === 0 && home === undefined) {
    console.log('no recorded data: name a folder, or set ASSAY_RECORDINGS');
    return;
  }
  const folders = (paths.length === 0 ? [join(home!, 'open', 'prices')] : paths).flatMap(findRecordings);
  if (folders.length === 0) {
    console.error(`no recording.json in ${paths.join(', ')}`);
    process.exitCode = 1;
    return;
  }
  const startedAt = performance.now();
  const all = folders.map((folder) => coalesced(loadRecording(folder)));
  for (const loaded of all) printRows(loaded);
  const pool = new Pool(Math.min(WORKERS, availableParallelism()));
  // The honest replays first: they say what a replay costs.
  const honest = await pool.run(folders.map((folder) => oursTask(folder)));
  const perReplay = new Map(honest.map(({ task, cpuSeconds }) => [task.folder, cpuSeconds]));
  const wanted = all.flatMap((loaded) => moreTasks(loaded, isQuick));
  const { tasks, leftOut } = fitting(wanted, perReplay, BUDGET_SECONDS * pool.size);
  const results = [...honest, ...(await pool.run(tasks))];
  await pool.stop();
  const rows = results.flatMap((result) => result.rows);
  printTable(rows);
  const targets = all.flatMap((loaded) => targetsOf(loaded.recording.name, rows));
  for (const target of targets) console.log(`${target.met ? 'met   ' : 'MISSED'} ${target.what}`);
  for (const loaded of all) {
    const days = daysOf(loaded);
    const cpu = perReplay.get(loaded.folder)!;
    console.log(`${loaded.recording.name}: ${(cpu / days).toFixed(3)} CPU-seconds per recorded day`);
  }
  if (leftOut > 0) console.log(`${leftOut} of ${wanted.length} cases left out to end within ten minutes`);
  // A quick run has a few of the cases: it would put out the figures of all of them.
  if (!isQuick) {
    mkdirSync(RESULTS, { recursive: true });
    const lines = rows.map((row) => JSON.stringify(row)).join(',\n');
    writeFileSync(join(RESULTS, 'accuracy.json'), `[\n${lines}\n]\n`);
  }
  const written = isQuick ? 'nothing written' : 'accuracy.json written';
  console.log(`${results.length} cases, ${rows.length} rows, ${seconds(startedAt)} s; ${written}`);
  if (targets.some((target) => !target.met)) process.exitCode = 1;
}

function oursTask(folder: string): Task {
  return { folder, kind: 'ours', case: { hostile: null, series: [] } };
}

function moreTasks(loaded: LoadedRecording, isQuick: boolean): Task[] {
  const { folder, recording } = loaded;
  const hostile = hostileCases(recording.series);
  const feeds = [...new Set(recording.series.map((series) => series.base))].map((base) => `${base}/USD`);
  const own = new Set(recording.series.map((series) => series.pair));
  const withheld = [...new Set([...feeds, ...own])].flatMap((feed) => withheldTasks(loaded, feed));
  const naive: Task[] = [{ folder, kind: 'naive', case: { hostile: null, series: [] } }];
  if (isQuick) {
    const few = hostile.filter(({ hostile: liar }) => liar?.kind === 'series' && liar.mode === 'drift');
    return [...naive, ...few.slice(0, 4).map((each): Task => ({ folder, kind: 'ours', case: each }))];
  }
  const methods = (['median', 'trimmed-mean', 'vwap', 'twap'] as const).map(
    (method): Task => ({ folder, kind: 'method', method }),
  );
  const sources = [...new Set(recording.series.map((series) => series.source))];
  const single = sources.map(
    (methodSource): Task => ({ folder, kind: 'method', method: 'single-source', methodSource }),
  );
  const ours = hostile.map((each): Task => ({ folder, kind: 'ours', case: each }));
  const naiveHostile = hostile
    .filter((each) => each.hostile?.kind !== 'pair')
    .map((each): Task => ({ folder, kind: 'naive', case: each }));
  return [...naive, ...methods, ...single, ...withheld, ...ours, ...naiveHostile];
}

/** Each direct venue withheld in turn, and all of them together. */
function withheldTasks(loaded: LoadedRecording, feed: string): Task[] {
  const direct = directSeries(loaded, feed);
  const { folder } = loaded;
  const each = direct.map((name): Task => ({ folder, kind: 'withheld', feed, series: [name] }));
  return direct.length > 1 ? [...each, { folder, kind: 'withheld', feed, series: direct }] : each;
}

/** As many cases as fit. Honest, method and single-series cases come before pairs. */
function fitting(
  wanted: Task[],
  perReplay: ReadonlyMap<string, number>,
  budgetSeconds: number,
): { tasks: Task[]; leftOut: number } {
  const cost = (task: Task): number => perReplay.get(task.folder)! * (task.kind === 'naive' ? 0.3 : 1);
  const rank = (task: Task): number => {
    if (task.kind !== 'ours' && task.kind !== 'naive') return 0;
    const { hostile } = task.case;
    if (hostile === null) return 0;
    return hostile.kind === 'pair'
      ? 3
      : task.kind === 'naive'
        ? 2
        : MODES.indexOf(hostile.mode) < 3
          ? 1
          : 1.5;
  };
  const total = wanted.reduce((sum, task) => sum + cost(task), 0);
  if (total <= budgetSeconds) return { tasks: wanted, leftOut: 0 };
  let spent = 0;
  const tasks = [...wanted]
    .sort((a, b) => rank(a) - rank(b))
    .filter((task) => {
      if (spent + cost(task) > budgetSeconds) return false;
      spent += cost(task);
      return true;
    });
  return { tasks, leftOut: wanted.length - tasks.length };
}

class Pool {
  readonly size: number;
  readonly #workers: Worker[];

  constructor(size: number) {
    this.size = size;
    this.#workers = Array.from(
      { length: size },
      () => new Worker(new URL('./accuracy-worker.ts', import.meta.url)),
    );
  }

  async run(tasks: readonly Task[]): Promise<TaskResult[]> {
    const results: TaskResult[] = [];
    let next = 0;
    await Promise.all(
      this.#workers.map(async (worker) => {
        while (next < tasks.length) results.push(await ask(worker, tasks[next++]!));
      }),
    );
    return results;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

function ask(worker: Worker, task: Task): Promise<TaskResult> {
  return new Promise((done, failed) => {
    worker.once('error', failed);
    worker.once('message', (result: TaskResult) => {
      worker.off('error', failed);
      done(result);
    });
    worker.postMessage(task);
  });
}

function printRows({ recording, series }: LoadedRecording): void {
  for (const { series: one, prices, badRows, quietCount } of series) {
    const bad = Object.entries(badRows).map(([reason, count]) => `${count} without a usable ${reason}`);
    const quiet = quietCount === 0 ? [] : [`${quietCount} without volume`];
    const notes = [...quiet, ...bad].join(', ');
    console.log(`${recording.name}: ${one.name} ${prices.length} rows${notes === '' ? '' : ` (${notes})`}`);
  }
}

function daysOf({ recording, series }: LoadedRecording): number {
  const ends = series.flatMap(({ prices }) =>
    prices.length === 0 ? [] : [prices[0]!.at, prices.at(-1)!.at],
  );
  const from = Number.isFinite(recording.fromMs) ? recording.fromMs : Math.min(...ends);
  const to = Number.isFinite(recording.toMs) ? recording.toMs : Math.max(...ends);
  return Math.max(1 / 1440, (to - from) / 86_400_000);
}

function seconds(from: number): string {
  return ((performance.now() - from) / 1000).toFixed(0);
}

await main(process.argv.slice(2));
