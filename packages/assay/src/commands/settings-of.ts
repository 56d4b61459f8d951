// Settings of a command line: the file, the environment and its flags, in that order.
import { AssayError } from '@assay/kernel/errors/assay-error';
import { loadSettingsAndFeeds } from '../config/feeds.ts';
import type { Settings } from '../config/settings.ts';
import { type Invocation, text } from './command.ts';

const FLAG_SETTINGS: Record<string, string> = {
  profile: 'profile',
  data: 'data',
  'api-port': 'api.port',
  'metrics-port': 'metrics.port',
  'health-port': 'health.port',
  'log-level': 'log.level',
};

/** @throws AssayError CONFIG_INVALID, USAGE */
export function settingsOf({ flags, env }: Pick<Invocation, 'flags' | 'env'>): Settings {
  const overrides: Record<string, string> = {};
  for (const [flag, path] of Object.entries(FLAG_SETTINGS)) {
    const value = text(flags, flag);
    if (value !== undefined) overrides[path] = value;
  }
  const set = text(flags, 'set');
  for (const assignment of set === undefined ? [] : set.split('\n')) {
    const at = assignment.indexOf('=');
    if (at < 1) throw new AssayError('USAGE', `--set takes NAME=VALUE, not "${assignment}"`);
    overrides[assignment.slice(0, at)] = assignment.slice(at + 1);
  }
  return loadSettingsAndFeeds({ env, configFile: text(flags, 'config'), flags: overrides });
}
