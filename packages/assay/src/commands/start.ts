// `assay start [service...]`: starts the program and keeps its prices on the screen until it is told to stop.
import { systemClock } from '@assay/kernel/time/clock';
import type { PriceRecord } from '@assay/oracle/model/answer';
import { DEFAULT_FEEDS_FILE } from '../config/feeds.ts';
import type { Settings } from '../config/settings.ts';
import { watchSettings } from '../process/settings-watch.ts';
import { type Program, serviceNamesOf, startProgram } from '../program.ts';
import { VERSION } from '../version.ts';
import { type Command, type Invocation, text } from './command.ts';
import { priceLine } from './price-lines.ts';
import { settingsOf } from './settings-of.ts';

/** Everything ends within this, or is ended: what is durable is durable at any moment. */
const STOP_WITHIN_MS = 4_000;
const REFRESH_MS = 1_000;
/** Where lines cannot be overwritten the table comes this often, and moves of a feed in between. */
const TABLE_EVERY_MS = 30_000;
const NOTABLE_MOVE = 0.001;

export const start: Command = {
  name: 'start',
  usage: 'start [service...]',
  about: 'Starts everything, or the services named (archive, aggregation, auth, api, adapters)',
  flags: {
    'api-port': { value: 'PORT', about: 'API, 4000 by default; 0 picks a free one' },
    'metrics-port': { value: 'PORT', about: 'Metrics, 8000 by default' },
    'health-port': { value: 'PORT', about: 'Health, 8080 by default' },
    'log-level': { value: 'LEVEL', about: 'debug, info, warn or error' },
  },
  examples: [
    'assay start',
    'assay start --profile live',
    'assay start adapters --set sources.kraken.priority=2',
  ],
  run,
};

async function run(invocation: Invocation): Promise<number> {
  const settings = settingsOf(invocation);
  const names = serviceNamesOf(invocation.operands);
  const wish = stopWish();
  const program = await startProgram(settings, names);
  const stopShowing = show(program, invocation);
  const stopWatching = watchSettings({
    files: settingsFiles(invocation, settings),
    clock: systemClock,
    apply: async () => await program.reconfigure(settingsOf(invocation)),
    tell: (sentence) => {
      program.log.info(sentence);
      if (invocation.flags.json !== true) process.stderr.write(`assay: ${sentence}\n`);
    },
  });
  await wish;
  stopWatching();
  stopShowing();
  // A second wish, or a part that hangs, must not hold the terminal: what counts is on disk already.
  systemClock.after(STOP_WITHIN_MS, () => process.exit(1));
  await program.stop();
  if (invocation.flags.json !== true) invocation.print('Stopped.');
  process.exit(0);
}

function settingsFiles({ flags }: Invocation, { feedsFile }: Settings): string[] {
  const config = text(flags, 'config');
  return [...(config === undefined ? [] : [config]), feedsFile === '' ? DEFAULT_FEEDS_FILE : feedsFile];
}

/** Resolves at the first Ctrl-C, TERM or HUP; a second Ctrl-C ends the process at once. */
function stopWish(): Promise<void> {
  return new Promise((resolve) => {
    let isAsked = false;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (isAsked && signal === 'SIGINT') process.exit(130);
        isAsked = true;
        resolve();
      });
    }
    // A broken terminal (the reader of a pipe went away) is a wish to stop too.
    process.stdout.on('error', () => resolve());
  });
}

function show(program: Program, { print, flags }: Invocation): () => void {
  if (flags.json === true) print(JSON.stringify(program.run));
  else for (const line of banner(program)) print(line);
  const api = program.api;
  if (api === undefined || flags.json === true) return () => {};
  const isTerminal = process.stdout.isTTY === true;
  let shownLines = 0;
  let tableAtMs = Number.NEGATIVE_INFINITY;
  const last = new Map<string, PriceRecord>();
  const refresh = () => {
    const records = api.prices();
    const nowMs = systemClock.monotonic();
    if (isTerminal) {
      if (shownLines > 0) process.stdout.write(`\x1b[${shownLines}A\x1b[0J`);
      for (const record of records) print(fit(`  ${priceLine(record)}`));
      shownLines = records.length;
    } else if (isComplete(program, records) && (nowMs - tableAtMs >= TABLE_EVERY_MS || !last.size)) {
      tableAtMs = nowMs;
      for (const record of records) {
        print(`  ${priceLine(record)}`);
        last.set(record.feed, record);
      }
    } else if (last.size > 0) {
      for (const record of records.filter((each) => isNotable(last.get(each.feed), each))) {
        print(`  ${priceLine(record)}`);
        last.set(record.feed, record);
      }
    }
    cancel = systemClock.after(REFRESH_MS, refresh);
  };
  let cancel = systemClock.after(0, refresh);
  return () => cancel();
}

/** The first table waits for every feed, but not for ever: what is missing after 15 s is missing. */
const FIRST_TABLE_WITHIN_MS = 15_000;
function isComplete(program: Program, records: readonly PriceRecord[]): boolean {
  const isLate = systemClock.now() - Date.parse(program.run.startedAt) > FIRST_TABLE_WITHIN_MS;
  return (
    records.length > 0 &&
    (isLate || records.filter((record) => record.state === 'ok').length >= program.config.feeds.length)
  );
}

function isNotable(before: PriceRecord | undefined, now: PriceRecord): boolean {
  if (before === undefined || before.state !== now.state) return true;
  return Math.abs(Number(now.price) / Number(before.price) - 1) >= NOTABLE_MOVE;
}

function fit(line: string): string {
  const width = process.stdout.columns ?? 120;
  return line.length < width ? line : line.slice(0, width - 1);
}

function banner({ run, config, sandboxKey, folder }: Program): string[] {
  // What clients submit is a source too, but none that stands somewhere.
  const sources = config.sources.filter(({ kind }) => kind !== 'submitted').length;
  const lines = [`Assay ${VERSION}   profile ${run.profile}   data ${folder.path}`];
  if (run.profile === 'sandbox')
    lines.push(`  venues    ${sources} sandbox venues (real wire protocols, simulated market)`);
  else lines.push(`  sources   ${sources}, their public endpoints`);
  lines.push(`  feeds     ${config.feeds.length}   services ${run.services.join(', ')}`);
  if (run.api !== undefined) {
    lines.push(`  console   ${run.api}/     graphql ${run.api}/graphql     docs ${run.api}/docs`);
    lines.push(`  api       ${run.api}/v1/prices   stream ${run.api}/v1/stream   guide ${run.api}/guide`);
  }
  if (sandboxKey !== undefined) lines.push(`  api key   ${sandboxKey}   (assay keys list)`);
  if (run.metrics !== undefined)
    lines.push(`  metrics   ${run.metrics}/metrics   health ${run.health}/health`);
  return lines;
}
