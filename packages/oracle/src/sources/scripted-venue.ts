// For tests: a venue whose every answer, frame and close is written by the test, a bus and a history that
// keep what they get. In: handlers. Out: what the shell sent, opened and published. Nothing here waits in
// real time.
import { AssayError } from '@assay/kernel/errors/assay-error';
import type { Clock } from '@assay/kernel/time/clock';
import type { BatchHandler, EventBus, NewRecord } from '@assay/ports/event-bus/event-bus';
import type { History, ScoreRow } from '@assay/ports/history/history';
import type {
  Outbound,
  OutboundRequest,
  OutboundSocket,
  SocketHandlers,
} from '@assay/ports/outbound/outbound';
import { baseOf, quoteOf } from '../model/pair.ts';
import type { SourcePrice, Withdrawal } from '../model/source-price.ts';
import {
  defineSource,
  type Frame,
  type HttpTransport,
  type Parsed,
  type Source,
  type StreamTransport,
} from './define-source.ts';

export type ScriptedAnswer = {
  status?: number;
  headers?: Record<string, string>;
  body: string;
  afterMs?: number;
};

export type ScriptedSocket = {
  url: string;
  sent: string[];
  openedAt: number;
  isClosed: boolean;
  /** The venue sends a frame. */
  say(frame: unknown): void;
  /** The venue closes. */
  end(code?: number, text?: string): void;
};

/**
 * An outside world of one venue: `answer` writes each HTTP answer, sockets open at once and then do what the
 * test says.
 */
export class ScriptedOutbound implements Outbound {
  readonly requests: { at: number; request: OutboundRequest }[] = [];
  readonly sockets: ScriptedSocket[] = [];
  answer: (request: OutboundRequest) => ScriptedAnswer | AssayError = () => ({ body: '[]' });
  /** What happens to a socket that is being opened: opens, or closes with a code and text. */
  opening: () => 'opens' | { code: number; text: string } = () => 'opens';
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get openSockets(): ScriptedSocket[] {
    return this.sockets.filter(({ isClosed }) => !isClosed);
  }

  async request(request: OutboundRequest, signal?: AbortSignal): ReturnType<Outbound['request']> {
    const at = this.#clock.now();
    this.requests.push({ at, request });
    const answer = this.answer(request);
    if (answer instanceof AssayError) throw answer;
    await this.#clock.sleep(answer.afterMs ?? 5, signal);
    const { status = 200, headers = {}, body, afterMs = 5 } = answer;
    return { status, headers, body, receivedAt: this.#clock.now(), durationMs: afterMs };
  }

  /** A script goes nowhere. */
  async requirePublic(): Promise<void> {}

  open(request: { url: string }, handlers: SocketHandlers): OutboundSocket {
    const socket: ScriptedSocket = {
      url: request.url,
      sent: [],
      openedAt: this.#clock.now(),
      isClosed: false,
      say: (frame) => handlers.onFrame(typeof frame === 'string' ? frame : JSON.stringify(frame)),
      end(code = 1006, text = 'gone') {
        socket.isClosed = true;
        handlers.onClose({ code, text });
      },
    };
    this.sockets.push(socket);
    const opening = this.opening();
    this.#clock.after(1, () => {
      if (socket.isClosed) return;
      if (opening === 'opens') handlers.onOpen();
      else socket.end(opening.code, opening.text);
    });
    return {
      send(frame) {
        socket.sent.push(frame);
        return true;
      },
      ping() {},
      close() {
        socket.isClosed = true;
      },
    };
  }

  async close(): Promise<void> {}
}

/** Keeps what is published by topic; `isFailing` refuses everything. */
export class KeepingBus implements EventBus {
  readonly records: Map<string, NewRecord[]> = new Map();
  isFailing = false;
  publishes = 0;
  readonly #handlers = new Map<string, BatchHandler[]>();

  async start(): Promise<void> {}
  async stop(): Promise<void> {}

  async publish(topic: string, records: readonly NewRecord[]): ReturnType<EventBus['publish']> {
    this.publishes++;
    if (this.isFailing) throw new AssayError('BUS_UNAVAILABLE', 'the disk is full');
    this.records.set(topic, [...(this.records.get(topic) ?? []), ...records]);
    return records.map((_, index) => ({ partition: 0, offset: index, at: 0 }));
  }

