// Where recorded data is. Tests and benches read it by path; it is never copied into the repository.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const CHECKOUT = resolve(import.meta.dirname, '..');

/** Folder of the recorded data, or undefined when there is none (or `ASSAY_RECORDINGS=none`). */
export function recordings(): string | undefined {
  const set = process.env.ASSAY_RECORDINGS;
  if (set === 'none') return undefined;
  const folder = resolve(CHECKOUT, set ?? join('..', 'shared', 'data'));
  return existsSync(join(folder, 'open')) ? folder : undefined;
}

/** Options of a test that needs recorded data: skipped with a clear line where there is none. */
export function needsRecordings(): { skip: string | false } {
  return { skip: recordings() === undefined && 'no recorded data: set ASSAY_RECORDINGS to its folder' };
}
