// What every cache passes.
import type { Cache } from './cache.ts';

export const conforms = (cache: Cache): boolean => cache.fetch('x') === undefined;
