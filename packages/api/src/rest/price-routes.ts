// Routes of current prices: all, several, one; the founding shape of one asset; what one source said itself.
// A feed is "BTC-USD" in an address; an address without a quote currency ("BTC") asks for the founding shape.
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { PriceRecord } from '@assay/oracle/model/answer';
import type { SourceTraits } from '@assay/oracle/model/feed';
import type { EventBus } from '@assay/ports/event-bus/event-bus';
import type { History } from '@assay/ports/history/history';
import { z } from 'zod';
import { findSource, lastOwnPrice, type OwnPrice, pairsOfSource } from '../assets/own-prices.ts';
import type { PastAnswers } from '../assets/past-answers.ts';
import type { Principal } from '../auth/principal.ts';
import { asciiJson, type CurrentPrice } from '../views/current-price.ts';
import type { PriceView } from '../views/prices.ts';
import type { ConvertedPrice } from './explain-route.ts';
import { foundingPrice } from './founding-price.ts';
import { feedList, findFeed, findFeeds, instant, kind, unknownName } from './parameters.ts';
import { defineRoute, invalid, type Reply, type Route } from './route.ts';

export type PriceRouteOptions = {
  view: PriceView;
  past: PastAnswers;
  bus: EventBus;
  history: History;
  sources: readonly SourceTraits[];
  /** Price of a source in the feed's currency as the newest decision converted it. */
  converted: ConvertedPrice;
};

export type OwnPriceOptions = Pick<PriceRouteOptions, 'bus' | 'history' | 'sources' | 'converted'>;

/** The longest display name of a source is a third of this. */
const SOURCE_NAME_MAX = 100;

export function priceRoutes(options: PriceRouteOptions): Route[] {
  const { view, past } = options;
  const source = z
    .string('give the id or the name of a source')
    .min(1, 'give the id or the name of a source')
    .max(SOURCE_NAME_MAX, `give a name of at most ${SOURCE_NAME_MAX} characters`)
    .optional()
    .describe('Id or display name of a source, in any case: its own last price');
  const many = defineRoute({
    path: '/v1/prices',
    scope: 'prices:read',
    describe: 'The prices of all feeds, or of those in `feeds`, now or at an instant',
    query: z.strictObject({ feeds: feedList.optional(), at: instant.optional(), kind: kind.optional() }),
    async handle({ query, principal, nowMs }) {
      const currents = findFeeds(view, query.feeds, principal);
      if (query.kind === 'final') throw noFinal('these feeds');
      if (query.at === undefined) {
        return { body: `[${currents.flatMap((current) => current.text(nowMs) ?? []).join(',')}]` };
      }
      const at = checkPast(query.at, nowMs);
      const records = await Promise.all(currents.map((current) => past.at(current, at)));
      return { body: asciiJson(records.filter((record) => record !== undefined)) };
    },
  });
  const one = defineRoute({
    path: '/v1/prices/:feed',
    scope: 'prices:read',
    describe: 'The price of one feed (BTC-USD), or in the founding shape of one asset (BTC)',
    query: z.strictObject({ at: instant.optional(), kind: kind.optional(), source }),
    async handle({ path, query, principal, nowMs }) {
      const { current, isFounding } = findAsset(view, path.feed!, principal);
      if (query.kind === 'final') throw noFinal(current.definition.feed);
      if (query.source !== undefined) {
        if (query.at !== undefined) {
          throw invalid('at', new Date(query.at).toISOString(), 'leave it out beside source');
        }
        return ownReply(await ownPrice(options, current, query.source), current, isFounding, nowMs);
      }
      if (query.at !== undefined) {
        const at = checkPast(query.at, nowMs);
        const record = (await past.at(current, at)) ?? noPriceAt(current, at);
        return isFounding ? foundingReply(record) : { body: asciiJson(record) };
      }
      if (isFounding) return foundingReply(current.record(nowMs) ?? noPrice(current));
      return { body: current.text(nowMs) ?? noPrice(current) };
    },
  });
  return [many, one];
}

