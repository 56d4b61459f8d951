// The thread of the embedded history: writes rows and deletes what is too old. In: requests of `sqlite.ts`.
// Out: results.
import { messageOf } from '@assay/kernel/errors/assay-error';
import { systemClock } from '@assay/kernel/time/clock';
import { serveWriter, type Writer } from '../writer-thread.ts';
import type { AnswerRow, PriceRow, ScoreRow } from './history.ts';
import { type HistoryRetention, HistoryStore } from './sqlite-store.ts';

export type HistoryWriterSettings = { path: string; retention: HistoryRetention };

const RETENTION_INTERVAL_MS = 10_000;
// Between two steps writing goes on: a step takes a few milliseconds.
const RETENTION_PAUSE_MS = 50;

serveWriter(({ path, retention }: HistoryWriterSettings, notify): Writer => {
  let store: HistoryStore;
  let stopExpiring = (): void => {};
  const expire = () => {
    let hasMore = false;
    try {
      hasMore = store.expire(retention);
    } catch (error) {
      notify(messageOf(error));
    }
    stopExpiring = systemClock.after(hasMore ? RETENTION_PAUSE_MS : RETENTION_INTERVAL_MS, expire);
  };
  const handlers: Record<string, (request: never) => void> = {
    prices: (rows: PriceRow[]) => store.appendPrices(rows),
    answers: (rows: AnswerRow[]) => store.appendAnswers(rows),
    scores: (rows: ScoreRow[]) => store.saveScores(rows),
  };
  return {
    open() {
      store = new HistoryStore(path);
      expire();
    },
    handle: (kind, request) => handlers[kind]!(request),
    close() {
      stopExpiring();
      store.close();
    },
  };
});
