// Webhooks and their deliveries in the ledger. The only file with SQL of webhooks. Invariants: one delivery
// per webhook and decision, however many replicas saw it; a delivery is taken by one sender at a time, and
// again when that one died.
import type { Ledger, Row } from '@assay/ports/ledger/ledger';
import type { Delivery, Webhook, WebhookChange } from './webhook.ts';

const STEPS = [
  `CREATE TABLE webhooks (
     id text PRIMARY KEY,
     client text NOT NULL,
     url text NOT NULL,
     description text NOT NULL,
     condition jsonb NOT NULL,
     state text NOT NULL,
     secret text NOT NULL,
     reference text,
     created_at timestamptz NOT NULL
   );
   CREATE INDEX webhooks_of_client ON webhooks (client, created_at);
   CREATE TABLE webhook_deliveries (
     id text PRIMARY KEY,
     webhook_id text NOT NULL REFERENCES webhooks ON DELETE CASCADE,
     decision text NOT NULL,
     body text NOT NULL,
     state text NOT NULL,
     attempts integer NOT NULL DEFAULT 0,
     next_at timestamptz NOT NULL,
     made_at timestamptz NOT NULL,
     last_result text,
     delivered_at timestamptz,
     UNIQUE (webhook_id, decision)
   );
   CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_at) WHERE state = 'pending';
   CREATE INDEX webhook_deliveries_of ON webhook_deliveries (webhook_id, made_at DESC);`,
];

export type DueDelivery = Pick<Delivery, 'id' | 'body' | 'attempts'> & { url: string; secret: string };

export class WebhookTables {
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  async prepare(): Promise<void> {
    await this.#ledger.migrate('webhooks', STEPS);
  }

  /** False: the client has as many as it may. */
  async insert(webhook: Webhook, perClientMax: number): Promise<boolean> {
    const rows = await this.#ledger.transaction(
      (queries) =>
        queries.query(
          `INSERT INTO webhooks (id, client, url, description, condition, state, secret, created_at)
           SELECT $1, $2, $3, $4, $5, $6, $7, $8
           WHERE (SELECT count(*) FROM webhooks WHERE client = $2) < $9 RETURNING id`,
          [
            webhook.id,
            webhook.client,
            webhook.url,
            webhook.description,
            JSON.stringify(webhook.condition),
            webhook.state,
            webhook.secret,
            webhook.createdAt,
            perClientMax,
          ],
        ),
      { isolation: 'serializable' },
    );
    return rows.length > 0;
  }

  /** `client` undefined: those of all. */
  async list(client?: string): Promise<Webhook[]> {
    const rows = await this.#ledger.query(
      'SELECT * FROM webhooks WHERE $1::text IS NULL OR client = $1 ORDER BY created_at, id',
      [client ?? null],
    );
    return rows.map(webhookOf);
  }

  async byId(id: string): Promise<Webhook | undefined> {
    const [row] = await this.#ledger.query('SELECT * FROM webhooks WHERE id = $1', [id]);
    return row === undefined ? undefined : webhookOf(row);
  }

  async change(id: string, { url, description, state }: WebhookChange): Promise<void> {
    await this.#ledger.query(
      `UPDATE webhooks SET url = coalesce($2, url), description = coalesce($3, description),
         state = coalesce($4, state) WHERE id = $1`,
      [id, url ?? null, description ?? null, state ?? null],
    );
  }

  async delete(id: string): Promise<void> {
    await this.#ledger.query('DELETE FROM webhooks WHERE id = $1', [id]);
  }

  async add(
    webhookId: string,
    delivery: { id: string; decision: string; body: string; at: Date; reference: string | undefined },
  ): Promise<void> {
    const { id, decision, body, at, reference } = delivery;
    await this.#ledger.query(
      `WITH moved AS (UPDATE webhooks SET reference = coalesce($6, reference) WHERE id = $2)
       INSERT INTO webhook_deliveries (id, webhook_id, decision, body, state, next_at, made_at)
       SELECT $1, w.id, $3, $4, 'pending', $5, $5 FROM webhooks w WHERE w.id = $2
       ON CONFLICT (webhook_id, decision) DO NOTHING`,
      [id, webhookId, decision, body, at, reference ?? null],
    );
  }

  /** Takes what is due until `leaseUntil`: who has not said by then what became of it has died. */
  async take(now: Date, leaseUntil: Date, limit: number): Promise<DueDelivery[]> {
    const rows = await this.#ledger.query(
      `UPDATE webhook_deliveries d SET next_at = $2, attempts = d.attempts + 1
       FROM webhooks w
       WHERE w.id = d.webhook_id AND d.id IN (
         SELECT p.id FROM webhook_deliveries p JOIN webhooks o ON o.id = p.webhook_id
         WHERE p.state = 'pending' AND p.next_at <= $1 AND o.state = 'active'
         ORDER BY p.next_at LIMIT $3 FOR UPDATE OF p SKIP LOCKED)
       RETURNING d.id, d.body, d.attempts, w.url, w.secret`,
      [now, leaseUntil, limit],
    );
    return rows as unknown as DueDelivery[];
  }

  async delivered(id: string, result: string, at: Date): Promise<void> {
    await this.#ledger.query(
      `UPDATE webhook_deliveries SET state = 'delivered', last_result = $2, delivered_at = $3 WHERE id = $1`,
      [id, result, at],
    );
  }

  /** `nextAt` undefined: it is not tried again by itself. */
  async failed(id: string, result: string, nextAt: Date | undefined): Promise<void> {
    await this.#ledger.query(
      `UPDATE webhook_deliveries SET last_result = $2, next_at = coalesce($3, next_at),
         state = CASE WHEN $3::timestamptz IS NULL THEN 'dead' ELSE 'pending' END WHERE id = $1`,
      [id, result, nextAt ?? null],
    );
  }

  /** False: there is no such dead delivery. */
  async revive(webhookId: string, id: string, at: Date): Promise<boolean> {
    const rows = await this.#ledger.query(
      `UPDATE webhook_deliveries SET state = 'pending', attempts = 0, next_at = $3
       WHERE webhook_id = $1 AND id = $2 AND state = 'dead' RETURNING id`,
      [webhookId, id, at],
    );
    return rows.length > 0;
  }

  async deliveries(webhookId: string, limit: number): Promise<Delivery[]> {
    const rows = await this.#ledger.query(
      'SELECT * FROM webhook_deliveries WHERE webhook_id = $1 ORDER BY made_at DESC, id LIMIT $2',
      [webhookId, limit],
    );
    return rows.map(deliveryOf);
  }

  async forgetBefore(at: Date): Promise<void> {
    await this.#ledger.query(`DELETE FROM webhook_deliveries WHERE made_at < $1 AND state <> 'pending'`, [
      at,
    ]);
  }
}

function webhookOf(row: Row): Webhook {
  const { created_at: createdAt, ...rest } = row;
  return { ...rest, createdAt } as Webhook;
}

function deliveryOf(row: Row): Delivery {
  return {
    id: row.id,
    webhookId: row.webhook_id,
    body: row.body,
    state: row.state,
    attempts: row.attempts,
    nextAt: row.next_at,
    madeAt: row.made_at,
    lastResult: row.last_result,
    deliveredAt: row.delivered_at,
  } as Delivery;
}
