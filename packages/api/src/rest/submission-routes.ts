// Routes of what clients submit: offer a price, look at what became of it.
import { AssayError } from '@assay/kernel/errors/assay-error';
import { z } from 'zod';
import { SUBMISSION_STATUSES, type SubmissionDesk } from '../assets/desk.ts';
import { idempotencyKeyIn } from './idempotency.ts';
import { cursor, limit } from './parameters.ts';
import { defineRoute, json, noQuery, type Route } from './route.ts';

/** A page that a person can scroll. */
const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 1_000;

const FIX = {
  symbol: 'give an asset such as BTC, or a feed such as BTC/USD',
  price_usd: 'give a decimal above zero with at most 60 digits, such as 67012.34',
  timestamp: 'give ISO 8601 with a zone, such as 2026-11-21T10:00:00Z',
  submitted_by: 'give 1 to 64 visible characters',
};

const submissionBody = z
  .strictObject({
    symbol: z.string(FIX.symbol).min(1, FIX.symbol).max(65, FIX.symbol).describe('BTC, or BTC/USD'),
    price_usd: z
      .string(FIX.price_usd)
      .max(130, FIX.price_usd)
      .describe('A JSON number or a text; its digits are kept as they are')
      .meta({ override: { type: ['number', 'string'] } }),
    timestamp: z.string(FIX.timestamp).max(40, FIX.timestamp).describe('When it was so: within five minutes'),
    submitted_by: z.string(FIX.submitted_by).max(64, FIX.submitted_by).describe('Who says so, for people'),
  })
  .meta({
    examples: [
      { symbol: 'BTC', price_usd: 67012.34, timestamp: '2026-11-21T10:00:00Z', submitted_by: 'ClientX' },
    ],
  });

const submission = z.object({
  id: z.string(),
  symbol: z.string(),
  price_usd: z.string().describe('The digits that were sent'),
  timestamp: z.string(),
  submitted_by: z.string(),
  feed: z.string(),
  status: z.enum(SUBMISSION_STATUSES),
  detail: z.string(),
  receivedAt: z.iso.datetime(),
  events: z.array(
    z.object({ at: z.iso.datetime(), status: z.enum(SUBMISSION_STATUSES), detail: z.string() }),
  ),
});

export function submissionRoutes(desk: SubmissionDesk): Route[] {
  const submit = defineRoute({
    method: 'POST',
    path: '/v1/submissions',
    scope: 'prices:submit',
    describe: 'Offers a price; 202 with its id and status, `rejected` among them',
    query: noQuery,
    body: submissionBody,
    answer: { status: 202, schema: submission },
    async handle({ principal, body, headers }) {
      const made = await desk.submit(principal, body, idempotencyKeyIn(headers));
      return { ...json(made), status: 202, headers: { location: `/v1/submissions/${made.id}` } };
    },
  });
  const one = defineRoute({
    path: '/v1/submissions/:id',
    scope: 'prices:submit',
    describe: 'One submission and what became of it so far',
    query: noQuery,
    answer: { schema: submission },
    async handle({ principal, path }) {
      const found = await desk.find(principal, path.id!);
      if (found !== undefined) return json(found);
      throw new AssayError('NOT_FOUND', `there is no submission "${path.id!.slice(0, 80)}" of this client`, {
        context: { field: 'id', value: path.id!.slice(0, 80) },
        recovery: 'GET /v1/submissions lists yours; they are kept for 30 days.',
      });
    },
  });
  const list = defineRoute({
    path: '/v1/submissions',
    scope: 'prices:submit',
    describe: 'Your submissions, newest first, by pages; an administrator sees those of all',
    query: z.strictObject({ limit: limit.optional(), cursor: cursor.optional() }),
    answer: {
      schema: z.object({ submissions: z.array(submission), nextCursor: z.string().nullable() }),
    },
    async handle({ principal, query }) {
      const count = Math.min(query.limit ?? LIMIT_DEFAULT, LIMIT_MAX);
      const page = { limit: count, ...(query.cursor === undefined ? {} : { cursor: query.cursor }) };
      return json(await desk.list(principal, page));
    },
  });
  return [submit, one, list];
}
