// One feed: from its book to an answer with state, interval and reasons (ARCHITECTURE.md, point 5 and
// states).
// In: an instant at which something may have changed. Out: an answer and its decision, or nothing. Memory:
//   what was served and what was ok.
import { type Fixed, formatFixed } from '@assay/kernel/money/fixed';
import type { Answer, AnswerState } from '../model/answer.ts';
import type { Decision } from '../model/decision.ts';
import { DecisionRecord } from './decision-record.ts';
import { type FeedBook, USED } from './feed-book.ts';
import {
  type FeedPrice,
  medianOf,
  PriceWindow,
  plainMedian,
  singleSource,
  trimmedMean,
} from './feed-price.ts';
import { type Hub, scaled } from './hub.ts';
import { addHash, type HashPair, hashToText } from './input-hash.ts';
import type { FeedPlan, Plan } from './plan.ts';
import { PriceGuard } from './price-guard.ts';
import { CONFIDENCE, FRESH_AT, HASH_HIGH, HASH_LOW, SOURCE } from './slot-table.ts';
import { reasonOf } from './state-reason.ts';
import { VenueDispersion } from './venue-dispersion.ts';

export type Evaluation = { answer: Answer; decision: Decision };

export class FeedState {
  /** Something must be looked at again after this instant although nothing is heard. */
  wakeAt: number = Number.POSITIVE_INFINITY;
  /** Set by the aggregator: heard something (2), or something behind it changed (1). */
  dirt = 0;
  readonly plan: FeedPlan;
  readonly #plan: Plan;
  readonly #book: FeedBook;
  readonly #guard: PriceGuard;
  #dispersion: VenueDispersion = new VenueDispersion();
  #window: PriceWindow;
  #last: Answer | undefined;
  /** When a price was last computed, not only repeated. */
  #pricedAt = 0;
  /** Value of the last ok answer; NaN: none. */
  #lastOk: number = Number.NaN;

  /**
   * @param book of the run: loaded anew by whichever feed is evaluated, so it stays in the processor's cache
   */
  constructor(plan: Plan, feed: FeedPlan, book: FeedBook) {
    this.#plan = plan;
    this.plan = feed;
    this.#book = book;
    this.#guard = new PriceGuard(feed.definition);
    this.#window = new PriceWindow(feed.definition.windowMs);
  }

  /** Takes over what was served and learned under another configuration. */
  inherit(before: FeedState): void {
    this.#last = before.#last;
    this.#pricedAt = before.#pricedAt;
    this.#lastOk = before.#lastOk;
    this.#dispersion = before.#dispersion;
    this.#guard.inherit(before.#guard);
    // A window counts by the place of its inputs: with other inputs it begins anew.
    const [now, then] = [this.plan.definition, before.plan.definition].map((definition) =>
      JSON.stringify(definition),
    );
    if (now === then) this.#window = before.#window;
  }