export function findAsset(
  view: PriceView,
  name: string,
  principal: Principal,
): { current: CurrentPrice; isFounding: boolean } {
  // Feeds first: a base may itself have a hyphen.
  const wanted = name.toUpperCase();
  if (view.byPath(wanted) ?? view.byFeed(wanted)) {
    return { current: findFeed(view, name, principal), isFounding: false };
  }
  if (/[-/]/.test(name)) throw unknownName('feed', name, view.feeds());
  if (view.byFeed(`${wanted}/USD`) === undefined) throw unknownName('feed', `${name}/USD`, view.feeds());
  return { current: findFeed(view, `${wanted}/USD`, principal), isFounding: true };
}

export async function ownPrice(
  options: OwnPriceOptions,
  current: CurrentPrice,
  name: string,
): Promise<OwnPrice> {
  const { definition } = current;
  const source = findSource(options.sources, name);
  if (source === undefined) {
    throw unknownName(
      'source',
      name,
      options.sources.map((one) => one.name),
    );
  }
  const pairs = pairsOfSource(definition, source);
  if (pairs.length === 0) {
    throw new AssayError('NOT_FOUND', `${source.name} is not a source of ${definition.feed}`, {
      context: { field: 'source', value: source.source },
      recovery: `Ask /v1/feeds which sources ${definition.feed} has.`,
    });
  }
  const direct =
    pairs[0] === definition.feed ? await lastOwnPrice(options, source, definition.feed) : undefined;
  const own = direct ?? (await options.converted(definition.feed, source));
  if (own !== undefined) return own;
  throw new AssayError('NOT_FOUND', `${source.name} has said nothing about ${pairs.join(', ')} yet`, {
    context: { field: 'source', value: source.source },
    recovery: '/v1/sources says how the source is.',
  });
}

function ownReply(own: OwnPrice, current: CurrentPrice, isFounding: boolean, nowMs: number): Reply {
  const { feed, sources: _ } = current.definition;
  const observedAt = new Date(own.observedAt).toISOString();
  if (isFounding) {
    return { body: foundingPrice({ feed, price: own.price, observedAt, source: own.source.name }) };
  }
  return {
    body: asciiJson({
      feed,
      source: own.source.source,
      name: own.source.name,
      pair: own.pair,
      price: own.price,
      isConverted: own.isConverted,
      observedAt,
      ageMs: Math.max(0, nowMs - own.observedAt),
      profile: current.answer?.profile ?? null,
    }),
  };
}

function foundingReply(record: PriceRecord): Reply {
  const { feed, price, observedAt, state, ageMs } = record;
  // Four keys are the contract; how good the price is stands beside it.
  const headers = { 'assay-state': state, 'assay-age-ms': String(ageMs), 'assay-profile': record.profile };
  return { body: foundingPrice({ feed, price, observedAt, source: 'Assay' }), headers };
}

/** @throws AssayError REQUEST_INVALID */
export function checkPast(atMs: number, nowMs: number): number {
  if (atMs <= nowMs) return atMs;
  throw invalid('at', new Date(atMs).toISOString(), 'it lies in the future; leave it out for the price now');
}

export function noFinal(what: string): AssayError {
  return new AssayError('FINAL_PRICE_ABSENT', `no final price exists yet for ${what}`, {
    context: { field: 'kind', value: 'final' },
  });
}

export function noPrice(current: CurrentPrice): never {
  throw new AssayError('NOT_FOUND', `${current.definition.feed} has no price yet`, {
    context: { field: 'feed', value: current.definition.feed },
    recovery: '/v1/sources says which sources answer; a price appears with the first of them.',
  });
}

export function noPriceAt(current: CurrentPrice, atMs: number): never {
  const at = new Date(atMs).toISOString();
  throw new AssayError('NOT_FOUND', `${current.definition.feed} had no price at ${at}`, {
    context: { field: 'at', value: at },
    recovery: `/v1/prices/${current.definition.feed.replace('/', '-')}/history shows what is kept.`,
  });
}
