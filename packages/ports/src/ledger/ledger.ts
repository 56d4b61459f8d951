// The ledger: users' data in PostgreSQL 15 SQL. In: statements with `$1`-style parameters. Out: rows, or a
// typed error. Whoever writes SQL for it writes for the oldest server in use, 15.
//
// Values: `numeric` comes back as its exact text, `bigint` as bigint, `timestamptz` as Date, `jsonb` as what
// it holds, `bytea` as Buffer. In: the same, an array for a PostgreSQL array; a jsonb value is given as text
// (JSON.stringify). `undefined` is refused, because a forgotten value must not become NULL.
// Failure: LEDGER_UNAVAILABLE (transient: away, full, restarting; it reconnects by itself), LEDGER_CONFLICT
// (`context.constraint` names what was violated), RECORD_INVALID (a value the column cannot hold). Any other
// refusal of the server is a fault of the statement: ASSERTION_FAILED.
// Bounds: a statement ends within STATEMENT_TIMEOUT_MS; at most CONNECTIONS_MAX run at once, others wait.
import type { Startable } from '@assay/kernel/lifecycle/startable';

export type SqlValue =
  | string
  | number
  | bigint
  | boolean
  | Date
  | Uint8Array
  | null
  | readonly (string | number | bigint | boolean | Date | null)[];

export type Row = Record<string, unknown>;

export interface Queries {
  /** One statement. Rows are as the server sent them: the caller knows its columns. */
  query<R extends Row = Row>(text: string, params?: readonly SqlValue[]): Promise<R[]>;
}

export type TransactionOptions = {
  /**
   * Default `read committed`. A `serializable` transaction that met another one is run again, so its `work`
   * may run several times and must have no effect beside its statements.
   */
  isolation?: 'read committed' | 'serializable';
};

export interface Ledger extends Startable, Queries {
  /**
   * All of the statements of `work` or none. When the connection breaks during COMMIT the error says so
   * (`context.mayHaveCommitted`).
   */
  transaction<T>(work: (queries: Queries) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /**
   * Brings the part of the schema called `name` up to date: runs the steps that were not run yet, each with
   * its note in one transaction, under a lock that all processes honour. Steps are only ever added.
   * @throws AssayError CONFIG_INVALID when a step that was run has changed, or the database is newer than us
   */
  migrate(name: string, steps: readonly string[]): Promise<void>;
  /** Where it is, with the secret: for a process of the same user (`postgres://…`); known after `start`. */
  address(): string;
}

/** Nothing that a request waits for may take longer. */
export const STATEMENT_TIMEOUT_MS = 15_000;
/** Two cores of PostgreSQL are busy with four; the rest covers waiting. One process of many stays modest. */
export const CONNECTIONS_MAX = 8;
