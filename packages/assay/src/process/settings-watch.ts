// Follows the settings files while the program runs. In: files and what to do when one changed. Out: nothing;
// what is wrong is told and changes nothing. Files are looked at once a second: editors replace them in ways
// that watchers miss.
import { statSync } from 'node:fs';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import type { Clock } from '@assay/kernel/time/clock';

export type SettingsWatch = {
  files: readonly string[];
  clock: Clock;
  /** Reads and applies; resolves to a sentence about what changed. */
  apply(): Promise<string>;
  tell(sentence: string): void;
};

const LOOK_EVERY_MS = 1_000;

/** The returned function ends it. */
export function watchSettings({ files, clock, apply, tell }: SettingsWatch): () => void {
  let seen = stampOf(files);
  let isEnded = false;
  const look = async () => {
    const stamp = stampOf(files);
    if (stamp !== seen) {
      seen = stamp;
      await apply().then(tell, (error: unknown) => {
        if (!isAssayError(error)) throw error;
        tell(`the changed settings are not used: ${error.message}`);
      });
    }
    if (!isEnded) cancel = clock.after(LOOK_EVERY_MS, () => void look());
  };
  let cancel = clock.after(LOOK_EVERY_MS, () => void look());
  return () => {
    isEnded = true;
    cancel();
  };
}

function stampOf(files: readonly string[]): string {
  return files
    .map((file) => {
      const stat = statSync(file, { throwIfNoEntry: false });
      return stat === undefined ? 'absent' : `${stat.mtimeMs} ${stat.size} ${stat.ino}`;
    })
    .join('\n');
}
