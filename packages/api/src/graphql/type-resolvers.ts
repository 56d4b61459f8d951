// Resolvers of fields that are not simply there in the value of their type.
import type { FeedDefinition } from '@assay/oracle/model/feed';
import type { GraphqlContext } from './context.ts';
import type { PriceObject } from './price-object.ts';
import { currentObject } from './query-resolvers.ts';

/** Parts per billion in a percent. */
const PPB_OF_PERCENT = 10_000_000;

export const typeResolvers = {
  Feed: {
    deviationThresholdPercent: (feed: FeedDefinition): number => feed.deviationThresholdPpb / PPB_OF_PERCENT,
    price(feed: FeedDefinition, _args: unknown, context: GraphqlContext): PriceObject | undefined {
      const current = context.services.view.byFeed(feed.feed);
      return current === undefined ? undefined : currentObject(current, context.nowMs);
    },
  },
};
