// Reads:      `fetch-requests` (ask these pairs now), `source-commands` (leave a source out, take it back).
// Writes:     `fetch-requests` (what each source made of it); prices go their usual way.
// Decides:    that requests for the same pairs while a fetch runs share it; that a request past its deadline
//             is not done any more.
// Guarantees: one outcome a source of this process and request; the newest command on a source counts, also
//             after a restart.
// Survives:   records that cannot be read; sources that are not of this process (another one has them).
import { messageOf } from '@assay/kernel/errors/assay-error';
import type { Startable } from '@assay/kernel/lifecycle/startable';
import type { Log } from '@assay/kernel/telemetry/log';
import type { Clock } from '@assay/kernel/time/clock';
import type { BusRecord, EventBus, Subscription } from '@assay/ports/event-bus/event-bus';
import {
  decodeFetchRecord,
  decodeSourceCommand,
  FETCH_REQUESTS_TOPIC,
  type FetchOutcome,
  type FetchRequest,
  SOURCE_COMMANDS_TOPIC,
} from '../model/demand.ts';
import { SUBMITTED_SOURCE } from '../model/submission.ts';
import type { FetchedSource, SourceService } from './source-service.ts';
import type { SubmissionService } from './submission-service.ts';

export type DemandServiceOptions = {
  bus: EventBus;
  clock: Clock;
  log: Log;
  sources: SourceService;
  /** Absent: no feed takes submissions here. */
  submissions?: SubmissionService;
};

/** Fetches that run at once; the limits of the venues make more of them wait anyway. */
const RUNNING_MAX = 64;

type Listener = (fetched: FetchedSource) => void;
type Running = { done: FetchedSource[]; listeners: Set<Listener>; finished: Promise<void> };

export function createDemandService(options: DemandServiceOptions): Startable {
  return new Service(options);
}

class Service implements Startable {
  readonly #options: DemandServiceOptions;
  readonly #running = new Map<string, Running>();
  #subscriptions: Subscription[] = [];

  constructor(options: DemandServiceOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { bus } = this.#options;
    this.#subscriptions = [
      // From the beginning: what an operator decided stands until he decides otherwise.
      await bus.subscribe({ topic: SOURCE_COMMANDS_TOPIC, from: 'earliest' }, (records) => {
        for (const record of records) this.#command(record);
      }),
      await bus.subscribe({ topic: FETCH_REQUESTS_TOPIC, from: 'latest' }, (records) => {
        for (const record of records) this.#request(record);
      }),
    ];
  }

  async stop(): Promise<void> {
    await Promise.all(this.#subscriptions.splice(0).map((subscription) => subscription.close()));
  }

  #command(record: BusRecord): void {
    const { log, sources, submissions } = this.#options;
    try {
      const { source, action, reason, by } = decodeSourceCommand(record.value);
      const isIsolated = action === 'isolate';
      const words = `${reason} (by ${by})`;
      if (source === SUBMITTED_SOURCE) isIsolated ? submissions?.deny(words) : submissions?.allow();
      else if (!(isIsolated ? sources.deny(source, words) : sources.allow(source))) return;
      log.info(isIsolated ? 'a source was isolated' : 'a source was taken back', { source, reason, by });
    } catch (error) {
      log.warn('a command for a source could not be read', { reason: messageOf(error) });
    }
  }

  #request(record: BusRecord): void {
    const { log, clock } = this.#options;
    try {
      const request = decodeFetchRecord(record.value);
      if (request.type !== 'request' || request.deadlineAt <= clock.now()) return;
      void this.#fetch(request);
    } catch (error) {
      log.warn('a fetch request could not be read', { reason: messageOf(error) });
    }
  }

  async #fetch(request: FetchRequest): Promise<void> {
    const name = [...request.pairs].sort().join();
    let running = this.#running.get(name);
    if (running === undefined) {
      if (this.#running.size >= RUNNING_MAX) return;
      this.#running.set(name, (running = this.#begin(name, request)));
    }
    const tell: Listener = (fetched) => this.#tell(request, fetched);
    running.done.forEach(tell);
    running.listeners.add(tell);
    await running.finished;
  }

  #begin(name: string, { pairs }: FetchRequest): Running {
    const running: Running = { done: [], listeners: new Set(), finished: Promise.resolve() };
    running.finished = this.#options.sources
      .fetchNow(pairs, (fetched) => {
        running.done.push(fetched);
        for (const listener of running.listeners) listener(fetched);
      })
      .catch((error: unknown) => {
        this.#options.log.warn('a fetch on demand failed', { pairs, reason: messageOf(error) });
      })
      .finally(() => this.#running.delete(name));
    return running;
  }

  #tell(request: FetchRequest, { source, isAnswered, detail }: FetchedSource): void {
    const { bus, clock, log } = this.#options;
    const outcome: FetchOutcome = {
      type: 'outcome',
      id: request.id,
      source,
      isAnswered,
      detail,
      at: clock.now(),
    };
    const record = { key: request.feed, value: JSON.stringify(outcome) };
    bus.publish(FETCH_REQUESTS_TOPIC, [record]).catch((error: unknown) => {
      log.warn('the outcome of a fetch was not published', { source, reason: messageOf(error) });
    });
  }
}
