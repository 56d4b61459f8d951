// One request to the API of this origin. In: a path, and what to send. Out: what the server answers as JSON,
// or an ApiProblem whose sentence can be shown to a person. Nothing in the console calls `fetch` but this
// file and the stream reader.
import { session } from '../session/session.ts';

/** What the server says when it does not do what was asked (RFC 9457), or that it did not answer. */
export class ApiProblem extends Error {
  /** 0 when there was no answer at all. */
  readonly status: number;
  readonly code: string;
  /** What to do, in the server's words. */
  readonly recovery: string;
  /** Which of the things that were sent it is about. */
  readonly field: string | undefined;

  constructor(status: number, code: string, detail: string, recovery: string, field?: string) {
    super(detail);
    this.status = status;
    this.code = code;
    this.recovery = recovery;
    this.field = field;
  }
}

export type Ask = {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  /** Instead of the session's. */
  key?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
};

/** Slower than this is no answer to a person. */
const TIMEOUT_MS = 20_000;

/** @throws ApiProblem */
export async function ask<T>(
  path: string,
  { method = 'GET', body, key, headers, signal }: Ask = {},
): Promise<T> {
  const used = key ?? session.key() ?? '';
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: {
        'x-api-key': used,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new ApiProblem(0, 'NO_ANSWER', 'The server does not answer.', 'Is it running? It is asked again.');
  }
  const text = await response.text();
  if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as T;
  throw problemOf(response.status, text, key === undefined);
}

function problemOf(status: number, text: string, isOwnKey: boolean): ApiProblem {
  let said: { code?: string; detail?: string; title?: string; recovery?: string; field?: string } = {};
  try {
    said = JSON.parse(text) as typeof said;
  } catch {
    // Something between us and the server answered; its status is all there is.
  }
  const detail = sentence(said.detail ?? said.title ?? `the server answered ${status}`, said.field);
  const problem = new ApiProblem(status, said.code ?? 'UNKNOWN', detail, said.recovery ?? '', said.field);
  if (status === 401 && isOwnKey)
    session.signOut('The server no longer accepts this key: it expired or was revoked.');
  return problem;
}

/** Begins with a capital, but for the name of a field, and ends with a full stop. */
function sentence(text: string, field = ''): string {
  const trimmed = text.trim();
  const isName = field !== '' && trimmed.startsWith(field);
  const first = isName ? trimmed.charAt(0) : trimmed.charAt(0).toUpperCase();
  return `${first}${trimmed.slice(1)}${/[.!?]$/.test(trimmed) ? '' : '.'}`;
}
