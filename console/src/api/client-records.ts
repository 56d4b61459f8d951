// What the API answers about clients: what they submitted and asked for, their keys, the audit record. The
// meaning of every field stands in the reference (`/openapi.json`).
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
