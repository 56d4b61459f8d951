// What a bus accepts, the same in every implementation: names of topics and groups, keys, values, and which
// partition a key belongs to. In: what a caller gave. Out: nothing, or an error that names the field.
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { NewRecord } from './event-bus.ts';

/**
 * One record, key and value together, in UTF-8: the configuration of 1,000 feeds with thirty sources each,
 * with which a run begins, takes 1.8 MB.
 */
export const RECORD_BYTES_MAX: number = 4 * 1024 * 1024;
/** Records of one publisher that wait for their acknowledgement. */
export const UNACKNOWLEDGED_MAX = 10_000;
/** The same in UTF-16 units: ten thousand large records would otherwise take gigabytes. */
export const UNACKNOWLEDGED_LENGTH_MAX: number = 64 * 1024 * 1024;

// Kafka's own rule for topics, without the dot: it parts namespace and topic.
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;

/** @throws AssayError RECORD_INVALID */
export function checkName(field: 'topic' | 'group' | 'namespace', name: string): void {
  if (typeof name === 'string' && NAME.test(name)) return;
  throw new AssayError(
    'RECORD_INVALID',
    `${field} "${String(name)}" is not a name: use up to 128 letters, digits, "-" and "_"`,
    { context: { field, value: name } },
  );
}

/** Returns the length of the record in UTF-16 units. @throws AssayError RECORD_INVALID */
export function checkNewRecord(topic: string, { key, value }: NewRecord): number {
  if (typeof key !== 'string' || typeof value !== 'string') {
    throw invalid(topic, 'key and value must be texts');
  }
  const length = key.length + value.length;
  // Three bytes are the most that one UTF-16 unit takes: most records need no exact count.
  if (length * 3 > RECORD_BYTES_MAX && Buffer.byteLength(key) + Buffer.byteLength(value) > RECORD_BYTES_MAX) {
    throw invalid(topic, `key and value take more than ${RECORD_BYTES_MAX} bytes`);
  }
  // No JSON text contains these raw, so nothing that may be published is refused; they part records in the
  // embedded log.
  if (hasSeparator(key) || hasSeparator(value)) {
    throw invalid(topic, 'key or value contains a raw control character (U+0000, U+001E or U+001F)');
  }
  if (!key.isWellFormed() || !value.isWellFormed()) {
    throw invalid(topic, 'key or value contains half of a surrogate pair, which UTF-8 cannot hold');
  }
  return length;
}

/** Same key, same partition, in every process (FNV-1a over UTF-16 units). */
export function partitionOf(key: string, partitionCount: number): number {
  if (partitionCount === 1) return 0;
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % partitionCount;
}

/** One record as the embedded log stores it. */
export function packRecord(key: string, value: string): string {
  return `${key}\x1f${value}\x1e`;
}

function hasSeparator(text: string): boolean {
  return text.includes('\x1e') || text.includes('\x1f') || text.includes('\0');
}

function invalid(topic: string, problem: string): AssayError {
  return new AssayError('RECORD_INVALID', `a record for topic "${topic}" cannot be published: ${problem}`, {
    context: { topic },
  });
}
