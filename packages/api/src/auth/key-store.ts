// API keys: `ak_<id>_<32 random bytes in base64url>`. The secret is shown once, at creation; what is kept is
// its SHA-256 (256 random bits need no slow hash). The file implementation is a JSON file that several
// processes share.
//
// In: names, scopes, texts that claim to be keys. Out: who may do what.
// Invariants: no secret is ever written; a comparison takes the same time whatever differs; a change made by
// another process counts here within RELOAD_AFTER_MS; a file that cannot be read lets nobody in.
import { createHash, timingSafeEqual } from 'node:crypto';
import { mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AssayError, messageOf } from '@assay/kernel/errors/assay-error';
import type { Startable } from '@assay/kernel/lifecycle/startable';
import { secureBytes } from '@assay/kernel/random/random';
import type { Clock } from '@assay/kernel/time/clock';
import { SCOPES, type Scope } from './principal.ts';

/** What may be shown of a key. */
export type KeyInfo = {
  id: string;
  name: string;
  scopes: Scope[];
  /** Only these feeds; absent: all. */
  feeds?: string[];
  /** Instants are ms since the epoch. */
  createdAt: number;
  expiresAt?: number;
  revokedAt?: number;
  /** True to a minute. */
  lastUsedAt?: number;
};

export type NewKey = {
  name: string;
  scopes: readonly Scope[];
  feeds?: readonly string[];
  expiresAt?: number;
};

export interface KeyStore extends Startable {
  /** The only moment at which the key itself exists in the open. @throws AssayError REQUEST_INVALID */
  create(key: NewKey): Promise<{ key: string; info: KeyInfo }>;
  list(): Promise<KeyInfo[]>;
  get(id: string): Promise<KeyInfo | undefined>;
  /** Effective everywhere within 5 s; undefined when there is no such key. */
  revoke(id: string): Promise<KeyInfo | undefined>;
  /** Who a key belongs to; undefined when it is unknown, wrong, expired or revoked. */
  verify(key: string): Promise<KeyInfo | undefined>;
}

export type FileKeyStoreOptions = { path: string; clock: Clock };

export function createFileKeyStore(options: FileKeyStoreOptions): KeyStore {
  return new FileKeyStore(options);
}

/** `undefined` when a text does not have the shape of a key. */
export function splitKey(key: string): { id: string; secret: string } | undefined {
  const match = KEY_SHAPE.exec(key);
  return match === null ? undefined : { id: match[1]!, secret: match[2]! };
}

/** Whether a key counts at an instant. */
export function isCurrent(info: KeyInfo, nowMs: number): boolean {
  return info.revokedAt === undefined && (info.expiresAt === undefined || nowMs < info.expiresAt);
}

const KEY_SHAPE = /^ak_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;
/**
 * Six bytes name a key: enough that ten thousand keys do not meet (probability 2e-7), short enough to read
 * out.
 */
const ID_BYTES = 6;
const SECRET_BYTES = 32;
/**
 * How old our picture of the file may be: with the two seconds of verified keys it stays under the promised
 * five.
 */
const RELOAD_AFTER_MS = 1_000;
/** Last use is written at most this often, so that reading prices does not write to disk. */
const LAST_USED_EVERY_MS = 60_000;
/** A lock older than this belongs to a process that died: what is done under it takes milliseconds. */
const LOCK_STALE_AFTER_MS = 10_000;
const LOCK_RETRY_MS = 20;
const NAME_MAX = 100;
/** A file this long takes 50 ms to parse; more keys belong into a database. */
const KEYS_MAX = 10_000;

type StoredKey = KeyInfo & { sha256: string };
type KeyFile = { version: 1; keys: StoredKey[] };

class FileKeyStore implements KeyStore {
  readonly #path: string;
  readonly #clock: Clock;
  #keys = new Map<string, StoredKey>();
  /** Identity of the file that `#keys` came from. */
  #stamp = '';
  #loadedAtMs = Number.NEGATIVE_INFINITY;
  #loading: Promise<void> | undefined;
  #used = new Map<string, number>();
  #cancelFlush: (() => void) | undefined;

