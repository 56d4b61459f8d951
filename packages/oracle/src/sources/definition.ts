// Reading a source's definition out of the configuration. In: whatever stood in the file. Out: checked
// values, or CONFIG_INVALID naming the full field, its value and what it must be. Invariant: a field that
// nobody reads is an error too, so that a misspelt one is found at start and not in the prices.
import { AssayError } from '@assay/kernel/errors/assay-error';
import { type Fields, isFields } from './payload.ts';

export type Definition = {
  /** Full name of the section, such as `sources.gemini.answer`. */
  where: string;
  has(field: string): boolean;
  text(field: string, fallback?: string): string;
  /** A whole number above zero. */
  count(field: string, fallback?: number): number;
  flag(field: string, fallback: boolean): boolean;
  choice<T extends string>(field: string, choices: readonly T[], fallback?: T): T;
  /** Texts by name; empty when absent. */
  texts(field: string): Record<string, string>;
  section(field: string): Definition;
  sections(field: string): Definition[];
  /** The value as it stands. */
  raw(field: string): unknown;
  /** @throws AssayError CONFIG_INVALID naming a field that was not asked for */
  finish(alsoKnown?: readonly string[]): void;
};

export function readDefinition(where: string, value: unknown): Definition {
  if (!isFields(value)) throw unusable(where, value, 'a section of fields');
  const asked = new Set<string>();
  const get = (field: string): unknown => {
    asked.add(field);
    return Object.hasOwn(value, field) ? value[field] : undefined;
  };
  const named = (field: string): string => `${where}.${field}`;
  return {
    where,
    has: (field) => get(field) !== undefined,
    raw: get,
    text(field, fallback) {
      const found = get(field) ?? fallback;
      if (typeof found === 'string' && found !== '') return found;
      throw unusable(named(field), found, 'a text');
    },
    count(field, fallback) {
      const found = get(field) ?? fallback;
      if (Number.isSafeInteger(found) && (found as number) > 0) return found as number;
      throw unusable(named(field), found, 'a whole number above zero');
    },
    flag(field, fallback) {
      const found = get(field) ?? fallback;
      if (typeof found === 'boolean') return found;
      throw unusable(named(field), found, 'true or false');
    },
    choice(field, choices, fallback) {
      const found = get(field) ?? fallback;
      const choice = choices.find((one) => one === found);
      if (choice !== undefined) return choice;
      throw unusable(named(field), found, `one of ${choices.join(', ')}`);
    },
    texts(field) {
      const found = get(field) ?? {};
      if (!isFields(found)) throw unusable(named(field), found, 'texts by name');
      return Object.fromEntries(
        Object.entries(found).map(([name, text]) => [name, scalarText(text, named(field))]),
      );
    },
    section: (field) => readDefinition(named(field), get(field)),
    sections(field) {
      const found = get(field) ?? [];
      if (!Array.isArray(found)) throw unusable(named(field), found, 'a list of sections');
      return found.map((one, index) => readDefinition(`${named(field)}[${index}]`, one));
    },
    finish(alsoKnown = []) {
      const stray = Object.keys(value).find((field) => !asked.has(field) && !alsoKnown.includes(field));
      if (stray === undefined) return;
      throw unusable(named(stray), value[stray], `left out: there is ${[...asked].sort().join(', ')}`);
    },
  };
}

/** @throws AssayError CONFIG_INVALID */
export function unusable(field: string, value: unknown, wanted: string): AssayError {
  const shown = value === undefined ? 'missing' : (JSON.stringify(value) ?? String(value)).slice(0, 120);
  return new AssayError('CONFIG_INVALID', `${field} is ${shown}: it must be ${wanted}`, {
    context: { field, value: shown },
    recovery: 'Correct the field; docs/guides/define-a-source.md describes sources defined in configuration.',
  });
}

function scalarText(value: unknown, where: string): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  throw unusable(where, value, 'texts by name');
}

export type JsonPath = readonly string[];

// Names between dots; a name with a dot in it stands in double quotes; `[2]` and `.2` both count into a list.
const SEGMENT = /^(?:"([^"]+)"|([^."[\]]+)|\[(-?\d+)\])(\.(?=.)|(?=\[)|$)/;

/** `data.0.price`, `result."BTC.USD".last`, `ticks[-1].p`. @throws AssayError CONFIG_INVALID */
export function jsonPath(text: string, where: string): JsonPath {
  const path: string[] = [];
  for (let rest = text; rest !== ''; ) {
    const match = SEGMENT.exec(rest);
    if (match === null) throw unusable(where, text, 'a path such as data.0.price or result."a.b".last');
    path.push(match[1] ?? match[2] ?? match[3] ?? '');
    rest = rest.slice(match[0].length);
  }
  return path;
}

/** What stands at the path, or undefined. A negative number counts from the end of a list. */
export function valueAt(value: unknown, path: JsonPath): unknown {
  let here = value;
  for (const segment of path) {
    if (Array.isArray(here)) {
      if (!/^-?\d+$/.test(segment)) return undefined;
      here = here.at(Number(segment));
    } else if (isFields(here) && Object.hasOwn(here, segment)) here = here[segment];
    else return undefined;
  }
  return here;
}

export type Matcher = (value: unknown) => boolean;

/** Every path has the value that stands beside it; `*` is any value. @throws AssayError CONFIG_INVALID */
export function matcherOf(definition: Definition, field: string): Matcher {
  const wanted = Object.entries(definition.texts(field)).map(([path, text]) => ({
    path: jsonPath(path, `${definition.where}.${field}`),
    text,
  }));
  if (wanted.length === 0)
    throw unusable(`${definition.where}.${field}`, undefined, 'values by path, such as type: ticker');
  return (value) =>
    wanted.every(({ path, text }) => {
      const found = valueAt(value, path);
      return found !== undefined && (text === '*' || scalar(found) === text);
    });
}

function scalar(value: unknown): string | undefined {
  return value === null || typeof value !== 'object' ? String(value) : undefined;
}

/** `{name}` in a text, replaced by what stands for it; a name that is not known stays. */
export function fill(template: string, values: Record<string, string>): string {
  return template.replace(/\{([\w.:-]+)\}/g, (whole, name: string) => values[name] ?? whole);
}

export function namesIn(template: string): string[] {
  return [...template.matchAll(/\{([\w.:-]+)\}/g)].map((match) => match[1] ?? '');
}

/** A message with every text in it filled. */
export function fillAll(value: unknown, values: Record<string, string>): unknown {
  if (typeof value === 'string') return fill(value, values);
  if (Array.isArray(value)) return value.map((one) => fillAll(one, values));
  if (!isFields(value)) return value;
  const filled: Fields = {};
  for (const [name, one] of Object.entries(value)) filled[name] = fillAll(one, values);
  return filled;
}
