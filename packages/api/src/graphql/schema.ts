// The schema as something that can be executed: schema.graphql, the contract, with scalars and resolvers
// bound to it. Invariant: a resolver for a field that the contract does not have is a fault, found at start.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '@assay/kernel/errors/assay-error';
import { buildSchema, type GraphQLFieldResolver, type GraphQLSchema, isObjectType } from 'graphql';
import type { GraphqlContext } from './context.ts';
import { mutationResolvers } from './mutation-resolvers.ts';
import { queryResolvers } from './query-resolvers.ts';
import { bindScalars } from './scalars.ts';
import { typeResolvers } from './type-resolvers.ts';

export type Resolvers = Record<string, GraphQLFieldResolver<never, GraphqlContext, never>>;

export function createSchema(): GraphQLSchema {
  const schema = buildSchema(readFileSync(join(import.meta.dirname, 'schema.graphql'), 'utf8'));
  bindScalars(schema);
  const resolvers = { Query: queryResolvers, Mutation: mutationResolvers, ...typeResolvers };
  for (const [name, fields] of Object.entries<Resolvers>(resolvers)) {
    const type = schema.getType(name);
    assert(isObjectType(type), `schema.graphql has no type ${name}`);
    for (const [fieldName, resolve] of Object.entries(fields)) {
      const field = type.getFields()[fieldName];
      assert(field !== undefined, `schema.graphql has no field ${name}.${fieldName}`);
      field.resolve = resolve as GraphQLFieldResolver<unknown, unknown>;
    }
  }
  return schema;
}
