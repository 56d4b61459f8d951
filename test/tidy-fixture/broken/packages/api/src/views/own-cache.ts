// Chooses an implementation itself, and speaks to a database itself.
import { memoryCache } from '@assay/ports/cache/memory';
import pg from 'pg';

export const own = [memoryCache, pg];
