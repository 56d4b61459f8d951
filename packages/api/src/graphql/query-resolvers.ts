// Resolvers of the type Query. In: arguments that the schema accepted. Out: values, or an AssayError that
// names field, value and fix. The services answer; nothing is computed here.
import { AssayError } from '@assay/kernel/errors/assay-error';
import { explanationText } from '@assay/oracle/model/explanation';
import type { FeedDefinition } from '@assay/oracle/model/feed';
import type { PriceRequestDesk, SubmissionDesk } from '../assets/desk.ts';
import { mayReadFeed } from '../auth/principal.ts';
import { findFeed, findFeeds, instant } from '../rest/parameters.ts';
import { readable } from '../rest/past-routes.ts';
import { checkPast, findAsset, noFinal, noPrice, noPriceAt, ownPrice } from '../rest/price-routes.ts';
import { invalid } from '../rest/route.ts';
import type { CurrentPrice } from '../views/current-price.ts';
import type { GraphqlContext } from './context.ts';
import { ownPriceObject, type PriceObject, priceObject } from './price-object.ts';
import { findShown, priceRequestObject, sourceObject } from './value-objects.ts';

type PriceArgs = { symbol?: string; feed?: string; source?: string; kind: 'LIVE' | 'FINAL'; at?: string };
type PageArgs = { feed: string; from?: string; to?: string; limit: number; cursor?: string };

/** Rows of one page, as over REST. */
const LIMIT_MAX = 10_000;
const SUBMISSIONS_MAX = 500;

const CANDLE_INTERVALS = {
  ONE_MINUTE: { name: '1m', ms: 60_000 },
  FIVE_MINUTES: { name: '5m', ms: 300_000 },
  ONE_HOUR: { name: '1h', ms: 3_600_000 },
  ONE_DAY: { name: '1d', ms: 86_400_000 },
} as const;
type CandleInterval = keyof typeof CANDLE_INTERVALS;

export const queryResolvers = {
  price,
  prices(_: unknown, args: PricesArgs, context: GraphqlContext): PriceObject[] {
    const currents = assetsOf(args, context);
    if (args.kind === 'FINAL') throw noFinal('these feeds');
    return currents.flatMap((current) => currentObject(current, context.nowMs) ?? []);
  },
  async history(_: unknown, args: PageArgs & { newestFirst: boolean }, context: GraphqlContext) {
    const { feed } = findFeed(context.services.view, args.feed, context.principal).definition;
    const query = { ...rangeOf(args), newestFirst: args.newestFirst };
    const { prices, nextCursor } = await readable(query, context.services.past.page(feed, query));
    return { prices: prices.map(priceObject), nextCursor };
  },
  async candles(_: unknown, args: PageArgs & { interval: CandleInterval }, context: GraphqlContext) {
    const { feed } = findFeed(context.services.view, args.feed, context.principal).definition;
    const query = rangeOf(args);
    const interval = CANDLE_INTERVALS[args.interval];
    const page = await readable(query, context.services.past.candles(feed, interval, query));
    const candles = page.candles.map((candle) => ({ ...candle, interval: args.interval }));
    return { candles, nextCursor: page.nextCursor };
  },
  sources: (_: unknown, _args: unknown, { services, principal }: GraphqlContext) =>
    services.sourceStatus().map((status) => sourceObject(status, principal)),
  source: (_: unknown, { id }: { id: string }, { services, principal }: GraphqlContext) =>
    sourceObject(findShown(services.sourceStatus(), id), principal),
  feeds: (_: unknown, _args: unknown, { services, principal }: GraphqlContext): FeedDefinition[] =>
    [...services.view.all()]
      .map(({ definition }) => definition)
      .filter(({ feed }) => mayReadFeed(principal, feed)),
  feed: (_: unknown, { feed }: { feed: string }, { services, principal }: GraphqlContext): FeedDefinition =>
    findFeed(services.view, feed, principal).definition,
  async explain(_: unknown, args: { feed: string; at?: string }, { services, principal }: GraphqlContext) {
    const { feed } = findFeed(services.view, args.feed, principal).definition;
    const atMs = instantOf('at', args.at);
    const explanation = await services.explain?.(feed, atMs);
    if (explanation === undefined) {
      throw new AssayError('NOT_FOUND', `there is no explanation of ${feed} for that instant`, {
        context: { field: 'feed', value: feed },
        recovery: 'Ask again after the next answer, or for an instant within the last day.',
      });
    }
    return { ...explanation, price: priceObject(explanation), text: explanationText(explanation) };
  },
  report(_: unknown, args: { feed: string }, { services, principal }: GraphqlContext): never {
    const { feed } = findFeed(services.view, args.feed, principal).definition;
    throw noFinal(feed);
  },
  async submission(_: unknown, { id }: { id: string }, { services, principal }: GraphqlContext) {
    const found = await submissionDesk(services.submissions).find(principal, id);
    return found ?? absent('submission', id);
  },
  async submissions(_: unknown, args: { limit: number; cursor?: string }, context: GraphqlContext) {
    const page = pageOf(args, SUBMISSIONS_MAX);
    return await submissionDesk(context.services.submissions).list(context.principal, page);
  },
  async priceRequest(_: unknown, { id }: { id: string }, { services, principal }: GraphqlContext) {
    const found = await priceRequestDesk(services.priceRequests).find(principal, id);
    return found === undefined ? absent('price request', id) : priceRequestObject(found);
  },
  status(_: unknown, _args: unknown, { services }: GraphqlContext) {
    const { isReady, reason, profile, ...details } = services.readiness();
    const facts = services.serverFacts();
    return { isReady, reason, profile, startedAt: facts.startedAt, details: { ...details, ...facts } };
  },
};

