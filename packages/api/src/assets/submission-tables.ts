// Submissions and their fates in the ledger. In: submissions, events. Out: the same, by id or by pages. The
// only file with SQL of submissions. Invariants: an event is kept once however often it is told; the status
// of a submission is that of its last event; what took part is never called unused because it grew old.
import { assert } from '@assay/kernel/errors/assay-error';
import type { Ledger, Row } from '@assay/ports/ledger/ledger';
import type { Submission, SubmissionEvent, SubmissionInput, SubmissionStatus } from './desk.ts';

export type StoredSubmission = Submission & { client: string };
export type Fate = { id: string; status: SubmissionStatus; detail: string; at: number };

const STEPS = [
  `CREATE TABLE submissions (
     id text PRIMARY KEY,
     sequence bigint GENERATED ALWAYS AS IDENTITY,
     client text NOT NULL,
     client_name text NOT NULL,
     idempotency_key text,
     feed text NOT NULL,
     symbol text NOT NULL,
     price_usd text NOT NULL,
     "timestamp" text NOT NULL,
     submitted_by text NOT NULL,
     received_at timestamptz NOT NULL,
     status text NOT NULL,
     detail text NOT NULL
   );
   CREATE UNIQUE INDEX submissions_of_key ON submissions (client, idempotency_key);
   CREATE INDEX submissions_of_client ON submissions (client, sequence DESC);
   CREATE INDEX submissions_by_age ON submissions (received_at);
   CREATE TABLE submission_events (
     submission_id text NOT NULL REFERENCES submissions ON DELETE CASCADE,
     sequence bigint GENERATED ALWAYS AS IDENTITY,
     at timestamptz NOT NULL,
     status text NOT NULL,
     detail text NOT NULL,
     UNIQUE (submission_id, status, detail)
   );`,
];

const COLUMNS = `s.id, s.sequence, s.client, s.feed, s.symbol, s.price_usd, s."timestamp", s.submitted_by,
  s.received_at, s.status, s.detail,
  (SELECT coalesce(json_agg(json_build_object('at', e.at, 'status', e.status, 'detail', e.detail)
     ORDER BY e.sequence), '[]') FROM submission_events e WHERE e.submission_id = s.id) AS events`;

export class SubmissionTables {
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  async prepare(): Promise<void> {
    await this.#ledger.migrate('submissions', STEPS);
  }

  /** False: the client has used this idempotency key before. */
  async insert(
    submission: StoredSubmission,
    clientName: string,
    idempotencyKey: string | undefined,
  ): Promise<boolean> {
    const { id, client, feed, symbol, price_usd, timestamp, submitted_by, receivedAt } = submission;
    const { status, detail } = submission;
    const rows = await this.#ledger.query(
      `WITH added AS (
         INSERT INTO submissions (id, client, client_name, idempotency_key, feed, symbol, price_usd, "timestamp",
           submitted_by, received_at, status, detail)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (client, idempotency_key) DO NOTHING RETURNING id
       ), told AS (
         INSERT INTO submission_events (submission_id, at, status, detail) SELECT id, $10, $11, $12 FROM added
       ) SELECT id FROM added`,
      [
        id,
        client,
        clientName,
        idempotencyKey ?? null,
        feed,
        symbol,
        price_usd,
        timestamp,
        submitted_by,
        new Date(receivedAt),
        status,
        detail,
      ],
    );
    return rows.length > 0;
  }

  async byId(id: string): Promise<StoredSubmission | undefined> {
    const rows = await this.#ledger.query(`SELECT ${COLUMNS} FROM submissions s WHERE s.id = $1`, [id]);
    return rows[0] === undefined ? undefined : submissionOf(rows[0]);
  }

  async byKey(client: string, idempotencyKey: string): Promise<StoredSubmission | undefined> {
    const rows = await this.#ledger.query(
      `SELECT ${COLUMNS} FROM submissions s WHERE s.client = $1 AND s.idempotency_key = $2`,
      [client, idempotencyKey],
    );
    return rows[0] === undefined ? undefined : submissionOf(rows[0]);
  }

  /** Newest first; `client` undefined: those of all. */
  async page(
    client: string | undefined,
    limit: number,
    before: bigint | undefined,
  ): Promise<{ rows: StoredSubmission[]; next: bigint | undefined }> {
    const rows = await this.#ledger.query(
      `SELECT ${COLUMNS} FROM submissions s
       WHERE ($1::text IS NULL OR s.client = $1) AND ($2::bigint IS NULL OR s.sequence < $2)
       ORDER BY s.sequence DESC LIMIT $3`,
      [client ?? null, before ?? null, limit + 1],
    );
    const shown = rows.slice(0, limit);
    const next = rows.length > limit ? (shown.at(-1)?.sequence as bigint) : undefined;
    return { rows: shown.map(submissionOf), next };
  }

  /** Tells them in their order; ids that are unknown here are passed over. */
  async tell(fates: readonly Fate[]): Promise<void> {
    if (fates.length === 0) return;
    await this.#ledger.query(
      `WITH given AS (
         SELECT g.* FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) WITH ORDINALITY
           AS g (id, status, detail, at, place)
       ), told AS (
         INSERT INTO submission_events (submission_id, at, status, detail)
         SELECT s.id, g.at, g.status, g.detail FROM given g JOIN submissions s USING (id)
         WHERE NOT (g.status = 'unused' AND s.status IN ('used', 'outlier')) ORDER BY g.place
         ON CONFLICT DO NOTHING RETURNING submission_id, status, detail
       ), newest AS (
         SELECT DISTINCT ON (g.id) g.id, g.status, g.detail FROM given g
         JOIN told t ON t.submission_id = g.id AND t.status = g.status AND t.detail = g.detail
         ORDER BY g.id, g.place DESC
       ) UPDATE submissions s SET status = n.status, detail = n.detail FROM newest n WHERE s.id = n.id`,
      [
        fates.map(({ id }) => id),
        fates.map(({ status }) => status),
        fates.map(({ detail }) => detail),
        fates.map(({ at }) => new Date(at)),
      ],
    );
  }

  async forgetBefore(atMs: number): Promise<void> {
    await this.#ledger.query('DELETE FROM submissions WHERE received_at < $1', [new Date(atMs)]);
  }
}

function submissionOf(row: Row): StoredSubmission {
  const { id, client, feed, symbol, price_usd, timestamp, submitted_by, received_at } = row;
  assert(received_at instanceof Date, 'a submission has an instant');
  const input = { symbol, price_usd, timestamp, submitted_by } as SubmissionInput;
  const events = (row.events as SubmissionEvent[]).map(({ at, status, detail }) => {
    return { at: new Date(at).toISOString(), status, detail };
  });
  return {
    ...input,
    id: id as string,
    client: client as string,
    feed: feed as string,
    status: row.status as SubmissionStatus,
    detail: row.detail as string,
    receivedAt: received_at.toISOString(),
    events,
  };
}
