// What one GraphQL document may ask for. In: a parsed document, later its variables. Out: nothing, or an
// error that names the limit and what was found.
//
// Size, aliases and depth are looked at before the document is validated, because validation itself grows
// with them. The cost is an estimate of the values that the answer will hold: a field costs 1, a list its
// length times its content, a field that reads the log or the history what its `@cost` in the schema says.
// Invariant: the work of every check here is bounded by the number of fields written, whatever the fragments
//   do.
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getDirectiveValues,
  getNamedType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { graphqlRefusal } from './graphql-error.ts';

/** The largest document of GraphiQL or a generator is its introspection query, 2 KB. */
export const DOCUMENT_LENGTH_MAX = 16_384;
/** A document of that length written normally has fewer. */
export const TOKENS_MAX = 2_500;
/** Somebody who wants thirty feeds under names of his own still can; `prices` takes any number. */
const ALIASES_MAX = 30;
/** The deepest useful path is five: explain, price; the rest is for what comes. */
const DEPTH_MAX = 8;
/** Introspection unwraps list and non-null types: the standard query is 13 deep. */
const INTROSPECTION_DEPTH_MAX = 16;
/** A page of 10,000 rows with every field: what REST gives at once, too. */
const COST_MAX = 220_000;

/** Before validation. @throws GraphQLError DOCUMENT_TOO_COSTLY */
export function checkShape(document: DocumentNode): void {
  let aliases = 0;
  const fragments = fragmentsOf(document);
  const depths = new Map<SelectionSetNode, number>();
  const countAliases = (set: SelectionSetNode): void => {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD && selection.alias !== undefined) aliases += 1;
      if (selection.kind !== Kind.FRAGMENT_SPREAD && selection.selectionSet !== undefined) {
        countAliases(selection.selectionSet);
      }
    }
  };
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION && definition.kind !== Kind.FRAGMENT_DEFINITION)
      continue;
    countAliases(definition.selectionSet);
    if (aliases > ALIASES_MAX) throw tooMuch('aliases', aliases, ALIASES_MAX);
    if (definition.kind === Kind.FRAGMENT_DEFINITION) continue;
    for (const selection of definition.selectionSet.selections) {
      const isMeta = selection.kind === Kind.FIELD && selection.name.value.startsWith('__');
      const inside = selection.kind === Kind.FRAGMENT_SPREAD ? undefined : selection.selectionSet;
      const set = inside ?? { kind: Kind.SELECTION_SET, selections: [selection] };
      const depth = depthOf(set, fragments, depths) + (inside === undefined ? 0 : 1);
      const limit = isMeta ? INTROSPECTION_DEPTH_MAX : DEPTH_MAX;
      if (depth > limit) throw tooMuch('depth', depth, limit);
    }
  }
}

/** Whether the cost depends on variables, so that it is looked at again for each request. */
export function hasCostVariables(operation: OperationDefinitionNode): boolean {
  return operation.variableDefinitions?.some(({ type }) => JSON.stringify(type).includes('"Int"')) === true;
}

/** After validation. @throws GraphQLError DOCUMENT_TOO_COSTLY */
export function checkCost(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): void {
  const facts = { schema, fragments: fragmentsOf(document), costs: new Map(), variables };
  const root = schema.getRootType(operation.operation) ?? undefined;
  const cost = costOf(operation.selectionSet, root, facts);
  if (cost > COST_MAX) throw tooMuch('cost', Math.ceil(cost), COST_MAX);
}

type CostFacts = {
  schema: GraphQLSchema;
  fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  costs: Map<SelectionSetNode, number>;
  variables: Readonly<Record<string, unknown>>;
};

/** No type has interfaces or unions: the type of a set is that of its field or fragment. */
function costOf(set: SelectionSetNode, type: GraphQLNamedType | undefined, facts: CostFacts): number {
  const known = facts.costs.get(set);
  if (known !== undefined) return known;
  // Validation has refused circles; this only keeps the sum finite.
  facts.costs.set(set, 0);
  let cost = 0;
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD) {
      const field = isObjectType(type) ? type.getFields()[selection.name.value] : undefined;
      cost += costOfField(selection, field, facts);
    } else {
      const inside =
        selection.kind === Kind.FRAGMENT_SPREAD
          ? facts.fragments.get(selection.name.value)?.selectionSet
          : selection.selectionSet;
      if (inside !== undefined) cost += costOf(inside, type, facts);
    }
  }
  facts.costs.set(set, cost);
  return cost;
}

/** A field without a definition here is one of introspection. */
function costOfField(
  node: FieldNode,
  field: GraphQLField<unknown, unknown> | undefined,
  facts: CostFacts,
): number {
  const type = field === undefined ? undefined : getNamedType(field.type);
  const inside = node.selectionSet === undefined ? 0 : costOf(node.selectionSet, type, facts);
  if (field === undefined) return 1 + INTROSPECTION_FACTOR * inside;
  const { of = 0, items = 1 } = directiveOf(facts.schema, field);
  const limit = field.args.find(({ name }) => name === 'limit');
  const length = limit === undefined ? items : limitOf(node, Number(limit.defaultValue), facts);
  return 1 + of + length * inside;
}

/** The types of this schema have about so many fields. */
const INTROSPECTION_FACTOR = 3;

function directiveOf(
  schema: GraphQLSchema,
  field: GraphQLField<unknown, unknown>,
): { of?: number; items?: number } {
  const cost = schema.getDirective('cost');
  const node = field.astNode ?? undefined;
  if (cost === undefined || cost === null || node === undefined) return {};
  return getDirectiveValues(cost, node) ?? {};
}

function limitOf(node: FieldNode, fallback: number, { variables }: CostFacts): number {
  const value = node.arguments?.find((argument) => argument.name.value === 'limit')?.value;
  if (value?.kind === Kind.INT) return Math.max(1, Number(value.value));
  if (value?.kind !== Kind.VARIABLE) return fallback;
  const given = variables[value.name.value];
  return typeof given === 'number' && given > 0 ? given : fallback;
}

function depthOf(
  set: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  depths: Map<SelectionSetNode, number>,
): number {
  const known = depths.get(set);
  if (known !== undefined) return known;
  // A circle of fragments is refused by validation; here it only must end.
  depths.set(set, 0);
  let deepest = 0;
  for (const selection of set.selections) {
    const inside =
      selection.kind === Kind.FRAGMENT_SPREAD
        ? fragments.get(selection.name.value)?.selectionSet
        : selection.selectionSet;
    const below = inside === undefined ? 0 : depthOf(inside, fragments, depths);
    deepest = Math.max(deepest, below + (selection.kind === Kind.FIELD ? 1 : 0));
  }
  depths.set(set, deepest);
  return deepest;
}

function fragmentsOf(document: DocumentNode): Map<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  return fragments;
}

function tooMuch(what: string, found: number, limit: number): GraphQLError {
  return graphqlRefusal(
    'DOCUMENT_TOO_COSTLY',
    `the ${what} of this document is ${found}, at most ${limit} is served`,
  );
}
