// A sandbox that knows more than the kernel.
import type { Cache } from '@assay/ports/cache/cache';

export type Known = Cache;
