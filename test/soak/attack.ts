// Bad requests of every kind against the real program, one kind after the other, while an honest client asks
// for a price. In: a scale for the length. Out: for each kind its answers, and the honest client's latency as
// a ratio to an undisturbed control right before and after it (target: at most 2). It fails when anything is
// answered 5xx, when the honest client is refused, when the program dies, or (at full length) when the target
// is missed.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startAssay, temporaryFolder } from '../e2e/program.ts';
import { ATTACKS, type Attack, type Target } from './attacks.ts';
import type { Soak } from './soak-run.ts';

const EACH_MS = 30_000;
/** Before and after each kind: a machine that others use too is not the same from minute to minute. */
const CONTROL_MS = 10_000;
const WARM_UP_MS = 5_000;
/** Of the issue that asked for it: others must not feel more than this. */
const RATIO_MAX = 2;
/** Seconds of a shorter run are too few to judge a ratio by. */
const JUDGED_FROM_SCALE = 0.5;

type Witnessed = { latencies: number[]; failures: number[] };

export const run: Soak = async ({ scale }) => {
  const folder = temporaryFolder('attack');
  const assay = await startAssay(folder.path);
  const target = { url: assay.facts.api, key: assay.key };
  const witness = fork(join(import.meta.dirname, 'attack-witness.ts'), [target.url, target.key]);
  let isGood = true;
  try {
    await sleep(WARM_UP_MS);
    const undisturbed = () => watched(witness, () => sleep(CONTROL_MS * scale));
    let before = await undisturbed();
    console.log(`undisturbed: ${figures(before)}; ${memoryMb(assay.facts.pid)} MB`);
    for (const attack of ATTACKS) {
      const codes = new Map<number, number>();
      const seen = await watched(witness, () => strikeFor(attack, target, EACH_MS * scale, codes));
      const after = await undisturbed();
      const ratio = median(seen.latencies) / ((median(before.latencies) + median(after.latencies)) / 2);
      before = after;
      const isServerFault = [...codes.keys()].some((code) => code >= 500 && code !== 503);
      const isMissed = scale >= JUDGED_FROM_SCALE && ratio > RATIO_MAX;
      if (isServerFault || isMissed || seen.failures.length > 0 || assay.child.exitCode !== null)
        isGood = false;
      const said = [...codes].sort().map(([code, count]) => `${code === 0 ? 'cut' : code} x ${count}`);
      console.log(
        `${attack.name.padEnd(28)} ${ratio.toFixed(2)} x${isMissed ? ' MISSED' : ''}, ${figures(seen)}; ` +
          `answers ${said.join(', ')}`,
      );
    }
    console.log(`undisturbed again: ${figures(before)}; ${memoryMb(assay.facts.pid)} MB`);
    console.log(isGood ? 'attack: held' : 'attack: FAILED');
    return isGood;
  } finally {
    witness.kill();
    await assay.stop();
    folder.remove();
  }
};

async function watched(witness: ChildProcess, during: () => Promise<void>): Promise<Witnessed> {
  witness.send({ ask: 'begin' });
  await during();
  witness.send({ ask: 'end' });
  const [seen] = (await once(witness, 'message')) as [Witnessed];
  return seen;
}

async function strikeFor(
  attack: Attack,
  target: Target,
  ms: number,
  codes: Map<number, number>,
): Promise<void> {
  const end = performance.now() + ms;
  let count = 0;
  const attacker = async (): Promise<void> => {
    while (performance.now() < end) {
      const code = await attack.strike(target, count++);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
  };
  const all = Promise.all(Array.from({ length: attack.attackers }, attacker));
  // What hangs longer than the round ends by itself.
  await Promise.race([all, sleep(ms + 1_000)]);
}

function figures({ latencies, failures }: Witnessed): string {
  const sorted = [...latencies].sort((a, b) => a - b);
  const p99 = sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
  const failed = failures.length === 0 ? '' : `, ${failures.length} FAILED`;
  return `median ${median(latencies).toFixed(2)} ms, p99 ${p99.toFixed(2)} ms of ${sorted.length}${failed}`;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function memoryMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024);
}

function sleep(ms: number): Promise<void> {
  return new Promise((next) => setTimeout(next, ms));
}
