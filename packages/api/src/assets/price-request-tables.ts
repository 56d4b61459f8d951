// Price requests in the ledger, so that any replica answers for each of them. In: a request, again when it
// has ended. Out: the same by id or by pages. Kept for a day.
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
  `ALTER TABLE price_requests ADD COLUMN sequence bigint GENERATED ALWAYS AS IDENTITY;
   CREATE INDEX price_requests_of_client ON price_requests (client, sequence DESC);`,
];

/** Whoever follows a request does so within minutes; a day is for looking into a complaint. */
const KEPT_MS = 86_400_000;

export type StoredPriceRequest = PriceRequest & { client: string };
type StoredRow = { client: string; record: PriceRequest };

export class PriceRequestTables {
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  async prepare(): Promise<void> {
    await this.#ledger.migrate('price_requests', STEPS);
  }

  async keep({ client, ...request }: StoredPriceRequest): Promise<void> {
    const requestedAt = new Date(request.requestedAt);
    await this.#ledger.query(
      `WITH old AS (DELETE FROM price_requests WHERE requested_at < $5)
       INSERT INTO price_requests (id, client, requested_at, record) VALUES ($1, $2, $3, $4)
       ON CONFLICT (id) DO UPDATE SET record = excluded.record`,
      [request.id, client, requestedAt, JSON.stringify(request), new Date(requestedAt.getTime() - KEPT_MS)],
    );
  }

  async byId(id: string): Promise<StoredPriceRequest | undefined> {
    const rows = await this.#ledger.query<StoredRow>(
      'SELECT client, record FROM price_requests WHERE id = $1',
      [id],
    );
    return rows[0] === undefined ? undefined : requestOf(rows[0]);
  }

  /** Newest first; `client` undefined: those of all. */
  async page(
    client: string | undefined,
    limit: number,
    before: bigint | undefined,
  ): Promise<{ rows: StoredPriceRequest[]; next: bigint | undefined }> {
    const rows = await this.#ledger.query<StoredRow & { sequence: bigint }>(
      `SELECT client, record, sequence FROM price_requests
       WHERE ($1::text IS NULL OR client = $1) AND ($2::bigint IS NULL OR sequence < $2)
       ORDER BY sequence DESC LIMIT $3`,
      [client ?? null, before ?? null, limit + 1],
    );
    const shown = rows.slice(0, limit);
    return { rows: shown.map(requestOf), next: rows.length > limit ? shown.at(-1)?.sequence : undefined };
  }
}

/** The records of an earlier version have neither deadline nor sources. */
function requestOf({ client, record }: StoredRow): StoredPriceRequest {
  const deadlineAt = record.completedAt ?? record.requestedAt;
  return { ...record, deadlineAt: record.deadlineAt ?? deadlineAt, sources: record.sources ?? [], client };
}
