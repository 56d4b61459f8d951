// Everything that keeps a source out: the operator's denylist, the venue's refusal, our own quarantine of the
// source or of a pair. In: verdicts with their instant. Out: what is allowed now. Invariant: a denial ends
// only by the operator, a refusal by him or after a day, a quarantine by itself.
import type { Pair } from '../model/pair.ts';
import {
  enterQuarantine,
  isQuarantined,
  noQuarantine,
  type Quarantine,
  readQuarantine,
} from './quarantine.ts';

export type Transport = 'stream' | 'poll';

/** A refused region or client is asked again after a day: laws and accounts change, not within minutes. */
export const REFUSED_RECHECK_MS = 86_400_000;

export class Blocks {
  denied: string | undefined;
  readonly #refused = new Map<Transport, { until: number; words: string }>();
  #quarantine: Quarantine = noQuarantine();
  readonly #pairs = new Map<Pair, Quarantine>();

  refuse(transport: Transport, words: string, now: number): void {
    this.#refused.set(transport, { until: now + REFUSED_RECHECK_MS, words });
  }

  /** The venue's words while it refuses this transport. */
  refusal(transport: Transport, now: number): string | undefined {
    const refused = this.#refused.get(transport);
    return refused !== undefined && now < refused.until ? refused.words : undefined;
  }

  refusedUntil(): number | undefined {
    const all = [...this.#refused.values()].map(({ until }) => until);
    return all.length === 0 ? undefined : Math.min(...all);
  }

  quarantine(reason: string, now: number): Quarantine {
    this.#quarantine = enterQuarantine(this.#quarantine, reason, now);
    return this.#quarantine;
  }

  quarantinePair(pair: Pair, reason: string, now: number): Quarantine {
    const entered = enterQuarantine(this.#pairs.get(pair) ?? noQuarantine(), reason, now);
    this.#pairs.set(pair, entered);
    return entered;
  }

  /** The quarantine of the whole source, while it lasts. */
  quarantined(now: number): Quarantine | undefined {
    return isQuarantined(this.#quarantine, now) ? this.#quarantine : undefined;
  }

  pairQuarantined(pair: Pair, now: number): Quarantine | undefined {
    const quarantine = this.#pairs.get(pair);
    return quarantine !== undefined && isQuarantined(quarantine, now) ? quarantine : undefined;
  }

  /** Whether the transport may be used at all. */
  isOpen(transport: Transport, now: number): boolean {
    return (
      this.denied === undefined &&
      this.quarantined(now) === undefined &&
      this.refusal(transport, now) === undefined
    );
  }

  /** The operator's word: refusal and quarantine are forgotten, their count included. */
  forgive(): void {
    this.denied = undefined;
    this.#refused.clear();
    this.#quarantine = noQuarantine();
    this.#pairs.clear();
  }

  save(): { source: Quarantine; pairs: Record<Pair, Quarantine> } {
    return { source: this.#quarantine, pairs: Object.fromEntries(this.#pairs) };
  }

  load(saved: unknown): void {
    if (saved === null || typeof saved !== 'object') return;
    const { source, pairs } = saved as { source?: unknown; pairs?: unknown };
    this.#quarantine = readQuarantine(source) ?? noQuarantine();
    for (const [pair, value] of Object.entries(pairs ?? {})) {
      const quarantine = readQuarantine(value);
      if (quarantine !== undefined) this.#pairs.set(pair, quarantine);
    }
  }
}
