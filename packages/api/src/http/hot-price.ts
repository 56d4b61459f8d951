// The one request that is asked thousands of times a second, `GET /v1/prices/BTC-USD` without parameters,
// answered before any framework sees it. In: a request. Out: true when it was answered; false hands it to the
// routes, which answer the same.
//
// Invariant: it answers only what needs no decision: a known feed with a price, a key verified within two
// seconds that may read it. Everything else, every error included, goes the long way.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@assay/kernel/time/clock';
import type { AuditLog } from '../auth/audit-log.ts';
import { type Authenticator, keyInHeaders } from '../auth/authenticator.ts';
import { hasScope, mayReadFeed } from '../auth/principal.ts';
import type { PriceView } from '../views/prices.ts';
import type { RequestMeter } from './request-meter.ts';

export type HotPriceOptions = {
  view: PriceView;
  authenticator: Authenticator;
  clock: Clock;
  meter: RequestMeter;
  audit: AuditLog | undefined;
};

export const HOT_PRICE_ROUTE = '/v1/prices/:feed';
const HOT_PRICE_ACTION: string = `GET ${HOT_PRICE_ROUTE}`;
const PREFIX = '/v1/prices/';

export function createHotPrice(
  options: HotPriceOptions,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const { view, authenticator, clock, meter, audit } = options;
  const currents = new Map([...view.all()].map((c) => [PREFIX + c.definition.feed.replace('/', '-'), c]));
  return (request, response) => {
    const current = currents.get(request.url!);
    if (current === undefined || request.method !== 'GET') return false;
    const startedMs = clock.monotonic();
    const nowMs = clock.now();
    const key = keyInHeaders(request.rawHeaders);
    const principal = key === undefined ? undefined : authenticator.recent(key, nowMs);
    if (principal === undefined || !hasScope(principal, 'prices:read')) return false;
    if (!mayReadFeed(principal, current.definition.feed)) return false;
    const text = current.text(nowMs);
    // Taking one of its requests comes last: what goes the long way takes its own.
    if (text === undefined || !authenticator.takeNow(principal, nowMs)) return false;
    // A flat list is written as it is; the text is ASCII, so latin1 is both exact and the cheapest.
    response.writeHead(200, [
      'content-type',
      'application/json; charset=utf-8',
      'cache-control',
      'no-store',
      'content-length',
      String(text.length),
      ...authenticator.limitLines(principal, nowMs),
    ]);
    response.end(text, 'latin1');
    meter.count(HOT_PRICE_ROUTE, 200, clock.monotonic() - startedMs);
    audit?.count(principal, HOT_PRICE_ACTION, 200, nowMs);
    return true;
  };
}
