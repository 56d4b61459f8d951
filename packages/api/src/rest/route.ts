// One REST route as data: its method and address, what it asks of the key, its parameters and its body as
// schemas, and a function from a checked request to a reply. Nothing here or in a route knows the web
// framework; the OpenAPI document comes from the same data.
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { AssayError } from '@assay/kernel/errors/assay-error';
import { z } from 'zod';
import type { Principal, Scope } from '../auth/principal.ts';

export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type Method = (typeof METHODS)[number];

export type RouteRequest<Q, B = undefined> = {
  path: Record<string, string>;
  query: Q;
  /** What the schema `body` made of it; undefined where the route has none. */
  body: B;
  /** The body as it came, '' without one. */
  text: string;
  /** Of whoever connected. */
  address: string;
  headers: IncomingHttpHeaders;
  principal: Principal;
  nowMs: number;
  /** For streams, which write for themselves. */
  response: ServerResponse;
};

export type Reply = {
  status?: number;
  contentType?: string;
  body: string;
  headers?: Record<string, string>;
  /** The body is the same until something is added: it gets an ETag. Otherwise it must not be stored. */
  isLasting?: boolean;
};

type Handled = Promise<Reply | 'streamed'> | Reply | 'streamed';

export type Route = {
  method: Method;
  /** Template: `/v1/prices/:feed`. */
  path: string;
  /** `public`: no key is asked for; the principal is `NOBODY`. */
  scope: Scope | 'public';
  describe: string;
  query: z.ZodType;
  /** JSON, or a form where `form` is said. Numbers named `price_usd` keep their digits as text. */
  body?: z.ZodType;
  bodyType?: 'json' | 'form';
  /** What it answers when all is well, for the OpenAPI document; absent: any JSON. */
  answer?: {
    status?: number;
    contentType?: string;
    schema?: z.ZodType;
    /** With the same shape: it is taken, and not done yet. */
    pendingStatus?: number;
    /** Other types that it may have, by `format` or by what is asked for. */
    otherTypes?: readonly string[];
    /** Of its errors, where another specification says how they look (OAuth, Chainlink). */
    errorType?: string;
  };
  /** `streamed`: the route took the response over. */
  handle(request: RouteRequest<unknown, unknown>): Handled;
};

export function defineRoute<S extends z.ZodType, B extends z.ZodType = z.ZodUndefined>(route: {
  /** Default GET. */
  method?: Method;
  path: string;
  scope: Scope | 'public';
  describe: string;
  query: S;
  body?: B;
  bodyType?: 'json' | 'form';
  answer?: Route['answer'];
  handle(request: RouteRequest<z.output<S>, z.output<B>>): Handled;
}): Route {
  return { method: 'GET', ...route } as Route;
}

/** Whoever asks for what is public. */
export const NOBODY: Principal = { id: '', name: 'nobody', scopes: [], tier: 'standard', kind: 'key' };

export const noQuery: z.ZodType = z.strictObject({});

export function json(value: unknown, isLasting = false): Reply {
  return { body: JSON.stringify(value), isLasting };
}

/** @throws AssayError REQUEST_INVALID naming the field, its value and what it accepts */
export function readQuery(schema: z.ZodType, query: unknown): unknown {
  return checked(schema, query, { whole: 'query', member: 'parameter', place: 'this address' });
}

/** @throws AssayError REQUEST_INVALID naming the field, its value and what it accepts */
export function readBody(schema: z.ZodType, type: 'json' | 'form', text: string): unknown {
  const body = type === 'form' ? Object.fromEntries(new URLSearchParams(text)) : readJson(text);
  if (body === null || typeof body !== 'object' || Array.isArray(body)) {
    throw invalid('body', text, 'give a JSON object');
  }
  return checked(schema, body, { whole: 'body', member: 'field', place: 'the body' });
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text, keepDigits as (name: string, value: unknown) => unknown);
  } catch {
    throw invalid('body', text, 'it is not JSON');
  }
}

/** A float would change the digits that somebody vouches for. */
function keepDigits(name: string, value: unknown, { source }: { source?: string }): unknown {
  return typeof value === 'number' && name === EXACT_FIELD ? source : value;
}

type Wording = { whole: string; member: string; place: string };

function checked(schema: z.ZodType, given: unknown, { whole, member, place }: Wording): unknown {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  if (issue.code === 'unrecognized_keys') {
    const name = issue.keys[0]!;
    const value = (given as Record<string, unknown>)[name];
    throw invalid(
      name.slice(0, SHOWN_MAX),
      shownText(value),
      `there is no such ${member}; ${accepted(schema, place)}`,
    );
  }
  const field = issue.path.map(String).join('.') || whole;
  const value = issue.path.reduce<unknown>((at, name) => (at as Record<PropertyKey, unknown>)?.[name], given);
  if (value === undefined) {
    throw new AssayError('REQUEST_INVALID', `${field} is missing: ${issue.message}`, { context: { field } });
  }
  throw invalid(field, shownText(value), issue.message);
}

function shownText(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

const EXACT_FIELD = 'price_usd';

/** @throws AssayError REQUEST_INVALID always */
export function invalid(field: string, value: string, fix: string): AssayError {
  const shown = value.length > SHOWN_MAX ? `${value.slice(0, SHOWN_MAX)}…` : value;
  return new AssayError('REQUEST_INVALID', `${field} "${shown}" cannot be used: ${fix}`, {
    context: { field, value: shown },
  });
}

/** Long enough to recognise what was sent, short enough not to send it all back. */
const SHOWN_MAX = 80;

function accepted(schema: z.ZodType, place: string): string {
  const names = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  return names.length === 0 ? `${place} takes none` : `${place} takes ${names.join(', ')}`;
}
