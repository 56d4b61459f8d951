// `assay config print|schema`: the settings in force, without secrets; the schema of the file.
import { AssayError } from '@assay/kernel/errors/assay-error';
import { stringify } from 'yaml';
import { settingsJsonSchema } from '../config/load.ts';
import type { Settings, SourceSettings } from '../config/settings.ts';
import type { Command, Invocation } from './command.ts';
import { settingsOf } from './settings-of.ts';

export const config: Command = {
  name: 'config',
  usage: 'config print|schema',
  about: 'Settings in force (secrets left out), or the JSON Schema of the settings file',
  flags: {},
  run,
};

async function run(invocation: Invocation): Promise<number> {
  const [what = 'print', ...more] = invocation.operands;
  if (more.length > 0 || (what !== 'print' && what !== 'schema')) {
    throw new AssayError('USAGE', `config takes "print" or "schema", not "${invocation.operands.join(' ')}"`);
  }
  if (what === 'schema') {
    invocation.print(JSON.stringify(settingsJsonSchema(), null, 2));
    return 0;
  }
  const settings = redacted(settingsOf(invocation));
  invocation.print(invocation.flags.json === true ? JSON.stringify(settings) : stringify(settings).trimEnd());
  return 0;
}

/** References to secrets stay, as they say where the secret is; secrets themselves do not. */
function redacted(settings: Settings): Settings {
  const hidden = (text: string) => (/^(file|env):/.test(text) ? text : '(hidden)');
  const sources: Settings['sources'] = { ...settings.sources };
  for (const [id, source] of Object.entries(settings.sources)) {
    if (id === 'modules') continue;
    const { credentials = {} } = source as SourceSettings;
    const shown = Object.fromEntries(
      Object.entries(credentials).map(([name, value]) => [name, hidden(value)]),
    );
    sources[id] = { ...(source as SourceSettings), credentials: shown };
  }
  const withoutPassword = (url: string) => url.replace(/\/\/[^@/]*@/, '//(hidden)@');
  const { httpsProxy, httpProxy, noProxy } = settings.outbound;
  const outbound = {
    httpsProxy: withoutPassword(httpsProxy),
    httpProxy: withoutPassword(httpProxy),
    noProxy,
  };
  return { ...settings, sources, outbound };
}
