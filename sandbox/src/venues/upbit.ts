// Upbit spot, and Bithumb, which speaks the same: types `trade` and `ticker` in the long or the short form,
// REST ticker. In and out: protocol.ts. Frames are UTF-8 in binary messages, the quote currency stands first,
// a new request replaces the one before.
// Documentation: global-docs.upbit.com/reference (websocket-trade, ticker, connection), and a session
//   recorded in 2021.
import type { Board, Row } from '../board.ts';
import {
  jsonResponse,
  textsOf,
  type VenueConnection,
  type VenueDefinition,
  type VenueProtocol,
  type VenueRequest,
  type VenueResponse,
  type VenueStep,
} from '../protocol.ts';
import { TopicClients } from '../topic-clients.ts';

/** Without a word from the client the venue closes. */
const IDLE_MS = 120_000;
const TYPES = ['trade', 'ticker'] as const;
type Type = (typeof TYPES)[number];

/** Short names of the fields, as the documentation lists them. */
const SHORT: Record<string, string> = {
  type: 'ty',
  code: 'cd',
  timestamp: 'tms',
  trade_timestamp: 'ttms',
  trade_price: 'tp',
  trade_volume: 'tv',
  ask_bid: 'ab',
  prev_closing_price: 'pcp',
  sequential_id: 'sid',
  stream_type: 'st',
};

export const upbit: VenueDefinition = {
  id: 'upbit',
  name: 'Upbit',
  paths: { rest: '', stream: '/websocket/v1' },
  hasStreamAt: (path) => path === '/websocket/v1',
  encode: (frame) => new TextEncoder().encode(frame),
  create: (board) => new Upbit(board),
};

/** Took the protocol over (apidocs.bithumb.com, API 2). */
export const bithumb: VenueDefinition = { ...upbit, id: 'bithumb', name: 'Bithumb' };

class Upbit implements VenueProtocol {
  readonly #board: Board;
  readonly #byCode: Map<string, Row>;
  readonly #clients = new TopicClients();
  readonly #heardAt = new Map<VenueConnection, number>();
  #uptimeMs = 0;

  constructor(board: Board) {
    this.#board = board;
    this.#byCode = new Map(board.rows.map((row) => [codeOf(row), row]));
  }

  http(request: VenueRequest, nowMs: number): VenueResponse {
    switch (request.path) {
      case '/v1/market/all': {
        const names = this.#board.rows.map((row) => {
          return { market: codeOf(row), korean_name: row.listing.base, english_name: row.listing.base };
        });
        return jsonResponse(names);
      }
      case '/v1/ticker': {
        const codes = request.query.get('markets')?.split(',') ?? [];
        const rows = codes.map((code) => this.#byCode.get(code));
        // One unknown code fails the whole request.
        if (rows.length === 0 || rows.includes(undefined)) {
          return jsonResponse({ error: { name: 404, message: 'Code not found' } }, 404);
        }
        const traded = rows.filter((row) => row !== undefined && row.tradeId > 0) as Row[];
        return jsonResponse(traded.map((row) => ({ market: codeOf(row), ...figuresOf(row, nowMs) })));
      }
      default:
        return jsonResponse({ error: { name: 404, message: 'Not Found' } }, 404);
    }
  }

  connect(connection: VenueConnection): void {
    this.#clients.connect(connection);
    this.#heardAt.set(connection, this.#uptimeMs);
  }

  disconnect(connection: VenueConnection): void {
    this.#clients.disconnect(connection);
    this.#heardAt.delete(connection);
  }

  message(connection: VenueConnection, text: string): void {
    this.#heardAt.set(connection, this.#uptimeMs);
    if (text === 'PING') {
      connection.send('{"status":"UP"}');
      return;
    }
    const parts = partsOf(text);
    if (parts === undefined) {
      const error = { message: 'Invalid request format', name: 'WRONG_FORMAT' };
      connection.send(JSON.stringify({ error }));
      return;
    }
    this.#clients.clear(connection);
    const form = parts.some(({ format }) => format === 'SIMPLE') ? 'SIMPLE' : 'DEFAULT';
    for (const { type, codes } of parts) {
      if (!TYPES.includes(type as Type)) continue;
      for (const code of textsOf(codes))
        this.#clients.subscribe(connection, `${form} ${String(type)} ${code}`);
    }
  }

  advance({ nowMs, uptimeMs, traded }: VenueStep): void {
    this.#uptimeMs = uptimeMs;
    for (const row of traded) {
      for (const type of TYPES) {
        const frame = { type, code: codeOf(row), ...figuresOf(row, nowMs), stream_type: 'REALTIME' };
        this.#clients.publish(`DEFAULT ${type} ${codeOf(row)}`, () => JSON.stringify(frame));
        this.#clients.publish(`SIMPLE ${type} ${codeOf(row)}`, () => JSON.stringify(shortened(frame)));
      }
    }
    for (const connection of this.#clients.connections) {
      if (uptimeMs - (this.#heardAt.get(connection) ?? 0) >= IDLE_MS) connection.close(1000, 'idle');
    }
  }
}

function figuresOf(row: Row, nowMs: number): Record<string, unknown> {
  return {
    timestamp: nowMs,
    trade_timestamp: row.tradedAt,
    trade_price: row.price,
    trade_volume: row.size,
    ask_bid: row.side === 'buy' ? 'BID' : 'ASK',
    prev_closing_price: row.open24h,
    sequential_id: row.tradedAt * 10_000 + (row.tradeId % 10_000),
  };
}

function shortened(frame: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(frame).map(([name, value]) => [SHORT[name] ?? name, value]));
}

/** A list of objects, one of them with a ticket. */
function partsOf(text: string): Record<string, unknown>[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value) || value.some((part) => part === null || typeof part !== 'object'))
    return undefined;
  const parts = value as Record<string, unknown>[];
  return parts.some(({ ticket }) => typeof ticket === 'string') ? parts : undefined;
}

function codeOf({ listing }: Row): string {
  return `${listing.quote}-${listing.base}`;
}
