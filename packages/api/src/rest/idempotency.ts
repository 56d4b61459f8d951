// `Idempotency-Key` on posts: the same key with the same body gets the same answer and does the thing once;
// with another body it is refused. In: a route that changes something. Out: the same route with that promise.
//
// Invariants: keys are of one client and one address; answers are kept for a day; a request that failed may
// be tried again with its key; a second request while the first one runs is told to wait.
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { Ledger } from '@assay/ports/ledger/ledger';
import { invalid, type Reply, type Route, type RouteRequest } from './route.ts';

const STEPS = [
  `CREATE TABLE idempotency (
     client text NOT NULL,
     route text NOT NULL,
     key text NOT NULL,
     body_hash text NOT NULL,
     made_at timestamptz NOT NULL,
     reply jsonb,
     PRIMARY KEY (client, route, key)
   );
   CREATE INDEX idempotency_by_age ON idempotency (made_at);`,
];

/** Retries come within minutes; a day covers the night of whoever repairs the client. */
const KEPT_MS = 86_400_000;
/** No route works for longer: a request that is still open then died with its process. */
const OPEN_MAX_MS = 60_000;
const KEY_SHAPE = /^[\x21-\x7e]{1,100}$/;

/** @throws AssayError REQUEST_INVALID */
export function idempotencyKeyIn(headers: IncomingHttpHeaders): string | undefined {
  const given = headers['idempotency-key'];
  if (given === undefined) return undefined;
  if (typeof given === 'string' && KEY_SHAPE.test(given)) return given;
  throw invalid('Idempotency-Key', String(given), 'give 1 to 100 visible ASCII characters');
}

export class Idempotency {
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  async prepare(): Promise<void> {
    await this.#ledger.migrate('idempotency', STEPS);
  }

  wrap(route: Route): Route {
    const handle = async (request: RouteRequest<unknown, unknown>): Promise<Reply | 'streamed'> => {
      const key = idempotencyKeyIn(request.headers);
      if (key === undefined) return await route.handle(request);
      const address = Object.values(request.path).join('/');
      const place = [request.principal.id, `${route.method} ${route.path} ${address}`, key];
      const kept = await this.#begin(place, request);
      if (kept !== undefined)
        return { ...kept, headers: { ...kept.headers, 'idempotency-replayed': 'true' } };
      try {
        const reply = await route.handle(request);
        if (reply !== 'streamed') await this.#keep(place, reply);
        return reply;
      } catch (error) {
        await this.#ledger.query(`DELETE FROM idempotency WHERE ${AT_PLACE}`, place);
        throw error;
      }
    };
    return { ...route, handle };
  }

  /** The answer of before; undefined: this request is the first. @throws AssayError IDEMPOTENCY_KEY_REUSED */
  async #begin(place: string[], { text, nowMs }: RouteRequest<unknown, unknown>): Promise<Reply | undefined> {
    const hash = createHash('sha256').update(text).digest('base64url');
    // Looked at before it is written: who sends one key again and again costs a look-up each.
    const known = (await this.#known(place, nowMs)) ?? (await this.#add(place, hash, nowMs));
    if (known === undefined) return undefined;
    if (known.body_hash !== hash) {
      throw new AssayError('IDEMPOTENCY_KEY_REUSED', 'this Idempotency-Key came with another body before', {
        context: { field: 'Idempotency-Key', value: place[2] },
      });
    }
    if (known.reply !== null) return known.reply;
    throw new AssayError('LEDGER_CONFLICT', 'the first request with this Idempotency-Key is still running', {
      context: { field: 'Idempotency-Key', value: place[2] },
      isTransient: true,
      retryAfterMs: 1_000,
      recovery: 'Wait for the time in Retry-After, then send it again.',
    });
  }

  async #known(place: string[], nowMs: number): Promise<Known | undefined> {
    const [known] = await this.#ledger.query<Known & { made_at: Date }>(
      `SELECT body_hash, reply, made_at FROM idempotency WHERE ${AT_PLACE}`,
      place,
    );
    if (known === undefined) return undefined;
    const ageMs = nowMs - known.made_at.getTime();
    return ageMs > KEPT_MS || (known.reply === null && ageMs > OPEN_MAX_MS) ? undefined : known;
  }

  /** What somebody who was faster has added meanwhile; undefined: we are the first. */
  async #add(place: string[], hash: string, nowMs: number): Promise<Known | undefined> {
    // In a statement of its own: one that deletes and inserts the same row sees it still there.
    await this.#ledger.query(
      `DELETE FROM idempotency WHERE made_at < $4 OR (${AT_PLACE} AND reply IS NULL AND made_at < $5)`,
      [...place, new Date(nowMs - KEPT_MS), new Date(nowMs - OPEN_MAX_MS)],
    );
    const added = await this.#ledger.query(
      `INSERT INTO idempotency (client, route, key, body_hash, made_at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT DO NOTHING RETURNING key`,
      [...place, hash, new Date(nowMs)],
    );
    if (added.length > 0) return undefined;
    return (await this.#known(place, nowMs)) ?? { body_hash: hash, reply: null };
  }

  async #keep(place: string[], reply: Reply): Promise<void> {
    await this.#ledger.query(`UPDATE idempotency SET reply = $4 WHERE ${AT_PLACE}`, [
      ...place,
      JSON.stringify(reply),
    ]);
  }
}

type Known = { body_hash: string; reply: Reply | null };

const AT_PLACE = 'client = $1 AND route = $2 AND key = $3';
