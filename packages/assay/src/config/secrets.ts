// Secrets by reference: "file:PATH" or "env:NAME"; anything else is the secret itself, which a test or
// sandbox may want.
import { readFileSync } from 'node:fs';
import { AssayError, messageOf } from '@assay/kernel/errors/assay-error';
import { environment } from './load.ts';

/** @throws AssayError CONFIG_INVALID naming the reference, never the secret */
export function secretOf(reference: string): string {
  if (reference.startsWith('env:')) {
    const value = environment()[reference.slice(4)];
    if (value !== undefined && value !== '') return value;
    throw new AssayError('CONFIG_INVALID', `the secret ${reference} is not set in the environment`);
  }
  if (!reference.startsWith('file:')) return reference;
  try {
    return readFileSync(reference.slice(5), 'utf8').trim();
  } catch (cause) {
    throw new AssayError('CONFIG_INVALID', `the secret ${reference} cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  }
}
