// What the API answers about clients: what they submitted and asked for, their keys, the audit record. The
// meaning of every field stands in the reference (`/openapi.json`).
import type { PriceRequest } from '@assay/client/wire';

export type PriceRequestList = { requests: PriceRequest[]; nextCursor: string | null };

export type ApiKey = {
  id: string;
  name: string;
  scopes: string[];
  feeds: string[] | null;
  tier: string;
  createdAt: string;
  expiresAt: string | null;
  revokedAt: string | null;
  lastUsedAt: string | null;
};

/** The only answer in which the key itself stands. */
export type MadeKey = ApiKey & { key: string };

export type AuditRecord = {
  id: string;
  at: string;
  who: string;
  whoName: string;
  action: string;
  result: string;
  count: number;
  detail: Record<string, unknown>;
};

export type AuditList = { records: AuditRecord[]; nextCursor: string | null };
