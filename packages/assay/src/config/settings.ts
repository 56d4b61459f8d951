// Every setting of the program: name, meaning, default, limits. docs/reference/settings.md is generated from
// this schema. Order of precedence: defaults < assay.yaml (--config) < environment (ASSAY_SECTION__KEY and
// the founding names) < flags.

import { SCOPES, TIERS } from '@assay/api/auth/principal';
import { LOG_LEVELS } from '@assay/kernel/telemetry/log';
import { AGGREGATION_METHODS } from '@assay/oracle/model/feed';
import { z } from 'zod';

export const PROFILES = ['sandbox', 'live'] as const;

const port = (fallback: number, what: string) =>
  z.int().min(0).max(65535).default(fallback).describe(`${what}; 0 picks a free one and prints it`);
const host = () =>
  z.string().min(1).default('127.0.0.1').describe('Address to listen on; loopback unless you say otherwise');
const milliseconds = (minimum: number) => z.int().min(minimum);
const megabytes = () => z.number().min(1);
const section = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape).prefault({} as never);

const tier = (defaults: { requestsPerMinute: number; requestsPerDay: number }) =>
  section({
    requestsPerMinute: z.int().min(1).default(defaults.requestsPerMinute).describe('Requests in a minute'),
    requestsPerDay: z.int().min(1).default(defaults.requestsPerDay).describe('Requests in a day (UTC)'),
  }).describe('Limits of this tier');

const outsideIssuer = z.strictObject({
  issuer: z.string().min(1).describe('Its name, as its tokens say (iss)'),
  jwksUrl: z.url({ protocol: /^https?$/ }).describe('Where its public keys are'),
  audience: z.string().min(1).describe('What its tokens for us say (aud)'),
  algorithms: z
    .array(z.enum(['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA']))
    .min(1)
    .default(['ES256', 'RS256'])
    .describe('Signatures that count'),
  scopes: z
    .record(z.string(), z.enum(SCOPES))
    .default({ 'prices:read': 'prices:read' })
    .describe('Its scopes and roles, each to one of ours; what is not here gives nothing'),
  tier: z.enum(TIERS).default('standard').describe('Limits of whoever it vouches for'),
});

const sourceSettings = z
  .looseObject({
    enabled: z.boolean().default(true).describe('Whether this source is used at all'),
    type: z
      .enum(['http-json', 'web-socket-json'])
      .optional()
      .describe(
        'For a source that is defined here and has no adapter: how it is reached; its definition stands beside',
      ),
    name: z.string().optional().describe('Display name of a source defined here'),
    endpoints: z
      .record(z.string(), z.url())
      .default({})
      .describe('Addresses by role (rest, stream), instead of the venue’s own'),
    fallbacks: z
      .record(z.string(), z.array(z.url()).max(8))
      .default({})
      .describe('Further addresses by role, asked in turn while the one before gives no answer'),
    credentials: z
      .record(z.string(), z.string())
      .default({})
      .describe('API keys by name; a value "file:PATH" or "env:NAME" is read from there'),
    priority: z
      .int()
      .min(1)
      .max(9)
      .default(1)
      .describe('1 is used always; higher ones only when too few lower ones live'),
    transport: z
      .enum(['stream', 'poll', 'both'])
      .default('both')
      .describe('Stream, polling, or polling while the stream is down'),
    intervalMs: milliseconds(100).optional().describe('Time between two polls; default as the adapter says'),
    weight: z.number().min(0).max(100).default(1).describe('Weight of all prices of this source'),
    limits: z
      .strictObject({
        requests: z.strictObject({ count: z.int().min(1), windowMs: milliseconds(1) }).optional(),
        credits: z.strictObject({ count: z.int().min(1), periodMs: milliseconds(1) }).optional(),
      })
      .optional()
      .describe('Instead of the venue’s public limit: requests per window, paid credits per period'),
    venue: z.string().optional().describe('Sources with the same venue count as one independent witness'),
    denied: z.string().optional().describe('A reason: the source is on the denylist until this is removed'),
    options: z
      .record(z.string(), z.unknown())
      .default({})
      .describe('Settings of the one adapter (pools, coin ids)'),
  })
  .prefault({});

