// Swagger UI at /docs, from our own origin: a page that reads /openapi.json and can call the API with a key.
// In: the files of the package that brings it. Out: public routes.
//
// Invariant: only the files named here are ever served, whatever a path says: they are read by these names.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AssayError } from '@assay/kernel/errors/assay-error';
import { defineRoute, noQuery, type Route } from './route.ts';

const FILES: Record<string, string> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'index.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'swagger-ui-standalone-preset.js': 'text/javascript; charset=utf-8',
};

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Assay API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="stylesheet" href="/docs/index.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/swagger-ui-standalone-preset.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

/** The key stays in the page: `persistAuthorization` would leave it in the browser. */
const START = `window.ui = SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
});
`;

const HEADERS = {
  // Swagger UI sets styles of elements; nothing else comes from elsewhere.
  'content-security-policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

export function swaggerRoutes(): Route[] {
  const read = new Map<string, string>();
  const page = defineRoute({
    path: '/docs',
    scope: 'public',
    describe: 'This API as a page that can call it (Swagger UI)',
    query: noQuery,
    answer: { contentType: 'text/html' },
    handle: () => ({
      body: PAGE,
      contentType: 'text/html; charset=utf-8',
      headers: HEADERS,
      isLasting: true,
    }),
  });
  const file = defineRoute({
    path: '/docs/:file',
    scope: 'public',
    describe: 'A file of that page',
    query: noQuery,
    answer: { contentType: 'text/css', otherTypes: ['text/javascript'] },
    handle({ path }) {
      const name = path.file!;
      const contentType = name === 'start.js' ? 'text/javascript; charset=utf-8' : typeOf(name);
      if (!read.has(name)) read.set(name, name === 'start.js' ? START : textOf(name));
      return { body: read.get(name)!, contentType, headers: HEADERS, isLasting: true };
    },
  });
  return [page, file];
}

function typeOf(name: string): string {
  const type = Object.hasOwn(FILES, name) ? FILES[name] : undefined;
  if (type !== undefined) return type;
  throw new AssayError('NOT_FOUND', `/docs has no file "${name.slice(0, 80)}"`, {
    recovery: 'Open /docs in a browser.',
  });
}

function textOf(name: string): string {
  const main = fileURLToPath(import.meta.resolve('@fastify/swagger-ui'));
  return readFileSync(join(dirname(main), 'static', name), 'utf8');
}
