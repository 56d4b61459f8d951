// A worker thread that writes to one file, so that waiting for the disk never stops the event loop of the
// program. In: requests. Out: their results, in order. The thread's half is `serveWriter`.
//
// Failure: a thread that dies rejects what waits for it and is started again at the next request, at most
// once a second.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { AssayError, messageOf } from '@assay/kernel/errors/assay-error';
import type { ErrorCode } from '@assay/kernel/errors/codes';
import type { Clock } from '@assay/kernel/time/clock';

export type WriterThreadOptions = {
  script: URL;
  /** Handed to the thread's `open`. */
  settings: object;
  clock: Clock;
  /** For a thread that is not there. */
  unavailable: ErrorCode;
  /** What the thread says by itself. */
  onNotice?: (notice: unknown) => void;
};

type Waiting = { resolve: (result: never) => void; reject: (error: AssayError) => void };
type PlainError = {
  code: ErrorCode;
  message: string;
  context: Record<string, unknown>;
  isTransient: boolean;
  recovery: string;
};
type Reply = { id: number; result?: unknown; error?: PlainError } | { notice: unknown };

const RESTART_PAUSE_MS = 1_000;
// Waits at most this long for the last checkpoint before the thread is ended.
const CLOSE_TIMEOUT_MS = 10_000;

export class WriterThread {
  readonly #options: WriterThreadOptions;
  #worker: Worker | undefined;
  #startedAtMs = 0;
  #waiting = new Map<number, Waiting>();
  #nextId = 1;
  /** Between `start` and `stop` a thread that dies is started again. */
  #isStarted = false;

  constructor(options: WriterThreadOptions) {
    this.#options = options;
  }

  /** Starts the thread; resolves to what its `open` returned. @throws what `open` threw, as an AssayError */
  async start<T>(): Promise<T> {
    const opened = await this.#launch<T>();
    this.#isStarted = true;
    return opened;
  }

  async call<T>(kind: string, request: unknown): Promise<T> {
    if (this.#worker === undefined) await this.#restart();
    return this.#send(kind, request);
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    const worker = this.#worker;
    if (worker === undefined) return;
    const giveUp = this.#options.clock.after(CLOSE_TIMEOUT_MS, () => void worker.terminate());
    await this.#send('close', undefined).catch(() => undefined);
    giveUp();
    this.#worker = undefined;
    await worker.terminate();
  }

  #send<T>(kind: string, request: unknown): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const worker = this.#worker;
      if (worker === undefined) return reject(this.#gone('it is not running'));
      const id = this.#nextId++;
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage({ id, kind, request });
    });
  }

  async #launch<T>(): Promise<T> {
    this.#startedAtMs = this.#options.clock.monotonic();
    const worker = new Worker(this.#options.script, { workerData: this.#options.settings });
    this.#worker = worker;
    worker.on('message', (reply: Reply) => this.#settle(reply));
    worker.on('error', (error) => this.#lose(worker, messageOf(error)));
    worker.on('exit', () => this.#lose(worker, 'it ended'));
    try {
      return await this.#send<T>('open', undefined);
    } catch (error) {
      this.#worker = undefined;
      await worker.terminate();
      throw error;
    }
  }

  async #restart(): Promise<void> {
    const { clock } = this.#options;
    if (!this.#isStarted || clock.monotonic() - this.#startedAtMs < RESTART_PAUSE_MS) {
      throw this.#gone('it is not running');
    }
    await this.#launch();
  }

  #settle(reply: Reply): void {
    if ('notice' in reply) {
      this.#options.onNotice?.(reply.notice);
      return;
    }
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.error === undefined) {
      waiting?.resolve(reply.result as never);
      return;
    }
    const { code, message, context, isTransient, recovery } = reply.error;
    waiting?.reject(new AssayError(code, message, { context, isTransient, recovery }));
  }

  #lose(worker: Worker, problem: string): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of lost) reject(this.#gone(problem));
  }

  #gone(problem: string): AssayError {
    const { unavailable, script } = this.#options;
    const name = script.pathname.split('/').at(-1);
    return new AssayError(unavailable, `the writing thread ${name} cannot be reached: ${problem}`);
  }
}

export type Writer = {
  open(): unknown;
  /** Synchronous on purpose: one request is done before the next begins. */
  handle(kind: string, request: never): unknown;
  close(): void;
};

/** The thread's half: opens, then answers requests until it is closed. */
export function serveWriter(create: (settings: never, notify: (notice: unknown) => void) => Writer): void {
  if (isMainThread || parentPort === null) return;
  const port = parentPort;
  const writer = create(workerData as never, (notice) => port.postMessage({ notice } satisfies Reply));
  port.on('message', ({ id, kind, request }: { id: number; kind: string; request: never }) => {
    try {
      const result =
        kind === 'open' ? writer.open() : kind === 'close' ? writer.close() : writer.handle(kind, request);
      port.postMessage({ id, result } satisfies Reply);
    } catch (error) {
      port.postMessage({ id, error: plainOf(error) } satisfies Reply);
    }
  });
}

function plainOf(error: unknown): PlainError {
  const known = error instanceof AssayError ? error : undefined;
  const { code, message, context, isTransient, recovery } =
    known ?? new AssayError('ASSERTION_FAILED', `a writing thread failed: ${messageOf(error)}`);
  return { code, message, context, isTransient, recovery };
}
