// What a running program tells the commands beside it: where it listens. Written when it is ready, removed
// when it stops.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { profileFolder } from './data-folder.ts';

export const RUN_FILE = 'run.json';
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

export function writeRunFile(path: string, run: RunFile): void {
  writeFileSync(`${path}.new`, JSON.stringify(run), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Of the program that runs on this data folder; undefined when none does. */
export function readRunFile(data: string, profile: string): RunFile | undefined {
  try {
    const run = JSON.parse(readFileSync(join(profileFolder(data, profile), RUN_FILE), 'utf8')) as RunFile;
    process.kill(run.pid, 0);
    return run;
  } catch (error) {
    // EPERM: it runs as another user. Anything else: no file, or the process is gone.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined;
    return JSON.parse(readFileSync(join(profileFolder(data, profile), RUN_FILE), 'utf8')) as RunFile;
  }
}
