// Price requests in the ledger, so that any replica answers for each of them. In: a request, again when it
// has ended. Out: the same by id. Kept for a day.
import type { Ledger } from '@assay/ports/ledger/ledger';
import type { PriceRequest } from './desk.ts';

const STEPS = [
  `CREATE TABLE price_requests (
     id text PRIMARY KEY,
     client text NOT NULL,
     requested_at timestamptz NOT NULL,
     record jsonb NOT NULL
   );
   CREATE INDEX price_requests_by_age ON price_requests (requested_at);`,
];

/** Whoever follows a request does so within minutes; a day is for looking into a complaint. */
const KEPT_MS = 86_400_000;

export class PriceRequestTables {
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  async prepare(): Promise<void> {
    await this.#ledger.migrate('price_requests', STEPS);
  }

  async keep({ client, ...request }: PriceRequest & { client: string }): Promise<void> {
    const requestedAt = new Date(request.requestedAt);
    await this.#ledger.query(
      `WITH old AS (DELETE FROM price_requests WHERE requested_at < $5)
       INSERT INTO price_requests (id, client, requested_at, record) VALUES ($1, $2, $3, $4)
       ON CONFLICT (id) DO UPDATE SET record = excluded.record`,
      [request.id, client, requestedAt, JSON.stringify(request), new Date(requestedAt.getTime() - KEPT_MS)],
    );
  }

  async byId(id: string): Promise<(PriceRequest & { client: string }) | undefined> {
    const rows = await this.#ledger.query<{ client: string; record: PriceRequest }>(
      'SELECT client, record FROM price_requests WHERE id = $1',
      [id],
    );
    return rows[0] === undefined ? undefined : { ...rows[0].record, client: rows[0].client };
  }
}
