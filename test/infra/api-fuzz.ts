// The API under a fuzzer that reads its OpenAPI document (schemathesis): every operation with examples,
// corner cases and random requests made from the schemas. In: the number of requests wanted. Out: its report,
// the number of requests, an exit code: 1 when one was answered 5xx, or with a status, type or shape that the
// document does not have. Needs Python 3 with venv; the fuzzer is installed from PyPI into a temporary
// folder.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAssay, temporaryFolder } from '../e2e/program.ts';

const SCHEMATHESIS = 'schemathesis==4.32.5';
/** Measured: so many requests come of one example per operation, with the fixed corner cases shared out. */
const REQUESTS_PER_EXAMPLE = 46;
const CORNER_CASES = 1_200;
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
];
/** They answer for ever. */
const STREAMS = ['/v1/stream', '/v1/events', '/v1/ws'];
/** 20,000 requests took 4 minutes on two cores. */
const LIMIT_MS = 30 * 60_000;

export type FuzzReport = { code: number; requests: number };

/** A sentence instead of a report: why it cannot run here. */
export async function fuzzApi(requests: number): Promise<FuzzReport | string> {
  const tools = mkdtempSync(join(tmpdir(), 'assay-fuzz-'));
  const folder = temporaryFolder('fuzz');
  try {
    const missing = install(tools);
    if (missing !== undefined) return missing;
    const assay = await startAssay(folder.path);
    try {
      const examples = Math.max(1, Math.round((requests - CORNER_CASES) / REQUESTS_PER_EXAMPLE));
      const { code, output } = await run(join(tools, 'bin', 'st'), tools, [
        ...['run', `${assay.facts.api}/openapi.json`, '-H', `X-API-Key: ${assay.key}`],
        ...['--checks', CHECKS.join(','), '--phases', 'examples,coverage,fuzzing'],
        ...['--max-examples', String(examples), '--workers', '2', '--request-timeout', '10'],
        ...['--continue-on-failure', '--no-color', '--suppress-health-check', 'all'],
        ...STREAMS.flatMap((path) => ['--exclude-path', path]),
      ]);
      const made = Number(/(\d+) generated/.exec(output)?.[1] ?? 0);
      const isAlive = assay.child.exitCode === null && (await assay.get('/v1/status')).ok;
      if (!isAlive) process.stderr.write('api-fuzz: the program did not survive\n');
      return { code: isAlive ? code : 1, requests: made };
    } finally {
      await assay.stop();
    }
  } finally {
    folder.remove();
    rmSync(tools, { recursive: true, force: true });
  }
}

function install(folder: string): string | undefined {
  const venv = spawnSync('python3', ['-m', 'venv', folder], { encoding: 'utf8' });
  if (venv.status !== 0) {
    return 'python3 with venv is missing: install it (apt-get install python3-venv) and try again';
  }
  const pip = spawnSync(join(folder, 'bin', 'pip'), ['install', '--quiet', SCHEMATHESIS], {
    encoding: 'utf8',
  });
  if (pip.status === 0) return undefined;
  return `${SCHEMATHESIS} cannot be installed: ${pip.stderr.trim().split('\n').at(-1) ?? ''}`;
}

function run(command: string, cwd: string, args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'], timeout: LIMIT_MS });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
      process.stdout.write(chunk);
    });
    child.once('error', () => done({ code: 1, output }));
    child.once('exit', (code) => done({ code: code ?? 1, output }));
  });
}
