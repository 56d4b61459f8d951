// GraphQL documents, ready to be executed. In: the text of a document. Out: its operations, validated, within
// the limits, and compiled to a function once they have been asked for often enough.
//
// Invariants: what is kept is bounded (documents that nobody asks for are forgotten with their compiled
// code); a text that arrives once costs parsing and validation, never a compilation.
import { AssayError, assert } from '@assay/kernel/errors/assay-error';
import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import type { GraphqlContext } from './context.ts';
import {
  checkCost,
  checkShape,
  DOCUMENT_LENGTH_MAX,
  hasCostVariables,
  TOKENS_MAX,
} from './document-limits.ts';
import { graphqlRefusal } from './graphql-error.ts';
import { RecentMap } from './recent-map.ts';

/** With 16 KB each and what they parse to some 50 MB at worst; in practice clients have a dozen each. */
const DOCUMENTS_MAX = 500;
/** Compiling takes as long as some hundred executions: what is asked for once must not cause it. */
const COMPILE_AFTER = 10;
/** More say nothing that the first did not. */
const ERRORS_MAX = 10;

export type Variables = Readonly<Record<string, unknown>>;

export class Documents {
  readonly #schema: GraphQLSchema;
  readonly #known = new RecentMap<ReadonlyMap<string, Operation>>(DOCUMENTS_MAX);

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  /** @throws GraphQLErrors when there is no such operation, or the document may not be executed */
  operation(text: string, name: string | undefined): Operation {
    let operations = this.#known.get(text);
    if (operations === undefined) {
      operations = prepare(this.#schema, text);
      this.#known.set(text, operations);
    }
    const [only] = operations.values();
    if (name === undefined && operations.size === 1) return only!;
    const found = operations.get(name ?? '');
    if (found !== undefined) return found;
    const known = [...operations.keys()].join(', ').slice(0, 200);
    throw new GraphQLErrors([
      graphqlRefusal('DOCUMENT_INVALID', `operationName must be one of: ${known || '(one without a name)'}`),
    ]);
  }
}

/** Why a document is not executed. */
export class GraphQLErrors extends AssayError {
  readonly errors: readonly GraphQLError[];
  constructor(errors: readonly GraphQLError[]) {
    super('DOCUMENT_INVALID', errors[0]?.message ?? 'the document cannot be executed');
    this.errors = errors;
  }
}

export class Operation {
  readonly kind: 'query' | 'mutation' | 'subscription';
  readonly document: DocumentNode;
  readonly node: OperationDefinitionNode;
  readonly #schema: GraphQLSchema;
  readonly #hasCostVariables: boolean;
  #uses = 0;
  #compiled: CompiledQuery | undefined;

  constructor(schema: GraphQLSchema, document: DocumentNode, node: OperationDefinitionNode) {
    this.kind = node.operation;
    this.document = document;
    this.node = node;
    this.#schema = schema;
    this.#hasCostVariables = hasCostVariables(node);
    checkCost(schema, document, node, {});
  }

  /** Before the first execution with these variables. @throws GraphQLErrors DOCUMENT_TOO_COSTLY */
  checkVariables(variables: Variables): void {
    if (!this.#hasCostVariables) return;
    refusing(() => checkCost(this.#schema, this.document, this.node, variables));
  }

  /** A promise only when a resolver waits for something. `root` is the event of a subscription. */
  execute(
    context: GraphqlContext,
    variables: Variables,
    root: unknown = undefined,
  ): ExecutionResult | Promise<ExecutionResult> {
    this.#uses += 1;
    if (this.#uses === COMPILE_AFTER) this.#compile();
    if (this.#compiled !== undefined) return this.#compiled.query(root, context, variables);
    return execute({
      schema: this.#schema,
      document: this.document,
      rootValue: root,
      contextValue: context,
      variableValues: variables,
      operationName: this.node.name?.value ?? null,
    }) as ExecutionResult | Promise<ExecutionResult>;
  }

  #compile(): void {
    const compiled = compileQuery(this.#schema, this.document, this.node.name?.value, {
      // Stacks never leave the server, and taking one costs more than the answer.
      disablingCapturingStackErrors: true,
      useExperimentalPathBasedSkipInclude: true,
    });
    // What cannot be compiled is a fault of its variables: executing it says which.
    if (isCompiledQuery(compiled)) this.#compiled = compiled;
  }
}

function prepare(schema: GraphQLSchema, text: string): ReadonlyMap<string, Operation> {
  const document = read(text);
  refusing(() => checkShape(document));
  const errors = validate(schema, document, specifiedRules, { maxErrors: ERRORS_MAX });
  if (errors.length > 0) throw new GraphQLErrors(errors);
  const operations = new Map<string, Operation>();
  for (const node of document.definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION) continue;
    operations.set(
      node.name?.value ?? '',
      refusing(() => new Operation(schema, document, node)),
    );
  }
  if (operations.size > 0) return operations;
  throw new GraphQLErrors([graphqlRefusal('DOCUMENT_INVALID', 'there is no operation in this document')]);
}

function read(text: string): DocumentNode {
  if (text.length > DOCUMENT_LENGTH_MAX) {
    const message = `the length of this document is ${text.length}, at most ${DOCUMENT_LENGTH_MAX} is served`;
    throw new GraphQLErrors([graphqlRefusal('DOCUMENT_TOO_COSTLY', message)]);
  }
  return refusing(() => parse(text, { maxTokens: TOKENS_MAX }));
}

/** Errors of ours and of the parser as the refusal of a document. */
function refusing<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    assert(error instanceof GraphQLError, `a document could not be prepared: ${String(error)}`);
    throw new GraphQLErrors([error]);
  }
}
