// Documents named by their SHA-256, as clients with "automatic persisted queries" do it: the hash alone
// first, and hash and text together when the server does not know it. In: hash and text of a request. Out:
// the text.
//
// With a list of allowed documents nothing else is executed, whatever it is named by: the way to close an
// installation to all but its own clients. Invariants: what is remembered is bounded; a text is remembered
// only under its true hash.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { AssayError, messageOf } from '@assay/kernel/errors/assay-error';
import { graphqlRefusal } from './graphql-error.ts';
import { RecentMap } from './recent-map.ts';

/** Clients send the text again when it was forgotten. */
const REMEMBERED_MAX = 1_000;
const SHA256_HEX = /^[0-9a-f]{64}$/;

export type PersistedRequest = { query?: string; sha256?: string };

export class PersistedQueries {
  readonly #allowed: ReadonlyMap<string, string> | undefined;
  readonly #remembered = new RecentMap<string>(REMEMBERED_MAX);

  /** `allowed`: texts by hash; undefined allows all. */
  constructor(allowed?: ReadonlyMap<string, string>) {
    this.#allowed = allowed;
  }

  /** @throws GraphQLError PERSISTED_QUERY_NOT_FOUND, DOCUMENT_INVALID; AssayError ACCESS_DENIED */
  textOf({ query, sha256 }: PersistedRequest): string {
    if (sha256 !== undefined && !SHA256_HEX.test(sha256)) {
      throw graphqlRefusal('DOCUMENT_INVALID', 'persistedQuery.sha256Hash must be 64 hex digits');
    }
    if (query === undefined) {
      if (sha256 === undefined) throw graphqlRefusal('DOCUMENT_INVALID', 'the request has no "query"');
      const known = this.#allowed?.get(sha256) ?? this.#remembered.get(sha256);
      // Clients look for exactly this message.
      return known ?? refuse();
    }
    if (sha256 === undefined && this.#allowed === undefined) return query;
    const hash = sha256Of(query);
    if (sha256 !== undefined && sha256 !== hash) {
      throw graphqlRefusal('DOCUMENT_INVALID', 'persistedQuery.sha256Hash is not the hash of "query"');
    }
    if (this.#allowed === undefined) this.#remembered.set(hash, query);
    else if (!this.#allowed.has(hash)) throw notAllowed();
    return query;
  }
}

/** A JSON list of documents. @throws AssayError CONFIG_INVALID naming the file */
export function readAllowedQueries(path: string): ReadonlyMap<string, string> {
  let texts: unknown;
  try {
    texts = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw unusable(path, messageOf(cause), cause);
  }
  if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string')) {
    throw unusable(path, 'it is not a JSON list of GraphQL documents');
  }
  return new Map(texts.map((text: string) => [sha256Of(text), text]));
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function refuse(): never {
  throw graphqlRefusal('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');
}

function notAllowed(): AssayError {
  return new AssayError('ACCESS_DENIED', 'this document is not on the list of those that are served here', {
    context: { field: 'query', value: '' },
    recovery: 'Ask the operator to add it to the list (setting api.allowedQueries).',
  });
}

function unusable(path: string, why: string, cause?: unknown): AssayError {
  return new AssayError('CONFIG_INVALID', `the list of allowed queries ${path} cannot be used: ${why}`, {
    context: { field: 'api.allowedQueries', value: path },
    cause,
  });
}
