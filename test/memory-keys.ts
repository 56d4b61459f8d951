// API keys in memory, for tests and benches of what does not depend on where keys are. In and out: as the
// interface says, with the checks and hashes of the real one; gone with the process.
import { digest, isDigestOf, joinKey, newId, newSecret, splitKey } from '@assay/api/auth/key-secret';
import { checkNewKey, isCurrent, type KeyInfo, type KeyStore } from '@assay/api/auth/key-store';
import type { Clock } from '@assay/kernel/time/clock';

export function createMemoryKeys(clock: Clock): KeyStore {
  const kept = new Map<string, { info: KeyInfo; sha256: Buffer }>();
  const changed = (id: string, change: Partial<KeyInfo>): KeyInfo | undefined => {
    const entry = kept.get(id);
    if (entry !== undefined) entry.info = { ...entry.info, ...change };
    return entry?.info;
  };
  return {
    async start() {},
    async stop() {},
    async create(key) {
      checkNewKey(key, clock.now());
      const [id, secret] = [newId(), newSecret()];
      const { feeds, scopes, ...rest } = key;
      const lists = { scopes: [...scopes], ...(feeds === undefined ? {} : { feeds: [...feeds] }) };
      const info: KeyInfo = { tier: 'standard', ...rest, ...lists, id, createdAt: clock.now() };
      kept.set(id, { info, sha256: digest(secret) });
      return { key: joinKey(id, secret), info };
    },
    list: async () => [...kept.values()].map(({ info }) => info),
    get: async (id) => kept.get(id)?.info,
    async rotate(id) {
      const entry = kept.get(id);
      if (entry === undefined || entry.info.revokedAt !== undefined) return undefined;
      const secret = newSecret();
      entry.sha256 = digest(secret);
      return { key: joinKey(id, secret), info: entry.info };
    },
    revoke: async (id) => changed(id, { revokedAt: kept.get(id)?.info.revokedAt ?? clock.now() }),
    async verify(key) {
      const parts = splitKey(key);
      const entry = parts === undefined ? undefined : kept.get(parts.id);
      if (parts === undefined || !isDigestOf(parts.secret, entry?.sha256)) return undefined;
      return isCurrent(entry!.info, clock.now()) ? changed(parts.id, { lastUsedAt: clock.now() }) : undefined;
    },
  };
}
