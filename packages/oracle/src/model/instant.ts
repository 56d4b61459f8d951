// One instant of the log `source-prices`: all records that were committed together.
import type { SourceRecord } from './source-price.ts';

export type Instant = { at: number; records: readonly { offset: number; record: SourceRecord }[] };
