// A record: here `process` and `fetch` are names of its own, not the world's.
import { AssayError } from '@assay/kernel/errors/assay-error';

export type Answer = { process: string; fetch: () => void };
export const ANSWERS_TOPIC = 'answers';
export function read(process: string): Answer {
  if (process === '') throw new AssayError('BROKEN');
  return { process, fetch: () => {} };
}
