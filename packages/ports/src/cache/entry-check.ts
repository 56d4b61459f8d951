// What a cache takes: the bounds that every implementation shares. In: keys, values, times. Out: nothing, or
// RECORD_INVALID that names the field. Pure.
import { AssayError } from '@assay/kernel/errors/assay-error';

const KEY_BYTES_MAX = 256;
const VALUE_BYTES_MAX = 1_048_576;

/** @throws AssayError RECORD_INVALID */
export function checkEntry(key: string, value: string): void {
  checkSize('key', key, KEY_BYTES_MAX);
  checkSize('value', value, VALUE_BYTES_MAX);
}

/** @throws AssayError RECORD_INVALID */
export function checkTtl(ttlMs: number): number {
  if (ttlMs > 0 && Number.isFinite(ttlMs)) return ttlMs;
  throw invalid('ttlMs', `a time to live of ${ttlMs} ms is none: give a positive number`);
}

export function notCountable(key: string): AssayError {
  const problem = `"${key}" cannot be counted: it holds or is given something that is not an integer`;
  return invalid('by', problem);
}

function checkSize(field: 'key' | 'value', text: string, bytesMax: number): void {
  // No character takes more than three bytes per UTF-16 unit.
  if (text.length * 3 <= bytesMax) return;
  const bytes = Buffer.byteLength(text);
  if (bytes <= bytesMax) return;
  throw invalid(field, `a ${field} of the cache takes ${bytes} bytes; the bound is ${bytesMax}`);
}

function invalid(field: string, problem: string): AssayError {
  return new AssayError('RECORD_INVALID', problem, { context: { field } });
}
