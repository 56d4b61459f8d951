// Who of a consumer group reads which partition, and up to where: kept in the log's own file, so that members
// in different processes share the work. In: heartbeats and positions. Out: what a member holds and must give
// back.
//
// A member that has not been heard for LEASE_MS is gone; on its own host it is gone at once when its process
// is.
// Invariant: every change of hands raises the generation of a claim, and a position is saved only under the
// generation that it was earned under (fencing), so a member that was away too long cannot move a position
// back.
import type { DatabaseSync, StatementSync } from 'node:sqlite';

/**
 * A process that stalls this long, say in a full garbage collection on a busy machine, loses its partitions.
 */
export const LEASE_MS = 5_000;

export type ConsumerPosition = {
  group: string;
  partitionId: number;
  member: string;
  generation: number;
  nextOffset: number;
  /** Gives the partition back as well. */
  isRelease?: boolean;
};

export type Heartbeat = {
  group: string;
  topic: string;
  member: string;
  host: string;
  pid: number;
  nowMs: number;
  partitionIds: readonly number[];
  /** By place in `partitionIds`, for an object of offsets. */
  from: 'earliest' | 'latest' | Record<number, number>;
};

export type HeartbeatResult = {
  held: { partitionId: number; generation: number; nextOffset: number }[];
  /** Partitions of this member that another member should have: finish, save the position, release. */
  owed: number[];
  /** A partition that this member should have is still held by another. */
  isWaiting: boolean;
};

type Member = { member: string; joinedAt: number; untilAt: number; host: string; pid: number };
type Claim = { nextOffset: number; member: string | null; generation: number };

export class LogConsumers {
  readonly #rangeOf: (partitionId: number) => { firstOffset: number; nextOffset: number };
  readonly #save: StatementSync;
  readonly #release: StatementSync;
  readonly #beat: StatementSync;
  readonly #members: StatementSync;
  readonly #forget: StatementSync;
  readonly #claim: StatementSync;
  readonly #take: StatementSync;

  constructor(
    database: DatabaseSync,
    rangeOf: (partitionId: number) => { firstOffset: number; nextOffset: number },
  ) {
    this.#rangeOf = rangeOf;
    const mine = 'WHERE consumers = ? AND partition = ? AND member = ? AND generation = ?';
    this.#save = database.prepare(`UPDATE claims SET nextOffset = ? ${mine}`);
    this.#release = database.prepare(`UPDATE claims SET nextOffset = ?, member = NULL ${mine}`);
    this.#beat = database.prepare(
      `INSERT INTO members VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET untilAt = excluded.untilAt`,
    );
    this.#members = database.prepare('SELECT * FROM members WHERE consumers = ? AND topic = ?');
    this.#forget = database.prepare('DELETE FROM members WHERE consumers = ? AND topic = ? AND member = ?');
    this.#claim = database.prepare(
      'SELECT nextOffset, member, generation FROM claims WHERE consumers = ? AND partition = ?',
    );
    this.#take = database.prepare(
      `INSERT INTO claims VALUES (?, ?, ?, ?, 1)
       ON CONFLICT DO UPDATE SET member = excluded.member, generation = generation + 1`,
    );
  }

  /** Returns the positions that came too late. */
  savePositions(positions: readonly ConsumerPosition[]): ConsumerPosition[] {
    return positions.filter(({ group, partitionId, member, generation, nextOffset, isRelease }) => {
      const statement = isRelease ? this.#release : this.#save;
      return Number(statement.run(nextOffset, group, partitionId, member, generation).changes) === 0;
    });
  }

  beat(beat: Heartbeat): HeartbeatResult {
    const { group, topic, member, nowMs, partitionIds } = beat;
    this.#beat.run(group, topic, member, nowMs, nowMs + LEASE_MS, beat.host, beat.pid);
    const living = this.#livingMembers(beat);
    const result: HeartbeatResult = { held: [], owed: [], isWaiting: false };
    partitionIds.forEach((partitionId, place) => {
      const isOurs = living[place % living.length] === member;
      const claim = this.#claim.get(group, partitionId) as Claim | undefined;
      const holder = claim?.member ?? undefined;
      if (claim !== undefined && holder === member) {
        result.held.push({ partitionId, nextOffset: claim.nextOffset, generation: claim.generation });
        if (!isOurs) result.owed.push(partitionId);
      } else if (isOurs && holder !== undefined && living.includes(holder)) {
        result.isWaiting = true;
      } else if (isOurs) {
        const nextOffset = claim?.nextOffset ?? this.#startOf(partitionId, place, beat.from);
        this.#take.run(group, partitionId, nextOffset, member);
        result.held.push({ partitionId, nextOffset, generation: (claim?.generation ?? 0) + 1 });
      }
    });
    return result;
  }

  leave(group: string, topic: string, member: string): void {
    this.#forget.run(group, topic, member);
  }

  /** In order of joining, so that a newcomer moves as few partitions as it can. */
  #livingMembers({ group, topic, host, nowMs }: Heartbeat): string[] {
    const members = this.#members.all(group, topic) as Member[];
    const living = members.filter((one) => {
      const isAlive = one.untilAt >= nowMs && (one.host !== host || isRunning(one.pid));
      if (!isAlive) this.leave(group, topic, one.member);
      return isAlive;
    });
    living.sort((a, b) => a.joinedAt - b.joinedAt || (a.member < b.member ? -1 : 1));
    return living.map((one) => one.member);
  }

  #startOf(partitionId: number, place: number, from: Heartbeat['from']): number {
    if (typeof from === 'object') return from[place] ?? 0;
    const { firstOffset, nextOffset } = this.#rangeOf(partitionId);
    return from === 'earliest' ? firstOffset : nextOffset;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code !== 'ESRCH';
  }
}
