// Routes of sources: all with their state, one over time, and what it sent last. In: the view of the topic
// `health`, the topic itself, the cache. Out: JSON. What a venue sent is for operators alone.
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { SourceTraits } from '@assay/oracle/model/feed';
import { framesKey, type SourceFrames } from '@assay/oracle/model/source-frames';
import { SOURCE_STATES } from '@assay/oracle/model/source-status';
import type { Cache } from '@assay/ports/cache/cache';
import type { EventBus } from '@assay/ports/event-bus/event-bus';
import { z } from 'zod';
import { findSource } from '../assets/own-prices.ts';
import { HEALTH_POINTS_MAX, pastHealth } from '../assets/past-health.ts';
import { instant, unknownName } from './parameters.ts';
import { defineRoute, invalid, json, noQuery, type Route } from './route.ts';

export type SourceRouteOptions = {
  bus: EventBus;
  /** Where the adapters leave what they received last; absent where this server has none. */
  cache: Cache | undefined;
  sources: readonly SourceTraits[];
  sourceStatus: () => unknown[];
};

const HOUR_MS = 3_600_000;
const NO_CACHE_FIX = 'Set up a cache that this server shares with `adapters`.';

const state = z.enum([...SOURCE_STATES, 'unknown']);
const count = z.int().min(0);
const milliseconds = z.number().min(0).nullable();
const share = z.number().min(0).max(1);
const parts = z
  .strictObject({ latency: share, freshness: share, success: share, agreement: share })
  .describe('What the confidence is made of; of one pair they multiply to it');
const limits = z
  .looseObject({
    requests: z.looseObject({ count, windowMs: count, used: z.number().min(0) }),
    credits: z
      .looseObject({ count, periodMs: count, used: z.number().min(0), endsAt: z.number() })
      .nullable(),
    pollIntervalMs: milliseconds,
  })
  .describe('What the venue allows, and how much of it is used now');
const figures = {
  confidence: share,
  band: z.string(),
  breaker: z.string(),
  transport: z.string(),
  latencyMs: milliseconds,
  latencyP50Ms: milliseconds,
  latencyP99Ms: milliseconds,
  pairsLive: count,
  pairsConfigured: count,
};

const sourceSchema = z.looseObject({
  source: z.string(),
  name: z.string(),
  venue: z.string(),
  kind: z.string(),
  state,
  sentence: z.string().describe('Why it is in this state and what happens next'),
  at: z.number().optional().describe('When it reported, ms'),
  ...z.strictObject(figures).partial().shape,
  parts: parts.optional(),
  limits: limits.optional(),
  retryAt: z.number().nullable().optional(),
  counts: z.record(z.string(), count).optional(),
  pairs: z.array(z.looseObject({ pair: z.string() })).optional(),
});

const healthSchema = z.strictObject({
  source: z.string(),
  from: z.string(),
  to: z.string(),
  points: z.array(
    z.strictObject({
      at: z.string(),
      state,
      parts: parts.nullable(),
      ...figures,
      errors: count.describe('Since the start of the process that reports'),
      reconnects: count,
    }),
  ),
});

const framesSchema = z.strictObject({
  source: z.string(),
  at: z
    .string()
    .nullable()
    .describe('When the adapters handed them over; null: nothing came for ten minutes'),
  frames: z.array(
    z.strictObject({
      at: z.string(),
      transport: z.enum(['stream', 'poll']),
      status: z.int().nullable().describe('HTTP status of an answer'),
      size: count.describe('Of the whole payload'),
      text: z.string().describe('Its first 2 kB'),
    }),
  ),
});

export function sourceRoutes(options: SourceRouteOptions): Route[] {
  const sources = defineRoute({
    path: '/v1/sources',
    scope: 'prices:read',
    describe: 'Every source: how it is, in one word, one sentence and the figures behind them',
    query: noQuery,
    answer: { schema: z.array(sourceSchema) },
    handle: () => json(options.sourceStatus()),
  });
  return [sources, healthRoute(options), framesRoute(options)];
}

function healthRoute({ bus, sources }: SourceRouteOptions): Route {
  return defineRoute({
    path: '/v1/sources/:id/health',
    scope: 'prices:read',
    describe: `How a source was over time (default: the last hour), at most ${HEALTH_POINTS_MAX} points; \`to\` exclusive`,
    query: z.strictObject({ from: instant.optional(), to: instant.optional() }),
    answer: { schema: healthSchema },
    async handle({ path, query, nowMs }) {
      const { source } = knownSource(sources, path.id!);
      const toMs = Math.min(query.to ?? nowMs, nowMs);
      const fromMs = query.from ?? toMs - HOUR_MS;
      if (fromMs >= toMs) throw invalid('from', new Date(fromMs).toISOString(), 'give an instant before to');
      const points = await pastHealth(bus, { source, fromMs, toMs, sourceCount: sources.length });
      const [from, to] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()];
      return json({ source, from, to, points });
    },
  });
}

function framesRoute({ cache, sources }: SourceRouteOptions): Route {
  return defineRoute({
    path: '/v1/sources/:id/frames',
    scope: 'admin',
    describe: 'What a source sent last, as it came: up to 20 payloads, newest first, the first 2 kB of each',
    query: noQuery,
    answer: { schema: framesSchema },
    async handle({ path }) {
      const { source } = knownSource(sources, path.id!);
      if (cache === undefined) {
        throw new AssayError('NOT_READY', 'this server has no cache', { recovery: NO_CACHE_FIX });
      }
      const text = await cache.get(framesKey(source));
      if (text === undefined) return json({ source, at: null, frames: [] });
      const { at, frames } = JSON.parse(text) as SourceFrames;
      const shown = frames.map((frame) => ({ ...frame, at: new Date(frame.at).toISOString() }));
      return json({ source, at: new Date(at).toISOString(), frames: shown });
    },
  });
}

/** By id or display name. @throws AssayError NOT_FOUND naming near ones */
export function knownSource(sources: readonly SourceTraits[], name: string): SourceTraits {
  const source = findSource(sources, name);
  if (source !== undefined) return source;
  throw unknownName(
    'source',
    name,
    sources.map((one) => one.source),
  );
}
