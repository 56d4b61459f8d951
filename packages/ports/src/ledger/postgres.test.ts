// The ledger on a PostgreSQL server: `npm run test:infra` starts one and names it in ASSAY_POSTGRES_URL. What
// needs no server is tested without.
import { ok, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { isAssayError } from '@assay/kernel/errors/assay-error';
import { systemClock } from '@assay/kernel/time/clock';
import { ledgerSuite } from './ledger.conformance.ts';
import { createPostgresLedger } from './postgres.ts';
import { explainSqlError } from './sql-error.ts';

const url = process.env.ASSAY_POSTGRES_URL;

if (url === undefined) {
  test('a PostgreSQL server as a ledger', { skip: 'no ASSAY_POSTGRES_URL: npm run test:infra' }, () => {});
} else {
  ledgerSuite('PostgreSQL server', async () => {
    const name = `assay_test_${process.pid}`;
    const admin = createPostgresLedger({ url, clock: systemClock });
    await admin.start();
    await admin.query(`CREATE DATABASE ${name}`);
    const address = new URL(url);
    address.pathname = `/${name}`;
    const open = () => createPostgresLedger({ url: address.href, clock: systemClock });
    const [ledger, second] = [open(), open()];
    await ledger.start();
    await second.start();
    return {
      ledger,
      second,
      close: async () => {
        await ledger.stop();
        await second.stop();
        await admin.query(`DROP DATABASE ${name}`);
        await admin.stop();
      },
    };
  });
}

test('a server that is not there is unavailable, for now', async () => {
  const ledger = createPostgresLedger({ url: 'postgres://a:b@127.0.0.1:1/c', clock: systemClock });
  await rejects(ledger.start(), (error) => isAssayError(error, 'LEDGER_UNAVAILABLE') && error.isTransient);
  await rejects(ledger.query('SELECT 1'), (error) => isAssayError(error, 'LEDGER_UNAVAILABLE'));
  await ledger.stop();
});

test('a full disk, too many connections and a stopping server are unavailable; a secret is in no message', () => {
  for (const code of ['53100', '53300', '57P01', '57014', '08006', '28P01', 'ECONNRESET', undefined]) {
    const error = explainSqlError(Object.assign(new Error('x'), { code }));
    strictEqual(error.code, 'LEDGER_UNAVAILABLE', String(code));
    ok(error.isTransient);
  }
});
