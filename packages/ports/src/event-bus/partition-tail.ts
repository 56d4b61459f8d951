// The newest instants of one partition in memory, so that subscribers who keep up never read the database.
// In: instants as they are committed by this process, and the notice that another one has written. Out: whole
//   instants from an offset on.
//
// Invariant: what is kept is one gapless run; whoever asks for anything else is served from the log.
import type { BusRecord } from './event-bus.ts';

// A subscriber that falls further behind than this reads from the log.
const KEPT_RECORDS_MAX = 4_096;
const KEPT_LENGTH_MAX = 4 * 1024 * 1024;

type Instant = { baseOffset: number; records: readonly BusRecord[]; length: number };

export class PartitionTail {
  readonly #readLog: (fromOffset: number, limit: number) => BusRecord[];
  #instants: Instant[] = [];
  #recordCount = 0;
  #length = 0;
  /** The log ends here, unless another process has written since. */
  #nextOffset: number;
  #mayHaveMore = true;

  constructor(nextOffset: number, readLog: (fromOffset: number, limit: number) => BusRecord[]) {
    this.#nextOffset = nextOffset;
    this.#readLog = readLog;
  }

  append(records: readonly BusRecord[], length: number): void {
    const baseOffset = records[0]!.offset;
    if (baseOffset !== this.#endOfKept()) this.#forget(this.#instants.length);
    this.#instants.push({ baseOffset, records, length });
    this.#recordCount += records.length;
    this.#length += length;
    this.#nextOffset = Math.max(this.#nextOffset, baseOffset + records.length);
    if (this.#recordCount > 2 * KEPT_RECORDS_MAX || this.#length > 2 * KEPT_LENGTH_MAX) this.#trim();
  }

  noteForeign(): void {
    this.#mayHaveMore = true;
  }

  from(offset: number, limit: number): readonly BusRecord[] {
    const first = this.#instants[0];
    if (first !== undefined && offset >= first.baseOffset && offset < this.#endOfKept()!) {
      return this.#keptFrom(offset, limit);
    }
    if (offset >= this.#nextOffset && !this.#mayHaveMore) return [];
    const records = this.#readLog(offset, limit);
    if (offset >= this.#nextOffset) this.#mayHaveMore = false;
    const last = records[records.length - 1];
    if (last !== undefined && last.offset >= this.#nextOffset) {
      this.#nextOffset = last.offset + 1;
      this.#mayHaveMore = true;
    }
    return records;
  }

  #endOfKept(): number | undefined {
    const last = this.#instants[this.#instants.length - 1];
    return last === undefined ? undefined : last.baseOffset + last.records.length;
  }

  #keptFrom(offset: number, limit: number): readonly BusRecord[] {
    let place = this.#instants.length - 1;
    while (this.#instants[place]!.baseOffset > offset) place--;
    const first = this.#instants[place]!;
    const begun = offset > first.baseOffset ? first.records.slice(offset - first.baseOffset) : first.records;
    let count = begun.length;
    let end = place + 1;
    while (end < this.#instants.length && count + this.#instants[end]!.records.length <= limit) {
      count += this.#instants[end++]!.records.length;
    }
    if (end === place + 1) return begun;
    return begun.concat(...this.#instants.slice(place + 1, end).map(({ records }) => records));
  }

  #trim(): void {
    let drop = 0;
    let count = this.#recordCount;
    let length = this.#length;
    while (drop < this.#instants.length - 1 && (count > KEPT_RECORDS_MAX || length > KEPT_LENGTH_MAX)) {
      count -= this.#instants[drop]!.records.length;
      length -= this.#instants[drop]!.length;
      drop++;
    }
    this.#forget(drop);
  }

  #forget(dropCount: number): void {
    for (const { records, length } of this.#instants.splice(0, dropCount)) {
      this.#recordCount -= records.length;
      this.#length -= length;
    }
  }
}
