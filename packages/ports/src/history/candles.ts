// Rolls answers into candles. In: answers in any order, each once. Out: the candles they belong to, in every
// interval.
//
// Invariant: prices are compared as exact decimals and kept as the texts they came as; first and last are
// decided by (answeredAt, offset), so the order of arrival does not matter.
import { compareDecimals, parseDecimal } from '@assay/kernel/money/decimal';
import { type AnswerRow, CANDLE_INTERVALS_MS } from './history.ts';

export type CandleState = {
  feed: string;
  intervalMs: number;
  startAt: number;
  open: string;
  high: string;
  low: string;
  close: string;
  count: number;
  openAt: number;
  openOffset: number;
  closeAt: number;
  closeOffset: number;
};

/** An answer of state `stale` repeats an old price: it is no news and makes no candle. */
export function makesCandle(answer: AnswerRow): boolean {
  return answer.state !== 'stale';
}

export function candleKeys({
  feed,
  answeredAt,
}: AnswerRow): Pick<CandleState, 'feed' | 'intervalMs' | 'startAt'>[] {
  return CANDLE_INTERVALS_MS.map((intervalMs) => {
    return { feed, intervalMs, startAt: Math.floor(answeredAt / intervalMs) * intervalMs };
  });
}

export function beginCandle(
  key: Pick<CandleState, 'feed' | 'intervalMs' | 'startAt'>,
  { price, answeredAt: at, offset }: AnswerRow,
): CandleState {
  const moment = { openAt: at, openOffset: offset, closeAt: at, closeOffset: offset };
  return { ...key, open: price, high: price, low: price, close: price, count: 1, ...moment };
}

/** Takes one more answer into a candle, in place. */
export function extendCandle(candle: CandleState, { price, answeredAt: at, offset }: AnswerRow): void {
  const value = parseDecimal(price);
  if (compareDecimals(value, parseDecimal(candle.high)) > 0) candle.high = price;
  if (compareDecimals(value, parseDecimal(candle.low)) < 0) candle.low = price;
  candle.count++;
  if (at < candle.openAt || (at === candle.openAt && offset < candle.openOffset)) {
    Object.assign(candle, { open: price, openAt: at, openOffset: offset });
  }
  if (at > candle.closeAt || (at === candle.closeAt && offset > candle.closeOffset)) {
    Object.assign(candle, { close: price, closeAt: at, closeOffset: offset });
  }
}
