// What goes wrong with one source, counted, remembered and said once. In: errors with their instant. Out: the
// last error, the counts, log lines. Invariant: the same complaint is logged at most once a minute, however
// often it recurs.
import type { AssayError } from '@assay/kernel/errors/assay-error';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Counter } from '@assay/kernel/telemetry/metrics';
import type { SourceCounts } from '../model/source-status.ts';

export type LastError = { code: string; message: string; at: number };

const LOG_AGAIN_MS = 60_000;

export class Complaints {
  last: LastError | undefined;
  readonly #source: string;
  readonly #tools: { log: Log; errors: Counter; counts: SourceCounts };
  readonly #loggedAt = new Map<string, number>();

  constructor(source: string, tools: { log: Log; errors: Counter; counts: SourceCounts }) {
    this.#source = source;
    this.#tools = tools;
  }

  add(error: AssayError, at: number): void {
    const { log, errors, counts } = this.#tools;
    counts.errors++;
    errors.add({ source: this.#source, code: error.code });
    this.last = { code: error.code, message: error.message, at };
    if (at - (this.#loggedAt.get(error.code) ?? Number.NEGATIVE_INFINITY) < LOG_AGAIN_MS) return;
    this.#loggedAt.set(error.code, at);
    log.warn(error.message, { code: error.code, recovery: error.recovery });
  }
}
