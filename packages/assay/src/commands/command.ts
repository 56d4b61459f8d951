// What a command is: a name, a line of help, its flags, and a function. `main.ts` parses, prints errors and
// sets the exit code.
import type { Environment } from '../config/load.ts';

export type Flags = Record<string, string | boolean | undefined>;

export type Invocation = {
  /** What stood after the command and is no flag. */
  operands: string[];
  flags: Flags;
  env: Environment;
  /** Writes to standard output, one line. */
  print(line: string): void;
};

export type Command = {
  name: string;
  usage: string;
  about: string;
  /** Flags beside the ones every command has; a value in the help means that it takes one. */
  flags: Record<string, { value?: string; about: string }>;
  /** More help: examples. */
  examples?: string[];
  run(invocation: Invocation): Promise<number>;
};

/** Flags of every command. */
export const COMMON_FLAGS: Command['flags'] = {
  help: { about: 'This text' },
  json: { about: 'Machine output' },
  config: { value: 'FILE', about: 'Settings file (YAML)' },
  profile: { value: 'NAME', about: 'sandbox (default) or live' },
  data: { value: 'FOLDER', about: 'Data folder; default ./.assay' },
  set: { value: 'NAME=VALUE', about: 'Any setting, such as api.port=4100' },
};

export function text(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}
