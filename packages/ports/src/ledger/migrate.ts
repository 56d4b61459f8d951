// Brings one part of the schema up to date. In: the queries of one open transaction, the part's name and its
// steps. Out: the steps that were missing, run and noted.
//
// Invariants: one process at a time (an advisory lock that ends with the transaction); a step that was run
// never changes; all missing steps or none.
import { createHash } from 'node:crypto';
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { Queries } from './ledger.ts';

/** "assay" as a number: any constant will do that no other program of the same database uses. */
const LOCK = 418_363_512;

const NOTES = `CREATE TABLE IF NOT EXISTS assay_migrations (
  part text NOT NULL,
  step integer NOT NULL,
  digest text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (part, step)
)`;

/** @throws AssayError CONFIG_INVALID */
export async function migrate(queries: Queries, name: string, steps: readonly string[]): Promise<void> {
  // Waiting for the other process, or filling a large table, may take longer than a request.
  await queries.query('SET LOCAL statement_timeout = 0');
  await queries.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
  await queries.query(NOTES);
  const done = await queries.query<{ step: number; digest: string }>(
    'SELECT step, digest FROM assay_migrations WHERE part = $1 ORDER BY step',
    [name],
  );
  if (done.length > steps.length) {
    throw refused(
      `its part "${name}" has ${done.length} steps, this program knows ${steps.length}`,
      'Use the newer version of Assay that was used on this database before, or restore a backup.',
    );
  }
  for (const [at, text] of steps.entries()) {
    const digest = createHash('sha256').update(text).digest('hex');
    const noted = done[at];
    if (noted !== undefined && noted.digest !== digest) {
      throw refused(
        `step ${at + 1} of its part "${name}" is not the one that was run on it`,
        'Run the version of Assay that made it; a step of a released schema is never changed.',
      );
    }
    if (noted !== undefined) continue;
    await queries.query(text);
    await queries.query('INSERT INTO assay_migrations (part, step, digest) VALUES ($1, $2, $3)', [
      name,
      at + 1,
      digest,
    ]);
  }
}

function refused(problem: string, recovery: string): AssayError {
  return new AssayError('CONFIG_INVALID', `the database cannot be used: ${problem}`, {
    context: { field: 'ledger.url' },
    recovery,
  });
}
