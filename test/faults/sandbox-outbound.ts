// The sandbox mounted in memory: the door to the outside, with sandbox venues behind it instead of a network.
// In: requests and sockets of production code, a clock (simulated or not). Out: what a real server would have
//   answered, at the same times.
// Invariant: nothing here decides about prices or faults; the venue hosts do.
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { Clock } from '@assay/kernel/time/clock';
import { inflatedFrame } from '@assay/ports/outbound/inflated-frame';
import type {
  Outbound,
  OutboundRequest,
  OutboundResponse,
  OutboundSocket,
  SocketHandlers,
  SocketRequest,
} from '@assay/ports/outbound/outbound';
import type { RawConnection, VenueHost } from '@assay/sandbox/venue-host';

/** One way over a near network. */
const NETWORK_MS = 5;

/** Base addresses of one venue, by role, as the adapters take them. */
export function endpointsOf(host: VenueHost): Record<string, string> {
  const { id, paths } = host.definition;
  const name = `${id.replaceAll('_', '-')}.sandbox`;
  return {
    ...(paths.rest === undefined ? {} : { rest: `http://${name}${paths.rest}` }),
    ...(paths.stream === undefined ? {} : { stream: `ws://${name}${paths.stream}` }),
  };
}

export class SandboxOutbound implements Outbound {
  readonly #hosts: Map<string, VenueHost>;
  readonly #clock: Clock;
  readonly #sockets = new Set<OutboundSocket>();

  constructor(options: { hosts: Iterable<VenueHost>; clock: Clock }) {
    this.#clock = options.clock;
    this.#hosts = new Map();
    for (const host of options.hosts) {
      this.#hosts.set(`${host.definition.id.replaceAll('_', '-')}.sandbox`, host);
    }
  }

  /** No venue here is chosen by a stranger. */
  async requirePublic(): Promise<void> {}

  request(request: OutboundRequest, signal?: AbortSignal): Promise<OutboundResponse> {
    const clock = this.#clock;
    const startedAt = clock.monotonic();
    return new Promise((resolve, reject) => {
      const fail = (code: 'OUTBOUND_FAILED' | 'OUTBOUND_TIMEOUT', reason: string) =>
        reject(new AssayError(code, `${request.url}: ${reason}`, { context: { reason } }));
      const cancelTimeout = clock.after(request.timeoutMs, () =>
        finish(() => fail('OUTBOUND_TIMEOUT', 'timeout')),
      );
      const finish = (end: () => void) => {
        cancelTimeout();
        cancelAnswer?.();
        end();
      };
      let cancelAnswer: (() => void) | undefined;
      signal?.addEventListener('abort', () => finish(() => reject(signal.reason)), { once: true });
      const action = this.#ask(request);
      if (action === undefined || action.kind === 'cut') {
        cancelAnswer = clock.after(NETWORK_MS, () => finish(() => fail('OUTBOUND_FAILED', 'refused')));
        return;
      }
      if (action.kind !== 'answer') return;
      const { status, headers = {}, body } = action.response;
      cancelAnswer = clock.after(2 * NETWORK_MS + action.delayMs, () =>
        finish(() =>
          resolve({
            status,
            headers,
            body,
            receivedAt: clock.now(),
            durationMs: clock.monotonic() - startedAt,
          }),
        ),
      );
    });
  }

  open(request: SocketRequest, handlers: SocketHandlers): OutboundSocket {
    const socket = new MemorySocket(
      this.#clock,
      this.#hosts.get(new URL(request.url).hostname),
      request,
      handlers,
    );
    this.#sockets.add(socket);
    return socket;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.close();
    this.#sockets.clear();
  }

  #ask(request: OutboundRequest): ReturnType<VenueHost['request']> | undefined {
    const url = new URL(request.url);
    return this.#hosts.get(url.hostname)?.request({
      method: request.method,
      path: url.pathname,
      query: url.searchParams,
      headers: {
        host: url.host,
        ...Object.fromEntries(
          Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
        ),
      },
      body: request.body ?? '',
    });
  }
}

/** Close code of a connection that ended without a close frame. */
const ABNORMAL = 1006;

class MemorySocket implements OutboundSocket {
  readonly #host: VenueHost | undefined;
  readonly #handlers: SocketHandlers;
  readonly #raw: RawConnection;
  #cancel: (() => void) | undefined;
  /** Frames that the venue sent with its answer to the handshake. */
  readonly #early: (string | Uint8Array)[] = [];
  #isOpen = false;
  #isOver = false;

  constructor(clock: Clock, host: VenueHost | undefined, request: SocketRequest, handlers: SocketHandlers) {
    this.#host = host;
    this.#handlers = handlers;
    const url = new URL(request.url);
    this.#raw = {
      path: url.pathname,
      query: url.searchParams,
      send: (frame) => {
        if (this.#isOver) return;
        const read = inflatedFrame(frame, request.compression);
        if (this.#isOpen) handlers.onFrame(read);
        else this.#early.push(read);
      },
      ping: () => {
        if (!this.#isOver) handlers.onPulse();
      },
      close: (code, reason) => this.#end(code, reason),
      cut: () => this.#end(ABNORMAL, 'reset'),
    };
    const action = host?.handshake(url.pathname) ?? { kind: 'cut' };
    const later = (ms: number, task: () => void) => {
      this.#cancel = clock.after(ms, task);
    };
    if (action.kind === 'hang') later(request.timeoutMs, () => this.#end(ABNORMAL, 'timeout'));
    else if (action.kind === 'cut') later(NETWORK_MS, () => this.#end(ABNORMAL, 'refused'));
    else if (action.kind === 'answer') {
      const words = `the upgrade was answered with ${action.response.status}`;
      later(2 * NETWORK_MS + action.delayMs, () => this.#end(ABNORMAL, words));
    } else if (action.delayMs >= request.timeoutMs)
      later(request.timeoutMs, () => this.#end(ABNORMAL, 'timeout'));
    else later(2 * NETWORK_MS + action.delayMs, () => this.#begin());
  }

  send(frame: string): boolean {
    if (!this.#isOpen || this.#isOver) return false;
    this.#host?.message(this.#raw, frame);
    return true;
  }

  ping(): void {
    if (this.#isOpen && !this.#isOver && this.#host?.answersPing() === true) this.#handlers.onPulse();
  }

  close(): void {
    if (this.#isOver) return;
    this.#end(1000, 'closed here');
  }

  #begin(): void {
    this.#host?.attach(this.#raw);
    this.#isOpen = true;
    this.#handlers.onOpen();
    for (const frame of this.#early.splice(0)) if (!this.#isOver) this.#handlers.onFrame(frame);
  }

  #end(code: number, text: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancel?.();
    if (this.#isOpen) this.#host?.detach(this.#raw);
    this.#handlers.onClose({ code, text });
  }
}
