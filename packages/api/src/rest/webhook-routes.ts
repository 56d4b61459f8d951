// Routes of webhooks: make, list, change, delete, look at deliveries and try a dead one anew.
import { z } from 'zod';
import {
  DELIVERY_STATES,
  newWebhook,
  WEBHOOK_STATES,
  type Webhook,
  webhookChange,
  webhookCondition,
} from '../webhooks/webhook.ts';
import type { WebhookDesk } from '../webhooks/webhook-desk.ts';
import { defineRoute, json, noQuery, type Route } from './route.ts';

const webhook = z.object({
  id: z.string(),
  url: z.string(),
  description: z.string(),
  condition: webhookCondition,
  state: z.enum(WEBHOOK_STATES),
  createdAt: z.iso.datetime(),
});
const withSecret = webhook.extend({
  secret: z.string().describe('Signs what is sent (Standard Webhooks, v1); shown this once'),
});
const delivery = z.object({
  id: z.string(),
  state: z.enum(DELIVERY_STATES),
  attempts: z.int(),
  madeAt: z.iso.datetime(),
  nextAt: z.iso.datetime(),
  deliveredAt: z.iso.datetime().nullable(),
  lastResult: z.string().nullable(),
  body: z.record(z.string(), z.unknown()),
});

export function webhookRoutes(desk: WebhookDesk): Route[] {
  const scope = 'prices:read';
  const create = defineRoute({
    method: 'POST',
    path: '/v1/webhooks',
    scope,
    describe: 'Makes a webhook; its secret is shown this once',
    query: noQuery,
    body: newWebhook,
    answer: { status: 201, schema: withSecret },
    async handle({ principal, body }) {
      const made = await desk.create(principal, body);
      const headers = { location: `/v1/webhooks/${made.id}` };
      return { ...json({ ...shown(made), secret: made.secret }), status: 201, headers };
    },
  });
  const list = defineRoute({
    path: '/v1/webhooks',
    scope,
    describe: 'Your webhooks; an administrator sees those of all',
    query: noQuery,
    answer: { schema: z.array(webhook) },
    handle: async ({ principal }) => json((await desk.list(principal)).map(shown)),
  });
  const one = defineRoute({
    path: '/v1/webhooks/:id',
    scope,
    describe: 'One webhook',
    query: noQuery,
    answer: { schema: webhook },
    handle: async ({ principal, path }) => json(shown(await desk.get(principal, path.id!))),
  });
  const change = defineRoute({
    method: 'PATCH',
    path: '/v1/webhooks/:id',
    scope,
    describe: 'Changes address, description or state; a paused one keeps what is due',
    query: noQuery,
    body: webhookChange,
    answer: { schema: webhook },
    handle: async ({ principal, path, body }) => json(shown(await desk.change(principal, path.id!, body))),
  });
  const remove = defineRoute({
    method: 'DELETE',
    path: '/v1/webhooks/:id',
    scope,
    describe: 'Deletes a webhook with its deliveries',
    query: noQuery,
    answer: { status: 204 },
    async handle({ principal, path }) {
      await desk.delete(principal, path.id!);
      return { status: 204, body: '' };
    },
  });
  return [create, list, one, change, remove, ...deliveryRoutes(desk)];
}

function deliveryRoutes(desk: WebhookDesk): Route[] {
  const list = defineRoute({
    path: '/v1/webhooks/:id/deliveries',
    scope: 'prices:read',
    describe: 'The last 100 deliveries of a webhook, newest first; kept for a week',
    query: noQuery,
    answer: { schema: z.array(delivery) },
    async handle({ principal, path }) {
      const deliveries = await desk.deliveries(principal, path.id!);
      return json(deliveries.map(({ webhookId: _, body, ...rest }) => ({ ...rest, body: JSON.parse(body) })));
    },
  });
  const revive = defineRoute({
    method: 'POST',
    path: '/v1/webhooks/:id/deliveries/:delivery/retry',
    scope: 'prices:read',
    describe: 'Tries a dead delivery anew',
    query: noQuery,
    answer: { status: 202 },
    async handle({ principal, path }) {
      await desk.revive(principal, path.id!, path.delivery!);
      return { ...json({ state: 'pending' }), status: 202 };
    },
  });
  return [list, revive];
}

function shown({ client: _, secret: __, reference: ___, createdAt, ...rest }: Webhook): object {
  return { ...rest, createdAt: createdAt.toISOString() };
}
