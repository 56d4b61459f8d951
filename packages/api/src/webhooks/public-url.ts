// Whether a webhook may be sent to an address. In: its URL. Out: nothing, or why not. Looked at when a
// webhook is made, so that whoever makes it is told; when it is sent the connection goes to public addresses
// alone.
import { AssayError, isAssayError } from '@assay/kernel/errors/assay-error';
import type { Outbound } from '@assay/ports/outbound/outbound';

/** @throws AssayError REQUEST_INVALID */
export async function requirePublicUrl(text: string, outbound: Outbound): Promise<void> {
  if (new URL(text).protocol !== 'https:') throw refused(text, 'only https is sent to');
  try {
    await outbound.requirePublic(text);
  } catch (error) {
    const isUnknown = isAssayError(error) && error.context.reason === 'dns';
    throw refused(text, isUnknown ? 'its name has no address' : 'it is not a public address', error);
  }
}

function refused(url: string, why: string, cause?: unknown): AssayError {
  return new AssayError('REQUEST_INVALID', `url "${url.slice(0, 100)}" cannot be used: ${why}`, {
    context: { field: 'url' },
    cause,
    recovery:
      'Give a public https address, or set webhooks.allowPrivateAddresses on an installation of your own.',
  });
}