const feedSource = z.union([
  z.string(),
  z.strictObject({ pair: z.string(), weight: z.number().min(0).max(100).default(1) }),
]);

export const feedSettings = z.strictObject({
  decimals: z.int().min(0).max(18).optional().describe('Decimals of the answer'),
  heartbeatMs: milliseconds(100).optional().describe('Longest time between two publications on chain'),
  deviationThresholdPercent: z
    .number()
    .positive()
    .max(100)
    .optional()
    .describe('Move that publishes on chain before that'),
  method: z.enum(AGGREGATION_METHODS).optional().describe('How source prices become one answer'),
  methodSource: z.string().optional().describe('For single-source: which source'),
  windowMs: milliseconds(1000).optional().describe('For vwap and twap: the window'),
  minimumVenues: z
    .int()
    .min(1)
    .max(50)
    .optional()
    .describe('Independent venues below which the answer is degraded'),
  outlierFloorBps: z
    .number()
    .positive()
    .max(10_000)
    .optional()
    .describe('A residual under this is never an outlier'),
  venueLossLimitBps: z
    .number()
    .positive()
    .max(10_000)
    .optional()
    .describe('How far the answer may move when one venue is lost'),
  maximumMoveBps: z
    .number()
    .positive()
    .max(100_000)
    .optional()
    .describe('A larger move within a minute waits for confirmation'),
  minimumPrice: z.string().optional().describe('Below it the feed halts'),
  maximumPrice: z.string().optional().describe('Above it the feed halts'),
  staleAfterMs: milliseconds(500).optional().describe('Without an answer for this long the feed is stale'),
  sources: z
    .record(z.string(), z.array(feedSource))
    .optional()
    .describe('Which pairs of which sources: {kraken: [BTC/USD, {pair: BTC/USDT, weight: 0.5}]}'),
});
export type FeedSettings = z.infer<typeof feedSettings>;

const environment = z.strictObject({
  name: z.string().min(1).max(60).describe('What people call it: cloud, region, stage'),
  url: z.url({ protocol: /^https?$/ }).describe('Address of its API, such as https://assay.example.com'),
  key: z.string().min(1).optional().describe('A key of it that may read prices: file:PATH or env:NAME'),
});

