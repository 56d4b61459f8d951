// npm run faults -- --kill 4 [--scale 0.1] [--seed 7]: every choice of dead venues, in virtual time, through
// the production sources and aggregation. What must happen is computed from the coverage table before
// anything runs. Exit code 1 when one answer differs from it.
import { parseArgs } from 'node:util';
import { Coverage, choices } from './coverage.ts';
import {
  type ChoiceResult,
  type DeathOfAll,
  fallSilent,
  killAll,
  killSome,
  type Silence,
  untilAll,
} from './scenarios.ts';
import { readSetup, startWorld, type World } from './world.ts';

/** The memory bus keeps everything: after so many choices the next world begins, with an empty log. */
const CHOICES_PER_WORLD = 9;
const WARM_UP_WITHIN_MS = 30_000;

const { values } = parseArgs({
  options: {
    kill: { type: 'string', default: '4' },
    scale: { type: 'string', default: '1' },
    seed: { type: 'string', default: '7' },
  },
});
const seed = numberFrom('seed', values.seed, 0, 4_294_967_295);
const setup = await readSetup();
const venues = setup.config.sources.map(({ source }) => source).filter((id) => id !== 'submitted');
const coverage = new Coverage(setup.config);
const all = choices(venues, numberFrom('kill', values.kill, 1, venues.length - 1));
const every = Math.max(1, Math.round(1 / numberFrom('scale', values.scale, 0.001, 1)));
const chosen = all.filter((_, index) => index % every === 0);

printCoverage();
const results = await runChoices();
printChoices(results);
const world = await warmWorld(seed + 1_000);
const silences: Silence[] = [];
for (const source of venues) silences.push(await fallSilent(setup, world, source));
const death = await killAll(setup, world);
await world.stop();
printSilences(silences);
printDeath(death);
const isGood = summarise(results, silences, death);
process.exitCode = isGood ? 0 : 1;

function numberFrom(name: string, text: string, minimum: number, maximum: number): number {
  const value = Number(text);
  if (text !== '' && value >= minimum && value <= maximum) return value;
  process.stderr.write(`faults: --${name} is "${text}"; it must be a number from ${minimum} to ${maximum}\n`);
  process.exit(1);
}

async function runChoices(): Promise<ChoiceResult[]> {
  const done: ChoiceResult[] = [];
  for (let from = 0; from < chosen.length; from += CHOICES_PER_WORLD) {
    const one = await warmWorld(seed + from);
    for (const dead of chosen.slice(from, from + CHOICES_PER_WORLD)) {
      done.push(await killSome(setup, one, coverage, dead, done.length));
      if (process.stdout.isTTY) process.stdout.write(`\r${done.length} of ${chosen.length} choices`);
    }
    await one.stop();
  }
  if (process.stdout.isTTY) process.stdout.write('\r');
  return done;
}

async function warmWorld(worldSeed: number): Promise<World> {
  const one = await startWorld(setup, worldSeed);
  await untilAll(one, setup, 'ok', WARM_UP_WITHIN_MS);
  return one;
}

function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}

function printCoverage(): void {
  print('Coverage: the sources of each feed (in brackets the pair, where it is converted)');
  for (const { feed, minimum, sources } of coverage.rows()) {
    print(`  ${feed.padEnd(9)} minimum ${minimum}   ${sources.join(', ')}`);
  }
  print();
}

function printChoices(done: readonly ChoiceResult[]): void {
  print(`${done.length} of ${all.length} choices of ${values.kill} dead venues out of ${venues.length}`);
  print('  feed       expected:   ok  degraded  stale   as expected');
  for (const { feed } of setup.config.feeds) {
    const of = (state: string) =>
      done.filter((one) => one.expected.some((it) => it.feed === feed && it.state === state)).length;
    const wrong = done.filter((one) =>
      one.mismatches.some((finding) => finding.startsWith(`${feed} `)),
    ).length;
    const counts = [of('ok'), of('degraded'), of('stale')].map((count) => String(count).padStart(8));
    print(`  ${feed.padEnd(18)}${counts.join('')}${String(done.length - wrong).padStart(12)}`);
  }
  for (const { dead, mismatches } of done.filter((one) => one.mismatches.length > 0)) {
    print(`  without ${dead.join(', ')}:`);
    for (const finding of mismatches) print(`    ${finding}`);
  }
  print();
}

function printSilences(found: readonly Silence[]): void {
  print('One venue silent with open connections: its price was used for');
  for (const { source, noticedMs, limitMs, frames } of found) {
    print(`  ${source.padEnd(14)} ${seconds(noticedMs)} of at most ${seconds(limitMs)}   (${frames})`);
  }
  print();
}

function printDeath({ staleAfterMs }: DeathOfAll): void {
  print(`All ${venues.length} venues dead: the feed says stale after`);
  for (const [feed, { seenMs, limitMs }] of staleAfterMs) {
    print(`  ${feed.padEnd(14)} ${seconds(seenMs)} of at most ${seconds(limitMs)}`);
  }
  print();
}

function summarise(done: readonly ChoiceResult[], found: readonly Silence[], death: DeathOfAll): boolean {
  const wrong = done.filter(({ mismatches }) => mismatches.length > 0).length;
  const late = found.filter(({ noticedMs, limitMs }) => noticedMs > limitMs).length;
  const unmarked = [...death.staleAfterMs.values()].filter(({ seenMs, limitMs }) => seenMs > limitMs).length;
  const recovered = done.map(({ recoveredAfterMs }) => recoveredAfterMs);
  const compared = done.reduce((sum, { comparedCount }) => sum + comparedCount, 0);
  print(`choices as expected       ${done.length - wrong} of ${done.length}`);
  print(`ok answers in range       ${compared} compared with the survivors' own prices`);
  print(`silence noticed in time   ${found.length - late} of ${found.length} venues`);
  print(
    `stale when all are dead   ${death.staleAfterMs.size - unmarked} of ${death.staleAfterMs.size} feeds`,
  );
  print(
    `recovery without restart  after ${seconds(Math.max(...recovered))} at most; after all were dead ${seconds(death.recoveredAfterMs)}`,
  );
  const isGood = wrong + late + unmarked === 0 && Number.isFinite(death.recoveredAfterMs);
  print(isGood ? 'PASS' : `FAIL   run again: npm run faults -- --kill ${values.kill} --seed ${seed}`);
  return isGood;
}

function seconds(ms: number): string {
  return ms === Infinity ? 'never' : `${(ms / 1_000).toFixed(1).padStart(5)} s`;
}
