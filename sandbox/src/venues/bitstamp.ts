// Bitstamp: channels live_trades_<pair> and order_book_<pair>, REST api/v2/ticker. In and out: protocol.ts.
// Documentation: www.bitstamp.net/websocket/v2 and www.bitstamp.net/api. Times are texts of seconds and of
//   microseconds.
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

const CHANNEL = /^(live_trades|order_book)_([a-z0-9]+)$/;

export const bitstamp: VenueDefinition = {
  id: 'bitstamp',
  name: 'Bitstamp',
  paths: { rest: '', stream: '' },
  hasStreamAt: (path) => path === '/',
  create: (board) => new Bitstamp(board),
};

class Bitstamp implements VenueProtocol {
  readonly #board: Board;
  readonly #byMarket: Map<string, Row>;
  readonly #clients = new Map<VenueConnection, Set<string>>();

  constructor(board: Board) {
    this.#board = board;
    this.#byMarket = new Map(board.rows.map((row) => [marketOf(row), row]));
  }

  http(request: VenueRequest, nowMs: number): VenueResponse {
    const [, , , what, market] = request.path.split('/');
    if (!request.path.startsWith('/api/v2/') || what !== 'ticker') {
      return { status: 404, headers: { 'content-type': 'text/html' }, body: '<h1>Not Found</h1>' };
    }
    if (market === undefined || market === '') {
      return jsonResponse(this.#board.listed().map((row) => ({ ...ticker(row), pair: row.pair })));
    }
    const row = this.#byMarket.get(market);
    if (row === undefined || row.tradeId === 0) {
      return jsonResponse(
        { code: 'API0005', error: 'Invalid market symbol', timestamp: String(Math.floor(nowMs / 1000)) },
        404,
      );
    }
    return jsonResponse(ticker(row));
  }

  connect(connection: VenueConnection): void {
    this.#clients.set(connection, new Set());
  }

  disconnect(connection: VenueConnection): void {
    this.#clients.delete(connection);
  }

  message(connection: VenueConnection, text: string): void {
    const channels = this.#clients.get(connection);
    if (channels === undefined) return;
    const message = readMessage(text);
    if (message?.event === 'bts:heartbeat') {
      connection.send(frame('bts:heartbeat', '', { status: 'success' }));
      return;
    }
    const channel = String((message?.data as Record<string, unknown> | undefined)?.channel);
    const market = CHANNEL.exec(channel)?.[2];
    const isKnown = market !== undefined && this.#byMarket.has(market);
    if (message?.event === 'bts:subscribe' && isKnown) {
      channels.add(channel);
      connection.send(frame('bts:subscription_succeeded', channel, {}));
      return;
    }
    if (message?.event === 'bts:unsubscribe' && isKnown) {
      channels.delete(channel);
      connection.send(frame('bts:unsubscription_succeeded', channel, {}));
      return;
    }
    const words = message === undefined ? 'Incorrect JSON format.' : 'Bad subscription string.';
    connection.send(frame('bts:error', '', { code: message === undefined ? 4000 : null, message: words }));
  }

  advance({ nowMs, traded }: VenueStep): void {
    const eventMs = this.#board.newsTime(nowMs);
    for (const row of traded) {
      this.#push(`live_trades_${marketOf(row)}`, 'trade', () => trade(row));
      this.#push(`order_book_${marketOf(row)}`, 'data', () => orderBook(row, eventMs));
    }
  }

  #push(channel: string, event: string, make: () => unknown): void {
    let text: string | undefined;
    for (const [connection, channels] of this.#clients) {
      if (!channels.has(channel)) continue;
      // Data frames put the data first, control frames the event, as recorded.
      text ??= JSON.stringify({ data: make(), channel, event });
      connection.send(text);
    }
  }
}

function trade(row: Row): unknown {
  return {
    id: row.tradeId,
    timestamp: seconds(row.tradedAt),
    amount: Number(row.size.toFixed(8)),
    amount_str: row.size.toFixed(8),
    price: row.price,
    price_str: digits(row, row.price),
    type: row.side === 'buy' ? 0 : 1,
    microtimestamp: `${row.tradedAt}000`,
    buy_order_id: 1_443_875_737_346_049 + row.tradeId,
    sell_order_id: 1_443_875_731_320_832 + row.tradeId,
  };
}

function orderBook(row: Row, nowMs: number): unknown {
  return {
    timestamp: seconds(nowMs),
    microtimestamp: `${nowMs}000`,
    bids: [[digits(row, row.bid), (row.size * 3).toFixed(8)]],
    asks: [[digits(row, row.ask), (row.size * 2).toFixed(8)]],
  };
}

function ticker(row: Row): Record<string, string> {
  return {
    timestamp: seconds(row.tradedAt),
    open: digits(row, row.open24h),
    high: digits(row, row.high24h),
    low: digits(row, row.low24h),
    last: digits(row, row.price),
    volume: row.volume24h.toFixed(8),
    vwap: digits(row, (row.high24h + row.low24h) / 2),
    bid: digits(row, row.bid),
    ask: digits(row, row.ask),
    side: row.side === 'buy' ? '0' : '1',
    open_24: digits(row, row.open24h),
    percent_change_24: ((row.price / row.open24h - 1) * 100).toFixed(2),
    market_type: 'SPOT',
  };
}

function marketOf(row: Row): string {
  return (row.listing.base + row.listing.quote).toLowerCase();
}

function seconds(atMs: number): string {
  return String(Math.floor(atMs / 1000));
}

function frame(event: string, channel: string, data: unknown): string {
  return JSON.stringify({ event, channel, data });
}
