// KuCoin spot: a token by POST /api/v1/bullet-public, then topics `/market/match` and `/market/ticker` on the
// socket that it names; REST allTickers. In and out: protocol.ts. At most 100 symbols a topic; a connection
// without a ping of the client is closed.
// Documentation: www.kucoin.com/docs-new (websocket-api, spot market data), and a session recorded in 2021.
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
import { TopicClients } from '../topic-clients.ts';

const SYMBOLS_PER_TOPIC = 100;
const PING_INTERVAL_MS = 18_000;
const PING_TIMEOUT_MS = 10_000;
/** A token opens sockets for a day. */
const TOKEN_LIFE_MS = 86_400_000;
/** More than ever wait at once: every connection takes one. */
const TOKENS_MAX = 1_000;
const CHANNELS = ['/market/match', '/market/ticker'] as const;

export const kucoin: VenueDefinition = {
  id: 'kucoin',
  name: 'KuCoin',
  paths: { rest: '' },
  hasStreamAt: (path) => path === '/endpoint/' || path === '/endpoint',
  create: (board) => new Kucoin(board),
};

class Kucoin implements VenueProtocol {
  readonly #board: Board;
  readonly #bySymbol: Map<string, Row>;
  readonly #clients = new TopicClients();
  readonly #tokens = new Map<string, number>();
  readonly #heardAt = new Map<VenueConnection, number>();
  #given = 0;
  #uptimeMs = 0;

  constructor(board: Board) {
    this.#board = board;
    this.#bySymbol = new Map(board.rows.map((row) => [symbolOf(row), row]));
  }

  http(request: VenueRequest, nowMs: number): VenueResponse {
    switch (request.path) {
      case '/api/v1/timestamp':
        return ok(nowMs);
      case '/api/v1/bullet-public':
        if (request.method !== 'POST') return jsonResponse({ code: '405', msg: 'Method Not Allowed' }, 405);
        return ok(this.#newToken(request.headers.host ?? 'kucoin.sandbox', nowMs));
      case '/api/v2/symbols':
        return ok(this.#board.rows.map(instrument));
      case '/api/v1/market/allTickers':
        return ok({ time: nowMs, ticker: this.#board.listed().map(tickerOf) });
      default:
        return jsonResponse({ code: '404', msg: 'Not Found' }, 404);
    }
  }

  connect(connection: VenueConnection, nowMs: number): void {
    const token = connection.query.get('token') ?? '';
    if ((this.#tokens.get(token) ?? 0) < nowMs) {
      const error = { id: '1', type: 'error', code: 401, data: 'token is invalid' };
      connection.send(JSON.stringify(error));
      connection.close(1000, 'token is invalid');
      return;
    }
    this.#clients.connect(connection);
    this.#heardAt.set(connection, this.#uptimeMs);
    connection.send(JSON.stringify({ id: token.slice(0, 10), type: 'welcome' }));
  }

  disconnect(connection: VenueConnection): void {
    this.#clients.disconnect(connection);
    this.#heardAt.delete(connection);
  }

  message(connection: VenueConnection, text: string): void {
    this.#heardAt.set(connection, this.#uptimeMs);
    const message = readMessage(text);
    const id = message?.id;
    const refuse = (code: number, data: string) =>
      connection.send(JSON.stringify({ id, type: 'error', code, data }));
    if (message?.type === 'ping') {
      connection.send(JSON.stringify({ id, type: 'pong' }));
      return;
    }
    if (message?.type !== 'subscribe' && message?.type !== 'unsubscribe') {
      refuse(400, `type ${String(message?.type)} is not supported`);
      return;
    }
    const topic = String(message.topic);
    const [channel = '', list = ''] = topic.split(':', 2);
    const symbols = list.split(',');
    const isKnown = CHANNELS.some((name) => name === channel);
    if (!isKnown || symbols.some((symbol) => !this.#bySymbol.has(symbol))) {
      refuse(404, `topic ${topic.slice(0, 200)} is not found`);
      return;
    }
    if (symbols.length > SYMBOLS_PER_TOPIC) {
      refuse(509, 'exceed max permits per second');
      return;
    }
    for (const symbol of symbols) {
      if (message.type === 'subscribe') this.#clients.subscribe(connection, `${channel}:${symbol}`);
      else this.#clients.unsubscribe(connection, `${channel}:${symbol}`);
    }
    if (message.response === true) connection.send(JSON.stringify({ id, type: 'ack' }));
  }

  advance({ nowMs, uptimeMs, traded }: VenueStep): void {
    this.#uptimeMs = uptimeMs;
    for (const row of traded) {
      const [match, ticker] = CHANNELS.map((channel) => `${channel}:${symbolOf(row)}`) as [string, string];
      this.#clients.publish(match, () => frameOf(match, 'trade.l3match', tradeOf(row)));
      this.#clients.publish(ticker, () => frameOf(ticker, 'trade.ticker', level1Of(row, nowMs)));
    }
    for (const connection of this.#clients.connections) {
      const silentMs = uptimeMs - (this.#heardAt.get(connection) ?? 0);
      if (silentMs > PING_INTERVAL_MS + PING_TIMEOUT_MS) connection.close(1000, 'ping timeout');
    }
  }

  #newToken(host: string, nowMs: number): unknown {
    const token = `2neAiuYvAU61${(this.#given++).toString(36).padStart(8, '0')}`;
    if (this.#tokens.size >= TOKENS_MAX) this.#tokens.delete([...this.#tokens.keys()][0]!);
    this.#tokens.set(token, nowMs + TOKEN_LIFE_MS);
    const server = {
      endpoint: `ws://${host}/endpoint/`,
      encrypt: false,
      protocol: 'websocket',
      pingInterval: PING_INTERVAL_MS,
      pingTimeout: PING_TIMEOUT_MS,
    };
    return { token, instanceServers: [server] };
  }
}

function frameOf(topic: string, subject: string, data: unknown): string {
  return JSON.stringify({ topic, type: 'message', subject, data });
}

function tradeOf(row: Row): unknown {
  return {
    symbol: symbolOf(row),
    sequence: String(row.sequence),
    side: row.side,
    size: row.size.toFixed(8),
    price: digits(row, row.price),
    // Nanoseconds, as a text.
    time: `${row.tradedAt}000000`,
    type: 'match',
    tradeId: row.tradeId.toString(16).padStart(24, '0'),
  };
}

function level1Of(row: Row, nowMs: number): unknown {
  return {
    sequence: String(row.sequence),
    price: digits(row, row.price),
    size: row.size.toFixed(8),
    bestAsk: digits(row, row.ask),
    bestAskSize: (row.size * 2).toFixed(8),
    bestBid: digits(row, row.bid),
    bestBidSize: (row.size * 3).toFixed(8),
    time: nowMs,
  };
}

function tickerOf(row: Row): unknown {
  const symbol = symbolOf(row);
  return {
    symbol,
    symbolName: symbol,
    buy: digits(row, row.bid),
    sell: digits(row, row.ask),
    high: digits(row, row.high24h),
    low: digits(row, row.low24h),
    vol: row.volume24h.toFixed(8),
    last: digits(row, row.price),
  };
}

function instrument(row: Row): unknown {
  const { base, quote } = row.listing;
  const symbol = symbolOf(row);
  return { symbol, name: symbol, baseCurrency: base, quoteCurrency: quote, enableTrading: true };
}

function ok(data: unknown): VenueResponse {
  return jsonResponse({ code: '200000', data });
}

function symbolOf({ listing }: Row): string {
  return `${listing.base}-${listing.quote}`;
}
