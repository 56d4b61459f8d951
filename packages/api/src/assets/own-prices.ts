// What one source itself said last about an asset. In: a source by id or display name, a feed. Out: its
// newest price in the feed's quote currency. Looks at the end of the log first, then at the history, which
// may lag behind it by seconds.
//
// Invariant: a price in another currency is never passed off as one in the feed's: it is given as converted
// by the newest decision, or not at all.
import type { FeedDefinition, SourceTraits } from '@assay/oracle/model/feed';
import { decodeSourceRecord, SOURCE_PRICES_TOPIC, type SourcePrice } from '@assay/oracle/model/source-price';
import type { BusRecord, EventBus } from '@assay/ports/event-bus/event-bus';
import type { History } from '@assay/ports/history/history';

export type OwnPrice = {
  source: SourceTraits;
  /** Pair in which the source prices it; the feed's own when `isConverted` is false. */
  pair: string;
  price: string;
  observedAt: number;
  isConverted: boolean;
};

/**
 * Records of the end of the log that are looked through: a few seconds of a busy market, some 10 ms of work.
 */
const TAIL_MAX = 5_000;
const TAIL_STEP = 1_000;

/** By id or display name, in any case. */
export function findSource(sources: readonly SourceTraits[], name: string): SourceTraits | undefined {
  const wanted = name.toLowerCase();
  return sources.find((one) => one.source.toLowerCase() === wanted || one.name.toLowerCase() === wanted);
}

export async function lastOwnPrice(
  ports: { bus: EventBus; history: History },
  source: SourceTraits,
  pair: string,
): Promise<OwnPrice | undefined> {
  const { rows } = await ports.history.prices(pair, source.source, { limit: 1, newestFirst: true });
  const stored = rows[0];
  const recent = await lastInLog(ports.bus, source.source, pair);
  const newest = recent !== undefined && recent.observedAt >= (stored?.observedAt ?? 0) ? recent : stored;
  if (newest === undefined) return undefined;
  return { source, pair, price: newest.price, observedAt: newest.observedAt, isConverted: false };
}

/** The pairs of a feed's base that a source is configured for, the feed's own currency first. */
export function pairsOfSource(definition: FeedDefinition, source: SourceTraits): string[] {
  return definition.sources
    .filter((one) => one.source === source.source)
    .map(({ pair }) => pair)
    .sort((a, b) => Number(b === definition.feed) - Number(a === definition.feed));
}

async function lastInLog(bus: EventBus, source: string, pair: string): Promise<SourcePrice | undefined> {
  let newest: SourcePrice | undefined;
  for (const { partition, firstOffset, nextOffset } of await bus.positions(SOURCE_PRICES_TOPIC)) {
    const oldest = Math.max(firstOffset, nextOffset - TAIL_MAX);
    for (let end = nextOffset; end > oldest; end -= TAIL_STEP) {
      const begin = Math.max(oldest, end - TAIL_STEP);
      const records = await bus.read(SOURCE_PRICES_TOPIC, partition, begin, end - begin);
      const found = lastOf(records, source, pair);
      if (found === undefined) continue;
      if (newest === undefined || found.observedAt > newest.observedAt) newest = found;
      break;
    }
  }
  return newest;
}

function lastOf(records: readonly BusRecord[], source: string, pair: string): SourcePrice | undefined {
  for (let i = records.length - 1; i >= 0; i--) {
    const { key, value } = records[i]!;
    // The key of a price is its pair; the text search spares most of the parsing.
    if (key !== pair || !value.includes(`"${source}"`)) continue;
    const record = decodeSourceRecord(value);
    if (record.type === 'price' && record.source === source) return record;
  }
  return undefined;
}
