// The stream of prices as server-sent events: `GET /v1/stream?feeds=`.
import { z } from 'zod';
import type { PriceStream } from '../assets/price-stream.ts';
import type { PriceView } from '../views/prices.ts';
import { feedList, findFeeds } from './parameters.ts';
import { defineRoute, invalid, noQuery, type Route } from './route.ts';

export function streamRoute({ view, stream }: { view: PriceView; stream: PriceStream }): Route {
  return defineRoute({
    path: '/v1/stream',
    scope: 'prices:read',
    describe: 'Server-sent `price` events; Last-Event-ID resumes after that event',
    query: z.strictObject({
      feeds: feedList.optional(),
      ticket: z.string().optional().describe('Instead of a key, for a browser'),
    }),
    async handle({ query, principal, headers, response }): Promise<'streamed'> {
      const currents = findFeeds(view, query.feeds, principal);
      const isAll = query.feeds === undefined && principal.feeds === undefined;
      const given = headers['last-event-id'];
      const lastEventId = Array.isArray(given) ? given[0] : given;
      await stream.serve({ response, currents, isAll, principal, lastEventId });
      return 'streamed';
    },
  });
}

/**
 * WebSockets never reach a route: this one is for whoever comes without, and for the description of the API.
 */
export function socketRoute(): Route {
  return defineRoute({
    path: '/v1/ws',
    scope: 'prices:read',
    describe: 'The same stream over a WebSocket; send {"type":"subscribe","feeds":["BTC/USD"]}',
    query: noQuery,
    answer: { status: 101 },
    handle() {
      throw invalid('Upgrade', '', 'connect with a WebSocket, with X-API-Key or ?ticket=');
    },
  });
}
