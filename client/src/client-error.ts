// The one error of the client. In: what the server said (a problem document, RFC 9457), or what happened on
// the way. Out: a code to branch on, a sentence for people, what to do about it. The codes of the server are
// in its error reference; three are the client's own: NETWORK, TIMEOUT, ABORTED.

export type ClientErrorFacts = {
  code: string;
  /** HTTP status; 0 when there was no answer. */
  status?: number;
  recovery?: string;
  /** How long the server asked to wait. */
  retryAfterMs?: number | undefined;
  /** Everything else the problem document holds: field, value, near, ... */
  details?: Record<string, unknown>;
  cause?: unknown;
};

export class ClientError extends Error {
  readonly code: string;
  readonly status: number;
  readonly recovery: string;
  readonly retryAfterMs: number | undefined;
  readonly details: Record<string, unknown>;

  constructor(message: string, facts: ClientErrorFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = 'ClientError';
    this.code = facts.code;
    this.status = facts.status ?? 0;
    this.recovery = facts.recovery ?? '';
    this.retryAfterMs = facts.retryAfterMs;
    this.details = facts.details ?? {};
  }

  /** Whether the same request may succeed a little later. */
  get isTransient(): boolean {
    const isOnTheWay = this.code === 'NETWORK' || this.code === 'TIMEOUT';
    return isOnTheWay || TRANSIENT_STATUS.has(this.status) || this.retryAfterMs !== undefined;
  }
}

const TRANSIENT_STATUS: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** The error that an answer stands for; whatever its body is, even none of ours. */
export function errorOfAnswer(status: number, headers: Headers, text: string): ClientError {
  const problem = parseObject(text);
  const { code, detail, title, recovery, ...details } = problem;
  const message = asText(detail) ?? asText(title) ?? `the server answered ${status}`;
  return new ClientError(message, {
    code: asText(code) ?? `HTTP_${status}`,
    status,
    recovery: asText(recovery) ?? '',
    retryAfterMs: retryAfterMsOf(headers.get('retry-after')),
    details,
  });
}

/** Seconds, or a date. */
function retryAfterMsOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
