// Routes of whoever operates this installation: leave a source out, take it back; look at topics; the
// switches of the sandbox. What an operator decides is a record on the bus with a reason and a name.
import { AssayError, messageOf } from '@assay/kernel/errors/assay-error';
import { secureBytes } from '@assay/kernel/random/random';
import type { Clock } from '@assay/kernel/time/clock';
import { ANSWERS_TOPIC } from '@assay/oracle/model/answer';
import { CHECKS_TOPIC, DECISIONS_TOPIC } from '@assay/oracle/model/decision';
import { FETCH_REQUESTS_TOPIC, SOURCE_COMMANDS_TOPIC, type SourceCommand } from '@assay/oracle/model/demand';
import type { SourceTraits } from '@assay/oracle/model/feed';
import { SOURCE_PRICES_TOPIC } from '@assay/oracle/model/source-price';
import { HEALTH_TOPIC } from '@assay/oracle/model/source-status';
import { SUBMISSIONS_TOPIC } from '@assay/oracle/model/submission';
import type { EventBus } from '@assay/ports/event-bus/event-bus';
import { z } from 'zod';
import type { EventTail } from '../assets/event-tail.ts';
import { defineRoute, json, noQuery, type Route } from './route.ts';
import { knownSource } from './source-routes.ts';

export const TOPICS: readonly string[] = [
  SOURCE_PRICES_TOPIC,
  ANSWERS_TOPIC,
  DECISIONS_TOPIC,
  CHECKS_TOPIC,
  HEALTH_TOPIC,
  SUBMISSIONS_TOPIC,
  FETCH_REQUESTS_TOPIC,
  SOURCE_COMMANDS_TOPIC,
];

export type OperatorRouteOptions = {
  bus: EventBus;
  clock: Clock;
  sources: readonly SourceTraits[];
  tail: EventTail;
  /** Address of the sandbox's switches; undefined outside the sandbox profile. */
  sandboxControl: (() => string | undefined) | undefined;
};

/** A rate over less than a second says nothing. */
const RATE_SPAN_MIN_MS = 1_000;
const RATE_RECORDS = 500;
const REASON_FIX = 'say why, in 3 to 300 characters';

const commandBody = z
  .strictObject({
    reason: z
      .string(REASON_FIX)
      .trim()
      .min(3, REASON_FIX)
      .max(300, REASON_FIX)
      .refine((text) => !/\p{Cc}/u.test(text), REASON_FIX)
      .describe('Why; it is recorded with the name of your key'),
  })
  .meta({ examples: [{ reason: 'prices differ from the venue’s own page' }] });

export function operatorRoutes(options: OperatorRouteOptions): Route[] {
  return [
    commandRoute(
      options,
      'isolate',
      'Leaves a source out until it is taken back; nothing of it is asked or believed',
    ),
    commandRoute(options, 'return', 'Takes a source back: forgets isolation, refusal and quarantine'),
    topicsRoute(options),
    eventsRoute(options),
    ...(options.sandboxControl === undefined ? [] : sandboxRoutes(options.sandboxControl)),
  ];
}

function commandRoute(
  options: OperatorRouteOptions,
  action: SourceCommand['action'],
  describe: string,
): Route {
  const { bus, sources } = options;
  return defineRoute({
    method: 'POST',
    path: `/v1/sources/:id/${action}`,
    scope: 'admin',
    describe,
    query: noQuery,
    body: commandBody,
    answer: { status: 202 },
    async handle({ path, principal, body, nowMs }) {
      const source = knownSource(sources, path.id!);
      const command: SourceCommand = {
        id: `cmd_${Buffer.from(secureBytes(8)).toString('hex')}`,
        source: source.source,
        action,
        reason: body.reason,
        by: principal.name,
        at: nowMs,
      };
      await bus.publish(SOURCE_COMMANDS_TOPIC, [{ key: source.source, value: JSON.stringify(command) }]);
      return { ...json({ ...command, at: new Date(nowMs).toISOString() }), status: 202 };
    },
  });
}

function topicsRoute({ bus, clock }: OperatorRouteOptions): Route {
  return defineRoute({
    path: '/v1/topics',
    scope: 'admin',
    describe: 'Every topic of the bus: records kept, rate of the last records, age of the newest',
    query: noQuery,
    async handle() {
      const topics = await Promise.all(TOPICS.map((topic) => factsOf(bus, topic, clock.now())));
      return json(topics);
    },
  });
}

