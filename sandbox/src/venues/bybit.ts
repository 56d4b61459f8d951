// Bybit v5 spot: topics tickers and publicTrade, REST market. In and out: protocol.ts.
// Documentation: bybit-exchange.github.io/docs/v5 (ws/connect, websocket/public/ticker and trade,
// market/tickers). Spot tickers are always whole snapshots; prices are texts; a subscription takes at most
// ten topics.
import { type Board, digits, type Row } from '../board.ts';
import {
  jsonResponse,
  readMessage,
  textsOf,
  type VenueConnection,
  type VenueDefinition,
  type VenueProtocol,
  type VenueRequest,
  type VenueResponse,
  type VenueStep,
} from '../protocol.ts';

const TOPICS_PER_REQUEST = 10;

export const bybit: VenueDefinition = {
  id: 'bybit',
  name: 'Bybit',
  paths: { rest: '', stream: '/v5/public/spot' },
  hasStreamAt: (path) => path === '/v5/public/spot',
  create: (board) => new Bybit(board),
};

type Client = { connection: VenueConnection; id: string; topics: Set<string> };

class Bybit implements VenueProtocol {
  readonly #board: Board;
  readonly #bySymbol: Map<string, Row>;
  readonly #clients = new Map<VenueConnection, Client>();
  #opened = 0;

  constructor(board: Board) {
    this.#board = board;
    this.#bySymbol = new Map(board.rows.map((row) => [symbolOf(row), row]));
  }

  http(request: VenueRequest, nowMs: number): VenueResponse {
    switch (request.path) {
      case '/v5/market/time':
        return ok({ timeSecond: String(Math.floor(nowMs / 1000)), timeNano: `${nowMs}000000` }, nowMs);
      case '/v5/market/tickers': {
        const category = request.query.get('category');
        if (category !== 'spot') return problem(10001, 'params error: Category is invalid', nowMs);
        const symbol = request.query.get('symbol');
        if (symbol === null) return ok({ category, list: this.#board.listed().map(restTicker) }, nowMs);
        const row = this.#bySymbol.get(symbol);
        if (row === undefined) return problem(10001, 'Not supported symbols', nowMs);
        return ok({ category, list: row.tradeId === 0 ? [] : [restTicker(row)] }, nowMs);
      }
      default:
        return { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found' };
    }
  }

  connect(connection: VenueConnection): void {
    const id = `2324d924-aa4d-45b0-a858-${(0x7b8be29ab52b + this.#opened++).toString(16)}`;
    this.#clients.set(connection, { connection, id, topics: new Set() });
  }

  disconnect(connection: VenueConnection): void {
    this.#clients.delete(connection);
  }

  message(connection: VenueConnection, text: string, nowMs: number): void {
    const client = this.#clients.get(connection);
    if (client === undefined) return;
    const message = readMessage(text);
    const request = message?.req_id === undefined ? {} : { req_id: message.req_id };
    const op = message?.op;
    const reply = (success: boolean, ret_msg: string) =>
      connection.send(JSON.stringify({ success, ret_msg, conn_id: client.id, ...request, op: op ?? '' }));
    if (op === 'ping') {
      reply(true, 'pong');
      return;
    }
    if (op !== 'subscribe' && op !== 'unsubscribe') {
      reply(false, 'Request not authorized');
      return;
    }
    const topics = textsOf(message?.args);
    if (topics.length > TOPICS_PER_REQUEST) {
      reply(false, 'args size >10');
      return;
    }
    const bad = topics.find((topic) => this.#rowOf(topic) === undefined);
    if (bad !== undefined) {
      reply(false, `Invalid symbol :[${bad}]`);
      return;
    }
    for (const topic of topics) {
      if (op === 'subscribe') client.topics.add(topic);
      else client.topics.delete(topic);
    }
    reply(true, op === 'subscribe' ? 'subscribe' : '');
    if (op === 'unsubscribe') return;
    for (const topic of topics) {
      const row = this.#rowOf(topic);
      if (row !== undefined && row.tradeId > 0 && topic.startsWith('tickers.')) {
        connection.send(tickerFrame(row, this.#board.newsTime(nowMs)));
      }
    }
  }

  advance({ nowMs, traded }: VenueStep): void {
    const eventMs = this.#board.newsTime(nowMs);
    for (const row of traded) {
      this.#push(`tickers.${symbolOf(row)}`, () => tickerFrame(row, eventMs));
      this.#push(`publicTrade.${symbolOf(row)}`, () => tradeFrame(row, eventMs));
    }
  }

  #rowOf(topic: string): Row | undefined {
    const [kind, symbol = ''] = topic.split('.');
    return kind === 'tickers' || kind === 'publicTrade' ? this.#bySymbol.get(symbol) : undefined;
  }

  #push(topic: string, make: () => string): void {
    let frame: string | undefined;
    for (const client of this.#clients.values()) {
      if (!client.topics.has(topic)) continue;
      frame ??= make();
      client.connection.send(frame);
    }
  }
}

function tickerFrame(row: Row, nowMs: number): string {
  return JSON.stringify({
    topic: `tickers.${symbolOf(row)}`,
    ts: nowMs,
    type: 'snapshot',
    cs: row.sequence,
    data: {
      symbol: symbolOf(row),
      lastPrice: digits(row, row.price),
      highPrice24h: digits(row, row.high24h),
      lowPrice24h: digits(row, row.low24h),
      prevPrice24h: digits(row, row.open24h),
      volume24h: row.volume24h.toFixed(6),
      turnover24h: (row.volume24h * row.price).toFixed(8),
      price24hPcnt: (row.price / row.open24h - 1).toFixed(4),
      usdIndexPrice: digits(row, row.price),
    },
  });
}

function tradeFrame(row: Row, nowMs: number): string {
  return JSON.stringify({
    topic: `publicTrade.${symbolOf(row)}`,
    ts: nowMs,
    type: 'snapshot',
    data: [
      {
        i: String(2_290_000_000_000_000 + row.tradeId),
        T: row.tradedAt,
        p: digits(row, row.price),
        v: row.size.toFixed(6),
        S: row.side === 'buy' ? 'Buy' : 'Sell',
        s: symbolOf(row),
        BT: false,
        RPI: false,
        seq: row.sequence,
      },
    ],
  });
}

function restTicker(row: Row): unknown {
  return {
    symbol: symbolOf(row),
    bid1Price: digits(row, row.bid),
    bid1Size: (row.size * 3).toFixed(6),
    ask1Price: digits(row, row.ask),
    ask1Size: (row.size * 2).toFixed(6),
    lastPrice: digits(row, row.price),
    prevPrice24h: digits(row, row.open24h),
    price24hPcnt: (row.price / row.open24h - 1).toFixed(4),
    highPrice24h: digits(row, row.high24h),
    lowPrice24h: digits(row, row.low24h),
    turnover24h: (row.volume24h * row.price).toFixed(8),
    volume24h: row.volume24h.toFixed(6),
    usdIndexPrice: digits(row, row.price),
  };
}

function symbolOf(row: Row): string {
  return row.listing.base + row.listing.quote;
}

function ok(result: unknown, nowMs: number): VenueResponse {
  return jsonResponse({ retCode: 0, retMsg: 'OK', result, retExtInfo: {}, time: nowMs });
}

function problem(retCode: number, retMsg: string, nowMs: number): VenueResponse {
  return jsonResponse({ retCode, retMsg, result: {}, retExtInfo: {}, time: nowMs });
}
