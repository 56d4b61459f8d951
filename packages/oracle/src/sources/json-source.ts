// What both generic sources have in common: identity, naming of pairs, limits. In: a definition. Out: the
// parts of a source that are no transport, and the fields that the configuration keeps for itself.

import { SOURCE_KINDS } from '../model/feed.ts';
import { baseOf, type Pair, quoteOf } from '../model/pair.ts';
import type { Source } from './define-source.ts';
import { type Definition, fill, namesIn, readDefinition, unusable } from './definition.ts';
import { withoutSlashes } from './source-context.ts';

/** Settings that every source has; whoever loads the configuration reads them. */
const SETTINGS = [
  'enabled',
  'type',
  'priority',
  'transport',
  'weight',
  'denied',
  'options',
  'intervalMs',
  'fallbacks',
];

const SYMBOL_NAMES = ['base', 'quote', 'base:lower', 'quote:lower'];

export type Identity = Omit<Source, 'http' | 'stream'>;

/** Reads what is said of the source itself and gives the definition for the rest of the fields. */
export function readIdentity(id: string, value: unknown): { identity: Identity; definition: Definition } {
  const definition = readDefinition(`sources.${id}`, value);
  const endpoints = definition.texts('endpoints');
  const first = Object.values(endpoints)[0] ?? '';
  const site = first.replace(/^ws/, 'http');
  const identity: Identity = {
    id,
    name: definition.text('name', id),
    homepage: definition.text('homepage', site === '' ? '/' : site),
    documentation: definition.text('documentation', site === '' ? '/' : site),
    // A single place where something trades, unless it is said to be more or less than that.
    kind: definition.choice('kind', SOURCE_KINDS, 'exchange'),
    endpoints: withoutSlashes(endpoints),
    credentials: Object.keys(definition.texts('credentials')).map((name) => ({
      name,
      describe: `used as {credential.${name}}`,
      isRequired: true,
    })),
    symbol: symbolFunction(definition),
    limits: limitsOf(definition),
    examples: [],
  };
  if (definition.has('venue')) identity.venue = definition.text('venue');
  return { identity, definition };
}

/** Ends the reading: whatever is left over is an error. */
export function finishIdentity(definition: Definition): void {
  definition.finish(SETTINGS);
}

/** Values for `{credential.name}` in addresses, headers and messages. */
export function credentialValues(credentials: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(credentials).map(([name, text]) => [`credential.${name}`, text]));
}

function symbolFunction(definition: Definition): Source['symbol'] {
  const template = definition.text('symbol', '{base}{quote}');
  const stray = namesIn(template).find((name) => !SYMBOL_NAMES.includes(name));
  if (stray !== undefined || !/\{base/.test(template))
    throw unusable(
      `${definition.where}.symbol`,
      template,
      `a text with ${SYMBOL_NAMES.map((name) => `{${name}}`).join(', ')}, such as {base}-{quote}`,
    );
  const symbols = definition.texts('symbols');
  const names = definition.texts('currencies');
  const spell = (currency: string): string => names[currency] ?? currency;
  return (pair: Pair) => {
    const base = spell(baseOf(pair));
    const quote = spell(quoteOf(pair));
    const values = { base, quote, 'base:lower': base.toLowerCase(), 'quote:lower': quote.toLowerCase() };
    return symbols[pair] ?? fill(template, values);
  };
}

function limitsOf(definition: Definition): Source['limits'] {
  // A careful guess for a venue that documents none: one request a second.
  if (!definition.has('limits')) return { requests: { count: 60, windowMs: 60_000 } };
  const limits = definition.section('limits');
  const requests = limits.section('requests');
  const found: Source['limits'] = {
    requests: { count: requests.count('count'), windowMs: requests.count('windowMs') },
  };
  requests.finish();
  if (limits.has('credits')) {
    const credits = limits.section('credits');
    found.credits = { count: credits.count('count'), periodMs: credits.count('periodMs') };
    credits.finish();
  }
  limits.finish();
  return found;
}
