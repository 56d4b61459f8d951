// Routes of what there is: feeds with their parameters, the server itself, the caller.
import type { FeedDefinition } from '@assay/oracle/model/feed';
import { mayReadFeed } from '../auth/principal.ts';
import type { PriceView } from '../views/prices.ts';
import type { Readiness } from '../views/readiness.ts';
import { defineRoute, json, noQuery, type Route } from './route.ts';

export type CatalogueOptions = {
  view: PriceView;
  readiness: () => Readiness;
  serverFacts: () => Record<string, unknown>;
};

export function catalogueRoutes(options: CatalogueOptions): Route[] {
  const feeds = defineRoute({
    path: '/v1/feeds',
    scope: 'prices:read',
    describe: 'Every feed with its parameters and sources',
    query: noQuery,
    handle({ principal }) {
      const definitions: FeedDefinition[] = [...options.view.all()].map(({ definition }) => definition);
      return json(
        definitions.filter(({ feed }) => mayReadFeed(principal, feed)),
        true,
      );
    },
  });
  const status = defineRoute({
    path: '/v1/status',
    scope: 'prices:read',
    describe: 'Readiness and figures of this server',
    query: noQuery,
    handle: () => json({ ...options.readiness(), ...options.serverFacts() }),
  });
  const me = defineRoute({
    path: '/v1/me',
    scope: 'prices:read',
    describe: 'Who the key is that asks, and what it may do',
    query: noQuery,
    handle: ({ principal: { id, name, scopes, tier, feeds: own } }) =>
      json({ id, name, scopes, tier, feeds: own ?? null }),
  });
  return [feeds, status, me];
}
