// Where keys stand in the API, and whether one counts now. Pure.
import type { ApiKey } from '../api/client-records.ts';

export const KEYS = '/v1/keys';

export type KeyState = 'active' | 'expired' | 'revoked';

export function stateOf({ revokedAt, expiresAt }: ApiKey): KeyState {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && Date.parse(expiresAt) <= Date.now() ? 'expired' : 'active';
}
