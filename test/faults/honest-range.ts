// What an honest answer may be: between the lowest and the highest price of the surviving venues, each
// converted at the lowest and highest of the surviving rates. In: boards of the venues as they stand, step by
// step. Out: the range over the last seconds, because an answer rests on trades that are a little old.
// Invariant: only what venues print counts, never an answer.
import type { FeedDefinition } from '@assay/oracle/model/feed';
import { baseOf, quoteOf } from '@assay/oracle/model/pair';
import type { Sandbox } from '@assay/sandbox/sandbox';

export type Range = { low: number; high: number };

/** The rarest pair here trades every seven seconds in the mean; an answer may rest on its last trade. */
const WINDOW_MS = 60_000;
const BUCKET_MS = 1_000;

type Bucket = { atMs: number; ranges: Map<string, Range> };

export class HonestRange {
  readonly #sandbox: Sandbox;
  readonly #feeds: readonly FeedDefinition[];
  /** Lowest and highest print by "venue pair", by second. */
  #buckets: Bucket[] = [];

  constructor(sandbox: Sandbox, feeds: readonly FeedDefinition[]) {
    this.#sandbox = sandbox;
    this.#feeds = feeds;
  }

  observe(nowMs: number): void {
    let bucket = this.#buckets.at(-1);
    if (bucket === undefined || nowMs - bucket.atMs >= BUCKET_MS) {
      bucket = { atMs: nowMs, ranges: new Map() };
      this.#buckets.push(bucket);
      this.#buckets = this.#buckets.filter((old) => nowMs - old.atMs <= WINDOW_MS);
    }
    for (const host of this.#sandbox.hosts.values()) {
      for (const row of host.board.listed()) {
        const key = `${host.definition.id} ${row.pair}`;
        widen(bucket.ranges, key, row.price);
      }
    }
    for (const asset of ['BTC', 'ETH', 'USDT', 'USDC', 'EUR', 'KRW', 'USD']) {
      widen(bucket.ranges, `true ${asset}`, this.#sandbox.market.dollars(asset)!);
    }
  }

  of(name: string, alive: (source: string) => boolean): Range {
    const feed = this.#feeds.find((one) => one.feed === name)!;
    const range: Range = { low: Infinity, high: 0 };
    for (const { source, pair } of feed.sources) {
      if (!alive(source)) continue;
      const printed = this.#printed(source, pair);
      if (printed === undefined) continue;
      // A pair that ends with the feed's base is read the other way round.
      const isInverse = baseOf(pair) !== baseOf(feed.feed);
      const said = isInverse ? { low: 1 / printed.high, high: 1 / printed.low } : printed;
      const rate = this.#rate(isInverse ? baseOf(pair) : quoteOf(pair), quoteOf(feed.feed), alive);
      range.low = Math.min(range.low, said.low * rate.low);
      range.high = Math.max(range.high, said.high * rate.high);
    }
    return range;
  }

  /** Of a venue its prints; of an aggregator, which prints none, the market itself. */
  #printed(source: string, pair: string): Range | undefined {
    const host = this.#sandbox.hosts.get(source);
    if (host === undefined) return undefined;
    if (host.board.rows.length === 0) return this.#truth(baseOf(pair), quoteOf(pair));
    return this.#range(`${source} ${pair}`);
  }

  /** The market's own rate, widened by every surviving venue that prints it, either way round. */
  #rate(from: string, to: string, alive: (source: string) => boolean): Range {
    if (from === to) return { low: 1, high: 1 };
    const rate = this.#truth(from, to) ?? { low: 1, high: 1 };
    for (const id of this.#sandbox.hosts.keys()) {
      if (!alive(id)) continue;
      const straight = this.#range(`${id} ${from}/${to}`);
      if (straight === undefined) continue;
      rate.low = Math.min(rate.low, straight.low);
      rate.high = Math.max(rate.high, straight.high);
    }
    return rate;
  }

  #truth(base: string, quote: string): Range | undefined {
    const of = this.#range(`true ${base}`);
    const per = this.#range(`true ${quote}`);
    return of === undefined || per === undefined
      ? undefined
      : { low: of.low / per.high, high: of.high / per.low };
  }

  #range(key: string): Range | undefined {
    let found: Range | undefined;
    for (const { ranges } of this.#buckets) {
      const range = ranges.get(key);
      if (range === undefined) continue;
      found =
        found === undefined
          ? { ...range }
          : { low: Math.min(found.low, range.low), high: Math.max(found.high, range.high) };
    }
    return found;
  }
}

function widen(ranges: Map<string, Range>, key: string, price: number): void {
  const range = ranges.get(key);
  if (range === undefined) ranges.set(key, { low: price, high: price });
  else {
    range.low = Math.min(range.low, price);
    range.high = Math.max(range.high, price);
  }
}
