// The cache in the memory of one process. In: texts with a time to live. Out: the texts, while they live and
// are not evicted.
//
// Invariant: never more than the bounds; the least recently used entry goes first. A Map keeps its entries in
// order of insertion, so taking one out and putting it back makes it the newest.
import type { Clock } from '@assay/kernel/time/clock';
import type { Cache } from './cache.ts';
import { checkEntry, checkTtl, notCountable } from './entry-check.ts';

export type MemoryCacheOptions = {
  clock: Clock;
  /**
   * Default 50,000: an answer and its bytes for thousands of feeds, and a counter for each of many clients.
   */
  entriesMax?: number;
  /** Length of all keys and values together. Default 32 Mi UTF-16 units. */
  lengthMax?: number;
};

export function createMemoryCache(options: MemoryCacheOptions): Cache {
  return new MemoryCache(options);
}

type Entry = { value: string; untilMs: number };

class MemoryCache implements Cache {
  readonly #clock: Clock;
  readonly #entriesMax: number;
  readonly #lengthMax: number;
  readonly #entries = new Map<string, Entry>();
  #length = 0;

  constructor({ clock, entriesMax = 50_000, lengthMax = 32 * 1024 * 1024 }: MemoryCacheOptions) {
    this.#clock = clock;
    this.#entriesMax = entriesMax;
    this.#lengthMax = lengthMax;
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    this.#entries.clear();
    this.#length = 0;
  }

  async get(key: string): Promise<string | undefined> {
    return this.#touch(key)?.value;
  }

  async getMany(keys: readonly string[]): Promise<(string | undefined)[]> {
    return keys.map((key) => this.#touch(key)?.value);
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    this.#put(key, value, this.#clock.monotonic() + checkTtl(ttlMs));
  }

  async increment(key: string, by: number, ttlMs: number): Promise<number> {
    const until = this.#clock.monotonic() + checkTtl(ttlMs);
    const entry = this.#touch(key);
    const before = entry === undefined ? 0 : Number(entry.value);
    if (!Number.isSafeInteger(before) || !Number.isSafeInteger(by)) {
      throw notCountable(key);
    }
    this.#put(key, String(before + by), entry?.untilMs ?? until);
    return before + by;
  }

  async delete(key: string): Promise<void> {
    this.#drop(key);
  }

  #touch(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.untilMs <= this.#clock.monotonic()) {
      this.#drop(key);
      return undefined;
    }
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  #put(key: string, value: string, untilMs: number): void {
    checkEntry(key, value);
    this.#drop(key);
    this.#entries.set(key, { value, untilMs });
    this.#length += key.length + value.length;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#entriesMax && this.#length <= this.#lengthMax) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#length -= key.length + entry.value.length;
  }
}
