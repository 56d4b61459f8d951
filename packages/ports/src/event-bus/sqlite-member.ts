// One subscription that is a member of a consumer group of the embedded log: it says regularly that it lives,
// begins with the partitions it is given, and gives back what another member should have. In: heartbeat
// results. Out: calls of a Delivery, positions to save.
//
// Invariant: a partition is given back only when its handler is done with it and the position is saved with
//   it.
import { messageOf } from '@assay/kernel/errors/assay-error';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import type { Delivery } from './delivery.ts';
import type { PartitionRef } from './publications.ts';
import type { ConsumerPosition, Heartbeat, HeartbeatResult } from './sqlite-consumers.ts';

// A fifth of the lease: four may be late before the partitions are lost.
const HEARTBEAT_MS = 1_000;
// While another member still has what this one should have.
const WAITING_HEARTBEAT_MS = 100;

export type MemberOptions = {
  identity: Pick<Heartbeat, 'group' | 'member' | 'host' | 'pid'>;
  /** Namespaced. */
  topic: string;
  refs: readonly PartitionRef[];
  from: Heartbeat['from'];
  clock: Clock;
  log: Log;
  call<T>(kind: string, request: unknown): Promise<T>;
  /** Saved with the next commit. */
  savePosition(position: ConsumerPosition): void;
  /** Other members of this process should look again. */
  onChange(): void;
};

type Held = { generation: number; nextOffset: number; isReturning: boolean };

export class SqliteMember {
  readonly #options: MemberOptions;
  readonly #delivery: Delivery;
  readonly #held = new Map<number, Held>();
  #cancelBeat = (): void => {};
  #beating: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: MemberOptions, delivery: Delivery) {
    this.#options = options;
    this.#delivery = delivery;
  }

  get group(): string {
    return this.#options.identity.group;
  }

  get topic(): string {
    return this.#options.topic;
  }

  /** @throws AssayError when the log cannot be written */
  async start(): Promise<void> {
    const isWaiting = await this.#beat();
    this.#beatAfter(isWaiting ? WAITING_HEARTBEAT_MS : HEARTBEAT_MS);
    this.#options.onChange();
  }

  beatSoon(): void {
    if (!this.#isClosed && this.#beating === undefined) this.#beatAfter(0);
  }

  onHandled(partition: number, nextOffset: number): void {
    const ref = this.#options.refs[partition]!;
    const held = this.#held.get(ref.id);
    if (held === undefined) return;
    held.nextOffset = nextOffset;
    if (!held.isReturning) this.#options.savePosition(this.#position(ref.id, held));
  }

  /** The log refused a position of this member: the partition has gone to another one. */
  onFenced(partitionId: number, generation: number): void {
    if (this.#held.get(partitionId)?.generation === generation) this.#drop(partitionId);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelBeat();
    await this.#beating;
    await this.#delivery.close();
    const { identity, topic, call, onChange, log } = this.#options;
    const positions = [...this.#held].map(([id, held]) => ({ ...this.#position(id, held), isRelease: true }));
    this.#held.clear();
    try {
      await call('commit', { appends: [], positions });
      await call('leave', { group: identity.group, topic, member: identity.member });
    } catch (error) {
      // The lease runs out by itself, and what was handled since the last saved position is delivered again.
      log.warn('a consumer left without saving its position', { ...identity, problem: messageOf(error) });
    }
    onChange();
  }

  #beatAfter(ms: number): void {
    this.#cancelBeat();
    this.#cancelBeat = this.#options.clock.after(ms, () => {
      this.#beating = this.#beat()
        .catch((error: unknown) => {
          this.#options.log.warn('a heartbeat failed', { group: this.group, problem: messageOf(error) });
          return false;
        })
        .then((isWaiting) => {
          this.#beating = undefined;
          if (!this.#isClosed) this.#beatAfter(isWaiting ? WAITING_HEARTBEAT_MS : HEARTBEAT_MS);
        });
    });
  }

  async #beat(): Promise<boolean> {
    const { identity, topic, refs, from, clock, call } = this.#options;
    const partitionIds = refs.map(({ id }) => id);
    const beat: Heartbeat = { ...identity, topic, partitionIds, from, nowMs: clock.now() };
    const { held, owed, isWaiting } = await call<HeartbeatResult>('beat', beat);
    if (this.#isClosed) return false;
    const generations = new Map(held.map((one) => [one.partitionId, one.generation]));
    for (const [id, { generation }] of this.#held) if (generations.get(id) !== generation) this.#drop(id);
    for (const { partitionId, generation, nextOffset } of held) {
      if (this.#held.has(partitionId)) continue;
      this.#held.set(partitionId, { generation, nextOffset, isReturning: false });
      this.#delivery.assign(this.#partitionOf(partitionId), nextOffset);
    }
    for (const id of owed) void this.#giveBack(id);
    return isWaiting;
  }

  async #giveBack(partitionId: number): Promise<void> {
    const held = this.#held.get(partitionId);
    if (held === undefined || held.isReturning) return;
    held.isReturning = true;
    await this.#delivery.revoke(this.#partitionOf(partitionId));
    if (this.#held.get(partitionId) !== held) return;
    try {
      const position = { ...this.#position(partitionId, held), isRelease: true };
      await this.#options.call('commit', { appends: [], positions: [position] });
    } catch {
      // Not given back: the next heartbeat still holds it, and begins it again from the saved position.
    }
    this.#held.delete(partitionId);
    this.#options.onChange();
  }

  #drop(partitionId: number): void {
    this.#held.delete(partitionId);
    void this.#delivery.revoke(this.#partitionOf(partitionId));
  }

  #partitionOf(partitionId: number): number {
    return this.#options.refs.find(({ id }) => id === partitionId)!.partition;
  }

  #position(partitionId: number, { generation, nextOffset }: Held): ConsumerPosition {
    const { group, member } = this.#options.identity;
    return { group, partitionId, member, generation, nextOffset };
  }
}
