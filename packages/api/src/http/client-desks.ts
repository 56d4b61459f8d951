// What clients leave with us and get served beside prices: submissions, price requests, webhooks, with their
// routes. In: the ports. Out: the desks, their routes, a start and a stop. Without a ledger there are none:
// an API of prices only.
import type { Startable } from '@assay/kernel/lifecycle/startable';
import { secureRandom } from '@assay/kernel/random/random';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Metrics } from '@assay/kernel/telemetry/metrics';
import type { Clock } from '@assay/kernel/time/clock';
import type { Cache } from '@assay/ports/cache/cache';
import type { EventBus } from '@assay/ports/event-bus/event-bus';
import type { Ledger } from '@assay/ports/ledger/ledger';
import type { Outbound } from '@assay/ports/outbound/outbound';
import { BusPriceRequestDesk } from '../assets/price-request-desk.ts';
import { LedgerSubmissionDesk, type SubmissionLimits } from '../assets/submission-desk.ts';
import { Idempotency } from '../rest/idempotency.ts';
import { priceRequestRoutes } from '../rest/price-request-routes.ts';
import type { Route } from '../rest/route.ts';
import { submissionRoutes } from '../rest/submission-routes.ts';
import { webhookRoutes } from '../rest/webhook-routes.ts';
import type { PriceView } from '../views/prices.ts';
import { WebhookDesk } from '../webhooks/webhook-desk.ts';

export type ClientDesksOptions = {
  bus: EventBus;
  ledger: Ledger;
  outbound: Outbound;
  cache: Cache | undefined;
  view: PriceView;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  profile: string;
  submissionLimits: Partial<SubmissionLimits> | undefined;
  allowPrivateWebhooks: boolean;
};

export class ClientDesks implements Startable {
  readonly submissions: LedgerSubmissionDesk;
  readonly priceRequests: BusPriceRequestDesk;
  readonly #webhooks: WebhookDesk;
  readonly #idempotency: Idempotency;

  constructor(options: ClientDesksOptions) {
    const { submissionLimits: limits } = options;
    this.submissions = new LedgerSubmissionDesk({ ...options, ...(limits === undefined ? {} : { limits }) });
    this.priceRequests = new BusPriceRequestDesk(options);
    this.#webhooks = new WebhookDesk({
      ...options,
      random: secureRandom(),
      allowPrivateAddresses: options.allowPrivateWebhooks,
    });
    this.#idempotency = new Idempotency(options.ledger);
  }

  async start(): Promise<void> {
    await this.#idempotency.prepare();
    await this.submissions.start();
    await this.priceRequests.start();
    await this.#webhooks.start();
  }

  async stop(): Promise<void> {
    await this.#webhooks.stop();
    await this.priceRequests.stop();
    await this.submissions.stop();
  }

  /** Submissions know their keys themselves, because every door has them. */
  routes(): Route[] {
    return [
      ...submissionRoutes(this.submissions),
      ...priceRequestRoutes(this.priceRequests),
      ...webhookRoutes(this.#webhooks),
    ].map((route) => {
      const isOwn = route.path === '/v1/submissions';
      return route.method === 'POST' && !isOwn ? this.#idempotency.wrap(route) : route;
    });
  }
}
