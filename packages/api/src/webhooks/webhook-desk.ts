// Webhooks of clients: made, changed, fired, sent. In: wishes of clients, answers of the price view. Out:
// signed posts.
//
// Reads: the price view, the ledger. Writes: the ledger, the outside. Guarantees: what fired is stored before
// it is sent and tried again with growing waits; what nobody takes ends as `dead` and can be revived; nothing
// goes to a private address unless that is allowed. Survives: receivers that are slow, refuse or vanish; a
// ledger that is away (events of that time are lost, and logged).
import { AssayError, messageOf } from '@assay/kernel/errors/assay-error';
import type { Startable } from '@assay/kernel/lifecycle/startable';
import { parseFixed } from '@assay/kernel/money/fixed';
import { type Random, secureBytes } from '@assay/kernel/random/random';
import { backoffMs } from '@assay/kernel/resilience/backoff';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Counter, Metrics } from '@assay/kernel/telemetry/metrics';
import type { Clock } from '@assay/kernel/time/clock';
import { type Answer, priceRecordOf } from '@assay/oracle/model/answer';
import type { Ledger } from '@assay/ports/ledger/ledger';
import type { Outbound } from '@assay/ports/outbound/outbound';
import { hasScope, type Principal } from '../auth/principal.ts';
import { findFeed } from '../rest/parameters.ts';
import type { PriceUpdate, PriceView } from '../views/prices.ts';
import { requirePublicUrl } from './public-url.ts';
import { newSecret, signedHeaders } from './signature.ts';
import { type Firing, fires, type TriggerState } from './triggers.ts';
import type { Delivery, NewWebhook, Webhook, WebhookChange } from './webhook.ts';
import { type DueDelivery, WebhookTables } from './webhook-tables.ts';

export type WebhookDeskOptions = {
  ledger: Ledger;
  outbound: Outbound;
  view: PriceView;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
  profile: string;
  /** In the sandbox, and where an operator says so. */
  allowPrivateAddresses: boolean;
};

const ID_BYTES = 12;
const PER_CLIENT_MAX = 20;
/** A receiver that takes longer should answer first and work afterwards. */
const TIMEOUT_MS = 10_000;
const ANSWER_MAX_BYTES = 16_384;
/** With these waits the last attempt is about a day after the first. */
const ATTEMPTS_MAX = 10;
const BACKOFF = { baseMs: 10_000, maximumMs: 6 * 3_600_000, factor: 3 };
const LOOK_EVERY_MS = 1_000;
const SEND_AT_ONCE = 10;
/** Longer than a sending takes. */
const LEASE_MS = 30_000;
/** Webhooks made by another replica fire here after this. */
const RELOAD_EVERY_MS = 2_000;
const KEPT_MS = 7 * 86_400_000;
const DELIVERIES_SHOWN = 100;

