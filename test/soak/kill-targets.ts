// What is killed: the real program, or its ports alone under load. In: a data folder. Out: how to start it,
// where its files are, and which acknowledgements it reported over its output before it died.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';

const CHECKOUT = resolve(import.meta.dirname, '..', '..');
const OUTPUT_KEPT = 4_000;

export type KillTarget = {
  name: string;
  /** Where its files will be. */
  events: string;
  history: string;
  namespace: string;
  /** Longest time a run is left alive; the moment of death is uniform below it. */
  lifeMaxMs: number;
  start(): RunningTarget;
};

export type RunningTarget = {
  /** Offsets on `acknowledged` with their values, as the process reported them. Only of the ports. */
  reported(): [offset: number, n: number][];
  lastOutput(): string;
  /** Undefined while it lives. */
  exitCode(): number | undefined;
  kill(): Promise<void>;
};

/** `assay start` with everything: sandbox venues, adapters, aggregation, archive, API. */
export function wholeProgram(folder: string): KillTarget {
  const main = join(CHECKOUT, 'packages', 'assay', 'src', 'main.ts');
  const ports = ['api', 'metrics', 'health'].flatMap((name) => [`--${name}-port`, '0']);
  const files = join(folder, 'sandbox');
  return {
    name: 'the whole program (assay start, sandbox profile)',
    events: join(files, 'events.sqlite'),
    history: join(files, 'history.sqlite'),
    namespace: 'node0',
    lifeMaxMs: 9_000,
    start: () => launch([main, 'start', '--data', folder, ...ports]),
  };
}

/** Event log, history and scores in one process, acknowledgements over a pipe. */
export function portsAlone(folder: string): KillTarget {
  const events = join(folder, 'events.sqlite');
  const history = join(folder, 'history.sqlite');
  return {
    name: 'the ports alone (event log, history, scores), acknowledgements over a pipe',
    events,
    history,
    namespace: 'node0',
    lifeMaxMs: 2_500,
    start: () => launch([join(import.meta.dirname, 'kill-child.ts'), events, history]),
  };
}

function launch(args: string[]): RunningTarget {
  const child = spawn(process.execPath, args, { cwd: CHECKOUT, stdio: ['pipe', 'pipe', 'pipe'] });
  const reports: [number, number][] = [];
  let rest = '';
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('utf8')).split('\n');
    // The last piece has no line end: the process may have died in the middle of it.
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const report = /^acknowledged (\d+) (\d+)$/.exec(line);
      if (report === null) output = `${output}${line}\n`.slice(-OUTPUT_KEPT);
      else reports.push([Number(report[1]), Number(report[2])]);
    }
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-OUTPUT_KEPT);
  });
  return {
    reported: () => reports,
    lastOutput: () => output,
    exitCode: () => child.exitCode ?? undefined,
    kill: () => killNow(child),
  };
}

async function killNow(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