async function factsOf(bus: EventBus, topic: string, nowMs: number): Promise<Record<string, unknown>> {
  let records = 0;
  let perSecond = 0;
  let newestAt: number | undefined;
  const positions = await bus.positions(topic);
  for (const { partition, firstOffset, nextOffset } of positions) {
    records += nextOffset - firstOffset;
    const from = Math.max(firstOffset, nextOffset - RATE_RECORDS);
    const first = (await bus.read(topic, partition, from, 1))[0];
    const last = (await bus.read(topic, partition, nextOffset - 1, 1))[0];
    if (first === undefined || last === undefined) continue;
    // Up to now: a topic that has become quiet has a falling rate.
    perSecond += (nextOffset - from) / (Math.max(RATE_SPAN_MIN_MS, nowMs - first.at) / 1_000);
    newestAt = Math.max(newestAt ?? 0, last.at);
  }
  return {
    topic,
    partitions: positions.map(({ partition, firstOffset, nextOffset }) => {
      return { partition, firstOffset, nextOffset };
    }),
    records,
    perSecond: Math.round(perSecond * 100) / 100,
    newestAgeMs: newestAt === undefined ? null : Math.max(0, nowMs - newestAt),
  };
}

function eventsRoute({ tail }: OperatorRouteOptions): Route {
  return defineRoute({
    path: '/v1/events',
    scope: 'admin',
    describe: 'Server-sent events of the records of a topic as they are written; conflated for a slow reader',
    query: z.strictObject({
      topic: z
        .enum(TOPICS as [string, ...string[]], `give one of ${TOPICS.join(', ')}`)
        .describe('Which topic'),
    }),
    answer: { contentType: 'text/event-stream' },
    async handle({ query, principal, response }): Promise<'streamed'> {
      await tail.serve(query.topic, principal, response);
      return 'streamed';
    },
  });
}

/** The switches answer in milliseconds. */
const SANDBOX_TIMEOUT_MS = 5_000;
/** All of its paths: nothing else is passed on. */
const SANDBOX_GET = ['state', 'faults', 'venues'] as const;

const faultBody = z.strictObject({
  venue: z.string().max(64),
  kind: z.string().max(64),
  value: z.number().optional(),
  forMs: z.int().min(1).max(86_400_000).optional(),
});
const regimeBody = z.strictObject({
  regime: z.string().max(64),
  forMs: z.int().min(1).max(86_400_000).optional(),
});

function sandboxRoutes(control: () => string | undefined): Route[] {
  const pass = async (method: string, path: string, body?: unknown) => {
    const base = control();
    if (base === undefined) throw new AssayError('SANDBOX_FAILED', 'no sandbox runs beside this server');
    let response: Response;
    try {
      response = await fetch(`${base}${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
        signal: AbortSignal.timeout(SANDBOX_TIMEOUT_MS),
      });
    } catch (cause) {
      const message = `the sandbox does not answer: ${messageOf(cause)}`;
      throw new AssayError('NOT_READY', message, { cause });
    }
    const answer = (await response.json().catch(() => ({}))) as { error?: string };
    if (response.ok) return json(answer);
    throw new AssayError(
      'REQUEST_INVALID',
      String(answer.error ?? `the sandbox answered ${response.status}`),
    );
  };
  const reads = SANDBOX_GET.map((name) =>
    defineRoute({
      path: `/v1/sandbox/${name}`,
      scope: 'admin',
      describe: `Of the simulated market: ${name}`,
      query: noQuery,
      handle: () => pass('GET', `/${name}`),
    }),
  );
  const fault = defineRoute({
    method: 'POST',
    path: '/v1/sandbox/faults',
    scope: 'admin',
    describe: 'Makes a simulated venue fail',
    query: noQuery,
    body: faultBody.meta({ examples: [{ venue: 'kraken', kind: 'silence', forMs: 60000 }] }),
    handle: ({ body }) => pass('POST', '/faults', body),
  });
  const clear = defineRoute({
    method: 'DELETE',
    path: '/v1/sandbox/faults/:venue',
    scope: 'admin',
    describe: 'Ends the faults of a simulated venue',
    query: noQuery,
    handle: ({ path }) => pass('DELETE', `/faults/${encodeURIComponent(path.venue!)}`),
  });
  const regime = defineRoute({
    method: 'POST',
    path: '/v1/sandbox/regime',
    scope: 'admin',
    describe: 'Changes how the simulated market moves',
    query: noQuery,
    body: regimeBody.meta({ examples: [{ regime: 'calm' }] }),
    handle: ({ body }) => pass('POST', '/regime', body),
  });
  return [...reads, fault, clear, regime];
}
