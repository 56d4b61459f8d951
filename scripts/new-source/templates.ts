// The text of a new source: an adapter that polls and streams a plain JSON venue, and its test. In: what is
// known of the venue. Out: two files as text. Invariant: both compile, are formatted, and keep every law but
// those that only the venue's own payloads can satisfy.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type NewSource = { id: string; name: string; rest: string; stream: string; docs: string };

/** What adapters.test.ts does not accept as the origin of an example. */
export const PLACEHOLDER = 'made by new-source: replace it by a real payload and say where it is from';

export function adapterText(source: NewSource): string {
  return filled('adapter.txt', source);
}

export function testText(source: NewSource): string {
  return filled('test.txt', source);
}

function filled(template: string, { id, name, rest, stream, docs }: NewSource): string {
  const camel = id.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  const values: Record<string, string> = {
    id,
    name,
    rest,
    stream,
    docs,
    homepage: new URL(docs).origin,
    file: id.replaceAll('_', '-'),
    constant: /^\d/.test(camel) ? `venue${camel}` : camel,
    placeholder: PLACEHOLDER,
  };
  const text = readFileSync(join(import.meta.dirname, template), 'utf8');
  return text.replace(/\{\{(\w+)\}\}/g, (hole, word: string) => values[word] ?? hole);
}
