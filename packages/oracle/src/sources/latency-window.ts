// The last response times of one source, for its median and its slowest hundredth. In: milliseconds as they
// are measured. Out: a quantile of what is kept. Invariant: bounded; the oldest goes when a new one comes.

/** The slowest hundredth of five hundred is five answers: enough that one alone does not decide it. */
const KEPT = 500;

export class LatencyWindow {
  readonly #kept = new Float64Array(KEPT);
  #count = 0;

  add(latencyMs: number): void {
    this.#kept[this.#count % KEPT] = latencyMs;
    this.#count++;
  }

  /** `share` 0.99: ninety-nine of a hundred were at most this slow. Undefined when nothing was measured. */
  quantile(share: number): number | undefined {
    const size = Math.min(this.#count, KEPT);
    if (size === 0) return undefined;
    const sorted = this.#kept.slice(0, size).sort();
    return sorted[Math.min(size - 1, Math.ceil(share * size) - 1)];
  }
}
