// Routes of who may do what: keys and the audit log for administrators, tokens for OAuth clients, tickets for
// browsers, our public keys for everybody.
import { AssayError } from '@assay/kernel/errors/assay-error';
import { z } from 'zod';
import type { AuditEntry } from '../auth/audit-log.ts';
import type { AuthDesk } from '../auth/auth-desk.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import { joinKey } from '../auth/key-secret.ts';
import type { KeyInfo } from '../auth/key-store.ts';
import { type Principal, SCOPES, type Scope, TIERS } from '../auth/principal.ts';
import { TOKEN_LIVES_S } from '../auth/token-service.ts';
import type { PriceView } from '../views/prices.ts';
import { cursor, findFeed, limit } from './parameters.ts';
import { defineRoute, invalid, json, noQuery, type Reply, type Route } from './route.ts';

export type AuthRoutesOptions = { auth: AuthDesk; authenticator: Authenticator; view: PriceView };

const AUDIT_PAGE = 100;
const NAME_MAX = 100;
const FEEDS_MAX = 1_000;
/** Neither control characters nor halves of a pair, which a database does not hold. */
const PLAIN = /^[^\p{Cc}\p{Cs}]*$/u;
const FEED = /^[A-Za-z0-9]{1,20}[/-][A-Za-z0-9]{1,20}$/;

export function authRoutes(options: AuthRoutesOptions): Route[] {
  return [...keyRoutes(options), ...tokenRoutes(options), ticketRoute(options), auditRoute(options)];
}

const FIX = {
  name: `give 1 to ${NAME_MAX} characters that can be seen`,
  scopes: `give one or more of ${SCOPES.join(', ')}`,
  feeds: `give 1 to ${FEEDS_MAX} feeds such as BTC/USD, or leave it out for all`,
  tier: `give one of ${TIERS.join(', ')}`,
  expiresAt: 'give ISO 8601 with a zone, such as 2031-01-01T00:00:00Z',
};

const newKey = z.strictObject({
  name: z
    .string(FIX.name)
    .min(1, FIX.name)
    .max(NAME_MAX, FIX.name)
    .refine((text) => PLAIN.test(text), FIX.name)
    .describe('For people: what the key is for'),
  scopes: z
    .array(z.enum(SCOPES, FIX.scopes), FIX.scopes)
    .min(1, FIX.scopes)
    .max(SCOPES.length, FIX.scopes)
    .default(['prices:read']),
  feeds: z
    .array(z.string(FIX.feeds).regex(FEED, FIX.feeds), FIX.feeds)
    .min(1, FIX.feeds)
    .max(FEEDS_MAX, FIX.feeds)
    .optional(),
  tier: z.enum(TIERS, FIX.tier).default('standard'),
  expiresAt: z.iso
    .datetime({ offset: true, error: FIX.expiresAt })
    .optional()
    .describe('ISO 8601; absent: never'),
});

function keyRoutes({ auth, view }: AuthRoutesOptions): Route[] {
  const { keys, audit } = auth;
  const note = (who: Principal, action: string, { id, name }: KeyInfo): void =>
    audit.record({ who, action, result: 'ok', detail: { id, name } } satisfies AuditEntry);
  const list = defineRoute({
    path: '/v1/keys',
    scope: 'admin',
    describe: 'Every API key, without its secret',
    query: noQuery,
    handle: async () => json((await keys.list()).map(shown)),
  });
  const create = defineRoute({
    method: 'POST',
    path: '/v1/keys',
    scope: 'admin',
    describe: 'A new API key; the answer is the only place where it ever stands',
    query: noQuery,
    body: newKey,
    answer: { status: 201 },
    async handle({ body, principal }) {
      const { expiresAt, feeds, ...rest } = body;
      // A key for a feed that does not exist would read nothing, and nobody would know why.
      for (const feed of feeds ?? []) findFeed(view, feed, principal);
      const made = await keys.create({
        ...rest,
        ...(feeds === undefined ? {} : { feeds }),
        ...(expiresAt === undefined ? {} : { expiresAt: Date.parse(expiresAt) }),
      });
      note(principal, 'keys.create', made.info);
      return { ...json({ key: made.key, ...shown(made.info) }), status: 201 };
    },
  });
  const rotate = defineRoute({
    method: 'POST',
    path: '/v1/keys/:id/rotate',
    scope: 'admin',
    describe: 'A new secret for a key; the old one is refused within 5 s',
    query: noQuery,
    async handle({ path, principal }) {
      const made = found(await keys.rotate(path.id!), path.id!);
      note(principal, 'keys.rotate', made.info);
      return json({ key: made.key, ...shown(made.info) });
    },
  });
  const revoke = defineRoute({
    method: 'DELETE',
    path: '/v1/keys/:id',
    scope: 'admin',
    describe: 'Revokes a key and every token it got; refused everywhere within 5 s',
    query: noQuery,
    async handle({ path, principal }) {
      const info = found(await keys.revoke(path.id!), path.id!);
      note(principal, 'keys.revoke', info);
      return json(shown(info));
    },
  });
  return [list, create, rotate, revoke];
}

const tokenRequest = z.object({
  grant_type: z.string(),
  scope: z.string().max(NAME_MAX).optional(),
  client_id: z.string().max(NAME_MAX).optional(),
  client_secret: z.string().max(NAME_MAX).optional(),
});