  /** @param mustSpeak publish even when nothing changed: the feed heard something */
  evaluate(at: number, hub: Hub, mustSpeak: boolean): Evaluation | undefined {
    const book = this.#book;
    book.load(this.plan, at, hub, this.#lastOk);
    const median = medianOf(book);
    const price = median === undefined ? undefined : this.#byMethod(median, at);
    if (median === undefined || price === undefined) return this.#repeat(at, hub, mustSpeak);
    book.loseVenues();
    const value = Number(median.price) / 1e18;
    const causes: string[] = [];
    const interval = { low: value, high: value };
    const venues = this.#doubt(value, causes, interval);
    this.#doubtConversion(hub, causes);
    let state: AnswerState = causes.length === 0 ? 'ok' : 'degraded';
    const halt = this.#guard.judge(at, price, value, book);
    if (halt !== undefined) {
      state = 'halted';
      causes.push(halt);
    }
    const bounds = this.#widen({ ...median, price }, interval, hub);
    this.#pricedAt = at;
    this.wakeAt = Math.min(book.freshUntil, at + this.plan.definition.staleAfterMs);
    const answer = this.#answer({ at, hub, state, causes, bounds, venues });
    if (state === 'ok') {
      this.#lastOk = value;
      this.#dispersion.observe(at, value, book);
    }
    return this.#publish(answer, causes, hub, mustSpeak);
  }

  #byMethod(median: FeedPrice, at: number): Fixed | undefined {
    const { method, methodSource } = this.plan.definition;
    switch (method) {
      case 'weighted-median':
        return median.price;
      case 'median':
        return plainMedian(this.#book);
      case 'trimmed-mean':
        return trimmedMean(this.#book);
      case 'vwap':
        return this.#window.volumeWeighted(this.#book, at) ?? median.price;
      case 'twap':
        return this.#window.timeWeighted(median.price, at);
      case 'single-source':
        return singleSource(this.#book, methodSource);
    }
  }

  /** Point 5. Returns the number of venues used; notes causes and how far the disputed answers reach. */
  #doubt(value: number, causes: string[], interval: { low: number; high: number }): number {
    const book = this.#book;
    const { definition } = this.plan;
    const isSingle = definition.method === 'single-source';
    const venues = book.countVenues();
    if (venues < definition.minimumVenues && !isSingle)
      causes.push(`venues:${venues}<${definition.minimumVenues}`);
    const limit = (definition.venueLossLimitBps ?? this.#dispersion.limitBps) / 10_000;
    for (let l = 0; l < book.lossCount; l++) {
      const loss = book.losses[l]!;
      let without = loss.value;
      const isLost = Number.isNaN(without);
      if (isLost) without = book.doubtedValue(loss.venue);
      if (!Number.isNaN(without)) {
        interval.low = Math.min(interval.low, without);
        interval.high = Math.max(interval.high, without);
      }
      const isFar = isLost || Math.round(Math.abs(loss.value / value - 1) * 1e6) > Math.round(limit * 1e6);
      if (isFar && !isSingle) causes.push(`venue-loss:${this.#plan.venues[loss.venue]!}`);
    }
    if (book.isHalfRemoved) {
      causes.push('removed');
      const doubted = book.doubtedValue(NO_VENUE);
      if (!Number.isNaN(doubted)) {
        interval.low = Math.min(interval.low, doubted);
        interval.high = Math.max(interval.high, doubted);
      }
    }
    return venues;
  }

  /**
   * A conversion in doubt matters when nothing else is there: otherwise point 5 has already weighed what it
   * can do.
   */
  #doubtConversion(hub: Hub, causes: string[]): void {
    const book = this.#book;
    if (!book.hasForeign) return;
    let total = 0;
    let doubted = 0;
    let currency = -1;
    for (let o = 0; o < book.count; o++) {
      const i = book.order[o]!;
      total += book.weights[i]!;
      const from = this.plan.froms[i]!;
      if (from === this.plan.quote) continue;
      const of = [from, this.plan.quote].find((c) => hub.states[c]?.state === 'degraded');
      if (of === undefined) continue;
      doubted += book.weights[i]!;
      currency = of;
    }
    if (doubted === total) causes.push(`conversion:${this.#plan.currencies[currency]!}`);
  }

  /** Section 3: the central half, the conversion's own interval, and the answers of point 5. */
  #widen(bounds: FeedPrice, interval: { low: number; high: number }, hub: Hub): FeedPrice {
    let lowFactor = 1;
    let highFactor = 1;
    if (this.#book.hasForeign) {
      for (const currency of this.plan.foreign) {
        const state = hub.states[currency];
        if (state === undefined) continue;
        lowFactor = Math.min(lowFactor, state.lowFactor);
        highFactor = Math.max(highFactor, state.highFactor);
      }
    }
    const { price } = bounds;
    const value = Number(price) / 1e18;
    lowFactor = Math.min(lowFactor, interval.low / value);
    highFactor = Math.max(highFactor, interval.high / value);
    const low = lowFactor < 1 ? scaled(price, lowFactor) : price;
    const high = highFactor > 1 ? scaled(price, highFactor) : price;
    return {
      price,
      low: low < bounds.low ? low : bounds.low < price ? bounds.low : price,
      high: high > bounds.high ? high : bounds.high > price ? bounds.high : price,
    };
  }

  /** Nothing usable is left: the last answer stands with its age, degraded, and stale after the limit. */
  #repeat(at: number, hub: Hub, mustSpeak: boolean): Evaluation | undefined {
    const last = this.#last;
    if (last === undefined) {
      this.wakeAt = Number.POSITIVE_INFINITY;
      return undefined;
    }
    const staleAt = this.#pricedAt + this.plan.definition.staleAfterMs;
    const isStale = at > staleAt;
    this.wakeAt = isStale ? Number.POSITIVE_INFINITY : staleAt;
    const causes = [isStale ? `silent:${this.plan.definition.staleAfterMs}ms` : 'no-source-price'];
    const state = isStale ? 'stale' : 'degraded';
    const answer: Answer = {
      ...last,
      state,
      stateReason: reasonOf(state, causes, { sources: 0, venues: 0 }),
      answeredAt: at,
      sourcesUsed: 0,
      confidence: 0,
      decision: `${last.feed}@${at}`,
      inputsHash: this.#hash(hub),
    };
    return this.#publish(answer, causes, hub, mustSpeak);
  }

