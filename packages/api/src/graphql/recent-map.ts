// A map of bounded size that forgets what was used least recently. In: keys and values. Out: the values of
// the last `maximum` keys that were asked for.

export class RecentMap<V> {
  readonly #entries = new Map<string, V>();
  readonly #maximum: number;

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > this.#maximum) this.#entries.delete(this.#entries.keys().next().value!);
  }
}
