// What every ledger must do. In: a way to open one on an empty database, and a second one on the same. Out:
// the suite.
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import type { Ledger } from './ledger.ts';

export type LedgerWorld = {
  ledger: Ledger;
  /** Another process's view of the same database. */
  second: Ledger;
  close(): Promise<void>;
};

const CONFLICT = (constraint: string) => (error: unknown) =>
  isAssayError(error, 'LEDGER_CONFLICT') && error.context.constraint === constraint && !error.isTransient;

export function ledgerSuite(name: string, create: () => Promise<LedgerWorld>): void {
  describe(`${name} as a ledger`, () => {
    let world: LedgerWorld;
    before(async () => {
      world = await create();
    });
    after(() => world.close());

    valueTests(() => world);
    transactionTests(() => world);
    migrationTests(() => world);

    test('connections that the server ended are made again', async () => {
      const { ledger, second } = world;
      await Promise.all([ledger.query('SELECT 1'), ledger.query('SELECT 1'), second.query('SELECT 1')]);
      await second.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity ' +
          'WHERE pid <> pg_backend_pid() AND datname = current_database()',
      );
      // A statement may meet its connection while it breaks: each broken one is met once at most.
      let failures = 0;
      for (const rows = []; rows.length === 0; ) {
        const isAway = (error: unknown) => ok(isAssayError(error, 'LEDGER_UNAVAILABLE') && ++failures <= 8);
        rows.push(...((await ledger.query('SELECT 2 AS n').catch(isAway)) ?? []));
      }
      deepStrictEqual(await ledger.query('SELECT 2 AS n'), [{ n: 2 }]);
    });

    test('a connection that breaks inside a transaction takes nothing with it but that transaction', async () => {
      const { ledger, second } = world;
      await ledger.query('CREATE TABLE cut (n int)');
      await rejects(
        ledger.transaction(async (queries) => {
          await queries.query('INSERT INTO cut VALUES (1)');
          const [row] = await queries.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
          await second.query('SELECT pg_terminate_backend($1)', [row!.pid]);
          await queries.query('INSERT INTO cut VALUES (2)');
        }),
        (error) => isAssayError(error, 'LEDGER_UNAVAILABLE') && error.isTransient,
      );
      deepStrictEqual(await ledger.query('SELECT * FROM cut'), []);
    });
  });
}

function valueTests(world: () => LedgerWorld): void {
  test('values come back exactly as they went in', async () => {
    const { ledger } = world();
    await ledger.query(
      'CREATE TABLE kinds (n numeric(38,18), b bigint, j jsonb, t timestamptz, x bytea, a text[], f boolean, i int)',
    );
    const price = '12345678901234567890.123456789012345678';
    const at = new Date('2026-11-21T10:00:00.123Z');
    const value = { feed: 'BTC/USD', deep: [1, null, '€"\\'] };
    await ledger.query('INSERT INTO kinds VALUES ($1, $2, $3, $4, $5, $6, $7, $8)', [
      ...[price, 9_223_372_036_854_775_807n, JSON.stringify(value), at, Buffer.from([0, 255])],
      ...[['a', 'b,"c'], true, 7],
    ]);
    const [row] = await ledger.query('SELECT * FROM kinds');
    deepStrictEqual(
      { ...row },
      {
        ...{ n: price, b: 9_223_372_036_854_775_807n, j: value, t: at },
        ...{ x: Buffer.from([0, 255]), a: ['a', 'b,"c'], f: true, i: 7 },
      },
    );
    const [sum] = await ledger.query("SELECT n + 0.000000000000000001 AS n FROM kinds WHERE a @> ARRAY['a']");
    strictEqual(sum?.n, '12345678901234567890.123456789012345679');
  });

  test('what a column cannot hold is refused as a record, a wrong statement as our fault', async () => {
    const { ledger } = world();
    await ledger.query('CREATE TABLE narrow (n numeric(4,2) NOT NULL, b bigint)');
    for (const values of ["('1000', 1)", "('x', 1)", '(NULL, 1)', '(1, 9223372036854775808)']) {
      await rejects(ledger.query(`INSERT INTO narrow VALUES ${values}`), (error) =>
        isAssayError(error, 'RECORD_INVALID'),
      );
    }
    await rejects(ledger.query('SELECT nothing FROM nowhere'), (error) =>
      isAssayError(error, 'ASSERTION_FAILED'),
    );
    await rejects(ledger.query('SELECT $1::int', [undefined as never]), (error) =>
      isAssayError(error, 'ASSERTION_FAILED'),
    );
    const hostile = "'; DROP TABLE narrow; --";
    deepStrictEqual(await ledger.query('SELECT $1::text AS t', [hostile]), [{ t: hostile }]);
  });

  test('a violated rule is a conflict that names the rule', async () => {
    const { ledger } = world();
    await ledger.query(
      'CREATE TABLE owner (id int CONSTRAINT owner_once PRIMARY KEY, n int CONSTRAINT positive CHECK (n > 0))',
    );
    await ledger.query('CREATE TABLE owned (id int CONSTRAINT owned_by REFERENCES owner)');
    await ledger.query('INSERT INTO owner VALUES (1, 1)');
    await rejects(ledger.query('INSERT INTO owner VALUES (1, 2)'), CONFLICT('owner_once'));
    await rejects(ledger.query('INSERT INTO owner VALUES (2, 0)'), CONFLICT('positive'));
    await rejects(ledger.query('INSERT INTO owned VALUES (2)'), CONFLICT('owned_by'));
  });
}

