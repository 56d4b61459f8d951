// Binance spot: combined and raw streams, REST api/v3. In and out: protocol.ts.
// Documentation: developers.binance.com/docs/binance-spot-api-docs (web-socket-streams, rest-api).
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

const DAY_MS = 86_400_000;
/** The venue's bound for streams of one connection. */
const STREAMS_MAX = 1024;
/** Statistics of the day are pushed once a second for every instrument, traded or not. */
const STATISTICS_EVERY_MS = 1_000;

export const binance: VenueDefinition = {
  id: 'binance',
  name: 'Binance',
  paths: { rest: '', stream: '' },
  hasStreamAt: (path) => path === '/stream' || path === '/ws' || path.startsWith('/ws/'),
  // Documented: every 20 seconds, and a client that does not answer within a minute is cut.
  pingEveryMs: 20_000,
  create: (board) => new Binance(board),
};

type Client = { connection: VenueConnection; streams: Set<string>; isCombined: boolean };

class Binance implements VenueProtocol {
  readonly #board: Board;
  readonly #bySymbol: Map<string, Row>;
  readonly #clients = new Map<VenueConnection, Client>();
  #statisticsAt = 0;

  constructor(board: Board) {
    this.#board = board;
    this.#bySymbol = new Map(board.rows.map((row) => [symbolOf(row), row]));
  }

