// One socket to a venue: opens, subscribes at the venue's pace, answers its pings, reads its frames. In:
// frames. Out: prices, signs of life, problems, one close. Invariant: nothing is reported after its close,
// and it vouches for a pair only while no sequence number is missing.
import { AssayError, isAssayError, messageOf } from '@assay/kernel/errors/assay-error';
import type { Clock } from '@assay/kernel/time/clock';
import type { Outbound, OutboundSocket } from '@assay/ports/outbound/outbound';
import type { Pair } from '../model/pair.ts';
import type { Frame, Parsed, SourceContext, StreamPreparation, StreamTransport } from './define-source.ts';
import { errorOfAnswer } from './http-answer.ts';

export type ConnectionEvents = {
  onPrices(connection: StreamConnection, prices: readonly Parsed[], receivedAt: number): void;
  onFrame(connection: StreamConnection, kind: Frame['kind'] | 'invalid', venueAt: number | undefined): void;
  onProblem(connection: StreamConnection, error: AssayError): void;
  /** A number is missing or stepped back: what this connection says is incomplete. */
  onGap(connection: StreamConnection): void;
  /** The venue asks for a new connection. */
  onReconnectAsked(connection: StreamConnection): void;
  onClosed(connection: StreamConnection, reason: string, status: number | undefined): void;
};

export type ConnectionOptions = {
  source: string;
  stream: StreamTransport;
  context: SourceContext;
  outbound: Outbound;
  clock: Clock;
  events: ConnectionEvents;
};

/** Opening a socket (DNS, TCP, TLS, upgrade) takes at most this, as long as silence may last. */
const OPEN_TIMEOUT_MS = 10_000;

/** Messages to the venue that may wait for their turn; a subscription of 1,000 pairs one by one fits. */
const OUTGOING_MAX = 2_000;

