// Errors as RFC 9457 problem documents. In: anything thrown. Out: a status and a JSON body with `code` and
// `recovery`. Invariant: nothing of an error that we did not write ourselves reaches a client.
import { AssayError } from '@assay/kernel/errors/assay-error';
import { ERROR_CODES, type ErrorCode } from '@assay/kernel/errors/codes';

export type Problem = { status: number; headers: Record<string, string>; body: string };

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

export function problemOf(error: unknown): Problem {
  if (!(error instanceof AssayError)) return problem(500, 'ASSERTION_FAILED', 'the server failed', {});
  const status = STATUS[error.code] ?? 500;
  if (status === 500) return problem(500, error.code, ERROR_CODES[error.code].meaning, {});
  const headers: Record<string, string> = {};
  if (error.retryAfterMs !== undefined)
    headers['retry-after'] = String(Math.ceil(error.retryAfterMs / 1_000));
  if (status === 401) headers['www-authenticate'] = 'Bearer realm="assay"';
  const { body } = problem(status, error.code, error.message, error.context, error.recovery);
  return { status, headers, body };
}

export function problem(
  status: number,
  code: ErrorCode,
  detail: string,
  facts: Record<string, unknown>,
  recovery: string = ERROR_CODES[code].recovery,
): Problem {
  const standard = { type: 'about:blank', title: TITLES[status] ?? 'Error', status, detail, code, recovery };
  // None of the facts can replace a member of the standard.
  return { status, headers: {}, body: JSON.stringify({ ...standard, ...facts, ...standard }) };
}

const STATUS: Partial<Record<ErrorCode, number>> = {
  ACCESS_DENIED: 403,
  BUS_OVERLOADED: 503,
  BUS_UNAVAILABLE: 503,
  CACHE_UNAVAILABLE: 503,
  DECIMAL_INVALID: 400,
  DOCUMENT_INVALID: 400,
  DOCUMENT_TOO_COSTLY: 400,
  FINAL_PRICE_ABSENT: 404,
  HISTORY_UNAVAILABLE: 503,
  IDEMPOTENCY_KEY_REUSED: 422,
  ISSUER_UNAVAILABLE: 503,
  LEDGER_CONFLICT: 409,
  LEDGER_UNAVAILABLE: 503,
  NOT_FOUND: 404,
  NOT_READY: 503,
  PERSISTED_QUERY_NOT_FOUND: 404,
  REQUEST_INVALID: 400,
  TOO_MANY_REQUESTS: 429,
  UNAUTHENTICATED: 401,
};

const TITLES: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  414: 'URI Too Long',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};
