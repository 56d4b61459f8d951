// The Postman collection (format 2.1) of the API, made from its OpenAPI document, so that it is never behind.
// In: the document. Out: a collection with a folder per tag, the key and the address as variables, required
// parameters filled from their examples and optional ones switched off.
type Json = Record<string, unknown>;
type Parameter = {
  name: string;
  in: string;
  required: boolean;
  description?: string;
  schema: { examples?: unknown[]; enum?: unknown[] };
};
type Operation = {
  summary: string;
  description: string;
  tags: string[];
  security?: unknown[];
  parameters: Parameter[];
  requestBody?: { content: Record<string, { schema: { examples?: unknown[] } }> };
};

const FORMAT = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';

export function postmanOf(document: Json): Json {
  const { title, description } = document.info as { title: string; description: string };
  const paths = document.paths as Record<string, Record<string, Operation>>;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const folders = (document.tags as { name: string; description: string }[]).map((tag) => ({
    name: tag.name,
    description: tag.description,
    item: operations.filter(({ operation }) => operation.tags[0] === tag.name).map(itemOf),
  }));
  return {
    info: { name: title, description, schema: FORMAT },
    auth: {
      type: 'apikey',
      apikey: [
        { key: 'key', value: 'X-API-Key', type: 'string' },
        { key: 'value', value: '{{apiKey}}', type: 'string' },
        { key: 'in', value: 'header', type: 'string' },
      ],
    },
    variable: [
      { key: 'baseUrl', value: 'http://127.0.0.1:4000' },
      { key: 'apiKey', value: '' },
    ],
    item: folders,
  };
}

function itemOf({ path, method, operation }: { path: string; method: string; operation: Operation }): Json {
  const { parameters, requestBody, security } = operation;
  const [[type, content] = []] = Object.entries(requestBody?.content ?? {});
  const headers = parameters.filter((one) => one.in === 'header').map(entryOf);
  if (type !== undefined) headers.push({ key: 'Content-Type', value: type });
  const segments = path.slice(1).replace(/\{(\w+)\}/g, ':$1');
  return {
    name: `${method} ${path}`,
    request: {
      method,
      description: `${operation.summary}\n\n${operation.description}`,
      ...(security?.length === 0 ? { auth: { type: 'noauth' } } : {}),
      header: headers,
      url: {
        raw: `{{baseUrl}}/${segments}`,
        host: ['{{baseUrl}}'],
        path: segments.split('/'),
        query: parameters.filter((one) => one.in === 'query').map(entryOf),
        variable: parameters
          .filter((one) => one.in === 'path')
          .map((one) => ({ key: one.name, value: exampleOf(one), description: one.description ?? '' })),
      },
      ...(content === undefined ? {} : { body: bodyOf(type!, content.schema.examples?.[0] ?? {}) }),
    },
  };
}

function entryOf(parameter: Parameter): Json {
  const { name, required, description = '' } = parameter;
  return { key: name, value: exampleOf(parameter), description, disabled: !required };
}

function exampleOf({ schema }: Parameter): string {
  return String(schema.examples?.[0] ?? schema.enum?.[0] ?? '');
}

function bodyOf(type: string, example: unknown): Json {
  if (type === 'application/json') {
    return {
      mode: 'raw',
      raw: JSON.stringify(example, null, 2),
      options: { raw: { language: 'json' } },
    };
  }
  const fields = Object.entries(example as Json).map(([key, value]) => ({ key, value: String(value) }));
  return { mode: 'urlencoded', urlencoded: fields };
}
