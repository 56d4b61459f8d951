// What the API answers about clients: what they submitted and asked for, their keys, the audit record. The
// meaning of every field stands in the reference (`/openapi.json`).
import type { Price } from './records.ts';

export type SubmissionStatus = 'accepted' | 'rejected' | 'used' | 'outlier' | 'unused';

export type Submission = {
  id: string;
  symbol: string;
  price_usd: string;
  timestamp: string;
  submitted_by: string;
  feed: string;
  status: SubmissionStatus;
  detail: string;
  receivedAt: string;
  events: { at: string; status: SubmissionStatus; detail: string }[];
};

export type SubmissionList = { submissions: Submission[]; nextCursor: string | null };

export type AskedSource = {
  source: string;
  status: 'waiting' | 'answered' | 'failed' | 'late';
  at: string | null;
  detail: string;
};

export type PriceRequest = {
  id: string;
  feed: string;
  status: 'pending' | 'complete' | 'partial' | 'failed';
  detail: string;
  requestedAt: string;
  deadlineAt: string;
  completedAt: string | null;
  sourcesAsked: number;
  sourcesAnswered: number;
  sources: AskedSource[];
  price: Price | null;
};

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
