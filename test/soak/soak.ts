// The dispatcher of the long runs. In: a name, `--scale` (1 is the whole run, 0.05 what continuous
// integration does), `--seed`, and what the run itself understands. Out: its printed table; exit code 1 when
// something was lost.
//
//   npm run soak -- kill [--scale 0.05] [--seed 7] [--child ports]
//   npm run soak -- subscribers [--scale 0.05] [--seed 7]
//   npm run soak -- attack [--scale 0.05]
import { messageOf } from '@assay/kernel/errors/assay-error';
import type { Soak } from './soak-run.ts';

const SOAKS: Record<string, () => Promise<{ run: Soak }>> = {
  attack: () => import('./attack.ts'),
  kill: () => import('./kill.ts'),
  subscribers: () => import('./subscribers.ts'),
};

const [name, ...rest] = process.argv.slice(2);
const flags = parseFlags(rest);
const load = SOAKS[name ?? ''];
const scale = Number(flags.scale ?? '1');
const seed = Number(flags.seed ?? '1');
if (load === undefined || !(scale > 0 && scale <= 10) || !Number.isSafeInteger(seed)) {
  process.stderr.write(
    `Give a run (${Object.keys(SOAKS).join(', ')}), --scale 0 to 10 and --seed as an integer.\n`,
  );
  process.exitCode = 1;
} else {
  try {
    const { run } = await load();
    process.exitCode = (await run({ scale, seed, flags })) ? 0 : 1;
  } catch (error) {
    process.stderr.write(`The run broke off: ${messageOf(error)}\n`);
    process.exitCode = 1;
  }
}

/** `--name value` and `--name=value`. */
function parseFlags(words: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (let i = 0; i < words.length; i++) {
    const [, flag, value] = /^--([a-z-]+)(?:=(.*))?$/.exec(words[i]!) ?? [];
    if (flag !== undefined) found[flag] = value ?? words[++i] ?? '';
  }
  return found;
}
