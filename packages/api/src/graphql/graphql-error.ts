// Errors as GraphQL clients see them. In: anything that execution, validation or parsing threw. Out: a
// message, where it stood, and `extensions` with `code`, `recovery` and the facts of the error.
//
// Invariant: nothing of an error that we did not write ourselves reaches a client, and no stack ever.
import { AssayError } from '@assay/kernel/errors/assay-error';
import { ERROR_CODES, type ErrorCode } from '@assay/kernel/errors/codes';
import { GraphQLError } from 'graphql';
import { problemOf } from '../http/problem.ts';

export type ShownError = {
  message: string;
  locations?: readonly { line: number; column: number }[];
  path?: readonly (string | number)[];
  extensions: { code: string; recovery: string } & Record<string, unknown>;
};

/** An error of a request that cannot be executed, with a code of ours. */
export function graphqlRefusal(code: ErrorCode, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code, recovery: ERROR_CODES[code].recovery } });
}

/** `fallback` is the code of errors that carry none: of the document, or of the server. */
export function shownError(error: unknown, fallback: ErrorCode): ShownError {
  const at = placeOf(error);
  const original = error instanceof GraphQLError ? (error.originalError ?? error) : error;
  if (original instanceof AssayError) return { ...ofOurs(original), ...at };
  if (!(error instanceof GraphQLError) || isMasked(error, fallback)) {
    return { message: 'the server failed', ...at, extensions: codeOf('ASSERTION_FAILED') };
  }
  const given = error.extensions.code;
  const code = typeof given === 'string' && given in ERROR_CODES ? (given as ErrorCode) : fallback;
  return { message: error.message.slice(0, MESSAGE_MAX), ...at, extensions: codeOf(code) };
}

/** Messages quote the document; the beginning says enough. */
const MESSAGE_MAX = 500;

function isMasked(error: GraphQLError, fallback: ErrorCode): boolean {
  if (fallback !== 'ASSERTION_FAILED') return false;
  return typeof error.extensions.code !== 'string';
}

function ofOurs(error: AssayError): Omit<ShownError, 'path' | 'locations'> {
  // One table says what may be told: that of the problem documents.
  const isInternal = problemOf(error).status === 500;
  if (isInternal) return { message: ERROR_CODES[error.code].meaning, extensions: codeOf(error.code) };
  const retry = error.retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(error.retryAfterMs) };
  const extensions = { ...error.context, ...retry, code: error.code, recovery: error.recovery };
  return { message: error.message, extensions };
}

function codeOf(code: ErrorCode): { code: string; recovery: string } {
  return { code, recovery: ERROR_CODES[code].recovery };
}

function placeOf(error: unknown): Pick<ShownError, 'locations' | 'path'> {
  if (!(error instanceof GraphQLError)) return {};
  return {
    ...(error.locations === undefined ? {} : { locations: error.locations }),
    ...(error.path === undefined ? {} : { path: error.path }),
  };
}
