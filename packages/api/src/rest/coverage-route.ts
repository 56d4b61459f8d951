// Which source serves which feed, live or not and why.
import { mayReadFeed } from '../auth/principal.ts';
import { coverageOf } from '../views/coverage.ts';
import type { PriceView } from '../views/prices.ts';
import type { ShownSource } from '../views/sources.ts';
import { defineRoute, json, noQuery, type Route } from './route.ts';

export type CoverageRouteOptions = { view: PriceView; sources: () => readonly ShownSource[] };

export function coverageRoute({ view, sources }: CoverageRouteOptions): Route {
  return defineRoute({
    path: '/v1/sources/coverage',
    scope: 'prices:read',
    describe: 'Feed by source: live or not and why, and what a venue trades that is not configured',
    query: noQuery,
    handle({ principal }) {
      const feeds = [...view.all()]
        .map(({ definition }) => definition)
        .filter(({ feed }) => mayReadFeed(principal, feed));
      return json(coverageOf(feeds, sources()));
    },
  });
}
