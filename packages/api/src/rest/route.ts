// One REST route as data: its address, what it asks of the key, its parameters as a schema, and a function
// from a checked request to a reply. Nothing here or in a route knows the web framework; the OpenAPI document
// comes from the same data.
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { AssayError } from '@assay/kernel/errors/assay-error';
import { z } from 'zod';
import type { Principal, Scope } from '../auth/principal.ts';

export type RouteRequest<Q> = {
  path: Record<string, string>;
  query: Q;
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

export type Route = {
  /** Template: `/v1/prices/:feed`. */
  path: string;
  scope: Scope;
  describe: string;
  query: z.ZodType;
  /** `streamed`: the route took the response over. */
  handle(request: RouteRequest<unknown>): Promise<Reply | 'streamed'> | Reply | 'streamed';
};

export function defineRoute<S extends z.ZodType>(route: {
  path: string;
  scope: Scope;
  describe: string;
  query: S;
  handle(request: RouteRequest<z.output<S>>): Promise<Reply | 'streamed'> | Reply | 'streamed';
}): Route {
  return route as Route;
}

export const noQuery: z.ZodType = z.strictObject({});

export function json(value: unknown, isLasting = false): Reply {
  return { body: JSON.stringify(value), isLasting };
}

/** @throws AssayError REQUEST_INVALID naming the field, its value and what it accepts */
export function readQuery(schema: z.ZodType, query: unknown): unknown {
  const result = schema.safeParse(query);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const given = query as Record<string, unknown>;
  if (issue.code === 'unrecognized_keys') {
    const field = issue.keys[0]!.slice(0, SHOWN_MAX);
    throw invalid(field, String(given[issue.keys[0]!]), `there is no such parameter; ${accepted(schema)}`);
  }
  const field = String(issue.path[0] ?? 'query');
  throw invalid(field, String(given[field]), issue.message);
}

/** @throws AssayError REQUEST_INVALID always */
export function invalid(field: string, value: string, fix: string): AssayError {
  const shown = value.length > SHOWN_MAX ? `${value.slice(0, SHOWN_MAX)}…` : value;
  return new AssayError('REQUEST_INVALID', `${field} "${shown}" cannot be used: ${fix}`, {
    context: { field, value: shown },
  });
}

/** Long enough to recognise what was sent, short enough not to send it all back. */
const SHOWN_MAX = 80;

function accepted(schema: z.ZodType): string {
  const names = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  return names.length === 0 ? 'this address takes none' : `this address takes ${names.join(', ')}`;
}
