// The file of the embedded event log: its tables, how records are packed into it, and reading it. One row of
// `instants` holds all records of one partition that were committed together, so "one instant" is one row and
// costs one insertion.
//
// A row's id is partition id * 2^40 + offset of its first record: rows of a partition lie side by side, in
// order.
// Invariant: retention always leaves the last row of a partition, so the next offset is never forgotten.
import { existsSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { AssayError } from '@assay/kernel/errors/assay-error';
import { explainSqliteError, type FileKind, openForReading } from '../sqlite-file.ts';
import type { BusRecord, TopicPosition } from './event-bus.ts';
import { checkName } from './new-record.ts';

export const LOG_FILE: FileKind = {
  name: 'event log',
  applicationId: 0x41534c47, // "ASLG"
  schemaVersion: 1,
  unavailable: 'BUS_UNAVAILABLE',
  schema: `
    CREATE TABLE partitions (
      id INTEGER PRIMARY KEY, topic TEXT NOT NULL, partition INTEGER NOT NULL, UNIQUE (topic, partition)
    );
    -- at: commit time. count: records in the row. total: length of all rows up to this one, deleted ones included.
    -- records: key U+001F value U+001E, once per record.
    CREATE TABLE instants (
      id INTEGER PRIMARY KEY, at INTEGER NOT NULL, count INTEGER NOT NULL, total INTEGER NOT NULL, records TEXT NOT NULL
    );
    CREATE TABLE members (
      consumers TEXT NOT NULL, topic TEXT NOT NULL, member TEXT NOT NULL, joinedAt INTEGER NOT NULL, untilAt INTEGER NOT NULL,
      host TEXT NOT NULL, pid INTEGER NOT NULL, PRIMARY KEY (consumers, topic, member)
    ) WITHOUT ROWID;
    CREATE TABLE claims (
      consumers TEXT NOT NULL, partition INTEGER NOT NULL, nextOffset INTEGER NOT NULL, member TEXT,
      generation INTEGER NOT NULL, PRIMARY KEY (consumers, partition)
    ) WITHOUT ROWID;`,
};

// 2^40 records in a partition are 3 years at 10,000 a second; 8,191 partitions keep every id exact in a
// double.
const PARTITION_STRIDE = 2 ** 40;
// A batch ends after this much text, however many records it may have.
const READ_LENGTH_MAX = 16 * 1024 * 1024;

export type PartitionName = { id: number; topic: string; partition: number };

export function firstRowId(partitionId: number): number {
  return partitionId * PARTITION_STRIDE;
}

type Row = { id: number; at: number; count: number; records: string };
type Position = { topic: string; partition: number };

/** Reads with one connection; used by the bus itself and, read-only and alone, by tools. */
export class LogReader {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #rowAtOrBefore: StatementSync;
  readonly #rowsFrom: StatementSync;
  readonly #firstRow: StatementSync;
  readonly #lastRow: StatementSync;
  readonly #partitions: StatementSync;

  constructor(path: string, database: DatabaseSync) {
    this.#path = path;
    this.#database = database;
    const within = 'FROM instants WHERE id >= ? AND id < ? ORDER BY id';
    this.#rowAtOrBefore = database.prepare(
      'SELECT id, count FROM instants WHERE id >= ? AND id <= ? ORDER BY id DESC LIMIT 1',
    );
    this.#rowsFrom = database.prepare(`SELECT id, at, count, records ${within}`);
    this.#firstRow = database.prepare(`SELECT id ${within} LIMIT 1`);
    this.#lastRow = database.prepare(`SELECT id, count ${within} DESC LIMIT 1`);
    this.#partitions = database.prepare(
      'SELECT id, topic, partition FROM partitions ORDER BY topic, partition',
    );
  }

  partitions(): PartitionName[] {
    return this.#guarded(() => this.#partitions.all() as PartitionName[]);
  }

  range(partitionId: number): { firstOffset: number; nextOffset: number } {
    return this.#guarded(() => {
      const start = firstRowId(partitionId);
      const end = firstRowId(partitionId + 1);
      const last = this.#lastRow.get(start, end) as { id: number; count: number } | undefined;
      if (last === undefined) return { firstOffset: 0, nextOffset: 0 };
      const first = this.#firstRow.get(start, end) as { id: number };
      return { firstOffset: first.id - start, nextOffset: last.id - start + last.count };
    });
  }

  /**
   * Whole instants from an offset on: at least one when there is any, and no further one once `limit` is
   * reached.
   */
  instants(partitionId: number, position: Position, fromOffset: number, limit: number): BusRecord[] {
    return this.#guarded(() => {
      const start = firstRowId(partitionId);
      const end = firstRowId(partitionId + 1);
      const firstId = this.#rowWith(start, fromOffset) ?? start + fromOffset;
      const records: BusRecord[] = [];
      let length = 0;
      // Row by row: the next one may be megabytes that this batch does not want.
      for (const row of this.#rowsFrom.iterate(firstId, end) as IterableIterator<Row>) {
        if (records.length > 0 && (records.length + row.count > limit || length > READ_LENGTH_MAX)) break;
        length += row.records.length;
        unpack(row, row.id - start, position, fromOffset, records);
      }
      return records;
    });
  }

  /** Exactly `limit` records, fewer when the log ends. */
  read(partitionId: number, position: Position, fromOffset: number, limit: number): BusRecord[] {
    const records: BusRecord[] = [];
    for (let next = fromOffset; records.length < limit; ) {
      const more = this.instants(partitionId, position, next, limit - records.length);
      if (more.length === 0) break;
      for (const record of more) records.push(record);
      next = more[more.length - 1]!.offset + 1;
    }
    if (records.length > limit) records.length = limit;
    return records;
  }

  close(): void {
    this.#database.close();
  }

  /** Id of the row that holds an offset. */
  #rowWith(start: number, offset: number): number | undefined {
    const row = this.#rowAtOrBefore.get(start, start + offset) as { id: number; count: number } | undefined;
    return row !== undefined && row.id + row.count > start + offset ? row.id : undefined;
  }

  #guarded<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw explainSqliteError(error, this.#path, LOG_FILE);
    }
  }
}

