// What every door (REST, GraphQL, the command line) asks of submissions and price requests: the contract
// between those who serve clients and those who keep and publish what clients want.
//
// Invariants: instants in these records are ISO 8601 texts with milliseconds, prices are decimal texts with
// the digits that were sent; an `id` finds what it named until its retention ends; a principal finds only its
// own, an administrator all.
import type { PriceRecord } from '@assay/oracle/model/answer';
import type { Principal } from '../auth/principal.ts';

/** The founding shape, as it was sent. */
export type SubmissionInput = {
  symbol: string;
  /** The digits of the JSON number or text, unchanged: "67012.10". */
  price_usd: string;
  timestamp: string;
  submitted_by: string;
};

export const SUBMISSION_STATUSES = ['accepted', 'rejected', 'used', 'outlier', 'unused'] as const;
export type SubmissionStatus = (typeof SUBMISSION_STATUSES)[number];

export type SubmissionEvent = { at: string; status: SubmissionStatus; detail: string };

export type Submission = SubmissionInput & {
  id: string;
  feed: string;
  status: SubmissionStatus;
  /** Why, in words; for `used` the decision it took part in. */
  detail: string;
  receivedAt: string;
  events: SubmissionEvent[];
};

export type SubmissionPage = { submissions: Submission[]; nextCursor: string | null };

export interface SubmissionDesk {
  /**
   * Resolves once it is on the bus; `rejected` is an answer, not an error. The same idempotency key gives the
   * same submission. @throws AssayError REQUEST_INVALID, ACCESS_DENIED, NOT_FOUND, TOO_MANY_REQUESTS
   */
  submit(principal: Principal, input: SubmissionInput, idempotencyKey?: string): Promise<Submission>;
  find(principal: Principal, id: string): Promise<Submission | undefined>;
  /** Newest first. @throws AssayError REQUEST_INVALID for a cursor that is none */
  list(principal: Principal, page: { limit: number; cursor?: string }): Promise<SubmissionPage>;
}

export const PRICE_REQUEST_STATUSES = ['pending', 'complete', 'partial', 'failed'] as const;
export type PriceRequestStatus = (typeof PRICE_REQUEST_STATUSES)[number];

/** `waiting` has said nothing yet, `late` nothing until the request ended, `failed` that it cannot. */
export const ASKED_SOURCE_STATUSES = ['waiting', 'answered', 'failed', 'late'] as const;
export type AskedSourceStatus = (typeof ASKED_SOURCE_STATUSES)[number];

/** What one source made of a request. */
export type AskedSource = {
  source: string;
  status: AskedSourceStatus;
  /** When it said so; null where it said nothing. */
  at: string | null;
  detail: string;
};

export type PriceRequest = {
  id: string;
  feed: string;
  status: PriceRequestStatus;
  detail: string;
  requestedAt: string;
  /** From then on those that have answered are enough. */
  deadlineAt: string;
  completedAt: string | null;
  sourcesAsked: number;
  sourcesAnswered: number;
  /** In the order in which they answered; those that did not come last. */
  sources: AskedSource[];
  price: PriceRecord | null;
};

export type PriceRequestPage = { requests: PriceRequest[]; nextCursor: string | null };

export interface PriceRequestDesk {
  /**
   * Waits up to `deadlineMs` for the result; `pending` then. With `isAwaited` false it returns at once, and
   * the deadline holds all the same. @throws AssayError NOT_FOUND, TOO_MANY_REQUESTS
   */
  request(
    principal: Principal,
    feed: string,
    deadlineMs: number,
    options?: { isAwaited?: boolean },
  ): Promise<PriceRequest>;
  find(principal: Principal, id: string): Promise<PriceRequest | undefined>;
  /** Newest first. @throws AssayError REQUEST_INVALID for a cursor that is none */
  list(principal: Principal, page: { limit: number; cursor?: string }): Promise<PriceRequestPage>;
}
