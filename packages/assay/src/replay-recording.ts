// A recording through the production aggregator in virtual time. In: a loaded recording. Out: every answer as
// it comes, and a summary per feed. Time passes between the records too: a mark every ten virtual seconds
// lets feeds grow stale.
import { AssayError } from '@assay/kernel/errors/assay-error';
import { Aggregator, type Instant } from '@assay/oracle/aggregation/aggregator';
import type { Answer } from '@assay/oracle/model/answer';
import { instantsOf, lowestByBase } from '@assay/oracle/recording/recorded-prices';
import { configOfRecording } from '@assay/oracle/recording/recording';
import type { LoadedRecording } from './recording-files.ts';

export type FeedSummary = {
  feed: string;
  answers: number;
  states: Record<string, number>;
  first: string;
  last: string;
  lowest: string;
  highest: string;
};

export type ReplaySummary = {
  recording: string;
  series: number;
  sourcePrices: number;
  badRows: number;
  feeds: FeedSummary[];
};

const MARK_EVERY_MS = 10_000;

export function replayRecording(
  { recording, series }: LoadedRecording,
  onAnswer: (answer: Answer) => void,
): ReplaySummary {
  const config = configOfRecording(recording, lowestByBase(series));
  const aggregator = new Aggregator();
  const feeds = new Map<string, FeedSummary>();
  let sourcePrices = 0;
  let lastAt: number | undefined;
  const take = (instant: Instant) => {
    for (const answer of aggregator.take(instant).answers) {
      onAnswer(answer);
      summarise(feeds, answer);
    }
  };
  for (const instant of instantsOf(series, { type: 'start', profile: 'recording', config }, recording)) {
    for (let at = (lastAt ?? instant.at) + MARK_EVERY_MS; at < instant.at; at += MARK_EVERY_MS) {
      take({ at, records: [{ offset: -1, record: { type: 'mark' } }] });
    }
    take(instant);
    sourcePrices += instant.records.length;
    // The `start` stands at the beginning of the recording, its first price may come days later.
    lastAt = sourcePrices > 1 ? instant.at : undefined;
  }
  if (feeds.size === 0)
    throw new AssayError('RECORD_INVALID', `${recording.name} gave no answer: it has no usable row`);
  return {
    recording: recording.name,
    series: series.length,
    sourcePrices: sourcePrices - 1,
    badRows: series.flatMap(({ badRows }) => Object.values(badRows)).reduce((sum, count) => sum + count, 0),
    feeds: [...feeds.values()],
  };
}

function summarise(feeds: Map<string, FeedSummary>, { feed, price, state }: Answer): void {
  const summary = feeds.get(feed);
  if (summary === undefined) {
    feeds.set(feed, {
      feed,
      answers: 1,
      states: { [state]: 1 },
      first: price,
      last: price,
      lowest: price,
      highest: price,
    });
    return;
  }
  summary.answers += 1;
  summary.states[state] = (summary.states[state] ?? 0) + 1;
  summary.last = price;
  if (Number(price) < Number(summary.lowest)) summary.lowest = price;
  if (Number(price) > Number(summary.highest)) summary.highest = price;
}
