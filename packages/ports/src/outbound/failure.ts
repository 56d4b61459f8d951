// Why no answer came, in one word for programs and a sentence for people. In: whatever the network threw.
// Out: an AssayError whose `context.reason` is one of REASONS.
import { AssayError, messageOf } from '@assay/kernel/errors/assay-error';

export const REASONS = [
  'dns', // the name does not resolve
  'refused', // nothing listens, or the host or network cannot be reached
  'reset', // the connection broke before the answer was complete
  'tls', // the certificate or the handshake is not acceptable
  'proxy', // the configured proxy cannot be reached or refuses
  'protocol', // what came is not HTTP, or is encoded in a way that was not offered
  'aborted', // the caller gave up
  'timeout',
  'too-large',
  'other',
] as const;
export type FailureReason = (typeof REASONS)[number];

const REASON_OF_CODE: Record<string, FailureReason> = {
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  EAI_NODATA: 'dns',
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'refused',
  ENETUNREACH: 'refused',
  EADDRNOTAVAIL: 'refused',
  EACCES: 'refused',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  UND_ERR_DESTROYED: 'aborted',
  UND_ERR_CLOSED: 'aborted',
  UND_ERR_ABORTED: 'aborted',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_OVERFLOW: 'too-large',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'too-large',
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 'too-large',
  ERR_BUFFER_TOO_LARGE: 'too-large',
  UND_ERR_PRX_TLS: 'proxy',
  UND_ERR_PRX_CONN: 'proxy',
  EPROTO: 'tls',
};
const TLS_CODE =
  /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERROR_IN_CERT_|HOSTNAME_MISMATCH)/;
const PROTOCOL_CODE = /^(HPE_|WS_ERR_|Z_|ERR__ERROR_FORMAT|ERR_BROTLI|ERR_ZLIB)/;

export type FailedCall = { url: string; isProxied: boolean; timeoutMs: number };

export function explainFailure(error: unknown, call: FailedCall): AssayError {
  if (error instanceof AssayError) return error;
  return failureOf(reasonOf(error, call.isProxied), sentenceOf(error), call, error);
}

export function failureOf(
  reason: FailureReason,
  problem: string,
  { url, timeoutMs }: FailedCall,
  cause?: unknown,
): AssayError {
  const where = placeOf(url);
  const options = { context: { reason, url: where }, cause };
  if (reason === 'timeout') {
    return new AssayError('OUTBOUND_TIMEOUT', `${where} did not answer within ${timeoutMs} ms`, options);
  }
  if (reason === 'too-large') {
    return new AssayError('OUTBOUND_TOO_LARGE', `the answer of ${where} is too large: ${problem}`, options);
  }
  return new AssayError('OUTBOUND_FAILED', `no answer from ${where} (${reason}): ${problem}`, options);
}

/** The error and its causes are looked at, outermost first: libraries wrap what the system said. */
export function reasonOf(error: unknown, isProxied: boolean): FailureReason {
  for (let one: unknown = error, depth = 0; one !== undefined && depth < 5; depth++) {
    const { code, cause, errors } = one as { code?: unknown; cause?: unknown; errors?: unknown[] };
    const reason = typeof code === 'string' ? reasonOfCode(code) : undefined;
    // Through a proxy it is the proxy that resolves and connects: what fails here concerns the proxy itself.
    if (isProxied && (reason === 'dns' || reason === 'refused')) return 'proxy';
    if (isProxied && /proxy/i.test(messageOf(one))) return 'proxy';
    if (reason !== undefined) return reason;
    one = cause ?? errors?.[0];
  }
  return 'other';
}

function reasonOfCode(code: string): FailureReason | undefined {
  const known = REASON_OF_CODE[code];
  if (known !== undefined) return known;
  if (TLS_CODE.test(code)) return 'tls';
  return PROTOCOL_CODE.test(code) ? 'protocol' : undefined;
}

function sentenceOf(error: unknown): string {
  const first = (error as { errors?: unknown[] }).errors?.[0];
  return messageOf(error) || messageOf(first);
}

/** Without query and credentials: they may hold a key. */
function placeOf(url: string): string {
  if (!URL.canParse(url)) return 'an address that is no URL';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
