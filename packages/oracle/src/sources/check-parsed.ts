// The last look at what an adapter returned, before it becomes a source price. In: a parsed price and the
// wall time of its arrival. Out: nothing, or SOURCE_BAD_PAYLOAD. Invariant: after it, digits are a decimal
// above zero, the best prices do not cross, and no time lies in our future by more than a clock can be
// wrong.
import type { Parsed } from './define-source.ts';
import { badPayload, isPrice } from './payload.ts';

/** A venue's clock may run ahead of ours by this much; news from further in the future is refused. */
export const CLOCK_AHEAD_MAX_MS = 60_000;

/** @throws AssayError SOURCE_BAD_PAYLOAD naming pair, field and value */
export function checkParsed(parsed: Parsed, receivedAt: number): void {
  if (parsed.kind === 'book') {
    checkPrice(parsed.bid, parsed, 'bid');
    checkPrice(parsed.ask, parsed, 'ask');
    // Doubles decide only whether to refuse; they never become a price.
    if (Number(parsed.bid) > Number(parsed.ask))
      throw badPayload(parsed.pair, 'bid', parsed.bid, `at most the ask of ${parsed.ask}`);
  } else checkPrice(parsed.price, parsed, 'price');
  checkTime(parsed.observedAt, parsed, 'observedAt', receivedAt);
  checkTime(parsed.venueAt, parsed, 'venueAt', receivedAt);
}

function checkPrice(text: string, parsed: Parsed, field: string): void {
  if (!isPrice(text)) throw badPayload(parsed.pair, field, text, 'a decimal above zero');
}

function checkTime(ms: number | undefined, parsed: Parsed, field: string, receivedAt: number): void {
  if (ms === undefined) return;
  if (!Number.isFinite(ms) || ms < 0 || ms > receivedAt + CLOCK_AHEAD_MAX_MS)
    throw badPayload(parsed.pair, field, ms, `a time up to ${receivedAt} and a minute`);
}
