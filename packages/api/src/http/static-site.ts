// A folder of built pages on the API port: the documentation at `/guide`, or any other. In: requests without
// a key.
// Out: files of that folder and nothing else: the names are listed once, and a request is looked up among
// them, so no address leads out of it. `/guide/x` is `x.html`.
//
// Invariants: pages may run only scripts of this origin and those that are written in them (by their hash); a
// page is never framed; nothing here knows anything of the installation. A folder that does not exist says
// how to build it, and is looked for again.
import { createHash } from 'node:crypto';
import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';

export type StaticSiteOptions = {
  /** Without a slash at the end: `/guide`. */
  base: string;
  folder: string;
  /** A sentence for who asks before it was built. */
  absence: string;
};

export type StaticSite = {
  base: string;
  /** False: the address is not below `base`. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
};

type File = { path: string; type: string; isPage: boolean };

const TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
  '.yaml': 'application/yaml; charset=utf-8',
};
/** A site of documents has hundreds. */
const FILES_MAX = 5_000;
/** Names with a hash in them never change their content. */
const HASHED = /[.-][A-Za-z0-9_-]{8,}(\.lean)?\.(js|css|woff2)$/;

export function createStaticSite({ base, folder, absence }: StaticSiteOptions): StaticSite {
  let files: ReadonlyMap<string, File> = new Map();
  return {
    base,
    handle(request, response) {
      const path = request.url!.split('?', 1)[0]!;
      if (path !== base && !path.startsWith(`${base}/`)) return false;
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        send(request, response, { status: 405, body: 'this address takes GET only', allow: 'GET, HEAD' });
      } else if (path === base) {
        response.writeHead(308, { location: `${base}/`, 'content-length': 0 }).end();
      } else {
        if (files.size === 0) files = filesBelow(folder);
        if (files.size === 0) send(request, response, { status: 503, body: absence });
        else if (!serve(request, response, files, path.slice(base.length + 1))) files = new Map();
      }
      return true;
    },
  };
}

/** False when a listed file is gone: the site was built anew. */
function serve(
  request: IncomingMessage,
  response: ServerResponse,
  files: ReadonlyMap<string, File>,
  name: string,
): boolean {
  const wanted = name === '' || name.endsWith('/') ? `${name}index.html` : name;
  const found = files.get(wanted) ?? files.get(`${wanted}.html`);
  const file = found ?? files.get('404.html');
  if (file === undefined) {
    send(request, response, { status: 404, body: 'there is no such page' });
    return true;
  }
  try {
    const body = readFileSync(file.path);
    send(request, response, { status: found === undefined ? 404 : 200, body, file });
    return true;
  } catch {
    send(request, response, { status: 503, body: 'the site is being built: ask again' });
    return false;
  }
}

type Answer = { status: number; body: Buffer | string; file?: File; allow?: string };

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, body, file, allow }: Answer,
): void {
  const isFound = status === 200 && file !== undefined;
  const etag = isFound ? `"${hashOf(body, 'base64url').slice(0, 22)}"` : undefined;
  const isSame = etag !== undefined && request.headers['if-none-match'] === etag;
  response.writeHead(isSame ? 304 : status, {
    ...(isSame
      ? {}
      : { 'content-type': file?.type ?? TYPES['.txt'], 'content-length': Buffer.byteLength(body) }),
    ...(etag === undefined ? {} : { etag }),
    ...(allow === undefined ? {} : { allow }),
    'cache-control': !isFound ? 'no-store' : HASHED.test(file.path) ? FOR_EVER : 'no-cache',
    ...(file?.isPage === true ? { 'content-security-policy': policyOf(String(body)) } : {}),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  });
  response.end(isSame || request.method === 'HEAD' ? undefined : body);
}

const FOR_EVER = 'public, max-age=31536000, immutable';

/** Scripts written into the page are allowed by their hash, all others by their origin. */
function policyOf(html: string): string {
  const inline = [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)];
  const hashes = inline.map(([, text]) => ` 'sha256-${hashOf(text!, 'base64')}'`).join('');
  return (
    `default-src 'self'; script-src 'self'${hashes}; style-src 'self' 'unsafe-inline'; ` +
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
  );
}

function hashOf(data: Buffer | string, encoding: 'base64' | 'base64url'): string {
  return createHash('sha256').update(data).digest(encoding);
}

/** Empty when there is no such folder. */
function filesBelow(folder: string): ReadonlyMap<string, File> {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch {
    return new Map();
  }
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    paths.slice(0, FILES_MAX).map((path) => {
      const type = TYPES[extname(path)] ?? 'application/octet-stream';
      return [relative(folder, path).split(sep).join('/'), { path, type, isPage: path.endsWith('.html') }];
    }),
  );
}
