// What a parse function returned, checked before anybody may believe it. In: a parsed price, its arrival and
// how far the venue's clock is ahead. Out: the fields of a source price, or the reason why it is none.
// Invariant: what passes is a positive plain decimal whose time is neither in the future nor absurdly old.
import type { Pair } from '../model/pair.ts';
import type { PriceKind, SourcePrice } from '../model/source-price.ts';
import type { Parsed } from './define-source.ts';
import { comparePrices, isZero, midpoint, plainPrice } from './price-text.ts';

export type CheckedPrice = {
  pair: Pair;
  price: string;
  kind: PriceKind;
  /** In our clock: the venue's time less how far it is ahead, never after the arrival. */
  observedAt: number;
  receivedAt: number;
  /** False: the venue gave no time and `observedAt` is the arrival. */
  hasVenueTime: boolean;
  volume?: string;
  intervalMs?: number;
};

export const REJECTIONS = [
  'price', // not a positive plain decimal
  'crossed', // bid above ask
  'future',
  'ancient',
  'no-news', // a bar without volume
  'older', // than one already published
  'unchanged', // the same news again
  'unproven', // no venue time, while a stream that has one is up
  'quarantined',
] as const;
export type Rejection = (typeof REJECTIONS)[number];

/** Rejections that mean that the payload is wrong, not that it is old news. */
const INVALID: readonly Rejection[] = ['price', 'crossed', 'future', 'ancient'];

/** Clocks synchronised by NTP differ by milliseconds; past this the time is an error, not a difference. */
export const FUTURE_MAX_MS = 5_000;

/** A thin pair may not trade for days. Past a month the number is in another unit or another year. */
export const ANCIENT_MS: number = 31 * 86_400_000;

export function isInvalid(rejection: Rejection): boolean {
  return INVALID.includes(rejection);
}

/** @param aheadMs how far the venue's clock is ahead of ours, 0 when behind or unknown */
export function checkPrice(parsed: Parsed, receivedAt: number, aheadMs: number): CheckedPrice | Rejection {
  const price =
    parsed.kind === 'book' ? middleOf(parsed.bid, parsed.ask) : (plainPrice(parsed.price) ?? 'price');
  if (price === 'price' || price === 'crossed') return price;
  if (parsed.kind === 'bar' && parsed.volume !== undefined && isZero(parsed.volume)) return 'no-news';
  const venueAt = parsed.observedAt;
  if (venueAt !== undefined && !Number.isFinite(venueAt)) return 'ancient';
  const observedAt = venueAt === undefined ? receivedAt : venueAt - aheadMs;
  if (observedAt > receivedAt + FUTURE_MAX_MS) return 'future';
  if (observedAt < receivedAt - ANCIENT_MS) return 'ancient';
  const checked: CheckedPrice = {
    pair: parsed.pair,
    price,
    kind: parsed.kind,
    observedAt: Math.min(Math.floor(observedAt), receivedAt),
    receivedAt,
    hasVenueTime: venueAt !== undefined,
  };
  if (parsed.volume !== undefined) checked.volume = parsed.volume;
  if (parsed.intervalMs !== undefined) checked.intervalMs = parsed.intervalMs;
  return checked;
}

export function sourcePriceOf(
  checked: CheckedPrice,
  stamp: { source: string; profile: string; transport: 'stream' | 'poll'; confidence: number },
): SourcePrice {
  const record: SourcePrice = {
    type: 'price',
    source: stamp.source,
    pair: checked.pair,
    price: checked.price,
    kind: checked.kind,
    observedAt: checked.observedAt,
    receivedAt: checked.receivedAt,
    confidence: stamp.confidence,
    transport: stamp.transport,
    profile: stamp.profile,
  };
  if (checked.volume !== undefined) record.volume = checked.volume;
  if (checked.intervalMs !== undefined) record.intervalMs = checked.intervalMs;
  return record;
}

function middleOf(bidText: string, askText: string): string {
  const bid = plainPrice(bidText);
  const ask = plainPrice(askText);
  if (bid === undefined || ask === undefined) return 'price';
  return comparePrices(bid, ask) > 0 ? 'crossed' : midpoint(bid, ask);
}
