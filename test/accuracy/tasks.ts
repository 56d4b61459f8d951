// One task of the accuracy table, as it is sent to a worker, and its rows. In: a loaded recording and a task.
// Out: rows in the form of `accuracy.json`.
import type { LoadedRecording } from '@assay/assay/recording-files';
import type { AggregationConfig, AggregationMethod } from '@assay/oracle/model/feed';
import { lowestByBase } from '@assay/oracle/recording/recorded-prices';
import { configOfRecording } from '@assay/oracle/recording/recording';
import { type Case, type Hostile, lie } from './cases.ts';
import { naiveRules, scoreNaive } from './naive-rules.ts';
import { replayCase, spanOf } from './replay-case.ts';
import { type Reference, referenceOf, type Score } from './score.ts';

export type Task = { folder: string } & (
  | { kind: 'ours'; case: Case }
  | { kind: 'naive'; case: Case }
  | { kind: 'method'; method: AggregationMethod; methodSource?: string }
  /** Series withheld from the aggregation; the answer is compared with them alone. */
  | { kind: 'withheld'; feed: string; series: string[] }
);

export type Row = {
  recording: string;
  feed: string;
  rule: string;
  hostile: Hostile | null;
  withheld?: string[];
  /** Minutes with a reference (all minutes where the recording has no direct venue of the feed). */
  minutes: number;
  okShare: number;
  p50: number;
  p99: number;
  p999: number;
  max: number;
  worst: { at: string; why: string };
  states: Score['states'];
  all: Score['all'];
  lowest: number | null;
  highest: number | null;
};

export const OUR_RULE = 'assay';

export function runTask(task: Task, loaded: LoadedRecording): Row[] {
  const { recording, series } = loaded;
  const config = configOfRecording(recording, lowestByBase(series));
  const references = referencesOf(loaded, config);
  switch (task.kind) {
    case 'ours': {
      const lying = lyingSeries(loaded, task.case);
      const scores = replayCase({ recording, series: lying, config, references });
      return rowsOf(scores, { recording: recording.name, rule: OUR_RULE, hostile: task.case.hostile });
    }
    case 'naive':
      return naiveRows(loaded, config, references, task.case);
    case 'method': {
      const { method, methodSource } = task;
      const named = methodSource === undefined ? { method } : { method, methodSource };
      const feeds = config.feeds.map((feed) => ({ ...feed, ...named }));
      const scores = replayCase({ recording, series, config: { ...config, feeds }, references });
      const rule = methodSource === undefined ? method : `${method} ${methodSource}`;
      return rowsOf(scores, { recording: recording.name, rule, hostile: null });
    }
    case 'withheld': {
      const isWithheld = (name: string): boolean => task.series.includes(name);
      const rest = series.filter((one) => !isWithheld(one.series.name));
      const truth = referenceOf(series.filter((one) => isWithheld(one.series.name)));
      const feeds = config.feeds.map((feed) => ({
        ...feed,
        sources: feed.sources.filter(({ source, pair }) => !isWithheld(`${source} ${pair}`)),
      }));
      const own = new Map([[task.feed, truth]]);
      const scores = replayCase({ recording, series: rest, config: { ...config, feeds }, references: own });
      const rule = `${OUR_RULE} without ${task.series.join(', ')}`;
      const rows = rowsOf(scores, { recording: recording.name, rule, hostile: null });
      return rows.filter((row) => row.feed === task.feed).map((row) => ({ ...row, withheld: task.series }));
    }
  }
}

/** Series that price a feed without conversion. */
export function directSeries(loaded: LoadedRecording, feed: string): string[] {
  return loaded.series.filter((one) => one.series.pair === feed).map((one) => one.series.name);
}

function naiveRows(
  loaded: LoadedRecording,
  config: AggregationConfig,
  references: Map<string, Reference>,
  { hostile, series: lyingNames }: Case,
): Row[] {
  const { recording } = loaded;
  const series = lyingSeries(loaded, { hostile, series: lyingNames });
  const span = spanOf(recording, series);
  return config.feeds.flatMap((feed) =>
    naiveRules(feed, series)
      // Whoever follows one source is as wrong as that source: shown once.
      .filter((rule) => hostile === null || rule.follows === undefined)
      .map((rule) => {
        const score = scoreNaive({ feed, rule, series, reference: references.get(feed.feed)!, span });
        return rowOf(feed.feed, score, { recording: recording.name, rule: rule.name, hostile });
      }),
  );
}

function lyingSeries(loaded: LoadedRecording, { hostile, series: names }: Case): LoadedRecording['series'] {
  if (hostile === null) return loaded.series;
  const span = spanOf(loaded.recording, loaded.series);
  return loaded.series.map((one) => (names.includes(one.series.name) ? lie(one, hostile.mode, span) : one));
}

function referencesOf(loaded: LoadedRecording, config: AggregationConfig): Map<string, Reference> {
  return new Map(
    config.feeds.map(({ feed }) => [
      feed,
      referenceOf(loaded.series.filter((one) => one.series.pair === feed)),
    ]),
  );
}

type RowFacts = { recording: string; rule: string; hostile: Hostile | null };

function rowsOf(scores: ReadonlyMap<string, Score>, facts: RowFacts): Row[] {
  return [...scores].map(([feed, score]) => rowOf(feed, score, facts));
}

function rowOf(feed: string, score: Score, { recording, rule, hostile }: RowFacts): Row {
  const all = Object.values(score.states).reduce((sum, count) => sum + count, 0);
  const hasReference = score.referenceMinutes > 0;
  const share = hasReference ? score.okShare : score.states.ok / Math.max(1, all);
  const { p50, p99, p999, max, worst, states } = score;
  return {
    recording,
    feed,
    rule,
    hostile,
    minutes: hasReference ? score.referenceMinutes : all,
    okShare: Math.round(share * 1e6) / 1e6,
    ...{ p50, p99, p999, max, worst, states, all: score.all },
    lowest: Number.isFinite(score.lowest) ? score.lowest : null,
    highest: Number.isFinite(score.highest) ? score.highest : null,
  };
}
