// Executes GraphQL requests, whichever door they came through. In: a request as clients send it, who asks and
// when. Out: the JSON text of the answer and the HTTP status that fits it.
//
// A question that only looks at current prices has one answer per millisecond and state of the market: asked
// again within it, the text is given again. Invariants: `ageMs` is true at the moment of asking; a text is
// shared only between requests of the same principal; every error carries a code, none a stack.
import { assert } from '@assay/kernel/errors/assay-error';
import type { Log } from '@assay/kernel/telemetry/log';
import { type ExecutionResult, type FieldNode, type GraphQLSchema, Kind } from 'graphql';
import { type Principal, requireScope } from '../auth/principal.ts';
import type { GraphqlServices } from './context.ts';
import { Documents, GraphQLErrors, type Operation, type Variables } from './documents.ts';
import { graphqlRefusal, type ShownError, shownError } from './graphql-error.ts';
import { PersistedQueries } from './persisted-queries.ts';

/** `mutation` names what was changed, or tried to be. */
export type Outcome = { status: number; text: string; mutation?: string | undefined };

/** A request that may be executed any number of times. */
export type Prepared = {
  operation: Operation;
  variables: Variables;
  /** Asks for nothing but current prices. */
  isOfNow: boolean;
  shared: { atMs: number; version: number; principal: Principal; outcome: Outcome } | undefined;
};

export type GraphqlEngineOptions = {
  schema: GraphQLSchema;
  services: GraphqlServices;
  log: Log;
  /** Texts by SHA-256; nothing else is executed then. */
  allowedQueries?: ReadonlyMap<string, string>;
};

export class GraphqlEngine {
  readonly services: GraphqlServices;
  readonly #documents: Documents;
  readonly #persisted: PersistedQueries;
  readonly #log: Log;
  #version = 0;

  constructor({ schema, services, log, allowedQueries }: GraphqlEngineOptions) {
    this.services = services;
    this.#documents = new Documents(schema);
    this.#persisted = new PersistedQueries(allowedQueries);
    this.#log = log;
    services.view.onUpdate(() => {
      this.#version += 1;
    });
  }

  /** @throws whatever `refusal` can show */
  prepare(request: unknown): Prepared {
    const { query, operationName, variables, sha256 } = readRequest(request);
    const text = this.#persisted.textOf({
      ...(query === undefined ? {} : { query }),
      ...(sha256 === undefined ? {} : { sha256 }),
    });
    const operation = this.#documents.operation(text, operationName);
    operation.checkVariables(variables);
    return { operation, variables, isOfNow: isOfNow(operation), shared: undefined };
  }

  /** At once where no resolver waits. */
  run(prepared: Prepared, principal: Principal, nowMs: number): Outcome | Promise<Outcome> {
    const { shared } = prepared;
    const version = this.#version;
    if (shared !== undefined && shared.atMs === nowMs && shared.version === version) {
      if (shared.principal === principal) return shared.outcome;
    }
    const { operation, variables } = prepared;
    try {
      if (operation.kind !== 'mutation') requireScope(principal, 'prices:read');
      const result = operation.execute({ services: this.services, principal, nowMs }, variables);
      const mutation = operation.kind === 'mutation' ? namesOf(operation) : undefined;
      if (result instanceof Promise) return result.then((value) => ({ ...this.#outcome(value), mutation }));
      const outcome = this.#outcome(result);
      if (prepared.isOfNow) prepared.shared = { atMs: nowMs, version, principal, outcome };
      return outcome;
    } catch (error) {
      return this.refusal(error);
    }
  }

  /** An event of a subscription, executed: the payload of its frame. */
  payload(prepared: Prepared, principal: Principal, nowMs: number, event: unknown): string {
    const { operation, variables } = prepared;
    const result = operation.execute({ services: this.services, principal, nowMs }, variables, event);
    // Whatever an event shows is in its value: nothing has to be waited for.
    assert(!(result instanceof Promise), 'an event of a subscription waits for nothing');
    return this.#outcome(result).text;
  }

  /** A request that is not executed. */
  refusal(error: unknown): Outcome {
    const errors = this.errorsOf(error);
    return { status: statusOf(errors[0]!), text: JSON.stringify({ errors }) };
  }

  errorsOf(error: unknown): ShownError[] {
    const all = error instanceof GraphQLErrors ? error.errors : [error];
    const shown = all.map((one) => shownError(one, 'DOCUMENT_INVALID'));
    this.#report(all, shown);
    return shown;
  }

  #outcome({ data, errors }: ExecutionResult): Outcome {
    if (errors === undefined || errors.length === 0) return { status: 200, text: JSON.stringify({ data }) };
    // Without data nothing was executed: the variables do not fit.
    const fallback = data === undefined ? 'REQUEST_INVALID' : 'ASSERTION_FAILED';
    const shown = errors.map((error) => shownError(error, fallback));
    this.#report(errors, shown);
    if (data === undefined) return { status: 400, text: JSON.stringify({ errors: shown }) };
    return { status: 200, text: JSON.stringify({ errors: shown, data }) };
  }

  #report(errors: readonly unknown[], shown: readonly ShownError[]): void {
    const at = shown.findIndex(({ extensions }) => extensions.code === 'ASSERTION_FAILED');
    if (at >= 0) this.#log.error('a GraphQL request failed', { error: errors[at] });
  }
}

