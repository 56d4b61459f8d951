// `assay <command>`: parses the command line, runs the command, says what went wrong in one sentence and what
// to do next.
import { parseArgs } from 'node:util';
import { AssayError, isAssayError, messageOf } from '@assay/kernel/errors/assay-error';
import { COMMON_FLAGS, type Command, type Flags } from './commands/command.ts';
import { environment } from './config/load.ts';
import { VERSION } from './version.ts';

/** Loaded when called for: `assay prices` should not wait for what only `start` needs. */
const COMMANDS: Record<string, () => Promise<Command>> = {
  start: async () => (await import('./commands/start.ts')).start,
  status: async () => (await import('./commands/status.ts')).status,
  prices: async () => (await import('./commands/prices.ts')).prices,
  explain: async () => (await import('./commands/explain.ts')).explain,
  sources: async () => (await import('./commands/sources.ts')).sources,
  feeds: async () => (await import('./commands/feeds.ts')).feeds,
  keys: async () => (await import('./commands/keys.ts')).keys,
  submit: async () => (await import('./commands/submit.ts')).submit,
  sandbox: async () => (await import('./commands/sandbox.ts')).sandbox,
  replay: async () => (await import('./commands/replay.ts')).replay,
  config: async () => (await import('./commands/config.ts')).config,
  doctor: async () => (await import('./commands/doctor.ts')).doctor,
};

async function main(argv: string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === 'help') {
    process.stdout.write(await overview());
    return name === undefined ? 1 : 0;
  }
  if (name === '--version') {
    process.stdout.write(`${VERSION}\n`);
    return 0;
  }
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load === undefined) {
    throw new AssayError('USAGE', `there is no command "${name}": ${Object.keys(COMMANDS).join(', ')}`);
  }
  const command = await load();
  const { operands, flags } = parse(command, rest);
  if (flags.help === true) {
    process.stdout.write(helpOf(command));
    return 0;
  }
  // The reader of a pipe went away: there is nobody left to tell. `start` has its own way to end.
  if (name !== 'start') process.stdout.on('error', () => process.exit(0));
  const print = (line: string) => void process.stdout.write(`${line}\n`);
  return await command.run({ operands, flags, env: environment(), print });
}

function parse(command: Command, args: string[]): { operands: string[]; flags: Flags } {
  const known = { ...COMMON_FLAGS, ...command.flags };
  const options = Object.fromEntries(
    Object.entries(known).map(([flag, { value }]) => [
      flag,
      { type: value === undefined ? ('boolean' as const) : ('string' as const), multiple: flag === 'set' },
    ]),
  );
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true, strict: true });
    const flags = Object.fromEntries(
      Object.entries(values).map(([flag, value]) => [flag, Array.isArray(value) ? value.join('\n') : value]),
    );
    return { operands: positionals, flags };
  } catch (cause) {
    throw new AssayError('USAGE', messageOf(cause), {
      cause,
      recovery: `assay ${command.name} --help lists its flags.`,
    });
  }
}

function helpOf(command: Command): string {
  const flags = Object.entries({ ...command.flags, ...COMMON_FLAGS }).map(([flag, { value, about }]) => [
    `--${flag}${value === undefined ? '' : ` ${value}`}`,
    about,
  ]);
  const lines = [`assay ${command.usage}`, '', command.about, '', ...columns(flags)];
  if (command.examples !== undefined)
    lines.push('', 'Examples', ...command.examples.map((line) => `  ${line}`));
  return `${lines.join('\n')}\n`;
}

async function overview(): Promise<string> {
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  const rows = commands.map((command) => [command.name, command.about.split('\n')[0]!]);
  return `${[`Assay ${VERSION}: prices that can be explained, verified and recomputed`, '', ...columns(rows)].join('\n')}\n`;
}

function columns(rows: string[][]): string[] {
  const width = Math.max(...rows.map(([left]) => left!.length)) + 3;
  return rows.map(([left, right]) => `  ${left!.padEnd(width)}${right}`);
}

try {
  const code = await main(process.argv.slice(2));
  if (code !== 0) process.exitCode = code;
} catch (error) {
  const wantsJson = process.argv.includes('--json');
  if (isAssayError(error)) {
    const { code, message, recovery, context } = error;
    process.stderr.write(
      wantsJson
        ? `${JSON.stringify({ error: { code, message, recovery, context } })}\n`
        : `assay: ${message}\n       ${recovery}\n`,
    );
  } else {
    process.stderr.write(`assay: ${error instanceof Error ? error.stack : String(error)}\n`);
  }
  process.exit(1);
}
