// The four scalars of the schema. In: values of resolvers, and what clients write. Out: JSON with exactly the
// digits of the record; texts that resolvers check further.
//
// Invariant: no float ever carries a price. A JSON number of a request is read as text where a float would
// change it (`parseExactJson`), one of an answer is written as text into the JSON (`JSON.rawJSON`).
import { DIGITS_MAX } from '@assay/kernel/money/fixed';
import { GraphQLError, type GraphQLScalarType, type GraphQLSchema, Kind, type ValueNode } from 'graphql';
import { graphqlRefusal } from './graphql-error.ts';

/** A JSON number whose digits a float would not keep. */
class ExactNumberText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** JSON in which numbers that a float would change keep their digits for the scalar `ExactNumber`. */
export function parseExactJson(text: string): unknown {
  return JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown);
}

export function bindScalars(schema: GraphQLSchema): void {
  const decimal = schema.getType('Decimal') as GraphQLScalarType;
  decimal.serialize = (value) => value;
  const exact = schema.getType('ExactNumber') as GraphQLScalarType;
  exact.serialize = (value) => rawJson(String(value));
  exact.parseValue = (value) => plainDecimal(textOfNumber(value));
  exact.parseLiteral = (node) => plainDecimal(isNumberOrText(node) ? node.value : '');
  const instant = schema.getType('DateTime') as GraphQLScalarType;
  instant.serialize = (value) => value;
  instant.parseValue = (value) => instantText(value);
  instant.parseLiteral = (node) => instantText(isNumberOrText(node) ? node.value : undefined);
  const json = schema.getType('JSON') as GraphQLScalarType;
  json.serialize = (value) => value;
}

/** A float shows at least this many digits truly. */
const FLOAT_DIGITS = 15;

function keepDigits(_key: string, value: unknown, { source }: { source?: string }): unknown {
  if (typeof value !== 'number' || source === undefined) return value;
  return source.length > FLOAT_DIGITS || /[eE]/.test(source) ? new ExactNumberText(source) : value;
}

function rawJson(text: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
}

function textOfNumber(value: unknown): string {
  if (value instanceof ExactNumberText) return value.text;
  return typeof value === 'number' || typeof value === 'string' ? String(value) : '';
}

function isNumberOrText(node: ValueNode): node is ValueNode & { value: string } {
  return node.kind === Kind.INT || node.kind === Kind.FLOAT || node.kind === Kind.STRING;
}

const PLAIN_DECIMAL = /^-?(0|[1-9]\d*)(\.\d+)?$/;

function plainDecimal(text: string): string {
  const digits = text.replace(/[-.]/g, '').length;
  if (PLAIN_DECIMAL.test(text) && digits <= DIGITS_MAX) return text;
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  throw graphqlRefusal(
    'DECIMAL_INVALID',
    `"${shown}" is not a plain decimal number: write it with at most ${DIGITS_MAX} digits, without exponent`,
  );
}

/** The longest instant has 35 characters; the resolvers say what is wrong with a shorter one. */
const INSTANT_LENGTH_MAX = 40;

function instantText(value: unknown): string {
  const text = typeof value === 'number' || value instanceof ExactNumberText ? textOfNumber(value) : value;
  if (typeof text === 'string' && text.length <= INSTANT_LENGTH_MAX) return text;
  throw new GraphQLError('a DateTime is a text in ISO 8601, such as "2026-11-21T10:00:00.000Z"', {
    extensions: { code: 'REQUEST_INVALID' },
  });
}
