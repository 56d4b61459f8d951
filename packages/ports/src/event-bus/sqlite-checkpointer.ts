// The thread that moves the write-ahead file of the event log into the database, beside the one that writes.
// In: a word that there is much to move. Out: nothing; a move that fails is made by the next one, and in the
// end by the writer itself.
//
// Done by the writer, 32 MiB held all commits up for 25 to 60 ms; here they wait for the last pages only.
import type { DatabaseSync } from 'node:sqlite';
import { openForWriting } from '../sqlite-file.ts';
import { serveWriter, type Writer } from '../writer-thread.ts';
import { LOG_FILE } from './sqlite-log.ts';

export type CheckpointerSettings = { path: string };

// The last step has the write lock while it waits for readers: longer would hold commits up.
const WAIT_MS = 2;

/**
 * Most is moved while commits go on, then what came meanwhile, and last, alone, the few pages that came
 * during that: only when all is moved the file is used again from its start.
 */
const STEPS = ['PASSIVE', 'PASSIVE', 'FULL'] as const;

serveWriter(({ path }: CheckpointerSettings): Writer => {
  let database: DatabaseSync;
  return {
    open() {
      database = openForWriting(path, LOG_FILE, 'FULL');
      database.exec(`PRAGMA busy_timeout = ${WAIT_MS}; PRAGMA wal_autocheckpoint = 0`);
    },
    handle() {
      for (const step of STEPS) database.exec(`PRAGMA wal_checkpoint(${step})`);
    },
    close: () => database.close(),
  };
});