  constructor(options: FileKeyStoreOptions) {
    this.#path = options.path;
    this.#clock = options.clock;
  }

  async start(): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true }).catch((cause) => {
      throw unusable(this.#path, cause);
    });
    await this.#reload();
    this.#flushLater();
  }

  async stop(): Promise<void> {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    await this.#flushUsed();
  }

  async create(key: NewKey): Promise<{ key: string; info: KeyInfo }> {
    checkNewKey(key, this.#clock.now());
    const id = Buffer.from(secureBytes(ID_BYTES)).toString('hex');
    const secret = Buffer.from(secureBytes(SECRET_BYTES)).toString('base64url');
    const stored: StoredKey = {
      id,
      name: key.name,
      scopes: [...key.scopes],
      ...(key.feeds === undefined ? {} : { feeds: [...key.feeds] }),
      createdAt: this.#clock.now(),
      ...(key.expiresAt === undefined ? {} : { expiresAt: key.expiresAt }),
      sha256: digest(secret).toString('hex'),
    };
    await this.#change((keys) => {
      if (keys.size >= KEYS_MAX) {
        throw invalid('name', key.name, `there are ${KEYS_MAX} keys already: use the database store`);
      }
      keys.set(id, stored);
    });
    return { key: `ak_${id}_${secret}`, info: infoOf(stored) };
  }

  async list(): Promise<KeyInfo[]> {
    await this.#refresh();
    return [...this.#keys.values()].map(infoOf);
  }

  async get(id: string): Promise<KeyInfo | undefined> {
    await this.#refresh();
    const stored = this.#keys.get(id);
    return stored === undefined ? undefined : infoOf(stored);
  }

  async revoke(id: string): Promise<KeyInfo | undefined> {
    let revoked: StoredKey | undefined;
    await this.#change((keys) => {
      const stored = keys.get(id);
      if (stored === undefined) return;
      revoked = { ...stored, revokedAt: stored.revokedAt ?? this.#clock.now() };
      keys.set(id, revoked);
    });
    return revoked === undefined ? undefined : infoOf(revoked);
  }

  async verify(key: string): Promise<KeyInfo | undefined> {
    await this.#refresh();
    const parts = splitKey(key);
    if (parts === undefined) return undefined;
    const stored = this.#keys.get(parts.id);
    // An unknown id costs the same hash and comparison as a known one.
    const expected = stored === undefined ? NOBODY : Buffer.from(stored.sha256, 'hex');
    const isEqual = timingSafeEqual(digest(parts.secret), expected);
    if (!isEqual || stored === undefined || !isCurrent(stored, this.#clock.now())) return undefined;
    this.#used.set(stored.id, this.#clock.now());
    return infoOf(stored);
  }

  async #refresh(): Promise<void> {
    if (this.#clock.monotonic() - this.#loadedAtMs < RELOAD_AFTER_MS) return;
    // One reader at a time; who comes meanwhile waits for it.
    this.#loading ??= this.#reload().finally(() => {
      this.#loading = undefined;
    });
    await this.#loading;
  }

  async #reload(): Promise<void> {
    const atMs = this.#clock.monotonic();
    const stamp = await stampOf(this.#path);
    if (stamp !== this.#stamp || stamp === '') {
      this.#keys = stamp === '' ? new Map() : await load(this.#path);
      this.#stamp = stamp;
    }
    this.#loadedAtMs = atMs;
  }

  /** Read, change, write: under a lock that all processes honour. */
  async #change(edit: (keys: Map<string, StoredKey>) => void): Promise<void> {
    const unlock = await lock(`${this.#path}.lock`, this.#clock);
    try {
      const keys = (await stampOf(this.#path)) === '' ? new Map<string, StoredKey>() : await load(this.#path);
      edit(keys);
      await store(this.#path, { version: 1, keys: [...keys.values()] });
      this.#keys = keys;
      this.#stamp = await stampOf(this.#path);
      this.#loadedAtMs = this.#clock.monotonic();
    } finally {
      await unlock();
    }
  }

  #flushLater(): void {
    this.#cancelFlush = this.#clock.after(LAST_USED_EVERY_MS, () => {
      // Losing a note of last use is no reason to stop serving; the next minute writes it again.
      this.#flushUsed()
        .catch(() => undefined)
        .finally(() => {
          if (this.#cancelFlush !== undefined) this.#flushLater();
        });
    });
  }

  async #flushUsed(): Promise<void> {
    if (this.#used.size === 0) return;
    const used = this.#used;
    this.#used = new Map();
    await this.#change((keys) => {
      for (const [id, lastUsedAt] of used) {
        const stored = keys.get(id);
        if (stored !== undefined) {
          keys.set(id, { ...stored, lastUsedAt: Math.max(lastUsedAt, stored.lastUsedAt ?? 0) });
        }
      }
    });
  }
}

