// `assay replay <recording folder>`: a recorded market through the production aggregation, in virtual time.
// `assay replay <data folder> --verify`: the answers of a run recomputed from its stored source prices alone.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AssayError } from '@assay/kernel/errors/assay-error';
import { EVENT_LOG_FILE, openEventLog } from '../drivers.ts';
import { loadRecording } from '../recording-files.ts';
import { type FeedSummary, replayRecording } from '../replay-recording.ts';
import { type Verification, verifyLog } from '../verify-log.ts';
import type { Command, Invocation } from './command.ts';
import { readablePrice } from './price-lines.ts';
import { settingsOf } from './settings-of.ts';

export const replay: Command = {
  name: 'replay',
  usage: 'replay <folder> [--verify] [--answers]',
  about: 'Runs a recording through the pipeline; or recomputes the answers of a run (--verify)',
  flags: {
    verify: {
      about: 'The folder is a data folder: recompute its answers from its source prices and compare',
    },
    answers: { about: 'Print every answer, one JSON object a line' },
  },
  examples: ['assay replay ../recordings/usdc_depeg_2023_03', 'assay replay .assay --verify'],
  run,
};

/** Differences shown in words; --json has more. */
const DIFFERENCES_SHOWN = 20;

async function run(invocation: Invocation): Promise<number> {
  const [folder, ...more] = invocation.operands;
  if (folder === undefined || more.length > 0) throw new AssayError('USAGE', 'replay takes one folder');
  return invocation.flags.verify === true ? verify(folder, invocation) : recording(folder, invocation);
}

function recording(folder: string, { flags, print }: Invocation): number {
  const loaded = loadRecording(folder);
  const showAnswers = flags.answers === true;
  const summary = replayRecording(loaded, (answer) => {
    if (showAnswers) print(JSON.stringify(answer));
  });
  if (showAnswers) return 0;
  if (flags.json === true) print(JSON.stringify(summary));
  else {
    print(
      `${summary.recording}   ${summary.sourcePrices} source prices of ${summary.series} series, ${summary.badRows} unusable rows`,
    );
    for (const feed of summary.feeds) print(lineOf(feed));
  }
  return 0;
}

function lineOf({ feed, answers, states, first, last, lowest, highest }: FeedSummary): string {
  const shares = Object.entries(states).map(
    ([state, count]) => `${state} ${((100 * count) / answers).toFixed(2)} %`,
  );
  const prices = [first, last, lowest, highest].map(readablePrice);
  return (
    `  ${feed.padEnd(12)}${answers} answers   ${shares.join(', ')}   ` +
    `first ${prices[0]}  last ${prices[1]}  lowest ${prices[2]}  highest ${prices[3]}`
  );
}

async function verify(folder: string, invocation: Invocation): Promise<number> {
  const settings = settingsOf(invocation);
  const log = openEventLog(eventLogIn(folder, settings.profile), settings.name);
  try {
    const result = verifyLog(log);
    if (invocation.flags.json === true) invocation.print(JSON.stringify(result));
    else for (const line of describe(result)) invocation.print(line);
    return result.differ === 0 ? 0 : 1;
  } finally {
    log.close();
  }
}

/** The folder itself, or the profile's folder inside it. */
function eventLogIn(folder: string, profile: string): string {
  const candidates = [join(folder, EVENT_LOG_FILE), join(folder, profile, EVENT_LOG_FILE)];
  const found = candidates.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new AssayError(
    'NOT_FOUND',
    `${folder} has no event log: neither ${candidates.join(' nor ')} exists`,
    {
      recovery: 'Name the data folder of a run, such as .assay (a recording is replayed without --verify).',
    },
  );
}

function describe(result: Verification): string[] {
  const lines = result.differences
    .slice(0, DIFFERENCES_SHOWN)
    .map(
      ({ decision, field, stored, recomputed }) => `  ${decision}: ${field} was ${stored}, is ${recomputed}`,
    );
  if (result.differ > lines.length) lines.push(`  and ${result.differ - lines.length} more`);
  for (const { offset, reason } of result.unreadable.slice(0, DIFFERENCES_SHOWN))
    lines.push(`  offset ${offset}: ${reason}`);
  lines.push(`from ${result.sourcePrices} source prices in ${result.starts} runs of aggregation`);
  if (result.notStored > 0)
    lines.push(`${result.notStored} recomputed answers were never stored (the run was cut off)`);
  if (result.beforeFirstStart > 0)
    lines.push(`${result.beforeFirstStart} answers are older than the retained source prices`);
  lines.push(`${result.answers} answers, ${result.differ} differ`);
  return lines;
}
