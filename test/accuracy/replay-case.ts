// One replay of one recording through the production aggregator, scored minute by minute. In: recorded series
// (some of them lying), a configuration, the truth by feed. Out: a score per feed. The answers are those of
// the product; nothing is smoothed here. In minutes in which nobody speaks a `mark` lets time pass, as the
// live service does.
import { Aggregator } from '@assay/oracle/aggregation/aggregator';
import type { Answer } from '@assay/oracle/model/answer';
import type { Decision } from '@assay/oracle/model/decision';
import type { AggregationConfig } from '@assay/oracle/model/feed';
import type { Instant } from '@assay/oracle/model/instant';
import { instantsOf, type RecordedSeries } from '@assay/oracle/recording/recorded-prices';
import type { Recording } from '@assay/oracle/recording/recording';
import { MINUTE_MS, minuteEnd, type Reference, type Score, Scorer } from './score.ts';

export type ReplayOptions = {
  recording: Recording;
  series: readonly RecordedSeries[];
  config: AggregationConfig;
  references: ReadonlyMap<string, Reference>;
};

export type MinuteSpan = { fromMs: number; toMs: number };

export function replayCase(options: ReplayOptions): Map<string, Score> {
  const { recording, series, config, references } = options;
  const span = spanOf(recording, series);
  const aggregator = new Aggregator();
  const scorers = new Map(
    config.feeds.map(({ feed }) => [feed, new Scorer(references.get(feed) ?? new Map())]),
  );
  const latest = new Map<string, { answer: Answer; decision: Decision }>();
  const take = (instant: Instant): void => {
    const { answers, decisions } = aggregator.take(instant);
    answers.forEach((answer, at) => {
      latest.set(answer.feed, { answer, decision: decisions[at]! });
    });
  };
  let minute = span.fromMs + MINUTE_MS;
  const closeMinutes = (until: number): void => {
    for (; minute < until && minute <= span.toMs; minute += MINUTE_MS) {
      // The instant at the very end of the minute has been taken in; if there was none, time passes all the
      // same.
      take({ at: minute, records: [{ offset: -2, record: { type: 'mark' } }] });
      for (const [feed, scorer] of scorers) {
        const now = latest.get(feed);
        const served = now && { price: Number(now.answer.price), state: now.answer.state };
        scorer.minute(minute, served, () => whyOf(now!.answer, now!.decision));
      }
    }
  };
  for (const instant of instantsOf(series, { type: 'start', profile: 'replay', config }, recording)) {
    closeMinutes(instant.at);
    take(instant);
  }
  closeMinutes(Number.POSITIVE_INFINITY);
  return new Map([...scorers].map(([feed, scorer]) => [feed, scorer.result()]));
}

/** Whole minutes of the recording, or of its rows where it does not say. */
export function spanOf(recording: Recording, series: readonly RecordedSeries[]): MinuteSpan {
  const ends = series.flatMap(({ prices }) =>
    prices.length === 0 ? [] : [prices[0]!.at, prices.at(-1)!.at],
  );
  const first = ends.length === 0 ? 0 : Math.min(...ends);
  const last = ends.length === 0 ? 0 : Math.max(...ends);
  const fromMs = Number.isFinite(recording.fromMs) ? recording.fromMs : first;
  const toMs = Number.isFinite(recording.toMs) ? recording.toMs : last;
  return { fromMs: minuteEnd(fromMs), toMs: minuteEnd(toMs) };
}

/** One line: what the answer rests on and what was left out. */
function whyOf(answer: Answer, decision: Decision): string {
  const inputs = decision.inputs.filter((input) => input.verdict !== 'missing');
  const words = inputs.map(({ source, pair, verdict, converted, residualCbps }) => {
    const residual = residualCbps === undefined ? '' : ` ${(residualCbps / 100).toFixed(1)} bps`;
    return `${source} ${pair} ${verdict}${converted === undefined ? '' : ` ${converted}`}${residual}`;
  });
  return `${answer.price} (${answer.low} to ${answer.high}): ${words.join('; ')}`;
}
