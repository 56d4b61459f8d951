// `npm run test:infra [-- --scale 0.05]`: what needs servers and tools of other ecosystems: the conformance
// suites of ports against real servers, and the API under a schema-driven fuzzer (20,000 requests at scale
// 1).
// In: servers installed on this machine. Out: the reports; exit code 1 when a suite fails or something is
// missing, in a sentence.
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fuzzApi } from './api-fuzz.ts';
import { startDebianPostgres } from './debian-postgres.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SUITES = ['packages/ports/src/ledger/postgres.test.ts'];
const FUZZ_REQUESTS = 20_000;

const { values } = parseArgs({ options: { scale: { type: 'string', default: '1' } } });
const scale = Number(values.scale);
if (!(scale > 0 && scale <= 1)) {
  process.stderr.write(`test:infra: --scale is "${values.scale}"; it must be a number above 0, up to 1\n`);
  process.exit(1);
}

const ends = [await conformance(), await fuzz()];
process.exitCode = ends.every((isGood) => isGood) ? 0 : 1;

async function conformance(): Promise<boolean> {
  const postgres = await startDebianPostgres();
  if (typeof postgres === 'string') {
    process.stderr.write(`test:infra: ${postgres}\n`);
    return false;
  }
  process.stdout.write(`PostgreSQL ${postgres.version} at ${postgres.url}\n`);
  const code = await new Promise<number>((done) => {
    const env = { ...process.env, ASSAY_POSTGRES_URL: postgres.url };
    const tests = spawn(process.execPath, ['--test', ...SUITES], { cwd: ROOT, env, stdio: 'inherit' });
    tests.once('exit', (status) => done(status ?? 1));
  });
  await postgres.stop();
  return code === 0;
}

async function fuzz(): Promise<boolean> {
  const report = await fuzzApi(Math.round(FUZZ_REQUESTS * scale));
  if (typeof report === 'string') {
    process.stderr.write(`test:infra: ${report}\n`);
    return false;
  }
  const verdict = report.code === 0 ? 'every answer is what the document says, none is 5xx' : 'FAILED';
  process.stdout.write(`api fuzz: ${report.requests} requests: ${verdict}\n`);
  return report.code === 0;
}
