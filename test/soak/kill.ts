// Kills the program (-9) again and again at random moments, its start included, and counts what is lost:
// acknowledged events, history rows, and score learning. In: how many kills, a seed. Out: a table; false when
// anything was lost.
//
// The witness (`kill-witness.ts`) is this process: it writes to and reads from the same log, like any second
// process of a machine.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@assay/kernel/random/random';
import { systemClock } from '@assay/kernel/time/clock';
import { readSqliteLog } from '@assay/ports/event-bus/sqlite-log';
import { type KillTarget, portsAlone, type RunningTarget, wholeProgram } from './kill-targets.ts';
import { OWN_TOPIC, priceOf, Witness } from './kill-witness.ts';
import type { Soak } from './soak-run.ts';

const KILLS = 50;
/** Score learning that may be lost (README, decision 16: saved every 5 s), and the time that saving takes. */
const LEARNING_LOST_MAX_MS = 5_000;
const SAVING_MS = 1_000;
const RATE_TARGET = 1_000;
const CATCH_UP_MS = 60_000;

type Round = {
  livedMs: number;
  lost: number;
  gaps: number;
  unreported: number;
  historyLost: number;
  learningLostMs: number;
};

export const run: Soak = async ({ scale, seed, flags }) => {
  const kills = Math.max(1, Math.ceil(KILLS * scale));
  const folder = mkdtempSync(join(tmpdir(), 'assay-soak-kill-'));
  const target = flags.child === 'ports' ? portsAlone(folder) : wholeProgram(folder);
  console.log(`kill -9, ${kills} times, seed ${seed}: ${target.name}`);
  console.log(syncCount());
  try {
    return await killAgainAndAgain(target, kills, seed);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

async function killAgainAndAgain(target: KillTarget, kills: number, seed: number): Promise<boolean> {
  const random = seededRandom(seed);
  let running = target.start();
  // The program makes its own data folder: the witness joins when the log is there.
  await waitFor('the log', 30_000, () => existsSync(target.events) || failed(running));
  const witness = new Witness(target);
  await witness.start();
  const rounds: Round[] = [];
  try {
    for (let i = 0; i < kills; i++) {
      if (i > 0) running = target.start();
      rounds.push(await oneRound(target, witness, running, random.next() * target.lifeMaxMs));
      console.log(lineOf(i + 1, rounds[i]!, witness.total));
    }
    // Once more, and this time it may live until everything is in the history.
    running = target.start();
    const late = await catchUp(witness);
    await running.kill();
    return report(witness, rounds, late);
  } finally {
    await running.kill();
    await witness.stop();
  }
}

async function oneRound(
  target: KillTarget,
  witness: Witness,
  running: RunningTarget,
  lifeMs: number,
): Promise<Round> {
  const answersBefore = witness.seen.get('answers')!.length;
  // Rows of earlier rounds were looked at then, and are again at the end.
  const { savedAt: scoresBefore, cursor } = await witness.history(witness.historyCursor);
  witness.historyCursor = cursor;
  let learningSince: number | undefined;
  const endAt = systemClock.monotonic() + lifeMs;
  while (systemClock.monotonic() < endAt) {
    await systemClock.sleep(Math.min(50, Math.max(1, endAt - systemClock.monotonic())));
    if (failed(running)) throw new TypeError(`the program ended by itself:\n${running.lastOutput()}`);
    const hasAnswered = witness.seen.get('answers')!.length > answersBefore || running.reported().length > 0;
    if (learningSince === undefined && hasAnswered) learningSince = systemClock.now();
  }
  const rowsBefore = await witness.history(cursor);
  const killedAt = systemClock.now();
  await running.kill();
  const { lost, gaps } = await witness.recheck();
  const after = await witness.history(cursor);
  let historyLost = 0;
  for (const [offset, price] of rowsBefore.rows) if (after.rows.get(offset) !== price) historyLost++;
  const learnedFrom = Math.max(learningSince ?? killedAt, after.savedAt);
  const wentBack = Math.max(0, scoresBefore - after.savedAt);
  return {
    livedMs: lifeMs,
    lost,
    gaps,
    unreported: missingReports(target, running),
    historyLost,
    learningLostMs: Math.max(0, killedAt - learnedFrom) + wentBack,
  };
}

/** What the killed process itself had reported as acknowledged and the log does not have. */
function missingReports(target: KillTarget, running: RunningTarget): number {
  const reports = running.reported();
  if (reports.length === 0) return 0;
  const log = readSqliteLog(target.events, target.namespace);
  try {
    const first = reports[0]![0];
    const last = Math.max(...reports.slice(-100).map(([offset]) => offset));
    const values = new Map(
      log.read('acknowledged', 0, first, last - first + 1).map(({ offset, value }) => [offset, value]),
    );
    return reports.filter(([offset, n]) => values.get(offset) !== `{"n":${n}}`).length;
  } finally {
    log.close();
  }
}

/**
 * How many of the witness's own events are not in the history, after it has had time; duplicates are
 * impossible by its key.
 */
async function catchUp(witness: Witness): Promise<number> {
  await witness.settle();
  const giveUpAt = systemClock.monotonic() + CATCH_UP_MS;
  for (;;) {
    const { rows } = await witness.history();
    const missing = witness.ownOffsets.filter((offset, n) => rows.get(offset) !== priceOf(n)).length;
    if (missing === 0 || systemClock.monotonic() > giveUpAt) return missing;
    await systemClock.sleep(500);
  }
}

function report(witness: Witness, rounds: readonly Round[], late: number): boolean {
  const sum = (pick: (round: Round) => number) => rounds.reduce((total, round) => total + pick(round), 0);
  const learningLostMs = Math.max(...rounds.map((round) => round.learningLostMs));
  // The first and the last second are cut.
  const seconds = Array.from({ length: witness.perSecond.length }, (_, i) => witness.perSecond[i] ?? 0).slice(
    1,
    -1,
  );
  const mean = seconds.reduce((total, count) => total + count, 0) / Math.max(1, seconds.length);
  const checks: [what: string, value: number, bound: string, isMet: boolean][] = [
    ['kills', rounds.length, '', true],
    [
      'kills within the first second (start-up)',
      rounds.filter(({ livedMs }) => livedMs < 1_000).length,
      '',
      true,
    ],
    ['acknowledged events recorded', witness.total, '', true],
    ['  of them on source-prices', witness.seen.get(OWN_TOPIC)!.length, '', true],
    ['  of them answers of the program', witness.seen.get('answers')!.length, '', true],
    [
      '  reported over the pipe by the killed process and missing',
      sum((r) => r.unreported),
      '= 0',
      sum((r) => r.unreported) === 0,
    ],
    ['acknowledged events per second, mean', Math.round(mean), `>= ${RATE_TARGET}`, mean >= RATE_TARGET],
    ['events refused to the witness', witness.refusedCount, '= 0', witness.refusedCount === 0],
    ['acknowledged events lost or changed', sum((r) => r.lost), '= 0', sum((r) => r.lost) === 0],
    ['gaps in offsets', sum((r) => r.gaps), '= 0', sum((r) => r.gaps) === 0],
    ['history rows lost', sum((r) => r.historyLost), '= 0', sum((r) => r.historyLost) === 0],
    ['events that never reached the history', late, '= 0', late === 0],
    [
      'score learning lost at most, ms',
      learningLostMs,
      `<= ${LEARNING_LOST_MAX_MS} + ${SAVING_MS}`,
      learningLostMs <= LEARNING_LOST_MAX_MS + SAVING_MS,
    ],
  ];
  for (const [what, value, bound, isMet] of checks) {
    const verdict = bound === '' ? '' : `${bound.padEnd(14)} ${isMet ? 'met' : 'MISSED'}`;
    console.log(`  ${what.padEnd(60)} ${value.toLocaleString('en-US').padStart(12)}  ${verdict}`.trimEnd());
  }
  return checks.every(([, , , isMet]) => isMet);
}

function lineOf(number: number, round: Round, total: number): string {
  const { livedMs, lost, gaps, historyLost, learningLostMs } = round;
  const life = `${(livedMs / 1_000).toFixed(2)} s`.padStart(7);
  return (
    `  kill ${String(number).padStart(2)} after ${life}: ${total.toLocaleString('en-US')} events known, ` +
    `${lost} lost, ${gaps} gaps, ${historyLost} history rows lost, ${learningLostMs} ms of learning lost`
  );
}

/** Shows once that an acknowledgement waits for the disk: one after another, each costs at least one call. */
function syncCount(): string {
  if (spawnSync('strace', ['-V']).error !== undefined) return '  fsync: not counted, there is no strace here';
  const folder = mkdtempSync(join(tmpdir(), 'assay-soak-sync-'));
  try {
    const counts = join(folder, 'counts');
    const script = join(import.meta.dirname, 'kill-sync-child.ts');
    const traced = ['-f', '-c', '-o', counts, '-e', 'trace=fsync,fdatasync', process.execPath, script];
    const output = execFileSync('strace', [...traced, join(folder, 'events.sqlite')], { encoding: 'utf8' });
    // Columns of strace: % time, seconds, usecs/call, calls, [errors,] syscall.
    const lines = readFileSync(counts, 'utf8')
      .split('\n')
      .filter((line) => /\b(fsync|fdatasync)$/.test(line));
    const total = lines.reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[3]), 0);
    return `  fsync: ${output.trim()} cost ${total} calls of fsync and fdatasync`;
  } catch {
    return '  fsync: not counted, strace may not trace here';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function failed(running: RunningTarget): boolean {
  return running.exitCode() !== undefined;
}

async function waitFor(what: string, withinMs: number, isTrue: () => boolean): Promise<void> {
  const giveUpAt = systemClock.monotonic() + withinMs;
  while (!isTrue()) {
    if (systemClock.monotonic() > giveUpAt) throw new TypeError(`waited in vain for ${what}`);
    await systemClock.sleep(20);
  }
}
