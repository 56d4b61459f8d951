// Who listens to what at a venue whose connections subscribe to topics. In: connections, topics. Out: frames
// to those who asked for them. Invariant: a frame is written once for all of its listeners, and a connection
// that went hears nothing more.
import type { VenueConnection } from './protocol.ts';

/** More topics than any venue takes on one connection. */
const TOPICS_MAX = 1_000;

export class TopicClients {
  readonly #topics = new Map<VenueConnection, Set<string>>();

  get connections(): VenueConnection[] {
    return [...this.#topics.keys()];
  }

  connect(connection: VenueConnection): void {
    this.#topics.set(connection, new Set());
  }

  disconnect(connection: VenueConnection): void {
    this.#topics.delete(connection);
  }

  /** False when the connection has too many already. */
  subscribe(connection: VenueConnection, topic: string): boolean {
    const topics = this.#topics.get(connection);
    if (topics === undefined || topics.size >= TOPICS_MAX) return false;
    topics.add(topic);
    return true;
  }

  unsubscribe(connection: VenueConnection, topic: string): void {
    this.#topics.get(connection)?.delete(topic);
  }

  /** Forgets what a connection asked for before. */
  clear(connection: VenueConnection): void {
    this.#topics.get(connection)?.clear();
  }

  publish(topic: string, frameOf: () => string): void {
    let frame: string | undefined;
    for (const [connection, topics] of this.#topics) {
      if (!topics.has(topic)) continue;
      frame ??= frameOf();
      connection.send(frame);
    }
  }
}
