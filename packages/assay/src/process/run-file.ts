// What a running program tells the commands beside it: where it listens. Written when it is ready, removed
// when it stops.
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { profileFolder } from './data-folder.ts';

const RUN_FILE = 'run.json';
export const SANDBOX_KEY_FILE = 'api-key';

export type RunFile = {
  pid: number;
  profile: string;
  startedAt: string;
  services: string[];
  api?: string;
  metrics?: string;
  health?: string;
  sandboxControl?: string;
};

/**
 * Says where this program listens, until the returned function is called. The parts of a program that is run
 * apart have a file each; a further replica of a part does not take the place of the first.
 */
export function announce(folder: string, run: RunFile, all: readonly string[]): () => void {
  const isWhole = run.services.length === all.length;
  const path = join(folder, isWhole ? RUN_FILE : `run-${run.services.join('-')}.json`);
  const other = readAlive(path);
  if (other !== undefined && other.pid !== run.pid) return () => {};
  writeFileSync(`${path}.new`, JSON.stringify(run), { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return () => rmSync(path, { force: true });
}

/** Of all that runs on this data folder, as of one program; undefined when nothing does. */
export function readRunFile(data: string, profile: string): RunFile | undefined {
  const folder = profileFolder(data, profile);
  const runs = namesIn(folder)
    .filter((name) => /^run(-[a-z-]+)?\.json$/.test(name))
    .map((name) => readAlive(join(folder, name)))
    .filter((run) => run !== undefined)
    // Whoever serves is the one that commands speak of.
    .sort((a, b) => Number(a.api !== undefined) - Number(b.api !== undefined));
  if (runs.length === 0) return undefined;
  const together: RunFile = Object.assign({}, ...runs);
  return { ...together, services: runs.flatMap(({ services }) => services) };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return []; // no data folder: nothing runs on it
  }
}

/** Undefined: no such file, or its process is gone. */
function readAlive(path: string): RunFile | undefined {
  try {
    const run = JSON.parse(readFileSync(path, 'utf8')) as RunFile;
    return isAlive(run.pid) ? run : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It runs as another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
