// How each venue words a refusal. In: venue, status, seconds to wait. Out: the answer with its headers. The
// texts are recorded or documented ones, because the adapters read them.
import type { VenueResponse } from './protocol.ts';

export type Refusal = { venue: string; status: number; retryAfterS?: number; nowMs: number };

export function refusalResponse(refusal: Refusal): VenueResponse {
  const { status, retryAfterS } = refusal;
  const headers: Record<string, string> =
    retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) };
  const words = wordsOf(refusal);
  if (words !== undefined) {
    return {
      status,
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(words),
    };
  }
  return { status, headers: { ...headers, 'content-type': 'text/html' }, body: page(status) };
}

/**
 * JSON words where the venue has some for this status; most refuse a region or fail with a page of their
 * network.
 */
function wordsOf({ venue, status, retryAfterS = 0, nowMs }: Refusal): unknown {
  if (status === 429 || status === 418) return limitWords(venue, status, nowMs + retryAfterS * 1000);
  if (status === 451 && venue === 'binance') {
    const msg =
      "Service unavailable from a restricted location according to 'b. Eligibility' in " +
      'https://www.binance.com/en/terms. Please contact customer service if you believe you received this ' +
      'message in error.';
    return { code: 0, msg };
  }
  return undefined;
}

function limitWords(venue: string, status: number, untilMs: number): unknown {
  switch (venue) {
    case 'binance':
      return status === 418
        ? {
            code: -1003,
            msg:
              `Way too much request weight used; IP banned until ${untilMs}. Please use WebSocket Streams for live ` +
              'updates to avoid bans.',
          }
        : {
            code: -1003,
            msg:
              'Too many requests; current limit is 1200 requests per minute. Please use the websocket for live ' +
              'updates to avoid polling the API.',
          };
    case 'coinbase':
      return { message: 'Public rate limit exceeded' };
    case 'kraken':
      return { error: ['EGeneral:Too many requests'] };
    case 'okx':
      return { code: '50011', msg: 'Too Many Requests', data: [] };
    case 'bybit':
      return { retCode: 10006, retMsg: 'Too many visits!', result: {}, retExtInfo: {}, time: untilMs };
    case 'coingecko':
      return {
        status: {
          error_code: 429,
          error_message:
            "You've exceeded the Rate Limit. Please visit https://www.coingecko.com/en/api/pricing to subscribe to " +
            'our API plans for higher rate limits.',
        },
      };
    case 'coinmarketcap':
      return {
        status: {
          timestamp: new Date(untilMs).toISOString(),
          error_code: 1008,
          error_message:
            "You've exceeded your API Key's HTTP request rate limit. Rate limits reset every minute.",
          elapsed: 0,
          credit_count: 0,
        },
      };
    case 'kucoin':
      return { code: '429000', msg: 'Too many requests' };
    case 'gate':
      return { label: 'TOO_MANY_REQUESTS', message: 'Request Rate limit Exceeded (100 req/s)' };
    case 'htx':
      return { status: 'error', 'err-code': 'api-limit', 'err-msg': 'too many requests', ts: untilMs };
    case 'upbit':
    case 'bithumb':
      return { error: { name: 'too_many_requests', message: 'Too many API requests.' } };
    case 'bitfinex':
      return ['error', 11010, 'ratelimit: error'];
    case 'uniswap_v3':
      return { jsonrpc: '2.0', id: null, error: { code: 429, message: 'Too Many Requests' } };
    default:
      return undefined;
  }
}

function page(status: number): string {
  const title = `${status} ${TITLES[status] ?? 'Error'}`;
  return (
    `<!DOCTYPE HTML>\n<HTML><HEAD>\n<TITLE>ERROR: ${title}</TITLE>\n</HEAD><BODY>\n<H1>${title}</H1>\n` +
    '<H2>The request could not be satisfied.</H2>\nRequest blocked.\n</BODY></HTML>'
  );
}

const TITLES: Record<number, string> = {
  403: 'ERROR',
  418: "I'm a teapot",
  429: 'Too Many Requests',
  451: 'Unavailable For Legal Reasons',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
};