export class StreamConnection {
  readonly #options: ConnectionOptions;
  readonly openedAt: number;
  /** Monotonic instant of the newest frame; of the opening until there is one. */
  lastFrameAt: number;
  hasFrames = false;
  hasPrices = false;
  isIntact = true;
  /** This connection's own: what was prepared for it, what its frames said. */
  #context: SourceContext;
  readonly #preparing = new AbortController();
  #socket: OutboundSocket | undefined;
  #isClosed = false;
  #outgoing: string[] = [];
  #cancelSettling: (() => void) | undefined;
  #cancelSend: (() => void) | undefined;
  #cancelKeepAlive: (() => void) | undefined;
  /** Wall time up to which everything, and single pairs, are vouched for. */
  #aliveAt = 0;
  readonly #aliveByPair = new Map<Pair, number>();
  #isAlivePerPair = false;
  readonly #sequences = new Map<Pair, number>();

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#context = { ...options.context, session: {}, channels: new Map() };
    this.openedAt = options.clock.monotonic();
    this.lastFrameAt = this.openedAt;
  }

  open(): void {
    const { prepare } = this.#options.stream;
    if (prepare === undefined) this.#openSocket();
    else void this.#prepare(prepare).then((isReady) => isReady && !this.#isClosed && this.#openSocket());
  }

  /** Asks for what the connection is opened with; false when there is none, and the close is reported. */
  async #prepare({ request, read }: StreamPreparation): Promise<boolean> {
    const { outbound, source } = this.#options;
    try {
      const { url, method = 'GET', headers, body } = request(this.#context);
      const response = await outbound.request(
        {
          method,
          url,
          ...(headers === undefined ? {} : { headers }),
          ...(body === undefined ? {} : { body }),
          timeoutMs: OPEN_TIMEOUT_MS,
        },
        this.#preparing.signal,
      );
      const error = errorOfAnswer(source, response, undefined);
      if (error !== undefined) {
        this.#finish(error.message, statusOf(response.status));
        return false;
      }
      this.#context = { ...this.#context, session: read(response, this.#context) };
      return true;
    } catch (error) {
      this.#finish(`${source} could not be prepared: ${messageOf(error)}`, undefined);
      return false;
    }
  }

  #openSocket(): void {
    const { stream, outbound, source } = this.#options;
    const context = this.#context;
    const { compression } = stream;
    try {
      this.#socket = outbound.open(
        {
          url: stream.url(context),
          headers: stream.headers?.(context) ?? {},
          timeoutMs: OPEN_TIMEOUT_MS,
          ...(compression === undefined ? {} : { compression }),
        },
        {
          onOpen: () => this.#settle(),
          onFrame: (frame) => this.#read(frame),
          // A pulse says that the peer's edge lives, not that it has data: only frames count as life.
          onPulse: () => {},
          onClose: ({ code, text }) => this.#finish(`${code} ${text}`.trim(), statusOf(code)),
        },
      );
    } catch (error) {
      this.#finish(`${source} could not be opened: ${messageOf(error)}`, undefined);
    }
  }

  /** Closes without reporting: the one who closes knows. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#preparing.abort();
    this.#cancelSettling?.();
    this.#cancelSend?.();
    this.#cancelKeepAlive?.();
    this.#socket?.close();
  }

  /** Up to when this connection vouches for a pair, wall ms; undefined when it does not. */
  aliveAt(pair: Pair): number | undefined {
    if (!this.#options.stream.vouches || !this.isIntact) return undefined;
    // Of a pair that was not heard on this connection something may have been missed while it was opened.
    const heardAt = this.#aliveByPair.get(pair);
    if (heardAt === undefined) return undefined;
    return this.#isAlivePerPair ? heardAt : Math.max(heardAt, this.#aliveAt);
  }

  #settle(): void {
    const { stream, clock } = this.#options;
    if (stream.settleMs === undefined) this.#begin();
    else if (!this.#isClosed) this.#cancelSettling = clock.after(stream.settleMs, () => this.#begin());
  }

  #begin(): void {
    if (this.#isClosed) return;
    const { stream, clock } = this.#options;
    try {
      for (const message of stream.subscribe(this.#context)) this.#send(message);
    } catch (error) {
      this.#finish(`it could not be subscribed: ${messageOf(error)}`, undefined);
      return;
    }
    const keepAlive = stream.keepAlive;
    if (keepAlive === undefined) return;
    const again = () => {
      this.#cancelKeepAlive = clock.after(keepAlive.everyMs, () => {
        if (typeof keepAlive.message === 'string') this.#send(keepAlive.message);
        else this.#socket?.ping();
        again();
      });
    };
    again();
  }

  #send(message: string): void {
    if (this.#outgoing.length >= OUTGOING_MAX) {
      const text = `${this.#options.source}: more than ${OUTGOING_MAX} messages wait to be sent on one connection`;
      this.#options.events.onProblem(this, new AssayError('OUTBOUND_FAILED', text));
      return;
    }
    this.#outgoing.push(message);
    if (this.#cancelSend === undefined) this.#sendNext();
  }

  /** One message now, the next when the venue's pace allows it. */
  #sendNext(): void {
    const message = this.#outgoing.shift();
    this.#cancelSend = undefined;
    if (message === undefined || this.#isClosed) return;
    this.#socket?.send(message);
    const { stream, clock } = this.#options;
    this.#cancelSend = clock.after(Math.ceil(1_000 / stream.messagesPerSecond), () => this.#sendNext());
  }

  #read(raw: string | Uint8Array): void {
    if (this.#isClosed) return;
    const { stream, clock, events } = this.#options;
    const receivedAt = clock.now();
    this.lastFrameAt = clock.monotonic();
    this.hasFrames = true;
    let frame: Frame;
    try {
      frame = stream.parse(raw, this.#context);
    } catch (thrown) {
      events.onFrame(this, 'invalid', undefined);
      events.onProblem(this, asPayloadError(this.#options.source, thrown));
      return;
    }
    if (frame.kind === 'prices') {
      events.onFrame(this, 'prices', frame.prices[0]?.venueAt);
      this.#takePrices(frame.prices, receivedAt);
    } else if (frame.kind === 'control') {
      events.onFrame(this, 'control', frame.venueAt);
      this.#obey(frame, receivedAt);
    } else {
      events.onFrame(this, 'ignored', undefined);
    }
  }

  #takePrices(prices: readonly Parsed[], receivedAt: number): void {
    if (prices.length === 0) return;
    this.hasPrices = true;
    this.#aliveAt = receivedAt;
    let hasGap = false;
    for (const price of prices) {
      this.#aliveByPair.set(price.pair, receivedAt);
      if (price.sequence !== undefined && !this.#follows(price.pair, price.sequence)) hasGap = true;
    }
    this.#options.events.onPrices(this, prices, receivedAt);
    if (hasGap) this.#reportGap();
  }

  #obey(frame: Frame & { kind: 'control' }, receivedAt: number): void {
    if (frame.reply !== undefined) this.#socket?.send(frame.reply);
    if (frame.action === 'alive') {
      this.#aliveAt = receivedAt;
      if (frame.pair !== undefined) {
        this.#isAlivePerPair = true;
        if (this.#aliveByPair.has(frame.pair)) this.#aliveByPair.set(frame.pair, receivedAt);
      }
    }
    if (frame.action === 'reconnect') this.#options.events.onReconnectAsked(this);
  }

  /** Whether the number follows the one before; equal numbers are the same event said twice. */
  #follows(pair: Pair, sequence: number): boolean {
    const last = this.#sequences.get(pair);
    this.#sequences.set(pair, sequence);
    if (last === undefined || sequence === last) return true;
    return this.#options.stream.sequence === 'consecutive' ? sequence === last + 1 : sequence > last;
  }

  #reportGap(): void {
    this.isIntact = false;
    this.#options.events.onGap(this);
  }

  #finish(reason: string, status: number | undefined): void {
    if (this.#isClosed) return;
    this.close();
    this.#options.events.onClosed(this, reason, status);
  }
}

/** HTTP status with which the upgrade was refused: closes of the protocol itself have codes from 1000 on. */
function statusOf(code: number): number | undefined {
  return code >= 400 && code <= 599 ? code : undefined;
}

function asPayloadError(source: string, thrown: unknown): AssayError {
  if (isAssayError(thrown)) return thrown;
  return new AssayError('SOURCE_BAD_PAYLOAD', `${source}: a frame could not be read: ${messageOf(thrown)}`, {
    context: { source },
    cause: thrown,
  });
}