const NOBODY = Buffer.alloc(32);

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function infoOf({ sha256: _, ...info }: StoredKey): KeyInfo {
  return info;
}

function checkNewKey(key: NewKey, nowMs: number): void {
  if (key.name.trim() === '' || key.name.length > NAME_MAX) {
    throw invalid('name', key.name, `give 1 to ${NAME_MAX} characters`);
  }
  if (key.scopes.length === 0) throw invalid('scopes', '', `give one of ${SCOPES.join(', ')}`);
  for (const scope of key.scopes) {
    if (!SCOPES.includes(scope)) throw invalid('scopes', scope, `give one of ${SCOPES.join(', ')}`);
  }
  if (key.expiresAt !== undefined && !(key.expiresAt > nowMs)) {
    throw invalid('expiresAt', String(key.expiresAt), 'give an instant in the future');
  }
}

function invalid(field: string, value: string, fix: string): AssayError {
  return new AssayError('REQUEST_INVALID', `${field} "${value}" of an API key cannot be used: ${fix}`, {
    context: { field, value },
  });
}

function unusable(path: string, cause: unknown): AssayError {
  return new AssayError('DATA_FOLDER_UNUSABLE', `the file of API keys ${path}: ${messageOf(cause)}`, {
    context: { path },
    cause,
  });
}

/** '' when there is no file. */
async function stampOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(path);
    return `${ino}:${size}:${mtimeMs}`;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw unusable(path, cause);
  }
}

/** @throws AssayError DATA_FOLDER_UNUSABLE */
async function load(path: string): Promise<Map<string, StoredKey>> {
  let file: KeyFile;
  try {
    file = JSON.parse(await readFile(path, 'utf8')) as KeyFile;
  } catch (cause) {
    throw unusable(path, cause);
  }
  const isValid = (key: StoredKey): boolean =>
    typeof key?.id === 'string' && /^[0-9a-f]{64}$/.test(key.sha256) && Array.isArray(key.scopes);
  if (file?.version !== 1 || !Array.isArray(file.keys) || !file.keys.every(isValid)) {
    throw unusable(path, 'it is not a list of keys of version 1');
  }
  return new Map(file.keys.map((key) => [key.id, key]));
}

/** Whole or not at all, and on disk before it counts. */
async function store(path: string, file: KeyFile): Promise<void> {
  const temporary = `${path}.new`;
  try {
    const handle = await open(temporary, 'w', 0o600);
    try {
      // A file left behind by a crash keeps its old mode otherwise.
      await handle.chmod(0o600);
      await handle.writeFile(`${JSON.stringify(file, null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    const folder = await open(dirname(path), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (cause) {
    throw unusable(path, cause);
  }
}

async function lock(path: string, clock: Clock): Promise<() => Promise<void>> {
  const deadlineMs = clock.monotonic() + LOCK_STALE_AFTER_MS * 2;
  for (;;) {
    try {
      const handle = await open(path, 'wx', 0o600);
      await handle.close();
      return () => unlink(path).catch(() => undefined);
    } catch (cause) {
      const isHeld = (cause as NodeJS.ErrnoException).code === 'EEXIST';
      if (!isHeld || clock.monotonic() > deadlineMs) throw unusable(path, cause);
    }
    const held = await stat(path).catch(() => undefined);
    if (held !== undefined && clock.now() - held.mtimeMs > LOCK_STALE_AFTER_MS) {
      await unlink(path).catch(() => undefined);
    }
    await clock.sleep(LOCK_RETRY_MS);
  }
}
