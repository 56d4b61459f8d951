// A worker of the accuracy table: loads each recording once, runs the tasks it is given, sends the rows back
// with the processor time they took. Threads exist only here, in a measurement; the product is one process
// without them.
import { parentPort } from 'node:worker_threads';
import { type LoadedRecording, loadRecording } from '@assay/assay/recording-files';
import { coalesced } from './coalesce.ts';
import { type Row, runTask, type Task } from './tasks.ts';

export type TaskResult = { task: Task; rows: Row[]; cpuSeconds: number };

const loaded = new Map<string, LoadedRecording>();

parentPort?.on('message', (task: Task) => {
  let recording = loaded.get(task.folder);
  if (recording === undefined) {
    recording = coalesced(loadRecording(task.folder));
    loaded.set(task.folder, recording);
  }
  const before = process.threadCpuUsage();
  const rows = runTask(task, recording);
  const used = process.threadCpuUsage(before);
  const result: TaskResult = { task, rows, cpuSeconds: (used.user + used.system) / 1e6 };
  parentPort?.postMessage(result);
});
