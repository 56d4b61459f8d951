// OKX v5: public channels tickers and trades, REST market. In and out: protocol.ts. Everything, times
// included, is text.
// Documentation: www.okx.com/docs-v5/en (public WebSocket tickers and trades channels, GET market/ticker and
//   tickers).
import { type Board, digits, type Row } from '../board.ts';
import {
  jsonResponse,
  readMessage,
  type VenueConnection,
  type VenueDefinition,
  type VenueProtocol,
  type VenueRequest,
  type VenueResponse,
  type VenueStep,
} from '../protocol.ts';

/** A connection to which nothing was sent for this long is closed by the venue; a text `ping` keeps it. */
const IDLE_MS = 30_000;
const CHANNELS = new Set(['tickers', 'trades']);

export const okx: VenueDefinition = {
  id: 'okx',
  name: 'OKX',
  paths: { rest: '', stream: '/ws/v5/public' },
  hasStreamAt: (path) => path === '/ws/v5/public',
  create: (board) => new Okx(board),
};

type Client = { connection: VenueConnection; id: string; subscribed: Set<string>; sentAt: number };

class Okx implements VenueProtocol {
  readonly #board: Board;
  readonly #byId: Map<string, Row>;
  readonly #clients = new Map<VenueConnection, Client>();
  #uptimeMs = 0;
  #opened = 0;

  constructor(board: Board) {
    this.#board = board;
    this.#byId = new Map(board.rows.map((row) => [idOf(row), row]));
  }

  http(request: VenueRequest, nowMs: number): VenueResponse {
    switch (request.path) {
      case '/api/v5/public/time':
        return ok([{ ts: String(nowMs) }]);
      case '/api/v5/market/ticker': {
        const id = request.query.get('instId');
        if (id === null) return problem('50014', 'Parameter instId can not be empty.', 400);
        const row = this.#byId.get(id);
        if (row === undefined) return problem('51001', "Instrument ID or Spread ID doesn't exist.");
        return ok(row.tradeId === 0 ? [] : [ticker(row)]);
      }
      case '/api/v5/market/tickers': {
        const kind = request.query.get('instType');
        if (kind === null) return problem('50014', 'Parameter instType can not be empty.', 400);
        return ok(kind === 'SPOT' ? this.#board.listed().map(ticker) : []);
      }
      default:
        return problem('50404', 'Not Found', 404);
    }
  }

  connect(connection: VenueConnection): void {
    const id = (0xa4d3ae55 + this.#opened++).toString(16);
    this.#clients.set(connection, { connection, id, subscribed: new Set(), sentAt: this.#uptimeMs });
  }

  disconnect(connection: VenueConnection): void {
    this.#clients.delete(connection);
  }

  message(connection: VenueConnection, text: string): void {
    const client = this.#clients.get(connection);
    if (client === undefined) return;
    if (text === 'ping') {
      this.#send(client, 'pong');
      return;
    }
    const message = readMessage(text);
    const op = message?.op;
    if ((op !== 'subscribe' && op !== 'unsubscribe') || !Array.isArray(message?.args)) {
      this.#send(client, refusal('60012', `Invalid request: ${text.slice(0, 200)}`, client));
      return;
    }
    for (const arg of message.args as Record<string, unknown>[]) this.#subscribe(client, op, arg);
  }

  advance({ uptimeMs, traded }: VenueStep): void {
    this.#uptimeMs = uptimeMs;
    for (const row of traded) {
      for (const channel of CHANNELS) {
        let frame: string | undefined;
        for (const client of this.#clients.values()) {
          if (!client.subscribed.has(`${channel}:${idOf(row)}`)) continue;
          frame ??= push(channel, row);
          this.#send(client, frame);
        }
      }
    }
    for (const client of [...this.#clients.values()]) {
      if (uptimeMs - client.sentAt >= IDLE_MS) client.connection.close(4004, 'No data received in 30s');
    }
  }

  #subscribe(client: Client, event: 'subscribe' | 'unsubscribe', arg: Record<string, unknown>): void {
    const channel = String(arg?.channel);
    const instId = String(arg?.instId);
    const row = this.#byId.get(instId);
    if (!CHANNELS.has(channel) || row === undefined) {
      const words =
        `Wrong URL or channel:${channel},instId:${instId} doesn't exist. Please use the correct URL, ` +
        'channel and parameters referring to API document.';
      this.#send(client, refusal('60018', words, client));
      return;
    }
    const key = `${channel}:${instId}`;
    if (event === 'subscribe') client.subscribed.add(key);
    else client.subscribed.delete(key);
    const ack = { event, arg: { channel, instId }, connId: client.id };
    this.#send(client, JSON.stringify(ack));
    if (event === 'subscribe' && row.tradeId > 0) this.#send(client, push(channel, row));
  }

  #send(client: Client, frame: string): void {
    client.sentAt = this.#uptimeMs;
    client.connection.send(frame);
  }
}

function push(channel: string, row: Row): string {
  const data = channel === 'tickers' ? ticker(row) : trade(row);
  return JSON.stringify({ arg: { channel, instId: idOf(row) }, data: [data] });
}

function ticker(row: Row): unknown {
  return {
    instType: 'SPOT',
    instId: idOf(row),
    last: plain(row, row.price),
    lastSz: size(row.size),
    askPx: plain(row, row.ask),
    askSz: size(row.size * 2),
    bidPx: plain(row, row.bid),
    bidSz: size(row.size * 3),
    open24h: plain(row, row.open24h),
    high24h: plain(row, row.high24h),
    low24h: plain(row, row.low24h),
    sodUtc0: plain(row, row.open24h),
    sodUtc8: plain(row, row.open24h),
    volCcy24h: size(row.volume24h * row.price),
    vol24h: size(row.volume24h),
    ts: String(row.tradedAt),
  };
}

function trade(row: Row): unknown {
  return {
    instId: idOf(row),
    tradeId: String(row.tradeId),
    px: plain(row, row.price),
    sz: size(row.size),
    side: row.side,
    ts: String(row.tradedAt),
    count: '1',
    seqId: row.sequence,
  };
}

function idOf(row: Row): string {
  return `${row.listing.base}-${row.listing.quote}`;
}

/** OKX writes no zeros at the end. */
function plain(row: Row, price: number): string {
  return withoutZeros(digits(row, price));
}

function size(amount: number): string {
  return withoutZeros(amount.toFixed(8));
}

function withoutZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function refusal(code: string, msg: string, client: Client): string {
  return JSON.stringify({ event: 'error', code, msg, connId: client.id });
}

function ok(data: unknown[]): VenueResponse {
  return jsonResponse({ code: '0', msg: '', data });
}

function problem(code: string, msg: string, status = 200): VenueResponse {
  return jsonResponse({ code, msg, data: [] }, status);
}
