// A door to the outside that opens onto a script, for tests and replays: no network, exact under a simulated
// clock. In: what each address answers. Out: those answers, in order; the last one of an address is repeated.
//
// Everything else is as behind the real door: bounds, timeouts, one `onClose`. What was asked is kept in
// `asked` and `sent`.
import type { Clock } from '@assay/kernel/time/clock';
import { type FailureReason, failureOf } from './failure.ts';
import { inflatedFrame } from './inflated-frame.ts';
import type {
  Outbound,
  OutboundRequest,
  OutboundResponse,
  OutboundSocket,
  SocketHandlers,
  SocketRequest,
} from './outbound.ts';

export type RecordedAnswer =
  | { status?: number; headers?: Record<string, string>; body?: string; delayMs?: number }
  | { fails: FailureReason; delayMs?: number };

/** Steps of one session, each `afterMs` after the one before; a frame may answer what was sent. */
export type RecordedStep = { afterMs?: number } & (
  | { frame: string | Uint8Array }
  | { pulse: true }
  | { close: { code: number; text: string } }
);
export type RecordedSession = {
  steps: readonly RecordedStep[];
  /** Called for every frame sent; what it returns is received. */
  answer?: (frame: string) => readonly string[];
  /** The far side closes when it is sent this. */
  closeAfter?: { frame: string; code: number; text: string };
};

export type RecordedOptions = {
  clock: Clock;
  /** By URL. */
  requests?: Record<string, readonly RecordedAnswer[]>;
  sockets?: Record<string, readonly RecordedSession[]>;
};

export interface RecordedOutbound extends Outbound {
  readonly asked: readonly OutboundRequest[];
  readonly sent: readonly { url: string; frame: string }[];
}

const BODY_BYTES_MAX = 8 * 1024 * 1024;

export function createRecordedOutbound(options: RecordedOptions): RecordedOutbound {
  return new ScriptedOutbound(options);
}

class ScriptedOutbound implements RecordedOutbound {
  readonly asked: OutboundRequest[] = [];
  readonly sent: { url: string; frame: string }[] = [];
  readonly #options: RecordedOptions;
  readonly #uses = new Map<string, number>();
  readonly #sockets = new Set<ScriptedSocket>();

  constructor(options: RecordedOptions) {
    this.#options = options;
  }

  /** A script goes nowhere. */
  async requirePublic(): Promise<void> {}

  async request(request: OutboundRequest, signal?: AbortSignal): Promise<OutboundResponse> {
    const { clock, requests = {} } = this.#options;
    this.asked.push(request);
    const startMs = clock.monotonic();
    const { url, timeoutMs } = request;
    const call = { url, timeoutMs, isProxied: false };
    const answer = this.#next(url, requests[url]) ?? { fails: 'refused' as const };
    const delayMs = answer.delayMs ?? 0;
    try {
      await clock.sleep(Math.min(delayMs, timeoutMs), signal);
    } catch (error) {
      throw failureOf('aborted', 'the caller gave up', call, error);
    }
    if (delayMs >= timeoutMs) throw failureOf('timeout', '', call);
    if ('fails' in answer) throw failureOf(answer.fails, 'the script says so', call);
    const { status = 200, headers = {}, body = '' } = answer;
    const bytesMax = request.maximumBytes ?? BODY_BYTES_MAX;
    if (Buffer.byteLength(body) > bytesMax) throw failureOf('too-large', `more than ${bytesMax} bytes`, call);
    const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    const durationMs = clock.monotonic() - startMs;
    return { status, headers: Object.fromEntries(lower), body, receivedAt: clock.now(), durationMs };
  }

  open(request: SocketRequest, handlers: SocketHandlers): OutboundSocket {
    const session = this.#next(request.url, this.#options.sockets?.[request.url]);
    const { compression } = request;
    const reader: SocketHandlers = {
      onOpen: () => handlers.onOpen(),
      onFrame: (frame) => handlers.onFrame(inflatedFrame(frame, compression)),
      onPulse: () => handlers.onPulse(),
      onClose: (reason) => handlers.onClose(reason),
    };
    const socket = new ScriptedSocket(this.#options.clock, session, reader, (frame) => {
      this.sent.push({ url: request.url, frame });
    });
    this.#sockets.add(socket);
    return socket;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.end({ code: 1006, text: 'aborted: the program is stopping' });
    this.#sockets.clear();
  }

  #next<T>(url: string, answers: readonly T[] | undefined): T | undefined {
    if (answers === undefined || answers.length === 0) return undefined;
    const use = this.#uses.get(url) ?? 0;
    this.#uses.set(url, use + 1);
    return answers[Math.min(use, answers.length - 1)];
  }
}

class ScriptedSocket implements OutboundSocket {
  readonly #clock: Clock;
  readonly #session: RecordedSession | undefined;
  readonly #handlers: SocketHandlers;
  readonly #onSent: (frame: string) => void;
  #isOpen = false;
  #isClosed = false;
  #cancel: () => void;

  constructor(
    clock: Clock,
    session: RecordedSession | undefined,
    handlers: SocketHandlers,
    onSent: (frame: string) => void,
  ) {
    this.#clock = clock;
    this.#session = session;
    this.#handlers = handlers;
    this.#onSent = onSent;
    this.#cancel = clock.after(0, () => {
      if (session === undefined) {
        this.end({ code: 1006, text: 'refused: the script has no session' });
        return;
      }
      this.#isOpen = true;
      handlers.onOpen();
      this.#play(0);
    });
  }

  send(frame: string): boolean {
    if (!this.#isOpen || this.#isClosed) return false;
    this.#onSent(frame);
    for (const reply of this.#session?.answer?.(frame) ?? []) {
      this.#clock.after(0, () => {
        if (!this.#isClosed) this.#handlers.onFrame(reply);
      });
    }
    const ending = this.#session?.closeAfter;
    if (ending?.frame === frame) {
      this.#clock.after(0, () => this.end({ code: ending.code, text: ending.text }));
    }
    return true;
  }

  ping(): void {
    this.#clock.after(0, () => {
      if (this.#isOpen && !this.#isClosed) this.#handlers.onPulse();
    });
  }

  close(): void {
    this.#cancel();
    const reason = this.#isOpen
      ? { code: 1000, text: '' }
      : { code: 1006, text: 'aborted: closed before it was open' };
    this.#clock.after(0, () => this.end(reason));
  }

  end(reason: { code: number; text: string }): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancel();
    this.#handlers.onClose(reason);
  }

  #play(index: number): void {
    const step = this.#session?.steps[index];
    if (step === undefined) return;
    this.#cancel = this.#clock.after(step.afterMs ?? 0, () => {
      if (this.#isClosed) return;
      if ('close' in step) this.end(step.close);
      else if ('frame' in step) this.#handlers.onFrame(step.frame);
      else this.#handlers.onPulse();
      if (!this.#isClosed) this.#play(index + 1);
    });
  }
}
