// A folder of built pages on the API port: the documentation at `/guide`, the console at `/`, or any other.
// In: requests without a key. Out: files of that folder and nothing else: the names are listed once, and a
// request is looked up among them, so no address leads out of it. `/guide/x` is `x.html`. A site that is one
// page for many addresses (`pages`) answers those with it, and leaves every other one to whoever comes after
// it.
//
// Invariants: pages may run only scripts of this origin and those that are written in them (by their hash); a
// page is never framed; nothing here knows anything of the installation. A folder that does not exist says
// how to build it, and is looked for again.
import { createHash } from 'node:crypto';
import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';

export type StaticSiteOptions = {
  /** Without a slash at the end: `/guide`; '' for the root. */
  base: string;
  folder: string;
  /** A sentence for who asks before it was built. */
  absence: string;
  /** Addresses, `*` for one part of them, at which `index.html` stands; all other files have their own. */
  pages?: readonly string[];
  /** Nothing in its pages brings styles of its own: then only those of this origin apply. */
  isStrict?: boolean;
};

export type StaticSite = {
  base: string;
  /** False: the address is not below `base`. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
};

/** `packed`: what does not change is compressed once. */
type File = { path: string; type: string; isPage: boolean; packed?: Buffer };

const TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
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

export function createStaticSite(options: StaticSiteOptions): StaticSite {
  const { base, folder, absence, pages } = options;
  let files: ReadonlyMap<string, File> = new Map();
  let builtAtMs = 0;
  const list = (isPage: boolean): void => {
    // A page that was built anew asks for files with other names.
    const now = isPage ? modifiedAtMs(join(folder, 'index.html')) : builtAtMs;
    if (files.size === 0 || now !== builtAtMs) files = filesBelow(folder);
    builtAtMs = now;
  };
  return {
    base,
    handle(request, response) {
      const path = request.url!.split('?', 1)[0]!;
      if (path !== base && !path.startsWith(`${base}/`)) return false;
      const isPage = pages?.some((page) => isAt(page, path)) ?? false;
      if (pages !== undefined) list(isPage);
      if (pages !== undefined && !isPage && !files.has(path.slice(base.length + 1))) return false;
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        send(request, response, { status: 405, body: 'this address takes GET only', allow: 'GET, HEAD' });
      } else if (path === base) {
        response.writeHead(308, { location: `${base}/`, 'content-length': 0 }).end();
      } else {
        list(false);
        const name = isPage ? '' : path.slice(base.length + 1);
        if (files.size === 0) send(request, response, { status: 503, body: absence });
        else if (!serve(request, response, { files, name, isStrict: options.isStrict ?? false })) {
          files = new Map();
        }
      }
      return true;
    },
  };
}

function isAt(page: string, path: string): boolean {
  const parts = path.split('/');
  const wanted = page.split('/');
  return (
    parts.length === wanted.length &&
    wanted.every((part, i) => part === parts[i] || (part === '*' && parts[i] !== ''))
  );
}

/** False when a listed file is gone: the site was built anew. */
function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { files, name, isStrict }: { files: ReadonlyMap<string, File>; name: string; isStrict: boolean },
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
    send(request, response, { status: found === undefined ? 404 : 200, body, file, isStrict });
    return true;
  } catch {
    send(request, response, { status: 503, body: 'the site is being built: ask again' });
    return false;
  }
}

type Answer = { status: number; body: Buffer | string; file?: File; allow?: string; isStrict?: boolean };

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const { status, file, allow, isStrict = false } = answer;
  const isFound = status === 200 && file !== undefined;
  const packed = isFound ? packedOf(request, file, answer.body) : undefined;
  const body = packed ?? answer.body;
  const etag = isFound ? `"${hashOf(body, 'base64url').slice(0, 22)}"` : undefined;
  const isSame = etag !== undefined && request.headers['if-none-match'] === etag;
  response.writeHead(isSame ? 304 : status, {
    ...(isSame
      ? {}
      : { 'content-type': file?.type ?? TYPES['.txt'], 'content-length': Buffer.byteLength(body) }),
    ...(isFound ? { vary: 'accept-encoding' } : {}),
    ...(packed === undefined || isSame ? {} : { 'content-encoding': 'gzip' }),
    ...(etag === undefined ? {} : { etag }),
    ...(allow === undefined ? {} : { allow }),
    'cache-control': !isFound ? 'no-store' : HASHED.test(file.path) ? FOR_EVER : 'no-cache',
    ...(file?.isPage === true ? { 'content-security-policy': policyOf(String(answer.body), isStrict) } : {}),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  });
  response.end(isSame || request.method === 'HEAD' ? undefined : body);
}

/** Below this a header costs what packing saves. */
const PACKED_FROM_BYTES = 2_048;

/** Scripts and styles with a hash in their name, for whoever reads gzip. */
function packedOf(request: IncomingMessage, file: File, body: Buffer | string): Buffer | undefined {
  const isWanted = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  if (!isWanted || !/\.(js|css)$/.test(file.path) || !HASHED.test(file.path)) return undefined;
  if (body.length < PACKED_FROM_BYTES) return undefined;
  return (file.packed ??= gzipSync(body));
}

const FOR_EVER = 'public, max-age=31536000, immutable';

/** Scripts written into the page are allowed by their hash, all others by their origin. */
function policyOf(html: string, isStrict: boolean): string {
  const inline = [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)];
  const hashes = inline.map(([, text]) => ` 'sha256-${hashOf(text!, 'base64')}'`).join('');
  return (
    `default-src 'self'; script-src 'self'${hashes}; style-src 'self'${isStrict ? '' : " 'unsafe-inline'"}; ` +
    // GraphiQL brings its letters inside its styles.
    `font-src 'self'${isStrict ? '' : ' data:'}; ` +
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
  );
}

function hashOf(data: Buffer | string, encoding: 'base64' | 'base64url'): string {
  return createHash('sha256').update(data).digest(encoding);
}

/** 0 when there is no such file. */
function modifiedAtMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
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
