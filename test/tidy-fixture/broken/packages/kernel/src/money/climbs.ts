// Reaches up.
import type { Cache } from '@assay/ports/cache/cache';

export type Held = Cache;
