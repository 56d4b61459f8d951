// `aggregation`: 1,000 feeds of 10 sources each, and of 30, from price texts to answers and decision records
// in one instant: parsing, freshness, the joint check of the hub, conversion, outlier rules, weighted
// medians, the answer without each venue, hashes. Of ten venues four quote dollars, four USDT, two USDC.
// Control, on the same texts in the same run: nothing but the median of each feed with decimal.js. Figures
// are processor time of this thread, the mean of rounds after a warm-up.
import { pathToFileURL } from 'node:url';
import { seededRandom } from '@assay/kernel/random/random';
import { type AggregationOutput, Aggregator, type Instant } from '@assay/oracle/aggregation/aggregator';
import { encodeCheck, encodeDecision } from '@assay/oracle/model/decision';
import { DEFAULT_HUB, defaultFeedParameters } from '@assay/oracle/model/default-feed-parameters';
import type { AggregationConfig, FeedDefinition } from '@assay/oracle/model/feed';
import type { SourcePrice } from '@assay/oracle/model/source-price';
import { Decimal } from 'decimal.js';
import type { BenchRow } from './bench-row.ts';

const FEEDS = 1000;
const SOURCES = 10;
const SOURCES_WIDE = 30;
const ROUNDS = 100;
/** The compiler has seen everything it needs by then. */
const WARM_UP = 30;
/** For ten sources; in proportion to the number of quotes for more. */
const TARGET_MS = 8;
const STEP_MS = 1000;
const STARTED_AT = 1_700_000_000_000;

export async function run(): Promise<BenchRow[]> {
  return [...measure(SOURCES), ...measure(SOURCES_WIDE)];
}

function measure(sources: number): BenchRow[] {
  const config = configOf(sources);
  const target = (TARGET_MS * sources) / SOURCES;
  const scaled = sources === SOURCES ? '' : `; target x ${sources / SOURCES} for as many times the quotes`;
  const aggregator = new Aggregator();
  aggregator.take({
    at: STARTED_AT,
    records: [{ offset: 0, record: { type: 'start', profile: 'bench', config } }],
  });
  const random = seededRandom(42);
  const times: number[] = [];
  const encodings: number[] = [];
  const controls: number[] = [];
  let outputs: AggregationOutput | undefined;
  for (let round = 0; round < ROUNDS + WARM_UP; round++) {
    const instant = instantOf(config, round, random);
    const took = cpuMs(() => {
      outputs = aggregator.take(instant);
    });
    const encoded = cpuMs(() => encodeAll(outputs!));
    const control = round % 5 === 0 ? cpuMs(() => medians(instant)) : undefined;
    if (round < WARM_UP) continue;
    times.push(took);
    encodings.push(encoded);
    if (control !== undefined) controls.push(control);
  }
  const value = mean(times);
  const control = mean(controls);
  return [
    {
      what: `${sources} sources: texts to answers and decisions${scaled}`,
      value,
      unit: 'ms CPU',
      control,
      ratio: value / control,
      target: `<= ${target}`,
      met: value <= target,
    },
    { what: `${sources} sources, control: decimal.js, the medians alone`, value: control, unit: 'ms CPU' },
    {
      what: `${sources} sources: answers, decisions and checks to bus texts, besides`,
      value: mean(encodings),
      unit: 'ms CPU',
    },
    { what: `${sources} sources: answers per round`, value: outputs!.answers.length, unit: 'answers' },
    {
      what: `${sources} sources: of them ok`,
      value: outputs!.answers.filter(({ state }) => state === 'ok').length,
      unit: 'answers',
    },
  ];
}

const venueName = (venue: number): string => `venue_${venue}`;
const quoteAt = (venue: number): string => (venue % 10 < 4 ? 'USD' : venue % 10 < 8 ? 'USDT' : 'USDC');

function configOf(sourceCount: number): AggregationConfig {
  const feeds: FeedDefinition[] = Array.from({ length: FEEDS - 2 }, (_, number) => {
    const base = number === 0 ? 'BTC' : number === 1 ? 'ETH' : `A${number}`;
    const sources = Array.from({ length: sourceCount }, (__, venue) => ({
      source: venueName(venue),
      pair: `${base}/${quoteAt(venue)}`,
      weight: 1,
    }));
    return { feed: `${base}/USD`, sources, ...defaultFeedParameters(`${base}/USD`) };
  });
  for (const base of ['USDT', 'USDC']) {
    const pairs = Array.from({ length: sourceCount }, (_, venue) => ({
      source: venueName(venue),
      pair: `${base}/USD`,
      weight: 1,
    }));
    feeds.push({ feed: `${base}/USD`, sources: pairs, ...defaultFeedParameters(`${base}/USD`) });
  }
  return {
    feeds,
    sources: Array.from({ length: sourceCount }, (_, venue) => ({
      source: venueName(venue),
      name: venueName(venue),
      venue: venueName(venue),
      kind: 'exchange',
    })),
    hub: [...DEFAULT_HUB],
    checkIntervalMs: 100,
  };
}

/** Every source says something new about everything; one in three hundred lies. */
function instantOf(
  config: AggregationConfig,
  round: number,
  random: ReturnType<typeof seededRandom>,
): Instant {
  const at = STARTED_AT + (round + 1) * STEP_MS;
  const records: { offset: number; record: SourcePrice }[] = [];

  const rates: Record<string, number> = { USD: 1, USDT: 1.0004, USDC: 0.9998 };
  for (const [number, feed] of config.feeds.entries()) {
    const currency = feed.feed.slice(0, -4);
    const worth = rates[currency] ?? 0.5 + ((number * 7919) % 60_000);
    const centre = worth * (1 + 0.0002 * Math.sin(round / 7 + number));
    for (const { source, pair } of feed.sources) {
      const quote = pair.slice(pair.indexOf('/') + 1);
      const lie = random.integer(300) === 0 ? 1.05 : 1;
      const price = ((centre * lie * (1 + 0.0002 * random.normal())) / rates[quote]!).toFixed(
        centre > 100 ? 2 : 6,
      );
      const offset = records.length + 1 + round * 50_000;
      records.push({
        offset,
        record: {
          type: 'price',
          source,
          pair,
          price,
          kind: 'ticker',
          observedAt: at - 5 - random.integer(200),
          receivedAt: at,
          confidence: 0.9 + random.integer(100) / 1000,
          transport: 'stream',
          profile: 'bench',
        },
      });
    }
  }
  return { at, records };
}

function encodeAll(output: AggregationOutput): number {
  let size = 0;
  for (const decision of output.decisions) size += encodeDecision(decision).length;
  for (const check of output.checks) size += encodeCheck(check).length;
  for (const answer of output.answers) size += JSON.stringify(answer).length;
  return size;
}

function medians(instant: Instant): Decimal[] {
  const byFeed = new Map<string, Decimal[]>();
  for (const { record } of instant.records) {
    if (record.type !== 'price') continue;
    const base = record.pair.slice(0, record.pair.indexOf('/'));
    const prices = byFeed.get(base);
    if (prices === undefined) byFeed.set(base, [new Decimal(record.price)]);
    else prices.push(new Decimal(record.price));
  }
  return [...byFeed.values()].map((prices) => {
    prices.sort((a, b) => a.cmp(b));
    const half = prices.length >> 1;
    return prices[half - 1]!.plus(prices[half]!).div(2);
  });
}

function cpuMs(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const used = process.threadCpuUsage(before);
  return (used.user + used.system) / 1000;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.table(await run());