  http(request: VenueRequest, nowMs: number): VenueResponse {
    if (request.method !== 'GET')
      return jsonResponse({ code: -1000, msg: 'Request method not supported' }, 405);
    switch (request.path) {
      case '/api/v3/ping':
        return answer({});
      case '/api/v3/time':
        return answer({ serverTime: nowMs });
      case '/api/v3/ticker/price':
        return this.#perSymbol(request, (row) => ({ symbol: symbolOf(row), price: eight(row, row.price) }));
      case '/api/v3/ticker/bookTicker':
        return this.#perSymbol(request, bestPrices);
      case '/api/v3/ticker/24hr':
        return this.#perSymbol(request, (row) => dayStatistics(row, nowMs));
      case '/api/v3/exchangeInfo':
        return answer({ timezone: 'UTC', serverTime: nowMs, symbols: this.#board.rows.map(instrument) });
      default:
        return {
          status: 404,
          headers: { 'content-type': 'text/html' },
          body: '<html><body>404</body></html>',
        };
    }
  }

  connect(connection: VenueConnection): void {
    const isCombined = connection.path === '/stream';
    const listed = isCombined
      ? (connection.query.get('streams') ?? '')
      : connection.path.slice('/ws/'.length);
    const streams = new Set(listed.split('/').filter((stream) => stream !== ''));
    this.#clients.set(connection, { connection, streams, isCombined });
  }

  disconnect(connection: VenueConnection): void {
    this.#clients.delete(connection);
  }

  message(connection: VenueConnection, text: string): void {
    const client = this.#clients.get(connection);
    if (client === undefined) return;
    const message = readMessage(text);
    const id = message?.id ?? null;
    const params = textsOf(message?.params);
    switch (message?.method) {
      case 'SUBSCRIBE':
        if (client.streams.size + params.length > STREAMS_MAX) {
          connection.send(refusal(2, 'Invalid request: too many streams', id));
          return;
        }
        for (const stream of params) client.streams.add(stream);
        connection.send(JSON.stringify({ result: null, id }));
        return;
      case 'UNSUBSCRIBE':
        for (const stream of params) client.streams.delete(stream);
        connection.send(JSON.stringify({ result: null, id }));
        return;
      case 'LIST_SUBSCRIPTIONS':
        connection.send(JSON.stringify({ result: [...client.streams], id }));
        return;
      default:
        connection.send(
          message === undefined
            ? refusal(3, 'Invalid JSON: expected value at line 1 column 1', null)
            : refusal(2, 'Invalid request: unknown variant', id),
        );
        return;
    }
  }

  advance({ nowMs, uptimeMs, traded }: VenueStep): void {
    const eventMs = this.#board.newsTime(nowMs);
    for (const row of traded) {
      for (const channel of ['aggTrade', 'trade', 'bookTicker']) this.#push(channel, row, eventMs);
    }
    if (uptimeMs - this.#statisticsAt < STATISTICS_EVERY_MS) return;
    this.#statisticsAt = uptimeMs;
    for (const row of this.#board.listed()) {
      for (const channel of ['ticker', 'miniTicker']) this.#push(channel, row, eventMs);
    }
  }

  #push(channel: string, row: Row, eventMs: number): void {
    const stream = `${symbolOf(row).toLowerCase()}@${channel}`;
    let data: string | undefined;
    for (const client of this.#clients.values()) {
      if (!client.streams.has(stream)) continue;
      data ??= JSON.stringify(CHANNELS[channel]!(row, eventMs));
      client.connection.send(client.isCombined ? `{"stream":"${stream}","data":${data}}` : data);
    }
  }

  #perSymbol(request: VenueRequest, describe: (row: Row) => unknown): VenueResponse {
    const one = request.query.get('symbol');
    const many = request.query.get('symbols');
    if (one !== null && many !== null) {
      return jsonResponse({ code: -1128, msg: 'Combination of optional parameters invalid.' }, 400);
    }
    if (one === null && many === null) return answer(this.#board.listed().map(describe));
    const symbols = one === null ? parseSymbols(many ?? '') : [one];
    if (symbols === undefined) {
      return jsonResponse({ code: -1100, msg: "Illegal characters found in parameter 'symbols'." }, 400);
    }
    const rows = symbols.map((symbol) => this.#bySymbol.get(symbol));
    if (rows.some((row) => row === undefined))
      return jsonResponse({ code: -1121, msg: 'Invalid symbol.' }, 400);
    const answers = rows.filter((row): row is Row => row !== undefined && row.tradeId > 0).map(describe);
    return answer(one === null ? answers : answers[0]);
  }
}

const CHANNELS: Record<string, (row: Row, nowMs: number) => unknown> = {
  aggTrade: (row, nowMs) => ({
    e: 'aggTrade',
    E: nowMs,
    s: symbolOf(row),
    a: row.tradeId,
    p: eight(row, row.price),
    q: row.size.toFixed(8),
    f: row.tradeId,
    l: row.tradeId,
    T: row.tradedAt,
    m: row.side === 'sell',
    M: true,
  }),
  trade: (row, nowMs) => ({
    e: 'trade',
    E: nowMs,
    s: symbolOf(row),
    t: row.tradeId,
    p: eight(row, row.price),
    q: row.size.toFixed(8),
    T: row.tradedAt,
    m: row.side === 'sell',
    M: true,
  }),
  bookTicker: (row) => ({
    u: row.sequence,
    s: symbolOf(row),
    b: eight(row, row.bid),
    B: (row.size * 3).toFixed(8),
    a: eight(row, row.ask),
    A: (row.size * 2).toFixed(8),
  }),
  miniTicker: (row, nowMs) => ({
    e: '24hrMiniTicker',
    E: nowMs,
    s: symbolOf(row),
    c: eight(row, row.price),
    o: eight(row, row.open24h),
    h: eight(row, row.high24h),
    l: eight(row, row.low24h),
    v: row.volume24h.toFixed(8),
    q: (row.volume24h * row.price).toFixed(8),
  }),
  ticker: (row, nowMs) => ({
    e: '24hrTicker',
    E: nowMs,
    s: symbolOf(row),
    p: eight(row, row.price - row.open24h),
    P: ((row.price / row.open24h - 1) * 100).toFixed(3),
    w: eight(row, (row.high24h + row.low24h) / 2),
    x: eight(row, row.open24h),
    c: eight(row, row.price),
    Q: row.size.toFixed(8),
    b: eight(row, row.bid),
    B: (row.size * 3).toFixed(8),
    a: eight(row, row.ask),
    A: (row.size * 2).toFixed(8),
    o: eight(row, row.open24h),
    h: eight(row, row.high24h),
    l: eight(row, row.low24h),
    v: row.volume24h.toFixed(8),
    q: (row.volume24h * row.price).toFixed(8),
    O: nowMs - DAY_MS,
    C: nowMs,
    F: row.tradeId - 20_000,
    L: row.tradeId,
    n: 20_001,
  }),
};

function dayStatistics(row: Row, nowMs: number): unknown {
  return {
    symbol: symbolOf(row),
    priceChange: eight(row, row.price - row.open24h),
    priceChangePercent: ((row.price / row.open24h - 1) * 100).toFixed(3),
    weightedAvgPrice: eight(row, (row.high24h + row.low24h) / 2),
    prevClosePrice: eight(row, row.open24h),
    lastPrice: eight(row, row.price),
    lastQty: row.size.toFixed(8),
    bidPrice: eight(row, row.bid),
    bidQty: (row.size * 3).toFixed(8),
    askPrice: eight(row, row.ask),
    askQty: (row.size * 2).toFixed(8),
    openPrice: eight(row, row.open24h),
    highPrice: eight(row, row.high24h),
    lowPrice: eight(row, row.low24h),
    volume: row.volume24h.toFixed(8),
    quoteVolume: (row.volume24h * row.price).toFixed(8),
    openTime: Math.max(row.tradedAt, nowMs - 1000) - DAY_MS,
    closeTime: row.tradedAt,
    firstId: row.tradeId - 20_000,
    lastId: row.tradeId,
    count: 20_001,
  };
}

function bestPrices(row: Row): unknown {
  return {
    symbol: symbolOf(row),
    bidPrice: eight(row, row.bid),
    bidQty: (row.size * 3).toFixed(8),
    askPrice: eight(row, row.ask),
    askQty: (row.size * 2).toFixed(8),
  };
}

function instrument(row: Row): unknown {
  return {
    symbol: symbolOf(row),
    status: 'TRADING',
    baseAsset: row.listing.base,
    quoteAsset: row.listing.quote,
  };
}

function symbolOf(row: Row): string {
  return row.listing.base + row.listing.quote;
}

/** Binance writes every price with eight decimals, whatever the instrument's own are. */
function eight(row: Row, price: number): string {
  const text = digits(row, price);
  const point = text.indexOf('.');
  return point === -1 ? `${text}.00000000` : text.padEnd(point + 9, '0');
}

function parseSymbols(text: string): string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

function refusal(code: number, msg: string, id: unknown): string {
  return JSON.stringify({ error: { code, msg }, id });
}

function answer(value: unknown): VenueResponse {
  return jsonResponse(value, 200, {
    'x-mbx-used-weight-1m': '2',
    'content-type': 'application/json;charset=UTF-8',
  });
}