function transactionTests(world: () => LedgerWorld): void {
  test('a transaction is whole or nothing, and invisible until then', async () => {
    const { ledger, second } = world();
    await ledger.query('CREATE TABLE whole (n int)');
    await rejects(
      ledger.transaction(async (queries) => {
        await queries.query('INSERT INTO whole VALUES (1)');
        throw new TypeError('changed my mind');
      }),
      TypeError,
    );
    const result = await ledger.transaction(async (queries) => {
      await queries.query('INSERT INTO whole VALUES (2)');
      deepStrictEqual(await second.query('SELECT * FROM whole'), []);
      return 'done';
    });
    strictEqual(result, 'done');
    deepStrictEqual(await second.query('SELECT n FROM whole'), [{ n: 2 }]);
  });

  test('two writers of one row never lose an addition', async () => {
    const { ledger, second } = world();
    await ledger.query('CREATE TABLE sums (id int PRIMARY KEY, n bigint)');
    await ledger.query('INSERT INTO sums VALUES (1, 0), (2, 0)');
    const locked = (at: Ledger) =>
      at.transaction(async ({ query }) => {
        const [row] = await query<{ n: bigint }>('SELECT n FROM sums WHERE id = 1 FOR UPDATE');
        await query('UPDATE sums SET n = $1 WHERE id = 1', [row!.n + 1n]);
      });
    // Without a lock: the server finds out that they met, and the loser runs again.
    const serializable = (at: Ledger) =>
      at.transaction(
        async ({ query }) => {
          const [row] = await query<{ n: bigint }>('SELECT n FROM sums WHERE id = 2');
          await query('UPDATE sums SET n = $1 WHERE id = 2', [row!.n + 1n]);
        },
        { isolation: 'serializable' },
      );
    const both = [ledger, second, ledger, second];
    await Promise.all(both.map(locked));
    const runs = await Promise.allSettled(both.map(serializable));
    const done = runs.filter(({ status }) => status === 'fulfilled').length;
    const [first, other] = await ledger.query<{ n: bigint }>('SELECT n FROM sums ORDER BY id');
    strictEqual(first?.n, 4n);
    strictEqual(other?.n, BigInt(done));
    ok(done >= 1);
  });

  test('two that wait for each other do not wait for ever', async () => {
    const { ledger, second } = world();
    await ledger.query('CREATE TABLE pair (id int PRIMARY KEY, n int)');
    await ledger.query('INSERT INTO pair VALUES (1, 0), (2, 0)');
    let met = 0;
    let open = (): void => undefined;
    const bothHoldOne = new Promise<void>((resolve) => {
      open = resolve;
    });
    const cross = (at: Ledger, first: number, then: number) =>
      at.transaction(async ({ query }) => {
        await query('UPDATE pair SET n = n + 1 WHERE id = $1', [first]);
        if (++met === 2) open();
        await bothHoldOne;
        await query('UPDATE pair SET n = n + 1 WHERE id = $1', [then]);
      });
    const ends = await Promise.allSettled([cross(ledger, 1, 2), cross(second, 2, 1)]);
    const lost = ends.filter((end) => end.status === 'rejected');
    strictEqual(lost.length, 1);
    ok(isAssayError(lost[0]?.reason, 'LEDGER_CONFLICT') && lost[0].reason.isTransient);
  });
}

function migrationTests(world: () => LedgerWorld): void {
  test('two processes that migrate at once run each step once', async () => {
    const { ledger, second } = world();
    const steps = [
      'CREATE TABLE grown (n int); INSERT INTO grown VALUES (1)',
      'INSERT INTO grown VALUES (2)',
    ];
    await Promise.all([ledger.migrate('grow', steps), second.migrate('grow', steps)]);
    await ledger.migrate('grow', [...steps, 'INSERT INTO grown VALUES (3)']);
    deepStrictEqual(await ledger.query('SELECT n FROM grown ORDER BY n'), [{ n: 1 }, { n: 2 }, { n: 3 }]);
  });

  test('a step that fails leaves nothing; changed steps and newer databases are refused', async () => {
    const { ledger } = world();
    const isRefused = (error: unknown) => isAssayError(error, 'CONFIG_INVALID');
    await rejects(ledger.migrate('half', ['CREATE TABLE half_done (n int)', 'SELECT broken']));
    await ledger.migrate('half', ['CREATE TABLE half_done (n int)']);
    await rejects(ledger.migrate('half', ['CREATE TABLE half_done (n bigint)']), isRefused);
    await rejects(ledger.migrate('half', []), isRefused);
  });
}
