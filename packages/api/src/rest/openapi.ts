// The OpenAPI 3.1 document of the API, made from the routes that serve it: the same schemas check requests
// and describe them, so the two cannot differ. In: routes. Out: a JSON document.
import { z } from 'zod';
import type { Method, Route } from './route.ts';

type Json = Record<string, unknown>;

export type OpenApiOptions = { routes: readonly Route[]; version: string };

/** What stands in an address, with an example that exists in every installation. */
const PATH_PARAMETERS: Record<string, { description: string; example: string }> = {
  feed: { description: 'A feed: BTC-USD; BTC alone gives the founding shape', example: 'BTC-USD' },
  id: { description: 'An id, as it was given or listed', example: 'kraken' },
  venue: { description: 'A venue of the sandbox', example: 'kraken' },
  file: { description: 'A file of the page', example: 'swagger-ui.css' },
  delivery: { description: 'Id of a delivery', example: 'evt_0123456789abcdef01234567' },
};

const PROBLEMS: Record<string, string> = {
  400: 'A parameter, a field or a header cannot be used: the problem names it, its value and the fix',
  401: 'No valid key',
  403: 'The key lacks a scope or a feed',
  404: 'There is no such thing; near names are given',
  413: 'The body is larger than 64 kB',
  414: 'The address, or one part of it, is longer than any that exists',
  422: 'An Idempotency-Key came with another body before',
  429: 'Too many requests: Retry-After says how long to wait',
  503: 'It cannot be done now: Retry-After says when to try again',
};

export function openApiOf({ routes, version }: OpenApiOptions): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Assay',
      version,
      summary: 'Prices that can be explained, verified and recomputed',
      description:
        'Every price carries its age, its state (`ok`, `degraded`, `stale`, `halted`) and the reason for it. Errors are ' +
        'problem documents (RFC 9457) with a `code` and a `recovery`. Within v1 fields are only added.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'This server' }],
    security: [{ ApiKey: [] }, { Bearer: [] }],
    tags: [...new Set(routes.map(tagOf))].map((name) => ({ name, description: TAGS[name] ?? name })),
    paths,
    components: {
      securitySchemes: {
        ApiKey: {
          type: 'apiKey',
          in: 'header',
          name: 'X-API-Key',
          description: 'ak_… of `assay keys create`',
        },
        Bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API key, or a token of POST /oauth/token',
        },
      },
      schemas: { Problem: PROBLEM_SCHEMA },
    },
  };
}

const TAGS: Record<string, string> = {
  prices: 'Prices now and before',
  submissions: 'Prices that clients offer',
  'price-requests': 'Prices on demand',
  webhooks: 'Posts to an address of yours when something happens',
  sources: 'Where prices come from',
  sandbox: 'Switches of the simulated market',
  access: 'Keys, tokens and tickets',
  server: 'The server and what it knows',
};

const TAG_OF: Record<string, string> = {
  prices: 'prices',
  stream: 'prices',
  ws: 'prices',
  feeds: 'prices',
  submissions: 'submissions',
  'price-requests': 'price-requests',
  chainlink: 'price-requests',
  webhooks: 'webhooks',
  sources: 'sources',
  sandbox: 'sandbox',
  keys: 'access',
  tickets: 'access',
  clients: 'access',
  oauth: 'access',
  '.well-known': 'access',
};

function tagOf({ path }: Route): string {
  const [first, second] = path.split('/').slice(1);
  return TAG_OF[(first === 'v1' ? second : first) ?? ''] ?? 'server';
}

function operationOf(route: Route): Json {
  const isPublic = route.scope === 'public';
  const { status = 200, pendingStatus } = route.answer ?? {};
  return {
    operationId: operationIdOf(route.method, route.path),
    summary: route.describe.split(/[:;,]/, 1)[0],
    description: isPublic ? route.describe : `${route.describe}. Scope \`${route.scope}\`.`,
    tags: [tagOf(route)],
    ...(isPublic ? { security: [] } : {}),
    parameters: [...pathParametersOf(route.path), ...queryParametersOf(route.query), ...headersOf(route)],
    ...(route.body === undefined ? {} : { requestBody: bodyOf(route) }),
    responses: {
      [status]: successOf(route),
      ...(pendingStatus === undefined ? {} : { [pendingStatus]: successOf(route) }),
      ...problemsOf(route),
    },
  };
}

/** GET /v1/prices/:feed/history -> getPricesFeedHistory */
function operationIdOf(method: Method, path: string): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '' && word !== 'v1');
  return method.toLowerCase() + words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('');
}

function pathParametersOf(path: string): Json[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => {
    const { description, example } = PATH_PARAMETERS[name!] ?? { description: name, example: name };
    return { name, in: 'path', required: true, description, schema: { type: 'string', examples: [example] } };
  });
}

function queryParametersOf(schema: z.ZodType): Json[] {
  const { properties = {}, required = [] } = schemaOf(schema) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

function headersOf({ method, body }: Route): Json[] {
  if (method !== 'POST' || body === undefined) return [];
  const description = 'The same key with the same body does the thing once; kept for a day';
  return [
    {
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      description,
      schema: { type: 'string', maxLength: 100 },
    },
  ];
}

function bodyOf({ body, bodyType }: Route): Json {
  const type = bodyType === 'form' ? 'application/x-www-form-urlencoded' : 'application/json';
  return { required: true, content: { [type]: { schema: schemaOf(body!) } } };
}

function successOf({ answer, method, describe }: Route): Json {
  const { status = 200, contentType = 'application/json', schema, otherTypes = [] } = answer ?? {};
  if (status === 204) return { description: describe };
  const shape = schema === undefined ? {} : schemaOf(schema, 'output');
  const others = otherTypes.map((type) => [type, { schema: { type: 'string' } }] as const);
  const content: Json = { [contentType]: { schema: shape }, ...Object.fromEntries(others) };
  const etag = { description: 'Send it as If-None-Match', schema: { type: 'string' } };
  return { description: describe, content, ...(method === 'GET' ? { headers: { ETag: etag } } : {}) };
}

function problemsOf(route: Route): Json {
  const isPublic = route.scope === 'public';
  const isPost = route.method === 'POST' && route.body !== undefined;
  const hidden = [
    ...(isPublic ? ['401', '403'] : []),
    ...(isPost ? [] : ['422']),
    ...(route.body === undefined ? ['413'] : []),
  ];
  const problems = Object.entries(PROBLEMS).filter(([status]) => !hidden.includes(status));
  const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  const { errorType } = route.answer ?? {};
  const content = errorType === undefined ? problem : { ...problem, [errorType]: { schema: {} } };
  return Object.fromEntries(problems.map(([status, description]) => [status, { description, content }]));
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output' = 'input'): Json {
  const { $schema: _, ...shape } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override({ jsonSchema }) {
      const { override } = jsonSchema as { override?: object };
      if (override === undefined) return;
      delete (jsonSchema as { override?: object }).override;
      Object.assign(jsonSchema, override);
    },
  }) as Json;
  return shape;
}

const PROBLEM_SCHEMA: Json = {
  type: 'object',
  description: 'RFC 9457, with the code and the recovery of docs/reference/errors.md',
  required: ['type', 'title', 'status', 'detail', 'code', 'recovery'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'A sentence that names field, value and fix' },
    code: { type: 'string', description: 'For programs' },
    recovery: { type: 'string', description: 'What to do about it' },
    field: { type: 'string' },
    value: {},
    near: { type: 'array', items: { type: 'string' } },
  },
};
