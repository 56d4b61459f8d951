// `assay status`: is it running, is it ready, and what is not as it should be.
import { AssayError } from '@assay/kernel/errors/assay-error';
import { readRunFile } from '../process/run-file.ts';
import type { Command, Invocation } from './command.ts';
import { settingsOf } from './settings-of.ts';

export const status: Command = {
  name: 'status',
  usage: 'status',
  about: 'Whether it runs and is ready, and why not; exit code 0 only when ready',
  flags: {},
  run,
};

const TIMEOUT_MS = 5_000;

async function run(invocation: Invocation): Promise<number> {
  const settings = settingsOf(invocation);
  const run = readRunFile(settings.data, settings.profile);
  if (run === undefined) {
    throw new AssayError(
      'NOT_RUNNING',
      `no Assay is running in profile ${settings.profile} on ${settings.data}`,
    );
  }
  const ready = run.health === undefined ? undefined : await readiness(`${run.health}/ready`);
  if (invocation.flags.json === true) {
    invocation.print(JSON.stringify({ ...run, isReady: ready?.isReady ?? null, ready: ready?.body ?? null }));
  } else {
    invocation.print(`Assay runs as process ${run.pid}, profile ${run.profile}, since ${run.startedAt}`);
    invocation.print(`  services  ${run.services.join(', ')}`);
    for (const name of ['api', 'metrics', 'health', 'sandboxControl'] as const) {
      if (run[name] !== undefined)
        invocation.print(`  ${name.replace('sandboxControl', 'sandbox').padEnd(8)}  ${run[name]}`);
    }
    if (ready !== undefined)
      invocation.print(`  ${ready.isReady ? 'ready' : 'NOT READY'}     ${ready.body.reason ?? ''}`.trimEnd());
  }
  return ready === undefined || ready.isReady ? 0 : 1;
}

async function readiness(url: string): Promise<{ isReady: boolean; body: { reason?: string } }> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return { isReady: response.ok, body: (await response.json()) as { reason?: string } };
  } catch (cause) {
    throw new AssayError('NOT_RUNNING', `${url} does not answer`, { cause });
  }
}
