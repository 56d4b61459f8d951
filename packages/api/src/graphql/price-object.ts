// A price as resolvers hand it out: the record of every door, with the four founding names beside it. In: a
// record, or what one source said itself. Out: a value of the type Price.
import { type PriceRecord, priceRecordOf } from '@assay/oracle/model/answer';
import { baseOf, quoteOf } from '@assay/oracle/model/pair';
import type { OwnPrice } from '../assets/own-prices.ts';
import type { CurrentPrice } from '../views/current-price.ts';

export type PriceObject = Omit<PriceRecord, 'kind'> & {
  kind: 'LIVE' | 'FINAL';
  symbol: string;
  /** null for a feed in another currency. */
  price_usd: string | null;
  timestamp: string;
  source: string;
};

export function priceObject(record: PriceRecord): PriceObject {
  return {
    ...record,
    kind: record.kind === 'final' ? 'FINAL' : 'LIVE',
    symbol: baseOf(record.feed),
    price_usd: quoteOf(record.feed) === 'USD' ? record.price : null,
    timestamp: record.observedAt,
    source: 'Assay',
  };
}

/** One source's own last price: one witness, so never better than `degraded`. */
export function ownPriceObject(own: OwnPrice, current: CurrentPrice, nowMs: number): PriceObject {
  const { feed, staleAfterMs } = current.definition;
  const isStale = nowMs - own.observedAt > staleAfterMs;
  const said = own.isConverted ? `converted from ${own.pair}` : 'as it said it';
  const record = priceRecordOf(
    {
      feed,
      kind: 'live',
      price: own.price,
      low: own.price,
      high: own.price,
      state: isStale ? 'stale' : 'degraded',
      stateReason: `the last price of ${own.source.name} alone, ${said}: checked against nobody`,
      observedAt: own.observedAt,
      answeredAt: own.observedAt,
      sourcesUsed: 1,
      sourcesConfigured: 1,
      confidence: 0,
      decision: '',
      inputsHash: '',
      profile: current.answer?.profile ?? '',
    },
    nowMs,
  );
  return { ...priceObject(record), source: own.source.name };
}