export const settingsSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,30}$/)
    .default('node0')
    .describe('Name of this operator’s node and namespace of its bus (NODE_NAME)'),
  profile: z
    .enum(PROFILES)
    .default('sandbox')
    .describe('sandbox: simulated venues on this machine; live: the real ones'),
  data: z
    .string()
    .min(1)
    .default('.assay')
    .describe('Folder for data; each profile has its own folder in it'),
  feedsFile: z
    .string()
    .default('')
    .describe('File that declares feeds and sources; default the feeds.yaml of the program'),
  log: section({
    level: z.enum(LOG_LEVELS).default('info').describe('Lowest level that is written'),
    to: z
      .enum(['file', 'stderr'])
      .optional()
      .describe('Where; default a bounded file in the sandbox and on a terminal, stderr otherwise'),
  }).describe('Structured logs'),
  api: section({
    host: host(),
    port: port(4000, 'Port of the API (API_PORT)'),
    allowedQueries: z
      .string()
      .min(1)
      .optional()
      .describe('JSON file with a list of GraphQL documents; when given, no others are executed'),
  }).describe('API listener'),
  metrics: section({
    host: host(),
    port: port(8000, 'Port of the Prometheus metrics (METRICS_PORT)'),
  }).describe('Metrics listener'),
  health: section({ host: host(), port: port(8080, 'Port of health and readiness (HEALTH_PORT)') }).describe(
    'Health listener',
  ),
  ledger: section({
    url: z
      .string()
      .default('')
      .describe(
        'PostgreSQL 15 or newer for keys, audit and submissions: postgres://…, file:PATH or env:NAME; empty: our own',
      ),
  }).describe('Database of users’ data'),
  auth: section({
    issuer: z
      .string()
      .default('')
      .describe('Issuer and audience of our own tokens; default urn:assay:<name>'),
    issuers: z
      .array(outsideIssuer)
      .max(20)
      .default([])
      .describe('Outside issuers whose JSON Web Tokens count here'),
    auditDays: z.number().positive().default(30).describe('The audit log is kept this long'),
    tiers: section({
      standard: tier({ requestsPerMinute: 6_000, requestsPerDay: 1_000_000 }),
      high: tier({ requestsPerMinute: 600_000, requestsPerDay: 1_000_000_000 }),
    }).describe('What one key may ask, over all replicas'),
  }).describe('Keys, tokens, limits'),
  aggregation: section({
    checkIntervalMs: milliseconds(10)
      .default(100)
      .describe('The joint check of the hub runs at most this often'),
    hub: z
      .array(z.string())
      .default(['USD', 'USDT', 'USDC', 'EUR', 'BTC', 'ETH'])
      .describe('Currencies whose crosses are checked together; quote currencies of feeds are added'),
  }).describe('From source prices to answers'),
  retention: section({
    sourcePricesHours: z
      .number()
      .positive()
      .default(24)
      .describe('Source prices stay in the event log this long'),
    decisionsHours: z.number().positive().default(24).describe('Decision records stay this long'),
    topicMegabytes: megabytes().default(2048).describe('And no topic grows beyond this'),
    historyDays: z
      .number()
      .positive()
      .default(30)
      .describe('History of prices and answers; candles stay for ever'),
  }).describe('How long data is kept'),
  outbound: section({
    httpsProxy: z.string().default('').describe('Proxy for https and wss (HTTPS_PROXY)'),
    httpProxy: z.string().default('').describe('Proxy for http and ws (HTTP_PROXY)'),
    noProxy: z.string().default('').describe('Hosts reached directly, comma-separated (NO_PROXY)'),
  }).describe('The way to the outside'),
  submissions: section({
    perMinute: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(60)
      .describe('Prices that one client may submit in a minute'),
    boundPercent: z
      .int()
      .min(1)
      .max(10_000)
      .default(50)
      .describe('A submitted price further than this from the current one is rejected'),
    retentionDays: z
      .number()
      .positive()
      .default(30)
      .describe('Submissions and their fates are kept this long'),
  }).describe('Prices that clients submit'),
  webhooks: section({
    allowPrivateAddresses: z
      .boolean()
      .default(false)
      .describe('Whether webhooks may go to http, to this machine and to private networks; the sandbox may'),
  }).describe('Posts to addresses of clients'),
  sources: z
    .object({
      modules: z
        .array(z.string())
        .default([])
        .describe('Further adapters: paths of modules, such as ./my-source.ts'),
    })
    .catchall(sourceSettings)
    .prefault({})
    .describe('Settings of sources by id; beside `modules`'),
  feedDefaults: feedSettings
    .omit({ sources: true })
    .prefault({})
    .describe('Parameters of every feed that does not say otherwise'),
  feeds: z
    .record(z.string(), feedSettings)
    .default({})
    .describe('Feeds by name, over those of the feeds file'),
  environments: z
    .array(environment)
    .max(20)
    .default([])
    .describe('Other installations that the console shows beside this one'),
  sandbox: section({
    seed: z.int().min(0).default(1).describe('Seed of the simulated market'),
    regime: z
      .enum(['calm', 'trend', 'crash', 'depeg', 'wick', 'halt'])
      .default('calm')
      .describe('How it begins'),
  }).describe('The sandbox profile only'),
});

export type Settings = z.infer<typeof settingsSchema>;
export type SourceSettings = z.infer<typeof sourceSettings>;
