// "Why this number?" over HTTP. In: a feed, perhaps an instant. Out: the explanation as JSON, or in words.

import { AssayError } from '@assay/kernel/errors/assay-error';
import type { Clock } from '@assay/kernel/time/clock';
import { type Explanation, explanationText } from '@assay/oracle/model/explanation';
import type { SourceTraits } from '@assay/oracle/model/feed';
import { z } from 'zod';
import type { OwnPrice } from '../assets/own-prices.ts';
import type { PriceView } from '../views/prices.ts';
import { findFeed, instant } from './parameters.ts';
import { defineRoute, json, type Route } from './route.ts';

export type Explain = (feed: string, atMs?: number) => Promise<Explanation | undefined>;
export type ConvertedPrice = (feed: string, source: SourceTraits) => Promise<OwnPrice | undefined>;

const FORMAT_FIX = 'give json or text';

export function explainRoute({ view, explain }: { view: PriceView; explain: Explain | undefined }): Route {
  return defineRoute({
    path: '/v1/prices/:feed/explain',
    scope: 'prices:read',
    describe: 'Each source of the price, in figures (json) or in words (text)',
    answer: { otherTypes: ['text/plain'] },
    query: z.strictObject({
      at: instant.optional(),
      format: z.enum(['json', 'text'], FORMAT_FIX).optional(),
    }),
    async handle({ path, query, principal }) {
      const { feed } = findFeed(view, path.feed!, principal).definition;
      const explanation = await explain?.(feed, query.at);
      if (explanation === undefined) throw unexplained(feed, query.at);
      if (query.format !== 'text') return json(explanation);
      return { body: explanationText(explanation), contentType: 'text/plain; charset=utf-8' };
    },
  });
}

/** What the newest decision made of the price of a source, in the feed's currency. */
export function convertedBy(explain: Explain | undefined, clock: Clock): ConvertedPrice {
  return async (feed, source) => {
    const explanation = await explain?.(feed);
    const own = explanation?.sources.filter((one) => one.source === source.source && one.converted !== null);
    // The freshest of its pairs: the source's last word.
    const [newest] = (own ?? []).sort((a, b) => (a.ageMs ?? 0) - (b.ageMs ?? 0));
    if (newest === undefined || newest.converted === null) return undefined;
    return {
      source,
      pair: newest.pair,
      price: newest.converted,
      observedAt: clock.now() - (newest.ageMs ?? 0),
      isConverted: true,
    };
  };
}

function unexplained(feed: string, atMs: number | undefined): AssayError {
  const when =
    atMs === undefined ? 'yet' : `of ${new Date(atMs).toISOString()} (decisions are kept for a day)`;
  return new AssayError('NOT_FOUND', `there is no explanation of ${feed} ${when}`, {
    context: { field: 'feed', value: feed },
    recovery: 'Ask again after the next answer, or for an instant within the last day.',
  });
}