function tokenRoutes({ auth, authenticator }: AuthRoutesOptions): Route[] {
  const token = defineRoute({
    method: 'POST',
    path: '/oauth/token',
    scope: 'public',
    describe:
      'OAuth 2.0 client credentials (RFC 6749 4.4): the id and the secret of an API key, by HTTP Basic or as ' +
      'client_id and client_secret; answers a bearer token of one hour',
    answer: { errorType: 'application/json' },
    query: noQuery,
    body: tokenRequest,
    bodyType: 'form',
    async handle({ body, headers, address }) {
      if (body.grant_type !== 'client_credentials') return oauthError(400, 'unsupported_grant_type');
      const client = basicCredentials(headers.authorization) ?? [body.client_id, body.client_secret];
      const key = keyOfClient(client[0] ?? '', client[1] ?? '');
      let principal: Principal;
      try {
        principal = await authenticator.authenticate(['X-API-Key', key], address);
      } catch (error) {
        if (!(error instanceof AssayError) || error.code !== 'UNAUTHENTICATED') throw error;
        return oauthError(401, 'invalid_client', { 'www-authenticate': 'Basic realm="assay"' });
      }
      const wanted = body.scope?.split(' ').filter((scope) => scope !== '') ?? principal.scopes;
      const missing = wanted.find((scope) => !principal.scopes.includes(scope as Scope));
      if (wanted.length === 0 || missing !== undefined) return oauthError(400, 'invalid_scope');
      const info = found(await auth.keys.get(principal.id), principal.id);
      const access = await auth.tokens.issue(info, wanted as Scope[]);
      auth.audit.record({ who: principal, action: 'tokens.issue', result: 'ok', detail: { scopes: wanted } });
      const facts = { token_type: 'Bearer', expires_in: TOKEN_LIVES_S, scope: wanted.join(' ') };
      return { ...json({ access_token: access, ...facts }), headers: { pragma: 'no-cache' } };
    },
  });
  const publicKeys = defineRoute({
    path: '/.well-known/jwks.json',
    scope: 'public',
    describe: 'The public keys of the tokens that are issued here (RFC 7517)',
    query: noQuery,
    handle: async () => json({ keys: await auth.tokens.publicKeys() }, true),
  });
  return [token, publicKeys];
}

function ticketRoute({ auth }: AuthRoutesOptions): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/tickets',
    scope: 'prices:read',
    describe: 'A ticket for a browser: `?ticket=` opens one stream within a minute',
    query: noQuery,
    answer: { status: 201 },
    async handle({ principal }) {
      if (principal.kind === 'ticket') throw invalid('ticket', '', 'a ticket does not give another');
      const { ticket, expiresAt } = await auth.tickets.issue(principal);
      return { ...json({ ticket, expiresAt: new Date(expiresAt).toISOString() }), status: 201 };
    },
  });
}

function auditRoute({ auth }: AuthRoutesOptions): Route {
  return defineRoute({
    path: '/v1/audit',
    scope: 'admin',
    describe: 'Who asked, submitted, subscribed or changed what, when, with what result; newest first',
    query: z.strictObject({
      who: z.string().max(500).optional().describe('Id of a key or of another principal'),
      action: z.string().max(NAME_MAX).optional().describe('Such as `keys.revoke` or `GET /v1/prices`'),
      limit: limit.optional(),
      cursor: cursor.optional(),
    }),
    async handle({ query }) {
      const { rows, next } = await auth.audit.list({
        limit: Math.min(query.limit ?? AUDIT_PAGE, 1_000),
        ...(query.who === undefined ? {} : { who: query.who }),
        ...(query.action === undefined ? {} : { action: query.action }),
        ...(query.cursor === undefined ? {} : { before: query.cursor }),
      });
      return json({ records: rows, nextCursor: next ?? null });
    },
  });
}

function shown({ createdAt, expiresAt, revokedAt, lastUsedAt, ...info }: KeyInfo): Record<string, unknown> {
  const at = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
  const times = { createdAt: at(createdAt), expiresAt: at(expiresAt), revokedAt: at(revokedAt) };
  return { ...info, feeds: info.feeds ?? null, ...times, lastUsedAt: at(lastUsedAt) };
}

function found<T>(value: T | undefined, id: string): T {
  if (value !== undefined) return value;
  throw new AssayError('NOT_FOUND', `there is no such key "${id.slice(0, 80)}"`, {
    context: { field: 'id', value: id.slice(0, 80) },
    recovery: 'GET /v1/keys lists them; a revoked key cannot be rotated.',
  });
}

/** RFC 6749 2.3.1: both parts are form-encoded before they are joined. */
function basicCredentials(header: string | undefined): [string, string] | undefined {
  const encoded = /^basic ([A-Za-z0-9+/=]{1,400})$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const at = text.indexOf(':');
  if (at < 1) return undefined;
  try {
    return [decodeURIComponent(text.slice(0, at)), decodeURIComponent(text.slice(at + 1))];
  } catch {
    return undefined; // not encoded as it must be
  }
}

/** The whole key is taken as a secret too, because that is what people have. */
function keyOfClient(id: string, secret: string): string {
  const bare = id.replace(/^ak_/, '');
  return secret.startsWith(`ak_${bare}_`) ? secret : joinKey(bare, secret);
}

/** RFC 6749 5.2. */
function oauthError(status: number, error: string, headers: Record<string, string> = {}): Reply {
  return { status, headers: { ...headers, pragma: 'no-cache' }, body: JSON.stringify({ error }) };
}