type PricesArgs = { feeds?: string[]; symbols?: string[]; kind: 'LIVE' | 'FINAL' };

/** Without a source or an instant it is answered at once, so that nothing waits for nothing. */
function price(_: unknown, args: PriceArgs, context: GraphqlContext): PriceObject | Promise<PriceObject> {
  const { services, nowMs } = context;
  const current = assetOf(args, context);
  if (args.kind === 'FINAL') throw noFinal(current.definition.feed);
  if (args.source == null && args.at == null) return currentObject(current, nowMs) ?? noPrice(current);
  if (args.source != null && args.at != null) throw invalid('at', args.at, 'leave it out beside source');
  return args.source != null
    ? ownPrice(services, current, args.source).then((own) => ownPriceObject(own, current, nowMs))
    : pastPrice(current, instantOf('at', args.at)!, context);
}

/** @throws AssayError NOT_FOUND, ACCESS_DENIED, REQUEST_INVALID */
export function assetOf(
  { symbol, feed }: { symbol?: string | null; feed?: string | null },
  { services, principal }: GraphqlContext,
): CurrentPrice {
  if (feed != null && symbol == null) return findFeed(services.view, feed, principal);
  if (symbol != null && feed == null) return findAsset(services.view, symbol, principal).current;
  throw invalid('symbol', symbol ?? '', 'give either a symbol ("BTC") or a feed ("BTC/USD")');
}

async function pastPrice(
  current: CurrentPrice,
  askedMs: number,
  { services, nowMs }: GraphqlContext,
): Promise<PriceObject> {
  const atMs = checkPast(askedMs, nowMs);
  return priceObject((await services.past.at(current, atMs)) ?? noPriceAt(current, atMs));
}

/** The price of a feed now; undefined before the first answer. */
export function currentObject(current: CurrentPrice, nowMs: number): PriceObject | undefined {
  const record = current.record(nowMs);
  return record === undefined ? undefined : priceObject(record);
}

/** Those asked for by feed or founding symbol; all that the key may read when none is named. */
export function assetsOf(
  { feeds, symbols }: { feeds?: readonly string[] | null; symbols?: readonly string[] | null },
  { services, principal }: GraphqlContext,
): CurrentPrice[] {
  if (feeds == null && symbols == null) return findFeeds(services.view, undefined, principal);
  const named = (symbols ?? []).map((symbol) => findAsset(services.view, symbol, principal).current);
  return [...new Set([...findFeeds(services.view, feeds ?? [], principal), ...named])];
}

/** @throws AssayError NOT_READY where nobody takes submissions */
export function submissionDesk(desk: SubmissionDesk | undefined): SubmissionDesk {
  if (desk !== undefined) return desk;
  throw new AssayError('NOT_READY', 'this server takes no submissions now: it runs without a database');
}

/** @throws AssayError NOT_READY where nobody takes price requests */
export function priceRequestDesk(desk: PriceRequestDesk | undefined): PriceRequestDesk {
  if (desk !== undefined) return desk;
  throw new AssayError('NOT_READY', 'this server takes no price requests now: it runs without a database');
}

function absent(what: string, id: string): never {
  const shown = id.slice(0, 80);
  throw new AssayError('NOT_FOUND', `there is no ${what} "${shown}" of this key`, {
    context: { field: 'id', value: shown },
  });
}

function rangeOf(args: PageArgs): {
  fromMs?: number;
  toMs?: number;
  limit: number;
  cursor?: string;
} {
  const fromMs = instantOf('from', args.from);
  const toMs = instantOf('to', args.to);
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs) {
    throw invalid('to', String(args.to), 'give an instant after from');
  }
  return {
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(toMs === undefined ? {} : { toMs }),
    ...pageOf(args, LIMIT_MAX),
  };
}

function pageOf(
  { limit, cursor }: { limit: number; cursor?: string },
  maximum: number,
): { limit: number; cursor?: string } {
  if (!(limit >= 1 && limit <= maximum)) {
    throw invalid('limit', String(limit), `give a whole number from 1 to ${maximum}`);
  }
  return { limit, ...(cursor == null ? {} : { cursor }) };
}

/** @throws AssayError REQUEST_INVALID */
function instantOf(field: string, text: string | null | undefined): number | undefined {
  if (text == null) return undefined;
  const read = instant.safeParse(text);
  if (read.success) return read.data;
  throw invalid(field, text, read.error.issues[0]!.message);
}