export class WebhookDesk implements Startable {
  readonly #options: WebhookDeskOptions;
  readonly #tables: WebhookTables;
  readonly #sent: Counter;
  readonly #seen = new Map<string, TriggerState>();
  #byFeed = new Map<string, Webhook[]>();
  #endUpdates: (() => void) | undefined;
  #cancelLook: (() => void) | undefined;
  #reloadedAtMs = Number.NEGATIVE_INFINITY;
  #forgottenAtMs = 0;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: WebhookDeskOptions) {
    this.#options = options;
    this.#tables = new WebhookTables(options.ledger);
    this.#sent = options.metrics.counter({
      name: 'assay_webhook_deliveries_total',
      help: 'Attempts to deliver an event to a webhook, by result.',
      labels: ['result'],
    });
  }

  async start(): Promise<void> {
    await this.#tables.prepare();
    await this.#reload();
    this.#endUpdates = this.#options.view.onUpdate((updates) => this.#take(updates));
    this.#lookLater();
  }

  async stop(): Promise<void> {
    this.#endUpdates?.();
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    await this.#looking;
  }

  /** @throws AssayError REQUEST_INVALID, NOT_FOUND, TOO_MANY_REQUESTS */
  async create(principal: Principal, wanted: NewWebhook): Promise<Webhook> {
    const { definition } = findFeed(this.#options.view, wanted.condition.feed, principal);
    await this.#checkUrl(wanted.url);
    const webhook: Webhook = {
      ...wanted,
      condition: { ...wanted.condition, feed: definition.feed },
      id: newId('wh'),
      client: principal.id,
      state: 'active',
      secret: newSecret(),
      reference: null,
      createdAt: new Date(this.#options.clock.now()),
    };
    if (!(await this.#tables.insert(webhook, PER_CLIENT_MAX))) {
      throw new AssayError('TOO_MANY_REQUESTS', `a client has at most ${PER_CLIENT_MAX} webhooks`, {
        recovery: 'Delete one that is not needed any more.',
      });
    }
    await this.#reload();
    return webhook;
  }

  async list(principal: Principal): Promise<Webhook[]> {
    return await this.#tables.list(hasScope(principal, 'admin') ? undefined : principal.id);
  }

  /** @throws AssayError NOT_FOUND */
  async get(principal: Principal, id: string): Promise<Webhook> {
    const found = id.length > 100 ? undefined : await this.#tables.byId(id);
    if (found !== undefined && (found.client === principal.id || hasScope(principal, 'admin'))) return found;
    throw new AssayError('NOT_FOUND', `there is no webhook "${id.slice(0, 80)}" of this client`, {
      context: { field: 'id', value: id.slice(0, 80) },
      recovery: 'GET /v1/webhooks lists yours.',
    });
  }

  async change(principal: Principal, id: string, change: WebhookChange): Promise<Webhook> {
    await this.get(principal, id);
    if (change.url !== undefined) await this.#checkUrl(change.url);
    await this.#tables.change(id, change);
    await this.#reload();
    return await this.get(principal, id);
  }

  async delete(principal: Principal, id: string): Promise<void> {
    await this.get(principal, id);
    await this.#tables.delete(id);
    await this.#reload();
  }

  async deliveries(principal: Principal, id: string): Promise<Delivery[]> {
    await this.get(principal, id);
    return await this.#tables.deliveries(id, DELIVERIES_SHOWN);
  }

  /** Tries a dead delivery anew. @throws AssayError NOT_FOUND */
  async revive(principal: Principal, id: string, deliveryId: string): Promise<void> {
    await this.get(principal, id);
    if (await this.#tables.revive(id, deliveryId, new Date(this.#options.clock.now()))) return;
    throw new AssayError('NOT_FOUND', `webhook ${id} has no dead delivery "${deliveryId.slice(0, 80)}"`, {
      recovery: `GET /v1/webhooks/${id}/deliveries lists them.`,
    });
  }

  async #checkUrl(url: string): Promise<void> {
    const { allowPrivateAddresses, outbound } = this.#options;
    if (!allowPrivateAddresses) await requirePublicUrl(url, outbound);
  }

  async #reload(): Promise<void> {
    this.#reloadedAtMs = this.#options.clock.monotonic();
    const byFeed = new Map<string, Webhook[]>();
    for (const webhook of await this.#tables.list()) {
      const { feed } = webhook.condition;
      byFeed.set(feed, [...(byFeed.get(feed) ?? []), webhook]);
      if (this.#seen.has(webhook.id)) continue;
      const reference = webhook.reference === null ? {} : { reference: parseFixed(webhook.reference) };
      this.#seen.set(webhook.id, reference);
      const known = this.#options.view.byFeed(feed)?.answer;
      if (known !== undefined) fires(webhook.condition, known, this.#seen.get(webhook.id)!);
    }
    this.#byFeed = byFeed;
    const ids = new Set([...byFeed.values()].flat().map(({ id }) => id));
    for (const id of this.#seen.keys()) if (!ids.has(id)) this.#seen.delete(id);
  }

  #take(updates: readonly PriceUpdate[]): void {
    for (const { answer } of updates) {
      for (const webhook of this.#byFeed.get(answer.feed) ?? []) {
        const firing = fires(webhook.condition, answer, this.#seen.get(webhook.id)!);
        if (firing !== undefined && webhook.state === 'active') void this.#fire(webhook, answer, firing);
      }
    }
  }

  async #fire(webhook: Webhook, answer: Answer, { what, facts }: Firing): Promise<void> {
    const { clock, log, profile } = this.#options;
    const nowMs = clock.now();
    const id = newId('evt');
    const { type } = webhook.condition;
    const price = priceRecordOf(answer, nowMs);
    const at = new Date(nowMs);
    const body = JSON.stringify({
      id,
      type,
      at: at.toISOString(),
      webhook: webhook.id,
      what,
      ...facts,
      price,
      profile,
    });
    const reference = type === 'price-deviates' ? answer.price : undefined;
    try {
      await this.#tables.add(webhook.id, { id, decision: answer.decision, body, at, reference });
    } catch (error) {
      log.warn('an event of a webhook is lost', { webhook: webhook.id, what, reason: messageOf(error) });
    }
  }

  #lookLater(): void {
    this.#cancelLook = this.#options.clock.after(LOOK_EVERY_MS, () => {
      this.#looking = this.#look()
        .catch((error: unknown) => {
          this.#options.log.warn('webhooks wait for the ledger', { reason: messageOf(error) });
        })
        .finally(() => {
          if (this.#cancelLook !== undefined) this.#lookLater();
        });
    });
  }

  async #look(): Promise<void> {
    const { clock } = this.#options;
    if (clock.monotonic() - this.#reloadedAtMs >= RELOAD_EVERY_MS) await this.#reload();
    const nowMs = clock.now();
    if (nowMs - this.#forgottenAtMs > 3_600_000) {
      this.#forgottenAtMs = nowMs;
      await this.#tables.forgetBefore(new Date(nowMs - KEPT_MS));
    }
    const due = await this.#tables.take(new Date(nowMs), new Date(nowMs + LEASE_MS), SEND_AT_ONCE);
    await Promise.all(due.map((delivery) => this.#send(delivery)));
  }

  async #send(delivery: DueDelivery): Promise<void> {
    const { clock, outbound, random } = this.#options;
    const { id, body, url, secret, attempts } = delivery;
    let result: string;
    let isPermanent = false;
    try {
      const headers = signedHeaders(secret, { id, atMs: clock.now(), body });
      const response = await outbound.request({
        method: 'POST',
        url,
        headers: { 'content-type': 'application/json', 'user-agent': 'Assay-Webhooks', ...headers },
        body,
        timeoutMs: TIMEOUT_MS,
        maximumBytes: ANSWER_MAX_BYTES,
        isPublicOnly: !this.#options.allowPrivateAddresses,
      });
      result = String(response.status);
      if (response.status >= 200 && response.status < 300) {
        this.#sent.add({ result: 'delivered' });
        return await this.#tables.delivered(id, result, new Date(clock.now()));
      }
      // "Gone" is how a receiver says that it never wants this again.
      isPermanent = response.status === 410;
    } catch (error) {
      result = messageOf(error).slice(0, 300);
    }
    const isDead = isPermanent || attempts >= ATTEMPTS_MAX;
    this.#sent.add({ result: isDead ? 'dead' : 'failed' });
    const waitMs = backoffMs(attempts - 1, BACKOFF, random) + LOOK_EVERY_MS;
    await this.#tables.failed(id, result, isDead ? undefined : new Date(clock.now() + waitMs));
  }
}

function newId(kind: string): string {
  return `${kind}_${Buffer.from(secureBytes(ID_BYTES)).toString('hex')}`;
}
