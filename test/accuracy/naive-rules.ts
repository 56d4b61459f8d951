// The rules that others follow, on the same minutes, for comparison: the median of everything as if USD, USDT
// and USDC were one; one source without conversion; every price through the median of its cross, then the
// median. In: recorded series.
// Out: a score per feed and rule. No rule of these knows a state: whatever it computes counts as ok.
import type { FeedDefinition } from '@assay/oracle/model/feed';
import { baseOf, quoteOf } from '@assay/oracle/model/pair';
import type { RecordedSeries } from '@assay/oracle/recording/recorded-prices';
import type { MinuteSpan } from './replay-case.ts';
import { MINUTE_MS, type Reference, type Score, Scorer } from './score.ts';

/** What others call fresh: three intervals of a bar, five minutes of anything else. */
const BAR_INTERVALS = 3;
const NEWS_LIMIT_MS = 300_000;

export type NaiveRule = { name: string; follows?: string };

export function naiveRules(feed: FeedDefinition, series: readonly RecordedSeries[]): NaiveRule[] {
  const own = series.filter((one) => one.series.base === baseOf(feed.feed));
  return [
    { name: 'median, all dollars equal' },
    { name: 'median of prices converted by median crosses' },
    ...own.map((one) => ({ name: `following ${one.series.name}`, follows: one.series.name })),
  ];
}

export function scoreNaive(options: {
  feed: FeedDefinition;
  rule: NaiveRule;
  series: readonly RecordedSeries[];
  reference: Reference;
  span: MinuteSpan;
}): Score {
  const { feed, rule, series, span } = options;
  const scorer = new Scorer(options.reference);
  const next = series.map(() => 0);
  const known: (Known | undefined)[] = series.map(() => undefined);
  for (let minute = span.fromMs + MINUTE_MS; minute <= span.toMs; minute += MINUTE_MS) {
    series.forEach(({ prices }, s) => {
      for (
        let price = prices[next[s]!];
        price !== undefined && price.at <= minute;
        price = prices[++next[s]!]
      ) {
        known[s] = { at: price.at, value: Number(price.price) };
      }
    });
    const fresh = series.flatMap(({ series: one }, s) => {
      const last = known[s];
      const limit = one.kind === 'bars' ? BAR_INTERVALS * one.intervalMs : NEWS_LIMIT_MS;
      return last === undefined || minute - last.at > limit ? [] : [{ ...last, one }];
    });
    const value =
      rule.follows === undefined ? byRule(rule.name, feed.feed, fresh) : followed(rule.follows, fresh);
    const served = value === undefined ? undefined : { price: value, state: 'ok' as const };
    scorer.minute(minute, served, () =>
      fresh.map(({ one, value: said }) => `${one.name} ${said}`).join('; '),
    );
  }
  return scorer.result();
}

type Known = { at: number; value: number };
type Fresh = Known & { one: RecordedSeries['series'] };

function followed(name: string, fresh: readonly Fresh[]): number | undefined {
  return fresh.find(({ one }) => one.name === name)?.value;
}

function byRule(rule: string, feed: string, fresh: readonly Fresh[]): number | undefined {
  const own = fresh.filter(({ one }) => one.base === baseOf(feed));
  if (rule.startsWith('median, all')) return medianOf(own.map(({ value }) => value));
  return medianOf(
    own.flatMap(({ one, value }) => {
      if (one.quote === quoteOf(feed)) return [value];
      const cross = medianOf(
        fresh
          .filter(({ one: other }) => other.base === one.quote && other.quote === quoteOf(feed))
          .map((each) => each.value),
      );
      return cross === undefined ? [] : [value * cross];
    }),
  );
}

function medianOf(values: number[]): number | undefined {
  if (values.length === 0) return undefined;
  values.sort((a, b) => a - b);
  const half = values.length >> 1;
  return values.length % 2 === 1 ? values[half] : (values[half - 1]! + values[half]!) / 2;
}
