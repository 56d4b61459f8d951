// `npm run test:infra`: the conformance suites of ports against real servers. In: servers installed on this
// machine. Out: the test runner's report; exit code 1 when a suite fails or a server is missing, in a
// sentence.
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { startDebianPostgres } from './debian-postgres.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SUITES = ['packages/ports/src/ledger/postgres.test.ts'];

const postgres = await startDebianPostgres();
if (typeof postgres === 'string') {
  process.stderr.write(`test:infra: ${postgres}\n`);
  process.exit(1);
}
process.stdout.write(`PostgreSQL ${postgres.version} at ${postgres.url}\n`);
const code = await new Promise<number>((done) => {
  const env = { ...process.env, ASSAY_POSTGRES_URL: postgres.url };
  const tests = spawn(process.execPath, ['--test', ...SUITES], { cwd: ROOT, env, stdio: 'inherit' });
  tests.once('exit', (status) => done(status ?? 1));
});
await postgres.stop();
process.exitCode = code;
