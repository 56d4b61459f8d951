// Resolvers of the type Mutation: a client offers a price, or asks for a fresh one. In: arguments that the
// schema accepted. Out: what became of it. Invariant: nothing is changed without the scope for it.
import type { Submission } from '../assets/desk.ts';
import { requireScope } from '../auth/principal.ts';
import { invalid } from '../rest/route.ts';
import type { GraphqlContext } from './context.ts';
import { assetOf, priceRequestDesk, submissionDesk } from './query-resolvers.ts';
import { priceRequestObject } from './value-objects.ts';

type SubmitArgs = {
  input: {
    symbol: string;
    price_usd: string;
    timestamp: string;
    submitted_by: string;
    idempotencyKey?: string | null;
  };
};
type RequestArgs = { feed?: string | null; symbol?: string | null; deadlineMs: number };

const DEADLINE_MAX_MS = 30_000;

export const mutationResolvers = {
  async submitPrice(_: unknown, { input }: SubmitArgs, context: GraphqlContext): Promise<Submission> {
    requireScope(context.principal, 'prices:submit');
    const { idempotencyKey, ...submission } = input;
    const desk = submissionDesk(context.services.submissions);
    return await desk.submit(context.principal, submission, idempotencyKey ?? undefined);
  },
  async requestPrice(_: unknown, args: RequestArgs, context: GraphqlContext) {
    const { services, principal } = context;
    requireScope(principal, 'prices:read');
    const { feed } = assetOf(args, context).definition;
    const { deadlineMs } = args;
    if (!(deadlineMs >= 0 && deadlineMs <= DEADLINE_MAX_MS)) {
      throw invalid('deadlineMs', String(deadlineMs), `give 0 to ${DEADLINE_MAX_MS} milliseconds`);
    }
    const desk = priceRequestDesk(services.priceRequests);
    return priceRequestObject(await desk.request(principal, feed, deadlineMs));
  },
};
