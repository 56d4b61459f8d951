// Which partitions the topics of a namespace have. In: bare names. Out: the partitions, at once when they are
// known.
//
// Invariant: those who ask before a topic is known are answered in the order in which they asked, before
//   anybody later.

import { checkName } from './new-record.ts';
import type { PartitionRef } from './publications.ts';
import type { PartitionName } from './sqlite-log.ts';

type Asked = (refs: readonly PartitionRef[] | undefined, error: unknown) => void;

export class SqliteTopics {
  readonly #prefix: string;
  readonly #make: (topic: string) => Promise<PartitionName[]>;
  readonly #known = new Map<string, readonly PartitionRef[]>();
  readonly #asked = new Map<string, Asked[]>();

  /** `make` gets the name in the file and resolves to the partitions, made when they did not exist. */
  constructor(namespace: string, make: (topic: string) => Promise<PartitionName[]>) {
    this.#prefix = `${namespace}.`;
    this.#make = make;
  }

  nameInFile(topic: string): string {
    return this.#prefix + topic;
  }

  /** Takes what the file holds when it is opened. */
  learn(names: readonly PartitionName[]): void {
    for (const name of new Set(names.map(({ topic }) => topic))) {
      if (!name.startsWith(this.#prefix)) continue;
      this.#keep(
        name.slice(this.#prefix.length),
        names.filter(({ topic }) => topic === name),
      );
    }
  }

  /** Calls `then` with the partitions, in this turn when they are known. @throws AssayError RECORD_INVALID */
  ask(topic: string, then: Asked): void {
    const known = this.#known.get(topic);
    if (known !== undefined) {
      then(known, undefined);
      return;
    }
    checkName('topic', topic);
    const asked = this.#asked.get(topic);
    if (asked === undefined) {
      this.#asked.set(topic, [then]);
      void this.#learnOne(topic);
    } else {
      asked.push(then);
    }
  }

  partitions(topic: string): Promise<readonly PartitionRef[]> {
    return new Promise((resolve, reject) => {
      this.ask(topic, (refs, error) => (refs === undefined ? reject(error) : resolve(refs)));
    });
  }

  async #learnOne(topic: string): Promise<void> {
    let refs: readonly PartitionRef[] | undefined;
    let problem: unknown;
    try {
      refs = this.#keep(topic, await this.#make(this.nameInFile(topic)));
    } catch (error) {
      problem = error;
    }
    const asked = this.#asked.get(topic) ?? [];
    this.#asked.delete(topic);
    for (const then of asked) then(refs, problem);
  }

  #keep(topic: string, names: readonly PartitionName[]): readonly PartitionRef[] {
    const refs = names
      .map(({ id, partition }) => ({ id, topic, partition }))
      .sort((a, b) => a.partition - b.partition);
    this.#known.set(topic, refs);
    return refs;
  }
}
