// What publishers of this process have handed in and the log has not yet acknowledged: gathered per
// partition, sent as one group, settled together. In: records by partition. Out: groups for the writer, and
// each publisher's positions.
//
// Invariant: records leave in the order in which they came, and every publication is settled exactly once.
import type { NewRecord, RecordPosition } from './event-bus.ts';
import { packRecord } from './new-record.ts';

type Publication = {
  positions: RecordPosition[];
  resolve: (positions: readonly RecordPosition[]) => void;
  reject: (error: unknown) => void;
};
/** Records `index`.. of a publication stand at `at`.. of the append; one run per change of partition. */
type Run = { publication: Publication; index: number; at: number; count: number };

export type PendingAppend = {
  partitionId: number;
  topic: string;
  partition: number;
  parts: string[];
  records: NewRecord[];
  length: number;
  runs: Run[];
};
export type PartitionRef = { id: number; topic: string; partition: number };

export class Publications {
  #pending = new Map<number, PendingAppend>();

  add(
    records: readonly NewRecord[],
    partitionOf: (record: NewRecord) => PartitionRef,
    settle: Pick<Publication, 'resolve' | 'reject'>,
  ): void {
    const publication: Publication = { positions: new Array(records.length), ...settle };
    let run: Run | undefined;
    let runsIn: PendingAppend | undefined;
    records.forEach((record, index) => {
      const append = this.#appendOf(partitionOf(record));
      if (append !== runsIn || run === undefined) {
        run = { publication, index, at: append.records.length, count: 0 };
        append.runs.push(run);
        runsIn = append;
      }
      run.count++;
      append.records.push(record);
      append.parts.push(packRecord(record.key, record.value));
      append.length += record.key.length + record.value.length;
    });
  }

  take(): PendingAppend[] {
    const taken = [...this.#pending.values()];
    this.#pending.clear();
    return taken;
  }

  #appendOf({ id, topic, partition }: PartitionRef): PendingAppend {
    let append = this.#pending.get(id);
    if (append === undefined) {
      append = { partitionId: id, topic, partition, parts: [], records: [], length: 0, runs: [] };
      this.#pending.set(id, append);
    }
    return append;
  }
}

/** Tells the publishers of a committed group where their records stand. */
export function acknowledge(
  appends: readonly PendingAppend[],
  baseOffsets: readonly number[],
  at: number,
): void {
  const publications = new Set<Publication>();
  appends.forEach(({ partition, runs }, i) => {
    const baseOffset = baseOffsets[i]!;
    for (const run of runs) {
      publications.add(run.publication);
      const { positions } = run.publication;
      for (let k = 0; k < run.count; k++) {
        positions[run.index + k] = { partition, offset: baseOffset + run.at + k, at };
      }
    }
  });
  for (const { positions, resolve } of publications) resolve(positions);
}

export function refuse(appends: readonly PendingAppend[], error: unknown): void {
  const publications = new Set(appends.flatMap(({ runs }) => runs.map((run) => run.publication)));
  for (const { reject } of publications) reject(error);
}
