// The suite on the cache in memory.
import { conforms } from './cache.conformance.ts';
import { memoryCache } from './memory.ts';

conforms(memoryCache());
