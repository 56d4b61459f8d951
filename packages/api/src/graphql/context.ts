// What resolvers work with: who asks, when, and the services of the API. One per request; subscriptions make
// one per group and moment.
import type { SourceTraits } from '@assay/oracle/model/feed';
import type { EventBus } from '@assay/ports/event-bus/event-bus';
import type { History } from '@assay/ports/history/history';
import type { PriceRequestDesk, SubmissionDesk } from '../assets/desk.ts';
import type { PastAnswers } from '../assets/past-answers.ts';
import type { Principal } from '../auth/principal.ts';
import type { ConvertedPrice, Explain } from '../rest/explain-route.ts';
import type { PriceView } from '../views/prices.ts';
import type { Readiness } from '../views/readiness.ts';
import type { ShownSource } from '../views/sources.ts';

export type GraphqlServices = {
  view: PriceView;
  past: PastAnswers;
  bus: EventBus;
  history: History;
  sources: readonly SourceTraits[];
  sourceStatus: () => ShownSource[];
  converted: ConvertedPrice;
  explain: Explain | undefined;
  readiness: () => Readiness;
  serverFacts: () => Record<string, unknown> & { startedAt: string };
  submissions: SubmissionDesk | undefined;
  priceRequests: PriceRequestDesk | undefined;
};

export type GraphqlContext = { services: GraphqlServices; principal: Principal; nowMs: number };
