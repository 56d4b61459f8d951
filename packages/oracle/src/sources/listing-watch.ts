// Reads each venue's own list of instruments, at first soon after the start, then once a day, and tells the
// source what it says of its pairs. In: the sources at work, the passing of time. Out: a report for each.
// Invariant: at most one list is read at a time, a list that failed changes nothing, and no venue is asked
// that may not be asked.
import { type AssayError, messageOf } from '@assay/kernel/errors/assay-error';
import type { Random } from '@assay/kernel/random/random';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import type { Outbound } from '@assay/ports/outbound/outbound';
import { isAsked, type ListingReport } from '../model/listing.ts';
import { baseOf, type Pair, quoteOf } from '../model/pair.ts';
import { contextOf } from './configured-source.ts';
import type { Instrument, InstrumentList, SourceRequest } from './define-source.ts';
import { errorOfAnswer } from './http-answer.ts';
import { reportOf } from './listings.ts';
import type { SourceRunner } from './source-runner.ts';
import type { StandbyFeed } from './standby.ts';

export type ListingTools = { outbound: Outbound; clock: Clock; random: Random; log: Log };

/** The first prices come first: lists are long, and reading one keeps the process busy for a moment. */
const FIRST_AFTER_MS = 15_000;
const AGAIN_AFTER_MS = 86_400_000;
/** While a pair is left out, or a list could not be read: it may be back soon. */
const RECHECK_AFTER_MS = 3_600_000;
/** So that many installations do not ask at the same minute. */
const JITTER = 0.1;
const TIMEOUT_MS = 20_000;
/** The largest list seen (all spot markets of Binance with their filters) is 15 MB. */
const LIST_BYTES_MAX = 32 * 1024 * 1024;

export class ListingWatch {
  readonly #tools: ListingTools;
  /** When a source's list is read next, monotonic. */
  readonly #dueAt = new WeakMap<SourceRunner, number>();
  #wanted: { bases: ReadonlySet<string>; quotes: ReadonlySet<string> } | undefined;
  #reading: AbortController | undefined;

  constructor(tools: ListingTools) {
    this.#tools = tools;
  }

  /** Which offers matter: bases of the feeds, in any currency that a feed or one of its sources uses. */
  follow(feeds: readonly StandbyFeed[] | undefined): void {
    const pairs = (feeds ?? []).flatMap(({ feed, sources }) => [feed, ...sources.map(({ pair }) => pair)]);
    this.#wanted = {
      bases: new Set((feeds ?? []).map(({ feed }) => baseOf(feed))),
      quotes: new Set(pairs.map(quoteOf)),
    };
  }

  /** Called once a second. */
  look(runners: readonly SourceRunner[]): void {
    if (this.#reading !== undefined) return;
    const { clock, random } = this.#tools;
    const nowMs = clock.monotonic();
    for (const runner of runners) {
      const list = runner.configured.source.instruments;
      if (list === undefined) continue;
      const dueAt = this.#dueAt.get(runner);
      if (dueAt === undefined) {
        this.#dueAt.set(runner, nowMs + FIRST_AFTER_MS * (1 + JITTER * random.next()));
      } else if (nowMs >= dueAt && mayAsk(runner, clock.now())) {
        void this.#read(runner, list);
        return;
      }
    }
  }

  stop(): void {
    this.#reading?.abort();
  }

  async #read(runner: SourceRunner, list: InstrumentList): Promise<void> {
    const { clock, log, random } = this.#tools;
    const controller = new AbortController();
    this.#reading = controller;
    let againMs = RECHECK_AFTER_MS;
    try {
      const report = await this.#ask(runner, list, controller.signal);
      if (controller.signal.aborted) return;
      const leftOut = [...report.listings].filter(([, listing]) => !isAsked(listing));
      for (const [pair, { detail }] of leftOut) {
        log.warn('the venue does not trade a pair that we ask it for', { source: runner.id, pair, detail });
      }
      if (leftOut.length === 0) againMs = AGAIN_AFTER_MS;
      runner.followList(report);
    } catch (error) {
      if (!controller.signal.aborted) {
        const { id: source } = runner;
        log.info('the list of instruments could not be read; the last one stands', {
          source,
          error: messageOf(error),
        });
      }
    } finally {
      this.#reading = undefined;
      this.#dueAt.set(runner, clock.monotonic() + againMs * (1 + JITTER * random.next()));
    }
  }

  async #ask(runner: SourceRunner, list: InstrumentList, signal: AbortSignal): Promise<ListingReport> {
    const { source, pairs } = runner.configured;
    const context = contextOf(runner.configured, pairs, () => {});
    const instruments: Instrument[] = [];
    for (const request of list.requests(context)) {
      const response = await this.#fetch(request, signal);
      const error: AssayError | undefined = errorOfAnswer(source.id, response, source.http?.explain);
      if (error !== undefined) throw error;
      instruments.push(...list.parse(response, request, context));
    }
    const symbols = new Map<Pair, string>(context.pairs.map((pair) => [pair, context.symbolOf(pair)]));
    const wanted = this.#wanted ?? { bases: new Set(), quotes: new Set() };
    return reportOf({ source: source.id, symbols, instruments, wanted, now: this.#tools.clock.now() });
  }

  #fetch({ url, method = 'GET', headers, body }: SourceRequest, signal: AbortSignal) {
    return this.#tools.outbound.request(
      {
        method,
        url,
        ...(headers === undefined ? {} : { headers }),
        ...(body === undefined ? {} : { body }),
        timeoutMs: TIMEOUT_MS,
        maximumBytes: LIST_BYTES_MAX,
      },
      signal,
    );
  }
}

/** Neither denied, refused nor told to wait; a list is not worth a venue's anger. */
function mayAsk({ blocks, heldUntil, guard }: SourceRunner, now: number): boolean {
  return blocks.isOpen('poll', now) && heldUntil === undefined && guard.breaker.phase === 'closed';
}
