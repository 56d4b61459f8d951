// API keys in the ledger, shared by every replica. In and out: as the interface says. Last use is noted at
// most once a minute, so that reading prices does not write to the database.
import { messageOf } from '@assay/kernel/errors/assay-error';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import type { Ledger, Row } from '@assay/ports/ledger/ledger';
import { AUTH_SCHEMA, AUTH_STEPS } from './auth-schema.ts';
import { digest, isDigestOf, joinKey, newId, newSecret, splitKey } from './key-secret.ts';
import { checkNewKey, isCurrent, type KeyInfo, type KeyStore, type NewKey } from './key-store.ts';
import type { Scope, Tier } from './principal.ts';

export type SqlKeyStoreOptions = { ledger: Ledger; clock: Clock; log: Log };

const LAST_USED_EVERY_MS = 60_000;
const COLUMNS = 'id, name, scopes, feeds, tier, created_at, expires_at, revoked_at, last_used_at';

export class SqlKeyStore implements KeyStore {
  readonly #options: SqlKeyStoreOptions;
  #used = new Map<string, number>();
  #cancelFlush: (() => void) | undefined;

  constructor(options: SqlKeyStoreOptions) {
    this.#options = options;
  }

  /** The ledger is started by whoever made it. */
  async start(): Promise<void> {
    await this.#options.ledger.migrate(AUTH_SCHEMA, AUTH_STEPS);
    this.#flushLater();
  }

  async stop(): Promise<void> {
    if (this.#cancelFlush === undefined) return;
    this.#cancelFlush();
    this.#cancelFlush = undefined;
    await this.#flushUsed();
  }

  async create(key: NewKey): Promise<{ key: string; info: KeyInfo }> {
    const nowMs = this.#options.clock.now();
    checkNewKey(key, nowMs);
    const [id, secret] = [newId(), newSecret()];
    const rows = await this.#options.ledger.query(
      `INSERT INTO api_keys (id, name, sha256, scopes, feeds, tier, created_at, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING ${COLUMNS}`,
      [
        ...[id, key.name, digest(secret), [...key.scopes], key.feeds === undefined ? null : [...key.feeds]],
        ...[key.tier ?? 'standard', new Date(nowMs)],
        key.expiresAt === undefined ? null : new Date(key.expiresAt),
      ],
    );
    return { key: joinKey(id, secret), info: infoOf(rows[0]!) };
  }

  async list(): Promise<KeyInfo[]> {
    const rows = await this.#options.ledger.query(`SELECT ${COLUMNS} FROM api_keys ORDER BY created_at, id`);
    return rows.map((row) => this.#withUse(infoOf(row)));
  }

  async get(id: string): Promise<KeyInfo | undefined> {
    const [row] = await this.#options.ledger.query(`SELECT ${COLUMNS} FROM api_keys WHERE id = $1`, [id]);
    return row === undefined ? undefined : this.#withUse(infoOf(row));
  }

  async rotate(id: string): Promise<{ key: string; info: KeyInfo } | undefined> {
    const secret = newSecret();
    const [row] = await this.#options.ledger.query(
      `UPDATE api_keys SET sha256 = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING ${COLUMNS}`,
      [id, digest(secret)],
    );
    return row === undefined ? undefined : { key: joinKey(id, secret), info: infoOf(row) };
  }

  async revoke(id: string): Promise<KeyInfo | undefined> {
    const [row] = await this.#options.ledger.query(
      `UPDATE api_keys SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1 RETURNING ${COLUMNS}`,
      [id, new Date(this.#options.clock.now())],
    );
    return row === undefined ? undefined : infoOf(row);
  }

  async verify(key: string): Promise<KeyInfo | undefined> {
    const parts = splitKey(key);
    if (parts === undefined) return undefined;
    const [row] = await this.#options.ledger.query<Row & { sha256: Buffer }>(
      `SELECT sha256, ${COLUMNS} FROM api_keys WHERE id = $1`,
      [parts.id],
    );
    // An unknown id costs the same hash and comparison as a known one.
    if (!isDigestOf(parts.secret, row?.sha256)) return undefined;
    const info = infoOf(row!);
    const nowMs = this.#options.clock.now();
    if (!isCurrent(info, nowMs)) return undefined;
    this.#used.set(info.id, nowMs);
    return info;
  }

  /** What is noted in a minute counts already. */
  #withUse(info: KeyInfo): KeyInfo {
    const usedAt = this.#used.get(info.id);
    return usedAt === undefined ? info : { ...info, lastUsedAt: Math.max(usedAt, info.lastUsedAt ?? 0) };
  }

  #flushLater(): void {
    this.#cancelFlush = this.#options.clock.after(LAST_USED_EVERY_MS, () => {
      void this.#flushUsed().finally(() => {
        if (this.#cancelFlush !== undefined) this.#flushLater();
      });
    });
  }

  async #flushUsed(): Promise<void> {
    if (this.#used.size === 0) return;
    const used = this.#used;
    this.#used = new Map();
    try {
      await this.#options.ledger.query(
        `UPDATE api_keys k SET last_used_at = greatest(k.last_used_at, u.at)
         FROM unnest($1::text[], $2::timestamptz[]) AS u (id, at) WHERE k.id = u.id`,
        [[...used.keys()], [...used.values()].map((ms) => new Date(ms))],
      );
    } catch (error) {
      // Losing a note of last use is no reason to stop serving.
      this.#options.log.warn('last use of keys was not noted', { reason: messageOf(error) });
    }
  }
}

function infoOf(row: Row): KeyInfo {
  const at = (name: string): number | undefined => (row[name] as Date | null)?.getTime();
  const feeds = row.feeds as string[] | null;
  const expiresAt = at('expires_at');
  const revokedAt = at('revoked_at');
  const lastUsedAt = at('last_used_at');
  return {
    id: row.id as string,
    name: row.name as string,
    scopes: row.scopes as Scope[],
    ...(feeds === null ? {} : { feeds }),
    tier: row.tier as Tier,
    createdAt: at('created_at')!,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(revokedAt === undefined ? {} : { revokedAt }),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
  };
}
