// Reads settings from file, environment and flags: the only reader of `process.env`. Out: complete settings,
// or CONFIG_INVALID that names the setting, the value and what would be right.
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { AssayError, messageOf } from '@assay/kernel/errors/assay-error';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { type Settings, settingsSchema } from './settings.ts';

export type Environment = Record<string, string | undefined>;
export type Tree = { [key: string]: unknown };

/** The environment of this process; everything else takes it as an argument. */
export function environment(): Environment {
  return process.env;
}

/**
 * The founding documents' names, where they mean a setting of today's program; seconds and percent as they
 * say.
 */
export const FOUNDING_NAMES: Record<string, { path: string; scale?: number }> = {
  NODE_NAME: { path: 'name' },
  API_PORT: { path: 'api.port' },
  METRICS_PORT: { path: 'metrics.port' },
  HEALTH_PORT: { path: 'health.port' },
  HEARTBEAT: { path: 'feedDefaults.heartbeatMs', scale: 1000 },
  DEVIATION_THRESHOLD: { path: 'feedDefaults.deviationThresholdPercent' },
  HTTPS_PROXY: { path: 'outbound.httpsProxy' },
  HTTP_PROXY: { path: 'outbound.httpProxy' },
  NO_PROXY: { path: 'outbound.noProxy' },
};

export type LoadOptions = {
  env: Environment;
  configFile?: string | undefined;
  flags?: Record<string, string>;
};

/** @throws AssayError CONFIG_INVALID */
export function loadSettings(options: LoadOptions): Settings {
  return settingsFrom(givenSettings(options), options.configFile);
}

/** What file, environment and flags say, before defaults. @throws AssayError CONFIG_INVALID */
export function givenSettings({ env, configFile, flags = {} }: LoadOptions): Tree {
  const tree: Tree = configFile === undefined ? {} : readYaml(configFile);
  for (const [name, { path, scale }] of Object.entries(FOUNDING_NAMES)) {
    const text = env[name] ?? (name.endsWith('PROXY') ? env[name.toLowerCase()] : undefined);
    if (text !== undefined && text !== '') setPath(tree, path, scaled(name, text, scale));
  }
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('ASSAY_') || !name.includes('__') || text === undefined) continue;
    const parts = name.slice('ASSAY_'.length).split('__');
    // A source id keeps its underscores (uniswap_v3); every other part is a setting in camel case.
    const path = parts.map((part, at) =>
      at === 1 && parts[0] === 'SOURCES' ? part.toLowerCase() : camelCase(part),
    );
    setPath(tree, path.join('.'), plain(text));
  }
  for (const name of ['PROFILE', 'DATA', 'NAME'] as const) {
    const text = env[`ASSAY_${name}`];
    if (text !== undefined && text !== '') setPath(tree, name.toLowerCase(), text);
  }
  for (const [path, text] of Object.entries(flags)) setPath(tree, path, plain(text));
  return tree;
}

/** Judges what was given and fills in the defaults. @throws AssayError CONFIG_INVALID */
export function settingsFrom(tree: Tree, configFile: string | undefined): Settings {
  const result = settingsSchema.safeParse(tree);
  if (!result.success) throw invalidSettings(result.error, tree, configFile);
  const settings = result.data;
  if (settings.feedsFile !== '' && configFile !== undefined && !isAbsolute(settings.feedsFile)) {
    settings.feedsFile = resolve(dirname(configFile), settings.feedsFile);
  }
  return settings;
}

/** @throws AssayError CONFIG_INVALID for a file that is absent or not YAML. */
export function readYaml(file: string): Tree {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new AssayError('CONFIG_INVALID', `the file ${file} cannot be read: ${messageOf(cause)}`, {
      cause,
      context: { file },
      recovery: 'Check the path given with --config (or `feedsFile`).',
    });
  }
  try {
    const tree: unknown = parseYaml(text) ?? {};
    if (typeof tree === 'object' && !Array.isArray(tree)) return withModulesBeside(tree as Tree, file);
  } catch (cause) {
    throw new AssayError('CONFIG_INVALID', `${file} is not valid YAML: ${messageOf(cause).split('\n')[0]}`, {
      cause,
      context: { file },
    });
  }
  throw new AssayError('CONFIG_INVALID', `${file} must hold settings by name, not a list or a single value`, {
    context: { file },
  });
}

/** A module is named as seen from the file that names it, wherever the program is started. */
function withModulesBeside(tree: Tree, file: string): Tree {
  const sources = tree.sources as Tree | null | undefined;
  const modules = sources?.modules;
  if (!Array.isArray(modules)) return tree;
  const beside = (path: unknown) => (typeof path === 'string' ? resolve(dirname(file), path) : path);
  return { ...tree, sources: { ...sources, modules: modules.map(beside) } };
}

/** One sentence for the first thing that is wrong, and how many more there are. */
export function invalidSettings(error: z.ZodError, tree: unknown, file: string | undefined): AssayError {
  const [issue] = error.issues;
  const path = issue?.path.join('.') ?? '';
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : undefined;
  const value = issue?.path.reduce<unknown>((at, key) => (at as Tree | undefined)?.[key as string], tree);
  const what =
    unknown === undefined
      ? `setting "${path}" is ${JSON.stringify(value) ?? 'absent'}: ${issue?.message}`
      : `unknown setting "${[path, unknown].filter((part) => part !== '').join('.')}"`;
  const more = error.issues.length > 1 ? ` (and ${error.issues.length - 1} more)` : '';
  return new AssayError(
    'CONFIG_INVALID',
    `${what}${more}${file === undefined ? '' : ` in or over ${file}`}`,
    {
      context: { field: path, value, issues: error.issues.length },
    },
  );
}

/** JSON Schema of the settings file, for editors and for the reference page. */
export function settingsJsonSchema(): unknown {
  return z.toJSONSchema(settingsSchema, { io: 'input' });
}

function scaled(name: string, text: string, scale: number | undefined): unknown {
  if (scale === undefined) return plain(text);
  const value = Number(text);
  if (!Number.isFinite(value) || text.trim() === '') {
    throw new AssayError('CONFIG_INVALID', `environment variable ${name} is "${text}": write a number`, {
      context: { field: name, value: text },
    });
  }
  return value * scale;
}

/**
 * Text of an environment variable or flag as YAML would read it: numbers, booleans, lists; anything else
 * stays text.
 */
function plain(text: string): unknown {
  try {
    const value: unknown = parseYaml(text);
    return value === null ? text : value;
  } catch {
    return text; // not YAML: then it is what it says, and the schema judges it
  }
}

function camelCase(part: string): string {
  return part.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function setPath(tree: Tree, path: string, value: unknown): void {
  const keys = path.split('.');
  const last = keys.pop()!;
  let at = tree;
  for (const key of keys) {
    const next = at[key];
    at = (typeof next === 'object' && next !== null ? next : (at[key] = {})) as Tree;
  }
  at[last] = value;
}
