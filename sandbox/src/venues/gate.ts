// Gate spot v4: channels `spot.trades`, `spot.tickers` and `spot.book_ticker`, REST tickers. In and out:
// protocol.ts. Prices are texts; every message carries a time and is answered by its channel and event.
// Documentation: www.gate.com/docs/developers/apiv4 (spot, ws), and a session recorded in 2021.
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
import { TopicClients } from '../topic-clients.ts';

const CHANNELS = ['spot.trades', 'spot.tickers', 'spot.book_ticker'] as const;
type Channel = (typeof CHANNELS)[number];

export const gate: VenueDefinition = {
  id: 'gate',
  name: 'Gate',
  paths: { rest: '/api/v4', stream: '/ws/v4' },
  hasStreamAt: (path) => path === '/ws/v4' || path === '/ws/v4/',
  create: (board) => new Gate(board),
};

class Gate implements VenueProtocol {
  readonly #board: Board;
  readonly #byPair: Map<string, Row>;
  readonly #clients = new TopicClients();

  constructor(board: Board) {
    this.#board = board;
    this.#byPair = new Map(board.rows.map((row) => [pairOf(row), row]));
  }

  http(request: VenueRequest, nowMs: number): VenueResponse {
    switch (request.path) {
      case '/api/v4/spot/time':
        return jsonResponse({ server_time: nowMs });
      case '/api/v4/spot/currency_pairs':
        return jsonResponse(this.#board.rows.map(instrument));
      case '/api/v4/spot/tickers': {
        const wanted = request.query.get('currency_pair');
        if (wanted !== null && !this.#byPair.has(wanted)) {
          const message = `Invalid currency pair ${wanted.slice(0, 40)}`;
          return jsonResponse({ label: 'INVALID_CURRENCY_PAIR', message }, 400);
        }
        const rows = this.#board.listed().filter((row) => wanted === null || pairOf(row) === wanted);
        return jsonResponse(rows.map(tickerOf));
      }
      default:
        return jsonResponse({ label: 'NOT_FOUND', message: 'Not Found' }, 404);
    }
  }

  connect(connection: VenueConnection): void {
    this.#clients.connect(connection);
  }

  disconnect(connection: VenueConnection): void {
    this.#clients.disconnect(connection);
  }

  message(connection: VenueConnection, text: string, nowMs: number): void {
    const message = readMessage(text);
    const channel = String(message?.channel);
    const event = String(message?.event ?? '');
    const say = (more: object) =>
      connection.send(JSON.stringify({ ...timesOf(nowMs), channel, event, ...more }));
    if (channel === 'spot.ping') {
      connection.send(JSON.stringify({ ...timesOf(nowMs), channel: 'spot.pong', event: '', result: null }));
      return;
    }
    if (!CHANNELS.includes(channel as Channel) || (event !== 'subscribe' && event !== 'unsubscribe')) {
      say({ error: { code: 1, message: `unknown channel ${channel.slice(0, 80)}` }, result: null });
      return;
    }
    const pairs = textsOf(message?.payload);
    const unknown = pairs.find((pair) => !this.#byPair.has(pair));
    if (unknown !== undefined) {
      const error = { code: 2, message: `unknown currency pair: ${unknown.slice(0, 40)}` };
      say({ error, result: null });
      return;
    }
    for (const pair of pairs) {
      if (event === 'subscribe') this.#clients.subscribe(connection, `${channel} ${pair}`);
      else this.#clients.unsubscribe(connection, `${channel} ${pair}`);
    }
    say({ error: null, result: { status: 'success' } });
  }

  advance({ nowMs, traded }: VenueStep): void {
    for (const row of traded) {
      for (const channel of CHANNELS) {
        this.#clients.publish(`${channel} ${pairOf(row)}`, () => {
          return JSON.stringify({
            ...timesOf(nowMs),
            channel,
            event: 'update',
            result: resultOf(channel, row),
          });
        });
      }
    }
  }
}

function timesOf(nowMs: number): { time: number; time_ms: number } {
  return { time: Math.floor(nowMs / 1000), time_ms: nowMs };
}

function resultOf(channel: Channel, row: Row): unknown {
  if (channel === 'spot.tickers') return tickerOf(row);
  if (channel === 'spot.book_ticker') {
    const [bid, ask] = [digits(row, row.bid), digits(row, row.ask)];
    const sizes = { B: (row.size * 3).toFixed(8), A: (row.size * 2).toFixed(8) };
    return { t: row.tradedAt, u: row.sequence, s: pairOf(row), b: bid, a: ask, ...sizes };
  }
  return {
    id: row.tradeId,
    create_time: Math.floor(row.tradedAt / 1000),
    create_time_ms: `${row.tradedAt}.0`,
    side: row.side,
    currency_pair: pairOf(row),
    amount: row.size.toFixed(8),
    price: digits(row, row.price),
  };
}

function tickerOf(row: Row): unknown {
  return {
    currency_pair: pairOf(row),
    last: digits(row, row.price),
    lowest_ask: digits(row, row.ask),
    highest_bid: digits(row, row.bid),
    change_percentage: (100 * (row.price / row.open24h - 1)).toFixed(2),
    base_volume: row.volume24h.toFixed(8),
    quote_volume: (row.volume24h * row.price).toFixed(8),
    high_24h: digits(row, row.high24h),
    low_24h: digits(row, row.low24h),
  };
}

function instrument(row: Row): unknown {
  const { base, quote, decimals } = row.listing;
  return { id: pairOf(row), base, quote, precision: decimals, trade_status: 'tradable' };
}

function pairOf({ listing }: Row): string {
  return `${listing.base}_${listing.quote}`;
}
