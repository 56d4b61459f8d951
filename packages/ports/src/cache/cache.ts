// A cache of texts with a time to live. Everything in it may vanish at any moment: what must not be lost is
// elsewhere.
//
// Atomicity: each call is atomic; `increment` never loses a count between processes that share the cache.
// Failure: an unreachable cache rejects with CACHE_UNAVAILABLE within one second; callers go on without it.
// Bounds: a key at most 256 bytes, a value at most 1 MiB; the embedded one evicts the least recently used
//   entry.
import type { Startable } from '@assay/kernel/lifecycle/startable';

export interface Cache extends Startable {
  get(key: string): Promise<string | undefined>;
  getMany(keys: readonly string[]): Promise<(string | undefined)[]>;
  set(key: string, value: string, ttlMs: number): Promise<void>;
  /** Adds `by` to a counter that lives `ttlMs` from its first increment; resolves to the new value. */
  increment(key: string, by: number, ttlMs: number): Promise<number>;
  delete(key: string): Promise<void>;
}