  #answer(facts: {
    at: number;
    hub: Hub;
    state: AnswerState;
    causes: string[];
    bounds: FeedPrice;
    venues: number;
  }): Answer {
    const { at, state, causes } = facts;
    const { definition } = this.plan;
    const rest = this.#restOn(at);
    const last = this.#last;
    // A halted feed serves what it served before; without such a price, the new one is all there is.
    const isHeld = state === 'halted' && last !== undefined;
    const price = formatFixed(facts.bounds.price, definition.decimals, 'halfEven');
    const low = formatFixed(facts.bounds.low, definition.decimals, 'floor');
    const high = formatFixed(facts.bounds.high, definition.decimals, 'ceiling');
    return {
      feed: definition.feed,
      kind: 'live',
      price: isHeld ? last.price : price,
      low: isHeld ? lesser(last.low, low) : low,
      high: isHeld ? greater(last.high, high) : high,
      state,
      stateReason: reasonOf(state, causes, { sources: rest.sources, venues: facts.venues }),
      observedAt: isHeld ? last.observedAt : rest.observedAt,
      answeredAt: at,
      sourcesUsed: rest.sources,
      sourcesConfigured: this.plan.sourceCount + ((this.plan.submitted?.offset ?? -1) >= 0 ? 1 : 0),
      confidence: rest.confidence,
      decision: `${definition.feed}@${at}`,
      inputsHash: this.#hash(facts.hub),
      profile: this.#plan.profile,
    };
  }

  #restOn(at: number): { sources: number; observedAt: number; confidence: number } {
    const { rows } = this.plan;
    const { verdicts, weights } = this.#book;
    const { numbers } = this.#plan.table;
    let sources = 0;
    let observedAt = 0;
    let trusted = 0;
    let total = 0;
    let previous = -1;
    for (let i = 0; i < rows.length; i++) {
      if (verdicts[i] !== USED) continue;
      const row = rows[i]!;
      // Inputs stand in the order of their sources.
      const source = numbers[row + SOURCE]!;
      if (source !== previous) sources++;
      previous = source;
      const freshAt = numbers[row + FRESH_AT]!;
      if (freshAt > observedAt) observedAt = freshAt;
      total += weights[i]!;
      trusted += weights[i]! * numbers[row + CONFIDENCE]!;
    }
    return {
      sources,
      observedAt: Math.min(observedAt, at),
      confidence: Math.round((trusted / total) * 1000) / 1000,
    };
  }

  #hash(hub: Hub): string {
    sum.high = 0;
    sum.low = 0;
    const { rows } = this.plan;
    const { numbers } = this.#plan.table;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      if (this.#book.isTakenIn(i)) addHash(sum, numbers[row + HASH_HIGH]!, numbers[row + HASH_LOW]!);
    }
    if (this.plan.isHub || this.#book.hasForeign) addHash(sum, hub.hash.high, hub.hash.low);
    return hashToText(sum);
  }

  #publish(answer: Answer, causes: string[], hub: Hub, mustSpeak: boolean): Evaluation | undefined {
    const last = this.#last;
    if (!mustSpeak && last !== undefined && isSame(last, answer)) return undefined;
    this.#last = answer;
    const isChecked = this.plan.isHub || this.#book.hasForeign;
    const check = isChecked ? (hub.check?.id ?? null) : null;
    const { answeredAt: at, state } = answer;
    const id = answer.decision;
    const decision = new DecisionRecord({ id, book: this.#book, plan: this.#plan, at, check, state, causes });
    return { answer, decision };
  }
}

const NO_VENUE = -2;
const sum: HashPair = { high: 0, low: 0 };

function isSame(a: Answer, b: Answer): boolean {
  return (
    a.price === b.price &&
    a.state === b.state &&
    a.stateReason === b.stateReason &&
    a.low === b.low &&
    a.high === b.high
  );
}

function lesser(a: string, b: string): string {
  return Number(a) <= Number(b) ? a : b;
}

function greater(a: string, b: string): string {
  return Number(a) >= Number(b) ? a : b;
}
