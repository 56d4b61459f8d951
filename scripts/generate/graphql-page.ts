// The GraphQL schema as a page: operations first, then types, each field with its arguments, type and
// meaning. In: the text of schema.graphql. Out: markdown. Reads the schema language as far as this schema
// uses it.

type Field = { name: string; args: string; type: string; about: string };
type Definition = { kind: string; name: string; about: string; fields: Field[] };

const OPERATIONS = ['Query', 'Mutation', 'Subscription'];

export function graphqlPage(schema: string): string {
  // What a field costs is for the server's limits, not for readers.
  const definitions = definitionsIn(schema.replace(/ ?@\w+\([^)]*\)(?= *$)/gm, ''));
  const operations = OPERATIONS.flatMap((name) => definitions.filter((one) => one.name === name));
  const rest = definitions.filter((one) => !OPERATIONS.includes(one.name) && one.kind !== 'directive');
  const types = rest.sort((a, b) => (a.name < b.name ? -1 : 1));
  return [...operations, ...types].map(section).join('\n');
}

function section({ kind, name, about, fields }: Definition): string {
  const head = `## ${name}\n\n${kind === 'type' ? '' : `${kind}. `}${about}`.trimEnd();
  if (fields.length === 0) return `${head}\n`;
  if (kind === 'enum') return `${head}\n\n${fields.map((field) => code(field.name)).join(', ')}\n`;
  const rows = fields.map(({ name: field, args, type, about: what }) => {
    const given = args === '' ? '' : args.split(/,\s*/).map(code).join('<br>');
    return `| ${code(field)} | ${given} | ${code(type)} | ${what} |\n`;
  });
  return `${head}\n\n| Field | Arguments | Type | What it is |\n| --- | --- | --- | --- |\n${rows.join('')}`;
}

function definitionsIn(schema: string): Definition[] {
  const pattern =
    /(?:"""([\s\S]*?)"""\s*)?^(type|enum|input|scalar|directive) @?(\w+)[^\n{]*(?:\{\n([\s\S]*?)^\})?/gm;
  return [...schema.matchAll(pattern)].map(([, about, kind, name, body]) => ({
    kind: kind!,
    name: name!,
    about: oneLine(about),
    fields: kind === 'enum' ? valuesIn(body ?? '') : fieldsIn(body ?? ''),
  }));
}

function fieldsIn(body: string): Field[] {
  const pattern = /(?:"""([\s\S]*?)"""\s*)?(\w+)\s*(?:\(((?:[^()]|\([^()]*\))*)\))?\s*:\s*([^\n@]+)/g;
  return [...body.matchAll(pattern)].map(([, about, name, args, type]) => ({
    name: name!,
    args: (args ?? '').trim().replace(/\s*\n\s*/g, ', '),
    type: type!.trim(),
    about: oneLine(about),
  }));
}

function valuesIn(body: string): Field[] {
  const names = body.replace(/"""[\s\S]*?"""/g, '').match(/\w+/g) ?? [];
  return names.map((name) => ({ name, args: '', type: '', about: '' }));
}

function oneLine(text: string | undefined): string {
  return (text ?? '').trim().replace(/\s+/g, ' ').replaceAll('|', '\\|');
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}
