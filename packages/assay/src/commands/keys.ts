// `assay keys create|list|rotate|revoke`: API keys of this data folder, or of the database that is
// configured. The command goes to the database itself: that of the running program, or one that it starts for
// its own time. A running program follows within 5 s.
import type { KeyInfo, KeyStore, NewKey } from '@assay/api/auth/key-store';
import { SCOPES, type Scope, TIERS, type Tier } from '@assay/api/auth/principal';
import { AssayError } from '@assay/kernel/errors/assay-error';
import { silentLog } from '@assay/kernel/telemetry/log';
import { systemClock } from '@assay/kernel/time/clock';
import { openAuthDesk, openLedger, openOutbound } from '../drivers.ts';
import { openDataFolder } from '../process/data-folder.ts';
import { type Command, type Flags, type Invocation, text } from './command.ts';
import { settingsOf } from './settings-of.ts';

export const keys: Command = {
  name: 'keys',
  usage: 'keys create <name> | list | rotate <id> | revoke <id>',
  about: 'API keys: create and rotate (shown once), list, revoke',
  flags: {
    scopes: { value: 'LIST', about: `Comma-separated, of ${SCOPES.join(', ')}; default prices:read` },
    feeds: { value: 'LIST', about: 'Only these feeds; default all' },
    tier: { value: 'NAME', about: `Limits: ${TIERS.join(' or ')}; default standard` },
    expires: { value: 'TIME', about: 'ISO 8601; default never' },
  },
  examples: [
    'assay keys create dashboard',
    'assay keys create bot --scopes prices:read,prices:submit --tier high',
    'assay keys create bot --feeds BTC/USD --expires 2027-01-01T00:00:00Z',
  ],
  run,
};

async function run(invocation: Invocation): Promise<number> {
  const settings = settingsOf(invocation);
  const folder = openDataFolder(settings.data, settings.profile, []);
  const ledger = openLedger(settings, folder, systemClock, silentLog);
  const outbound = openOutbound(settings, systemClock);
  const desk = openAuthDesk(settings, { ledger, outbound, clock: systemClock, log: silentLog });
  await ledger.start();
  try {
    await desk.start();
    return await act(invocation, desk.keys, (action, info) =>
      desk.audit.record({ who: OPERATOR, action, result: 'ok', detail: { id: info.id, name: info.name } }),
    );
  } finally {
    await desk.stop();
    await ledger.stop();
    await outbound.close();
  }
}

/** Whoever can write to the data folder. */
const OPERATOR = { id: 'operator', name: 'assay keys' };

type Note = (action: string, info: KeyInfo) => void;

async function act(invocation: Invocation, store: KeyStore, note: Note): Promise<number> {
  const { operands, flags, print } = invocation;
  const [what, name] = operands;
  const isJson = flags.json === true;
  if (what === 'list' && name === undefined) {
    const list = await store.list();
    if (isJson) print(JSON.stringify(list));
    else for (const key of list) print(lineOf(key));
    return 0;
  }
  if (name === undefined || operands.length > 2 || !ACTIONS.includes(what ?? '')) {
    throw new AssayError('USAGE', 'keys takes "create <name>", "list", "rotate <id>" or "revoke <id>"');
  }
  if (what === 'revoke') {
    const revoked = found(await store.revoke(name), name);
    note('keys.revoke', revoked);
    const line = `Revoked ${revoked.id} (${revoked.name}); refused everywhere within 5 s.`;
    print(isJson ? JSON.stringify(revoked) : line);
    return 0;
  }
  const made = what === 'create' ? await store.create(newKey(name, flags)) : await store.rotate(name);
  const { key, info } = found(made, name);
  note(`keys.${what}`, info);
  print(isJson ? JSON.stringify({ key, ...info }) : `${key}\nShown this once: keep it now.`);
  return 0;
}

const ACTIONS = ['create', 'rotate', 'revoke'];

function found<T>(value: T | undefined, id: string): T {
  if (value !== undefined) return value;
  throw new AssayError('NOT_FOUND', `there is no such key "${id}"`, {
    recovery: '`assay keys list` shows the ids; a revoked key cannot be rotated.',
  });
}

function newKey(name: string, flags: Flags): NewKey {
  const feeds = text(flags, 'feeds')?.split(',');
  const expiresAt = expiryOf(text(flags, 'expires'));
  const tier = text(flags, 'tier');
  return {
    name,
    scopes: scopesOf(text(flags, 'scopes')),
    ...(feeds === undefined ? {} : { feeds }),
    ...(tier === undefined ? {} : { tier: tier as Tier }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

function scopesOf(list: string | undefined): Scope[] {
  const scopes = list?.split(',') ?? ['prices:read'];
  const unknown = scopes.find((scope) => !(SCOPES as readonly string[]).includes(scope));
  if (unknown === undefined) return scopes as Scope[];
  throw new AssayError('USAGE', `--scopes has "${unknown}": ${SCOPES.join(', ')}`);
}

function expiryOf(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const expiresAt = Date.parse(given);
  if (expiresAt > systemClock.now()) return expiresAt;
  const fix = 'is not a time in the future, such as 2027-01-01T00:00:00Z';
  throw new AssayError('USAGE', `--expires "${given}" ${fix}`);
}

function lineOf(key: KeyInfo): string {
  const time = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());
  const state =
    key.revokedAt !== undefined
      ? `revoked ${time(key.revokedAt)}`
      : key.expiresAt !== undefined
        ? `expires ${time(key.expiresAt)}`
        : 'valid';
  const used = key.lastUsedAt === undefined ? 'never used' : `used ${time(key.lastUsedAt)}`;
  const feeds = key.feeds?.join(',') ?? 'all feeds';
  return [key.id, key.name.padEnd(16), key.scopes.join(','), feeds, key.tier, state, used].join('   ');
}