  async subscribe({ topic }: { topic: string }, handler: BatchHandler): ReturnType<EventBus['subscribe']> {
    this.#handlers.set(topic, [...(this.#handlers.get(topic) ?? []), handler]);
    return { close: async () => void this.#handlers.delete(topic) };
  }

  /** Hands records to whoever subscribed. */
  async deliver(topic: string, values: readonly unknown[]): Promise<void> {
    const records = values.map((value, offset) => {
      return { topic, partition: 0, offset, key: String(offset), value: JSON.stringify(value), at: 0 };
    });
    for (const handler of this.#handlers.get(topic) ?? []) await handler(records);
  }

  async read(): ReturnType<EventBus['read']> {
    return [];
  }
  async positions(): ReturnType<EventBus['positions']> {
    return [];
  }

  of<T>(topic: string): T[] {
    return (this.records.get(topic) ?? []).map(({ value }) => JSON.parse(value) as T);
  }

  prices(): SourcePrice[] {
    return this.of<SourcePrice | Withdrawal>('source-prices').filter((record) => record.type === 'price');
  }

  withdrawals(): Withdrawal[] {
    return this.of<SourcePrice | Withdrawal>('source-prices').filter(
      (record) => record.type === 'withdrawal',
    );
  }
}

/** A history of nothing but scores. */
export function scoreHistory(rows: ScoreRow[] = []): History & { rows: ScoreRow[] } {
  const none = async () => ({ rows: [], nextCursor: undefined });
  const history = {
    rows,
    start: async () => {},
    stop: async () => {},
    appendPrices: async () => {},
    appendAnswers: async () => {},
    prices: none,
    answers: none,
    answerAt: async () => undefined,
    candles: none,
    async saveScores(saved: readonly ScoreRow[]) {
      const isSaved = (row: ScoreRow) =>
        saved.some((one) => one.source === row.source && one.feed === row.feed);
      history.rows = [...history.rows.filter((row) => !isSaved(row)), ...saved];
    },
    loadScores: async () => history.rows,
  };
  return history;
}

/**
 * A source that speaks plain JSON: bodies are lists of parsed prices, frames are frames. `{"fail": "CODE"}`
 * throws.
 */
export function plainSource(
  id: string,
  changes: { http?: Partial<HttpTransport> | null; stream?: Partial<StreamTransport> | null } & Partial<
    Omit<Source, 'http' | 'stream'>
  > = {},
): Source {
  const { http, stream, ...rest } = changes;
  return defineSource({
    id,
    name: id.toUpperCase(),
    homepage: 'https://example.com',
    documentation: 'https://example.com/docs',
    kind: 'exchange',
    endpoints: { rest: `https://${id}.test`, stream: `wss://${id}.test` },
    symbol: (pair) => baseOf(pair) + quoteOf(pair),
    limits: { requests: { count: 600, windowMs: 60_000 } },
    ...(http === null ? {} : { http: { ...plainHttp, ...http } }),
    ...(stream === null ? {} : { stream: { ...plainStream, ...stream } }),
    examples: [],
    ...rest,
  });
}

const plainHttp: HttpTransport = {
  intervalMs: 1_000,
  timeoutMs: 3_000,
  requests: (context) => [{ url: `${context.endpoints.rest}/prices`, pairs: context.pairs }],
  parse: (response) => parsedBody(response.body) as Parsed[],
};

const plainStream: StreamTransport = {
  url: (context) => `${context.endpoints.stream}/feed`,
  subscribe: (context) => context.pairs.map((pair) => `subscribe ${context.symbolOf(pair)}`),
  parse: (frame) => parsedBody(String(frame)) as Frame,
  silenceAfterMs: 9_000,
  vouches: true,
  pairsPerConnection: 100,
  messagesPerSecond: 10,
};

function parsedBody(text: string): unknown {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw new AssayError('SOURCE_BAD_PAYLOAD', 'the body is not JSON', { cause });
  }
  const { fail, message } = body as { fail?: 'SOURCE_RATE_LIMITED' | 'SOURCE_REFUSED'; message?: string };
  if (fail !== undefined) throw new AssayError(fail, message ?? 'as the script says');
  return body;
}
