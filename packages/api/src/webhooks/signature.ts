// Signs what a webhook sends, as the Standard Webhooks scheme does: HMAC-SHA-256 over id, time and body, in
// `webhook-signature: v1,<base64>`. In: a secret `whsec_<base64>`, the parts. Out: the headers.
// Invariant: a receiver that checks the time refuses a replay, one that checks the signature any change.
import { createHmac } from 'node:crypto';
import { secureBytes } from '@assay/kernel/random/random';

const PREFIX = 'whsec_';
/** As many bits as the hash gives. */
const SECRET_BYTES = 32;

export function newSecret(): string {
  return PREFIX + Buffer.from(secureBytes(SECRET_BYTES)).toString('base64');
}

export function signedHeaders(
  secret: string,
  message: { id: string; atMs: number; body: string },
): Record<string, string> {
  const timestamp = String(Math.floor(message.atMs / 1_000));
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
  const signed = `${message.id}.${timestamp}.${message.body}`;
  const signature = createHmac('sha256', key).update(signed).digest('base64');
  return {
    'webhook-id': message.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  };
}
