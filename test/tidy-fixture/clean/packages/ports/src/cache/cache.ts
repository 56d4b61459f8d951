// A cache.
export type Cache = { fetch(key: string): string | undefined };
