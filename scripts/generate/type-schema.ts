// JSON Schema from the types of the models. In: files with their syntax trees, the name of a type. Out: its
// schema, and those of every type it names, with the comments beside the fields as descriptions. Knows what
// the models use and refuses the rest, so that no page says less than the code in silence.
import { type SourceFile, type SyntaxNode, walk } from '../tidy/tree.ts';

export type Schema = Record<string, unknown>;

export class TypeSchemas {
  readonly #files: readonly SourceFile[];
  readonly #found = new Map<string, Schema>();

  constructor(files: readonly SourceFile[]) {
    this.#files = files;
  }

  /** Every type that was named so far, by name. */
  all(): Record<string, Schema> {
    return Object.fromEntries([...this.#found].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** A reference to the schema of a type, which is added with all it rests on. */
  refer(name: string): Schema {
    if (!this.#found.has(name)) {
      const { file, node } = this.#declarationOf(name);
      this.#found.set(name, {});
      const about = aboveOf(file, node.statement.start);
      const schema = this.#schemaOf(file, node.declared);
      this.#found.set(name, about === undefined ? schema : { description: about, ...schema });
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  #declarationOf(name: string): {
    file: SourceFile;
    node: { declared: SyntaxNode; statement: SyntaxNode };
  } {
    for (const file of this.#files) {
      let node: { declared: SyntaxNode; statement: SyntaxNode } | undefined;
      walk(file.program, (one, ancestors) => {
        if (one.type !== 'TSTypeAliasDeclaration' || (one.id as SyntaxNode).name !== name) return;
        const parent = ancestors.at(-1);
        const statement = parent?.type === 'ExportNamedDeclaration' ? parent : one;
        node = { declared: one.typeAnnotation as SyntaxNode, statement };
      });
      if (node !== undefined) return { file, node };
    }
    throw new TypeError(`no model declares the type ${name}`);
  }

  #schemaOf(file: SourceFile, node: SyntaxNode): Schema {
    switch (node.type) {
      case 'TSStringKeyword':
        return { type: 'string' };
      case 'TSNumberKeyword':
        return { type: 'number' };
      case 'TSBooleanKeyword':
        return { type: 'boolean' };
      case 'TSNullKeyword':
        return { type: 'null' };
      case 'TSUnknownKeyword':
        return {};
      case 'TSArrayType':
        return { type: 'array', items: this.#schemaOf(file, node.elementType as SyntaxNode) };
      case 'TSTypeOperator':
      case 'TSParenthesizedType':
        return this.#schemaOf(file, node.typeAnnotation as SyntaxNode);
      case 'TSLiteralType':
        return { const: (node.literal as SyntaxNode).value };
      case 'TSTemplateLiteralType':
        return { type: 'string' };
      case 'TSUnionType':
        return this.#unionOf(file, node.types as SyntaxNode[]);
      case 'TSTypeLiteral':
        return this.#objectOf(file, node.members as SyntaxNode[]);
      case 'TSTypeReference':
        return this.refer(String((node.typeName as SyntaxNode).name));
      case 'TSIndexedAccessType':
        return this.#indexedOf(file, node);
      default:
        throw new TypeError(`${file.path}: no JSON Schema is known for ${node.type}`);
    }
  }

  #unionOf(file: SourceFile, types: readonly SyntaxNode[]): Schema {
    const schemas = types.map((type) => this.#schemaOf(file, type));
    if (schemas.every((schema) => 'const' in schema)) return { enum: schemas.map((schema) => schema.const) };
    const names = schemas.map((schema) => schema.type);
    const isPlain = schemas.every((schema) => Object.keys(schema).length === 1 && 'type' in schema);
    return isPlain ? { type: names } : { oneOf: schemas };
  }

  #objectOf(file: SourceFile, members: readonly SyntaxNode[]): Schema {
    const properties: Record<string, Schema> = {};
    const required: string[] = [];
    for (const member of members) {
      const name = String((member.key as SyntaxNode).name);
      const annotation = (member.typeAnnotation as SyntaxNode).typeAnnotation as SyntaxNode;
      const about = aboveOf(file, member.start) ?? besideOf(file, member.end);
      const schema = this.#schemaOf(file, annotation);
      properties[name] = about === undefined ? schema : { ...schema, description: about };
      if (member.optional !== true) required.push(name);
    }
    return { type: 'object', required, properties };
  }

  /** `(typeof NAMES)[number]` is one of the list; `Other['field']` is the type of that field. */
  #indexedOf(file: SourceFile, node: SyntaxNode): Schema {
    let object = node.objectType as SyntaxNode;
    if (object.type === 'TSParenthesizedType') object = object.typeAnnotation as SyntaxNode;
    if (object.type === 'TSTypeQuery')
      return { enum: listOf(file, String((object.exprName as SyntaxNode).name)) };
    const other = String((object.typeName as SyntaxNode).name);
    const field = String(((node.indexType as SyntaxNode).literal as SyntaxNode).value);
    this.refer(other);
    const { properties } = this.#found.get(other) as { properties?: Record<string, Schema> };
    if (properties?.[field] !== undefined) return properties[field];
    return { $ref: `#/components/schemas/${other}/properties/${field}` };
  }
}

function listOf(file: SourceFile, name: string): unknown[] {
  const values: unknown[] = [];
  walk(file.program, (node) => {
    if (node.type !== 'VariableDeclarator' || (node.id as SyntaxNode).name !== name) return;
    walk(node.init as SyntaxNode, (inner) => {
      if (inner.type === 'Literal') values.push(inner.value);
    });
  });
  return values;
}

/** The doc comment that ends right above. */
function aboveOf(file: SourceFile, start: number): string | undefined {
  const comment = file.comments.findLast(
    (one) => one.end <= start && one.type === 'Block' && file.text.slice(one.end, start).trim() === '',
  );
  return comment === undefined ? undefined : words(comment.value);
}

/** A comment behind it on the same line. */
function besideOf(file: SourceFile, end: number): string | undefined {
  const comment = file.comments.find((one) => one.start >= end && one.type === 'Line');
  if (comment === undefined || /\n/.test(file.text.slice(end, comment.start))) return undefined;
  return words(comment.value);
}

function words(comment: string): string {
  return comment
    .replace(/^\*|^\s*\*\s?/gm, '')
    .replace(/\s+/g, ' ')
    .trim();
}
