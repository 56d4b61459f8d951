// Routes of prices on demand: ask all sources now; the same in the shape that Chainlink nodes speak to their
// external adapters.
import { AssayError, isAssayError } from '@assay/kernel/errors/assay-error';
import { z } from 'zod';
import { ASKED_SOURCE_STATUSES, PRICE_REQUEST_STATUSES, type PriceRequestDesk } from '../assets/desk.ts';
import { problemOf } from '../http/problem.ts';
import type { PriceView } from '../views/prices.ts';
import { cursor, findFeed, limit } from './parameters.ts';
import { defineRoute, json, noQuery, type Reply, type Route } from './route.ts';

const DEADLINE_DEFAULT_MS = 5_000;
const DEADLINE_MAX_MS = 30_000;
const DEADLINE_FIX = `give whole milliseconds from 1 to ${DEADLINE_MAX_MS}`;
/** A page that a person can scroll. */
const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 1_000;
const NAME_FIX = 'give a feed such as BTC/USD';
const ASSET_FIX = 'give an asset such as BTC';

const requestBody = z
  .strictObject({
    feed: z.string(NAME_FIX).min(1, NAME_FIX).max(65, NAME_FIX).optional().describe('BTC/USD'),
    symbol: z.string(ASSET_FIX).min(1, ASSET_FIX).max(65, ASSET_FIX).optional().describe('BTC: in dollars'),
    deadlineMs: z
      .int(DEADLINE_FIX)
      .min(1, DEADLINE_FIX)
      .max(DEADLINE_MAX_MS, DEADLINE_FIX)
      .optional()
      .describe(`How long to wait for the result; default ${DEADLINE_DEFAULT_MS}`),
  })
  .refine(({ feed, symbol }) => (feed === undefined) !== (symbol === undefined), {
    message: 'give either feed or symbol',
    path: ['feed'],
  })
  .meta({ examples: [{ feed: 'BTC/USD', deadlineMs: 5000 }] });

const priceRequest = z.object({
  id: z.string(),
  feed: z.string(),
  status: z.enum(PRICE_REQUEST_STATUSES),
  detail: z.string().describe('Which sources are missing, and why'),
  requestedAt: z.iso.datetime(),
  deadlineAt: z.iso.datetime().describe('From then on those that have answered are enough'),
  completedAt: z.iso.datetime().nullable(),
  sourcesAsked: z.int(),
  sourcesAnswered: z.int(),
  sources: z
    .array(
      z.object({
        source: z.string(),
        status: z.enum(ASKED_SOURCE_STATUSES),
        at: z.iso.datetime().nullable(),
        detail: z.string(),
      }),
    )
    .describe('What each source made of it, in the order of their answers'),
  price: z.record(z.string(), z.unknown()).nullable(),
});

