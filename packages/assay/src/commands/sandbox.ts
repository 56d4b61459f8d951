// `assay sandbox venues|fault|regime`: the switches of the simulated market, while it runs.
import { AssayError, messageOf } from '@assay/kernel/errors/assay-error';
import { readRunFile } from '../process/run-file.ts';
import { type Command, type Invocation, text } from './command.ts';
import { settingsOf } from './settings-of.ts';

export const sandbox: Command = {
  name: 'sandbox',
  usage: 'sandbox venues | fault <venue> --kind KIND [--for 60s] | clear <venue> | regime <name> [--for 60s]',
  about: 'Switches of the simulated market: faults of a venue, regimes of the market',
  flags: {
    kind: {
      value: 'KIND',
      about:
        'latency, silence, disconnect, 429, 418, 5xx, garbage, wrong-price, stale, skewed-clock, refused',
    },
    for: { value: 'TIME', about: 'How long: 500ms, 60s, 5m; until cleared when absent' },
    value: { value: 'NUMBER', about: 'Milliseconds of latency or skew, factor of a wrong price' },
  },
  examples: ['assay sandbox fault kraken --kind silence --for 60s', 'assay sandbox regime depeg'],
  run,
};

const TIMEOUT_MS = 5_000;

async function run(invocation: Invocation): Promise<number> {
  const [what, name, ...more] = invocation.operands;
  const call = control(invocation);
  const forMs = duration(text(invocation.flags, 'for'));
  const timed = forMs === undefined ? {} : { forMs };
  const answer = await (() => {
    if (more.length > 0) throw new AssayError('USAGE', `"${more.join(' ')}" is too much`);
    if (what === 'venues' && name === undefined) return call('GET', '/venues');
    if (name === undefined)
      throw new AssayError('USAGE', `sandbox ${what ?? ''} needs a name`.replace('  ', ' '));
    if (what === 'regime') return call('POST', '/regime', { regime: name, ...timed });
    if (what === 'clear') return call('DELETE', `/faults/${encodeURIComponent(name)}`);
    if (what !== 'fault')
      throw new AssayError('USAGE', `sandbox has venues, fault, clear and regime, not "${what}"`);
    const kind = text(invocation.flags, 'kind');
    if (kind === undefined)
      throw new AssayError('USAGE', 'sandbox fault needs --kind, such as --kind silence');
    const value = text(invocation.flags, 'value');
    return call('POST', '/faults', {
      venue: name,
      kind,
      ...timed,
      ...(value === undefined ? {} : { value: Number(value) }),
    });
  })();
  invocation.print(invocation.flags.json === true ? JSON.stringify(answer) : readable(answer));
  return 0;
}

type Call = (method: string, path: string, body?: unknown) => Promise<unknown>;

function control(invocation: Invocation): Call {
  const settings = settingsOf(invocation);
  const run = readRunFile(settings.data, settings.profile);
  if (run?.sandboxControl === undefined) {
    throw new AssayError(
      'NOT_RUNNING',
      `no sandbox is running on ${settings.data} (profile ${settings.profile})`,
    );
  }
  return async (method, path, body) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const request = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    try {
      const response = await fetch(`${run.sandboxControl}${path}`, {
        ...request,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const answer = (await response.json()) as { error?: string };
      if (response.ok) return answer;
      throw new AssayError('USAGE', String(answer.error ?? `the sandbox answered ${response.status}`));
    } catch (cause) {
      if (cause instanceof AssayError) throw cause;
      throw new AssayError('SANDBOX_FAILED', `the sandbox does not answer: ${messageOf(cause)}`, { cause });
    }
  };
}

/** "500ms", "60s", "5m"; a bare number is seconds. @throws AssayError USAGE */
export function duration(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(given) ?? [];
  if (number === undefined)
    throw new AssayError('USAGE', `--for "${given}": write a time such as 500ms, 60s or 5m`);
  return Number(number) * { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[unit]!;
}

/** Rows as `name: value` of what says something, so that a new column needs no change here. */
function readable(answer: unknown): string {
  const rows = Array.isArray(answer)
    ? (answer as Record<string, unknown>[])
    : [answer as Record<string, unknown>];
  return rows.map((row) => Object.entries(row).flatMap(cell).join('   ')).join('\n');
}

function cell([name, value]: [string, unknown]): string[] {
  if (name === 'id' || name === 'venue') return [String(value).padEnd(14)];
  if (name === 'name' || name === 'endpoints') return [];
  if (Array.isArray(value)) return [`${name} ${value.length === 0 ? 'none' : JSON.stringify(value)}`];
  return [`${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`];
}
