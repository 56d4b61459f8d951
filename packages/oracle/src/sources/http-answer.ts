// What a venue's HTTP answer means. In: status, headers, body, the adapter's own reading. Out: nothing for an
// answer whose prices can be read, or a typed error: wait as told (429, 418), refused for good (403, 451),
// passing fault (5xx), our own mistake (other 4xx), a page instead of data. Invariant: the venue's own words
// are in the message, its wait is kept exactly.
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { HttpTransport, SourceResponse } from './define-source.ts';

/** A 429 without Retry-After: a minute, the window in which most venues count. */
export const RATE_LIMIT_WAIT_MS = 60_000;

/** A 418 is a ban after ignored 429s; Binance bans for two minutes at first. */
export const BAN_WAIT_MS = 120_000;

/** No venue's word keeps us away for longer: Binance bans for at most three days. */
const WAIT_MAX_MS = 3 * 86_400_000;

const WORDS_MAX = 240;

/** The error that an answer stands for, or undefined when its body is to be parsed. */
export function errorOfAnswer(
  source: string,
  response: SourceResponse,
  explain: HttpTransport['explain'],
): AssayError | undefined {
  const { status } = response;
  if (status === 200) return errorOfPage(source, response);
  const told = waitTold(response);
  const context = { source, status };
  const explained = explain?.(response);
  if (explained !== undefined) {
    const retryAfterMs = told ?? explained.retryAfterMs ?? defaultWait(explained.code, status);
    return new AssayError(explained.code, `${source} answered ${status}: ${explained.message}`, {
      context,
      ...(explained.isTransient === undefined ? {} : { isTransient: explained.isTransient }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  const message = `${source} answered ${status}: ${wordsOf(response)}`;
  if (status === 429 || status === 418) {
    const retryAfterMs = told ?? defaultWait('SOURCE_RATE_LIMITED', status) ?? RATE_LIMIT_WAIT_MS;
    return new AssayError('SOURCE_RATE_LIMITED', message, { context, retryAfterMs });
  }
  if (status === 403 || status === 451) return new AssayError('SOURCE_REGION_REFUSED', message, { context });
  const isTransient = status >= 500 || status === 408 || status === 425;
  return new AssayError('SOURCE_REFUSED', message, {
    context,
    isTransient,
    ...(told !== undefined && isTransient ? { retryAfterMs: told } : {}),
  });
}

/** What a status means by itself, for an upgrade that is refused; undefined: a passing fault. */
export function codeOfRefusal(status: number): 'SOURCE_RATE_LIMITED' | 'SOURCE_REGION_REFUSED' | undefined {
  if (status === 429 || status === 418) return 'SOURCE_RATE_LIMITED';
  return status === 403 || status === 451 ? 'SOURCE_REGION_REFUSED' : undefined;
}

/** An error inside a well-formed answer that asks for patience without saying how much. */
export function withDefaultWait(error: AssayError): AssayError {
  if (error.code !== 'SOURCE_RATE_LIMITED' || error.retryAfterMs !== undefined) return error;
  return new AssayError(error.code, error.message, {
    context: error.context,
    cause: error,
    retryAfterMs: RATE_LIMIT_WAIT_MS,
  });
}

/**
 * Milliseconds of a Retry-After header, in seconds or as an HTTP date; undefined when there is none that can
 * be read.
 */
export function waitTold(response: SourceResponse): number | undefined {
  const text = response.headers['retry-after']?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,9}(?:\.\d+)?$/.test(text)) return Math.min(WAIT_MAX_MS, Math.ceil(Number(text) * 1_000));
  // An HTTP date begins with a weekday; the engine would read a date into "-1".
  const until = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isFinite(until)) return undefined;
  // The date is in the venue's clock: count from the venue's own "now" where it says one.
  const saidAt = Date.parse(response.headers.date ?? '');
  const from = Number.isFinite(saidAt) ? saidAt : response.receivedAt;
  return Math.min(WAIT_MAX_MS, Math.max(0, until - from));
}

/**
 * What the venue said, short and in one line: its JSON message, the title of its page, or the beginning of
 * its text.
 */
export function wordsOf(response: SourceResponse): string {
  const { body } = response;
  const message = /"(?:msg|message|error_message|error|retMsg)"\s*:\s*"((?:[^"\\]|\\.){1,400})"/.exec(
    body,
  )?.[1];
  const title = /<title>([^<]{1,200})<\/title>/i.exec(body)?.[1];
  const text = message ?? title ?? body.replace(/<[^>]*>/g, ' ');
  const line = text.replace(/\s+/g, ' ').trim();
  return line === '' ? 'no words' : line.slice(0, WORDS_MAX);
}

function errorOfPage(source: string, response: SourceResponse): AssayError | undefined {
  const isPage =
    /^text\/html\b/i.test(response.headers['content-type'] ?? '') ||
    /^\s*<(?:!doctype|html)/i.test(response.body);
  if (!isPage) return undefined;
  return new AssayError(
    'SOURCE_BAD_PAYLOAD',
    `${source} answered with a page instead of data: ${wordsOf(response)}`,
    { context: { source, status: 200 } },
  );
}

function defaultWait(code: string, status: number): number | undefined {
  if (code !== 'SOURCE_RATE_LIMITED') return undefined;
  return status === 418 ? BAN_WAIT_MS : RATE_LIMIT_WAIT_MS;
}
