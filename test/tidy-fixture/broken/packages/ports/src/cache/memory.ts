// A cache in memory.
import type { Cache } from './cache.ts';

export const memoryCache = (): Cache => ({ fetch: () => undefined });