export function priceRequestRoutes(desk: PriceRequestDesk): Route[] {
  const ask = defineRoute({
    method: 'POST',
    path: '/v1/price-requests',
    scope: 'prices:read',
    describe:
      'Asks all sources of a feed now: 200 with the result, or 202 to follow it by its id; at once with ' +
      '`Prefer: respond-async` (RFC 7240)',
    query: noQuery,
    body: requestBody,
    answer: { schema: priceRequest, pendingStatus: 202 },
    async handle({ principal, body, headers }) {
      const name = body.feed ?? body.symbol!;
      const isAwaited = !prefersAsync(headers.prefer);
      const deadlineMs = body.deadlineMs ?? DEADLINE_DEFAULT_MS;
      const made = await desk.request(principal, name, deadlineMs, { isAwaited });
      const status = made.status === 'pending' ? 202 : 200;
      const applied = isAwaited ? {} : { 'preference-applied': 'respond-async' };
      return { ...json(made), status, headers: { location: `/v1/price-requests/${made.id}`, ...applied } };
    },
  });
  const one = defineRoute({
    path: '/v1/price-requests/:id',
    scope: 'prices:read',
    describe: 'One price request: how it is, or how it ended',
    query: noQuery,
    answer: { schema: priceRequest },
    async handle({ principal, path }) {
      const found = await desk.find(principal, path.id!);
      if (found !== undefined) return json(found);
      throw new AssayError(
        'NOT_FOUND',
        `there is no price request "${path.id!.slice(0, 80)}" of this client`,
        {
          context: { field: 'id', value: path.id!.slice(0, 80) },
          recovery: 'Requests are kept for a day; POST /v1/price-requests makes a new one.',
        },
      );
    },
  });
  const list = defineRoute({
    path: '/v1/price-requests',
    scope: 'prices:read',
    describe:
      'Your price requests of the last day, newest first, by pages; an administrator sees those of all',
    query: z.strictObject({ limit: limit.optional(), cursor: cursor.optional() }),
    answer: {
      schema: z.object({ requests: z.array(priceRequest), nextCursor: z.string().nullable() }),
    },
    async handle({ principal, query }) {
      const count = Math.min(query.limit ?? LIMIT_DEFAULT, LIMIT_MAX);
      const page = { limit: count, ...(query.cursor === undefined ? {} : { cursor: query.cursor }) };
      return json(await desk.list(principal, page));
    },
  });
  return [ask, one, list];
}

/** RFC 7240: preferences stand between commas, parameters of one behind semicolons. */
function prefersAsync(header: string | string[] | undefined): boolean {
  const preferences = [header ?? []].flat().join(',').toLowerCase().split(',');
  return preferences.some((one) => one.split(';')[0]!.trim() === 'respond-async');
}

/** What a Chainlink node sends; more fields (meta, responseURL) are its own business. */
const chainlinkBody = z
  .looseObject({
    id: z.union([z.string(), z.number()]).optional().describe('Id of the job run'),
    data: z
      .looseObject({
        base: z.string().max(32).optional().describe('BTC; also `from`'),
        from: z.string().max(32).optional(),
        quote: z.string().max(32).optional().describe('USD; also `to`'),
        to: z.string().max(32).optional(),
      })
      .optional(),
  })
  .meta({ examples: [{ id: '1', data: { base: 'BTC', quote: 'USD' } }] });

/**
 * `{id, data:{base, quote}}` -> `{jobRunID, data:{result}, result, statusCode}`, errors in that shape too.
 */
export function chainlinkRoute(view: PriceView): Route {
  return defineRoute({
    method: 'POST',
    path: '/chainlink',
    scope: 'prices:read',
    describe: 'The price of a feed as a Chainlink external adapter gives it; a stale price is an error',
    answer: { errorType: 'application/json' },
    query: noQuery,
    body: chainlinkBody,
    handle({ principal, body, nowMs }) {
      const jobRunID = String(body.id ?? '1');
      try {
        const { base, from, quote, to } = body.data ?? {};
        const name = `${base ?? from ?? ''}/${quote ?? to ?? 'USD'}`;
        const current = findFeed(view, name, principal);
        const record = current.record(nowMs);
        if (record === undefined || !current.isFresh(nowMs)) {
          const why = record === undefined ? 'it has no price yet' : record.stateReason;
          throw new AssayError('NOT_READY', `${current.definition.feed} has no fresh price: ${why}`);
        }
        const { feed, price, state, observedAt } = record;
        // A number in the adapter protocol is a double; the digits stand in `price`.
        const result = Number(price);
        const data = { result, price, feed, state, observedAt };
        return json({ jobRunID, data, result, statusCode: 200 });
      } catch (error) {
        if (!isAssayError(error)) throw error;
        return chainlinkError(jobRunID, error);
      }
    },
  });
}

function chainlinkError(jobRunID: string, error: AssayError): Reply {
  const { status } = problemOf(error);
  const shown = { name: error.code, message: error.message };
  return { ...json({ jobRunID, status: 'errored', statusCode: status, error: shown }), status };
}
