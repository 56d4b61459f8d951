// Routes of prices that were: history by pages, candles, moments at regular instants.
import { isAssayError } from '@assay/kernel/errors/assay-error';
import { z } from 'zod';
import type { PastAnswers } from '../assets/past-answers.ts';
import type { PriceView } from '../views/prices.ts';
import { CURSOR_FIX, cursor, findFeed, instant, limit, order } from './parameters.ts';
import { defineRoute, invalid, json, type Route } from './route.ts';
import { format, formatOf, tableReply } from './table.ts';

const INTERVALS_MS = { '1m': 60_000, '5m': 300_000, '1h': 3_600_000, '1d': 86_400_000 } as const;
const INTERVAL_FIX = 'give 1m, 5m, 1h or 1d';
/** A page that a person can scroll and a program reads in one go. */
const LIMIT_DEFAULT = 100;

const range = {
  from: instant.optional(),
  to: instant.optional(),
  limit: limit.optional(),
  cursor: cursor.optional(),
  order: order.optional(),
};

export function pastRoutes({ view, past }: { view: PriceView; past: PastAnswers }): Route[] {
  const history = defineRoute({
    path: '/v1/prices/:feed/history',
    scope: 'prices:read',
    describe: 'The answers of a feed, by pages, as JSON, CSV or NDJSON; `from` inclusive, `to` exclusive',
    query: z.strictObject({ ...range, format: format.optional() }),
    answer: { otherTypes: ['text/csv', 'application/x-ndjson'] },
    async handle({ path, query, principal, headers }) {
      const { feed } = findFeed(view, path.feed!, principal).definition;
      const page = await readable(query, past.page(feed, rangeOf(query)));
      const wanted = query.format ?? formatOf(headers.accept);
      return wanted === 'json' ? json(page) : tableReply(page.prices, page.nextCursor, wanted);
    },
  });
  const candles = defineRoute({
    path: '/v1/prices/:feed/candles',
    scope: 'prices:read',
    describe: 'Open, high, low and close of the answers of each interval, by pages',
    query: z.strictObject({
      interval: z.enum(Object.keys(INTERVALS_MS) as (keyof typeof INTERVALS_MS)[], INTERVAL_FIX).optional(),
      ...range,
    }),
    async handle({ path, query, principal }) {
      const { feed } = findFeed(view, path.feed!, principal).definition;
      const name = query.interval ?? '1m';
      const interval = { name, ms: INTERVALS_MS[name] };
      return json(await readable(query, past.candles(feed, interval, rangeOf(query))), true);
    },
  });
  return [history, candles, samplesRoute({ view, past })];
}

/** One cell per minute of a day. */
const POINTS_MAX = 1_440;
const POINTS_DEFAULT = 240;
const POINTS_FIX = `give a whole number from 1 to ${POINTS_MAX}`;
const DAY_MS = 86_400_000;

function samplesRoute({ view, past }: { view: PriceView; past: PastAnswers }): Route {
  return defineRoute({
    path: '/v1/prices/:feed/moments',
    scope: 'prices:read',
    describe:
      'The answer at regular instants of a range (default: the last day), and the changes of state between them',
    query: z.strictObject({
      from: instant.optional(),
      to: instant.optional(),
      points: z
        .string(POINTS_FIX)
        .regex(/^[1-9]\d{0,3}$/, POINTS_FIX)
        .transform(Number)
        .refine((count) => count <= POINTS_MAX, POINTS_FIX)
        .optional()
        .describe(`How many instants, at most ${POINTS_MAX}`),
    }),
    async handle({ path, query, principal, nowMs }) {
      const { feed, staleAfterMs, heartbeatMs } = findFeed(view, path.feed!, principal).definition;
      const toMs = Math.min(query.to ?? nowMs, nowMs);
      const fromMs = query.from ?? toMs - DAY_MS;
      if (fromMs >= toMs) throw invalid('from', new Date(fromMs).toISOString(), 'give an instant before to');
      const points = query.points ?? POINTS_DEFAULT;
      return json(await past.moments({ feed, fromMs, toMs, points, staleAfterMs, heartbeatMs }));
    },
  });
}

/** A cursor is the history's own text: only it can say that one is none. */
export async function readable<T>({ cursor: given }: Pick<Range, 'cursor'>, page: Promise<T>): Promise<T> {
  return await page.catch((error: unknown) => {
    if (given === undefined || !isAssayError(error, 'RECORD_INVALID')) throw error;
    throw invalid('cursor', given, CURSOR_FIX);
  });
}

type Range = {
  from?: number | undefined;
  to?: number | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
  order?: 'newest' | 'oldest' | undefined;
};

function rangeOf(query: Range): {
  fromMs?: number;
  toMs?: number;
  limit: number;
  cursor?: string;
  newestFirst: boolean;
} {
  if (query.from !== undefined && query.to !== undefined && query.from >= query.to) {
    throw invalid('to', new Date(query.to).toISOString(), 'give an instant after from');
  }
  return {
    ...(query.from === undefined ? {} : { fromMs: query.from }),
    ...(query.to === undefined ? {} : { toMs: query.to }),
    ...(query.cursor === undefined ? {} : { cursor: query.cursor }),
    limit: query.limit ?? LIMIT_DEFAULT,
    newestFirst: query.order === 'newest',
  };
}
