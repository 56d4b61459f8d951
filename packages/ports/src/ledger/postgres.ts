// The ledger on a PostgreSQL server, 15 or newer. In: its address. Out: the port, over a bounded pool of
// connections that are made again when the server comes back.
import { AssayError, assert } from '@assay/kernel/errors/assay-error';
import { type Random, secureRandom } from '@assay/kernel/random/random';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import type { Pool, PoolClient } from 'pg';
import {
  CONNECTIONS_MAX,
  type Ledger,
  type Queries,
  type Row,
  type SqlValue,
  STATEMENT_TIMEOUT_MS,
  type TransactionOptions,
} from './ledger.ts';
import { migrate } from './migrate.ts';
import { explainSqlError, SERIALIZATION_FAILURE } from './sql-error.ts';

export type PostgresOptions = {
  /** `postgres://user:password@host:5432/database?sslmode=…` */
  url: string;
  clock: Clock;
  log?: Log;
  connectionsMax?: number;
};

/** A ledger whose server may move to another address while it is used. */
export interface MovingLedger extends Ledger {
  /** New connections go there. */
  moveTo(url: string): void;
}

export function createPostgresLedger(options: PostgresOptions): MovingLedger {
  return new PostgresLedger(options);
}

/** Long enough for a server on the other side of the world, short enough for a request to be told. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Past the server's own limit the connection is dead, not slow. */
const ANSWER_TIMEOUT_MS: number = STATEMENT_TIMEOUT_MS + 2_000;
/** More than this wait only when the server is far too slow for what is asked of it. */
const WAITING_MAX = 1_000;
/** Two changes that meet five times in a row are a hot spot that waiting does not cool. */
const ATTEMPTS_MAX = 5;
const RETRY_WITHIN_MS = 40;
/** The first version with everything our SQL uses. */
const VERSION_MINIMUM = 150_000;

const BIGINT_OID = 20;

class PostgresLedger implements MovingLedger {
  readonly #options: PostgresOptions;
  readonly #random: Random = secureRandom();
  #url: string;
  #pool: Pool | undefined;

  constructor(options: PostgresOptions) {
    this.#options = options;
    this.#url = options.url;
  }

  async start(): Promise<void> {
    if (this.#pool !== undefined) return;
    const { Pool, types } = (await import('pg')).default;
    const parserOf = (oid: number, format: 'text' | 'binary' = 'text') =>
      oid === BIGINT_OID ? BigInt : types.getTypeParser(oid, format as 'text');
    const pool = new Pool({
      connectionString: this.#url,
      max: this.#options.connectionsMax ?? CONNECTIONS_MAX,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
      idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
      keepAlive: true,
      application_name: 'assay',
      types: { getTypeParser: parserOf as typeof types.getTypeParser },
    });
    // A connection that breaks while it is idle is replaced when it is needed.
    pool.on('error', (error) => this.#options.log?.warn('a connection broke', { reason: error.message }));
    this.#pool = pool;
    try {
      await this.#checkServer();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.end();
  }

  address(): string {
    return this.#url;
  }

  moveTo(url: string): void {
    this.#url = url;
    if (this.#pool !== undefined) this.#pool.options.connectionString = url;
  }

  query<R extends Row>(text: string, params?: readonly SqlValue[]): Promise<R[]> {
    return this.#withClient((client) => run<R>(client, text, params));
  }

  async transaction<T>(
    work: (queries: Queries) => Promise<T>,
    { isolation = 'read committed' }: TransactionOptions = {},
  ): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#withClient((client) => transact(client, isolation, work));
      } catch (error) {
        const isMeeting = error instanceof AssayError && error.context.sqlState === SERIALIZATION_FAILURE;
        if (isolation !== 'serializable' || !isMeeting || attempt === ATTEMPTS_MAX) throw error;
        await this.#options.clock.sleep(this.#random.next() * RETRY_WITHIN_MS * attempt);
      }
    }
  }

  async migrate(name: string, steps: readonly string[]): Promise<void> {
    await this.transaction((queries) => migrate(queries, name, steps));
  }

  async #checkServer(): Promise<void> {
    const [row] = await this.query<{ version: number }>(
      "SELECT current_setting('server_version_num')::int AS version",
    );
    assert(row !== undefined, 'a server knows its version');
    if (row.version >= VERSION_MINIMUM) return;
    const found = Math.floor(row.version / 10_000);
    throw new AssayError('CONFIG_INVALID', `ledger.url leads to PostgreSQL ${found}: 15 or newer is needed`, {
      context: { field: 'ledger.url' },
    });
  }

  async #withClient<T>(use: (client: PoolClient) => Promise<T>): Promise<T> {
    const pool = this.#pool;
    if (pool === undefined) throw new AssayError('LEDGER_UNAVAILABLE', 'the ledger is not started');
    if (pool.waitingCount >= WAITING_MAX) {
      throw new AssayError('LEDGER_UNAVAILABLE', `${WAITING_MAX} requests wait for the ledger already`);
    }
    let client: PoolClient;
    try {
      client = await pool.connect();
    } catch (error) {
      throw explainSqlError(error);
    }
    let broken: AssayError | undefined;
    // Without a listener, a connection that breaks between two statements would end the process.
    const onError = (error: Error): void => {
      broken ??= explainSqlError(error);
    };
    client.on('error', onError);
    try {
      return await use(client);
    } catch (error) {
      if (error instanceof AssayError && error.code === 'LEDGER_UNAVAILABLE') broken = error;
      throw error;
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }
}

async function transact<T>(
  client: PoolClient,
  isolation: 'read committed' | 'serializable',
  work: (queries: Queries) => Promise<T>,
): Promise<T> {
  await run(client, `BEGIN ISOLATION LEVEL ${isolation}`);
  let result: T;
  try {
    result = await work({ query: (text, params) => run(client, text, params) });
  } catch (error) {
    await run(client, 'ROLLBACK').catch(() => undefined); // a broken connection rolls back by itself
    throw error;
  }
  try {
    await run(client, 'COMMIT');
  } catch (error) {
    const known = explainSqlError(error);
    const mayHaveCommitted = known.code === 'LEDGER_UNAVAILABLE';
    throw new AssayError(known.code, known.message, {
      cause: error,
      isTransient: known.isTransient,
      context: { ...known.context, ...(mayHaveCommitted ? { mayHaveCommitted } : {}) },
    });
  }
  return result;
}

async function run<R extends Row>(
  client: PoolClient,
  text: string,
  params?: readonly SqlValue[],
): Promise<R[]> {
  const missing = params?.indexOf(undefined as never) ?? -1;
  if (missing >= 0) {
    throw new AssayError('ASSERTION_FAILED', `parameter $${missing + 1} of a statement is undefined`);
  }
  try {
    const result = await client.query(text, params === undefined ? undefined : [...params]);
    return (result.rows ?? []) as R[];
  } catch (error) {
    throw explainSqlError(error);
  }
}