type GraphqlRequest = {
  query: string | undefined;
  operationName: string | undefined;
  variables: Variables;
  sha256: string | undefined;
};

function readRequest(request: unknown): GraphqlRequest {
  if (!isRecord(request)) throw refused('the request is not a JSON object with "query"');
  const { query, operationName, variables, extensions } = request;
  if (query != null && typeof query !== 'string') throw refused('"query" must be a text');
  if (operationName != null && typeof operationName !== 'string') {
    throw refused('"operationName" must be a text');
  }
  if (variables != null && !isRecord(variables)) throw refused('"variables" must be an object');
  if (extensions != null && !isRecord(extensions)) throw refused('"extensions" must be an object');
  const persisted = isRecord(extensions) ? extensions.persistedQuery : undefined;
  const hash = isRecord(persisted) ? String(persisted.sha256Hash) : undefined;
  return {
    query: query === '' && hash !== undefined ? undefined : (query ?? undefined),
    operationName: operationName ?? undefined,
    variables: (variables as Variables | null | undefined) ?? {},
    sha256: hash,
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refused(message: string): GraphQLErrors {
  return new GraphQLErrors([graphqlRefusal('DOCUMENT_INVALID', message)]);
}

/** Statuses say what the client must do: again with a key, later, otherwise, or not at all. */
function statusOf({ extensions }: ShownError): number {
  switch (extensions.code) {
    case 'ACCESS_DENIED':
      return 403;
    case 'ASSERTION_FAILED':
      return 500;
    case 'PERSISTED_QUERY_NOT_FOUND':
      // Clients read the body of a 200 without calling it a failure.
      return 200;
    default:
      return 400;
  }
}

/** The fields of a mutation, for the record of who changed what. */
function namesOf({ node }: Operation): string {
  const fields = node.selectionSet.selections.flatMap((one) =>
    one.kind === Kind.FIELD ? one.name.value : [],
  );
  return fields.join(',') || 'mutation';
}

function isOfNow({ kind, node }: Operation): boolean {
  if (kind !== 'query') return false;
  return node.selectionSet.selections.every((selection) => {
    if (selection.kind !== Kind.FIELD) return false;
    return (
      selection.name.value === 'prices' || (selection.name.value === 'price' && !asksElsewhere(selection))
    );
  });
}

function asksElsewhere({ arguments: given }: FieldNode): boolean {
  return given?.some(({ name }) => name.value === 'source' || name.value === 'at') === true;
}
