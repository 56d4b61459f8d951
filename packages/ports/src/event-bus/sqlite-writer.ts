// The thread of the embedded event log that writes, waits for the disk, deletes what is too old and notices
// what other processes have written. In: requests of `sqlite.ts`. Out: results, and the notices
// `foreign` (there is news from outside) and `checkpoint` (there is much to move into the database).
import { systemClock } from '@assay/kernel/time/clock';
import { serveWriter, type Writer } from '../writer-thread.ts';
import type { Heartbeat } from './sqlite-consumers.ts';
import { type CommitRequest, LogStore, type RetentionLimits } from './sqlite-store.ts';

export type LogWriterSettings = {
  path: string;
  /** Prefix of the topics that retention is applied to. */
  prefix: string;
  /** By bare topic; `*` for all others. */
  retention: Record<string, RetentionLimits>;
};
export type LogNotice = 'foreign' | 'checkpoint';

// How soon another process's records are noticed: at once matters only while they come. One look costs some
// microseconds.
const LOOK_BUSY_MS = 2;
const LOOK_IDLE_MS = 10;
const BUSY_FOR_MS = 1_000;
const RETENTION_INTERVAL_MS = 1_000;
const RETENTION_PAUSE_MS = 20;

serveWriter((settings: LogWriterSettings, notify): Writer => {
  let store: LogStore;
  let isWatched = false;
  let newsAtMs = 0;
  let stopLooking = (): void => {};
  let stopExpiring = (): void => {};

  const look = () => {
    if (store.hasForeignNews()) {
      newsAtMs = systemClock.monotonic();
      notify('foreign' satisfies LogNotice);
    }
    const isBusy = systemClock.monotonic() - newsAtMs < BUSY_FOR_MS;
    stopLooking = systemClock.after(isBusy ? LOOK_BUSY_MS : LOOK_IDLE_MS, look);
  };

  const expire = () => {
    let hasMore = false;
    try {
      for (const { id, topic } of store.partitions()) {
        if (!topic.startsWith(settings.prefix)) continue;
        const limits = settings.retention[topic.slice(settings.prefix.length)] ?? settings.retention['*'];
        if (limits !== undefined && store.expire(id, limits)) hasMore = true;
      }
    } catch {
      // A log that cannot be written now says so to its publishers; retention tries again.
    }
    stopExpiring = systemClock.after(hasMore ? RETENTION_PAUSE_MS : RETENTION_INTERVAL_MS, expire);
  };

  const handlers: Record<string, (request: never) => unknown> = {
    commit(request: CommitRequest) {
      const result = store.commit(request);
      if (store.isCheckpointDue()) notify('checkpoint' satisfies LogNotice);
      return result;
    },
    topic: ({ topic, partitionCount }: { topic: string; partitionCount: number }) =>
      store.topic(topic, partitionCount),
    beat: (request: Heartbeat) => store.transaction(() => store.consumers.beat(request)),
    leave: ({ group, topic, member }: Heartbeat) =>
      store.transaction(() => store.consumers.leave(group, topic, member)),
    watch() {
      if (isWatched) return;
      isWatched = true;
      look();
    },
  };

  return {
    open() {
      store = new LogStore(settings.path);
      expire();
      return store.partitions();
    },
    handle: (kind, request) => handlers[kind]!(request),
    close() {
      stopLooking();
      stopExpiring();
      store.close();
    },
  };
});
