// Asks the sources.
// Reads. Nothing.
// Writes. Prices.
// Decides. When to ask.
// Guarantees. Order.
// Survives. Everything.
import { setTimeout } from 'node:process';
import type { Cache } from '@assay/ports/cache/cache';

export const serve = (cache: Cache): unknown => setTimeout(cache);
