// Chooses implementations.
import { memoryCache } from '@assay/ports/cache/memory';
import { start } from '@assay/sandbox/start';

export const drivers = { cache: memoryCache, sandbox: start };