export interface ReadableLog {
  /** Bare names of the topics of the namespace. */
  topics(): string[];
  positions(topic: string): TopicPosition[];
  /** Exactly `limit` records from an offset on; fewer when the log ends. */
  read(topic: string, partition: number, fromOffset: number, limit: number): BusRecord[];
  close(): void;
}

/**
 * Opens the log of a data folder for tools. Nothing is written and nobody is kept waiting, whether or not a
 * program is running on it; a log that nobody has open is read without any lock.
 * @throws AssayError DATA_FILE_INVALID, DATA_FOLDER_UNUSABLE; `positions` and `read` NOT_FOUND for an unknown
 * topic
 */
export function readSqliteLog(path: string, namespace: string): ReadableLog {
  checkName('namespace', namespace);
  if (!existsSync(path)) {
    throw new AssayError('DATA_FOLDER_UNUSABLE', `there is no event log at ${path}`, { context: { path } });
  }
  // A program that has the log open, or was killed, leaves a write-ahead file; one that ended well does not.
  const reader = new LogReader(path, openForReading(path, LOG_FILE, !existsSync(`${path}-wal`)));
  const prefix = `${namespace}.`;
  const partitionsOf = (topic: string): PartitionName[] => {
    const found = reader.partitions().filter((one) => one.topic === prefix + topic);
    if (found.length > 0) return found;
    throw new AssayError('NOT_FOUND', `${path} holds no topic "${topic}" of ${namespace}`, {
      context: { field: 'topic', value: topic },
    });
  };
  return {
    topics() {
      const own = reader.partitions().filter(({ topic }) => topic.startsWith(prefix));
      return [...new Set(own.map(({ topic }) => topic.slice(prefix.length)))];
    },
    positions: (topic) =>
      partitionsOf(topic).map(({ id, partition }) => ({ partition, ...reader.range(id) })),
    read(topic, partition, fromOffset, limit) {
      const one = partitionsOf(topic).find((candidate) => candidate.partition === partition);
      return one === undefined ? [] : reader.read(one.id, { topic, partition }, fromOffset, limit);
    },
    close: () => reader.close(),
  };
}

function unpack(
  row: Row,
  baseOffset: number,
  { topic, partition }: Position,
  fromOffset: number,
  into: BusRecord[],
): void {
  const { records, at } = row;
  let start = 0;
  for (let offset = baseOffset; start < records.length; offset++) {
    const middle = records.indexOf('\x1f', start);
    const end = records.indexOf('\x1e', middle);
    if (offset >= fromOffset) {
      const key = records.slice(start, middle);
      into.push({ topic, partition, offset, key, value: records.slice(middle + 1, end), at });
    }
    start = end + 1;
  }
}
