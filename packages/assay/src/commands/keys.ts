// `assay keys create|list|revoke`: API keys of the program on this data folder. A running program follows
// within 5 s.
import type { KeyInfo, KeyStore } from '@assay/api/auth/key-store';
import { SCOPES, type Scope } from '@assay/api/auth/principal';
import { AssayError } from '@assay/kernel/errors/assay-error';
import { systemClock } from '@assay/kernel/time/clock';
import { openKeyStore } from '../drivers.ts';
import { openDataFolder } from '../process/data-folder.ts';
import { type Command, type Invocation, text } from './command.ts';
import { settingsOf } from './settings-of.ts';

export const keys: Command = {
  name: 'keys',
  usage: 'keys create <name> | list | revoke <id>',
  about: 'API keys: create (shown once), list, revoke',
  flags: {
    scopes: { value: 'LIST', about: 'Comma-separated; default prices:read' },
    feeds: { value: 'LIST', about: 'Only these feeds; default all' },
    expires: { value: 'TIME', about: 'ISO 8601; default never' },
  },
  examples: [
    'assay keys create dashboard',
    'assay keys create bot --feeds BTC/USD --expires 2027-01-01T00:00:00Z',
  ],
  run,
};

async function run(invocation: Invocation): Promise<number> {
  const settings = settingsOf(invocation);
  const folder = openDataFolder(settings.data, settings.profile, []);
  const store = openKeyStore(folder, systemClock);
  await store.start();
  try {
    return await act(invocation, store);
  } finally {
    await store.stop();
  }
}

async function act({ operands, flags, print }: Invocation, store: KeyStore): Promise<number> {
  const [what, name] = operands;
  const asJson = flags.json === true;
  if (what === 'list' && name === undefined) {
    const list = await store.list();
    if (asJson) print(JSON.stringify(list));
    else for (const key of list) print(lineOf(key));
    return 0;
  }
  if (name === undefined || operands.length > 2 || (what !== 'create' && what !== 'revoke')) {
    throw new AssayError('USAGE', 'keys takes "create <name>", "list" or "revoke <id>"');
  }
  if (what === 'revoke') {
    const revoked = await store.revoke(name);
    if (revoked === undefined) {
      throw new AssayError('NOT_FOUND', `there is no key "${name}"`, {
        recovery: '`assay keys list` shows the ids.',
      });
    }
    print(
      asJson
        ? JSON.stringify(revoked)
        : `Revoked ${revoked.id} (${revoked.name}); refused everywhere within 5 s.`,
    );
    return 0;
  }
  const feeds = text(flags, 'feeds')?.split(',');
  const expiresAt = expiryOf(text(flags, 'expires'));
  const created = await store.create({
    name,
    scopes: scopesOf(text(flags, 'scopes')),
    ...(feeds === undefined ? {} : { feeds }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  });
  print(
    asJson
      ? JSON.stringify({ key: created.key, ...created.info })
      : `${created.key}\nShown this once: keep it now.`,
  );
  return 0;
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
  throw new AssayError(
    'USAGE',
    `--expires "${given}" is not a time in the future, such as 2027-01-01T00:00:00Z`,
  );
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
  return [
    key.id,
    key.name.padEnd(16),
    key.scopes.join(','),
    key.feeds?.join(',') ?? 'all feeds',
    state,
    used,
  ].join('   ');
}
