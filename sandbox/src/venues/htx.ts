// HTX spot: topics `trade.detail`, `ticker` and `bbo`, REST market. In and out: protocol.ts. Frames are gzip
// texts; the venue pings every 5 s with its time and closes after two that were not answered. Prices are
// numbers.
// Documentation: www.htx.com/en-us/opend/newApiPages (spot, market data), and a session recorded in 2021.
import { gzipSync } from 'node:zlib';
import type { Board, Row } from '../board.ts';
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

const PING_EVERY_MS = 5_000;
/** Two pings that were not answered, and the one that is out. */
const UNANSWERED_MS = 15_000;
const CHANNELS = ['trade.detail', 'ticker', 'bbo'] as const;
type Channel = (typeof CHANNELS)[number];

export const htx: VenueDefinition = {
  id: 'htx',
  name: 'HTX',
  paths: { rest: '', stream: '/ws' },
  hasStreamAt: (path) => path === '/ws',
  encode: (frame) => gzipSync(frame),
  create: (board) => new Htx(board),
};

class Htx implements VenueProtocol {
  readonly #board: Board;
  readonly #bySymbol: Map<string, Row>;
  readonly #clients = new TopicClients();
  readonly #answeredAt = new Map<VenueConnection, number>();
  #pingedAt = 0;
  #uptimeMs = 0;

  constructor(board: Board) {
    this.#board = board;
    this.#bySymbol = new Map(board.rows.map((row) => [symbolOf(row), row]));
  }

  http(request: VenueRequest, nowMs: number): VenueResponse {
    switch (request.path) {
      case '/v1/common/timestamp':
        return jsonResponse({ status: 'ok', data: nowMs });
      case '/v1/common/symbols':
        return jsonResponse({ status: 'ok', data: this.#board.rows.map(instrument) });
      case '/market/tickers': {
        const data = this.#board.listed().map((row) => ({ symbol: symbolOf(row), ...dayOf(row) }));
        return jsonResponse({ status: 'ok', ts: nowMs, data });
      }
      default: {
        const words = { 'err-code': 'base-not-found', 'err-msg': 'the requested resource is not found' };
        return jsonResponse({ status: 'error', ts: nowMs, ...words }, 404);
      }
    }
  }

  connect(connection: VenueConnection): void {
    this.#clients.connect(connection);
    this.#answeredAt.set(connection, this.#uptimeMs);
  }

  disconnect(connection: VenueConnection): void {
    this.#clients.disconnect(connection);
    this.#answeredAt.delete(connection);
  }

  message(connection: VenueConnection, text: string, nowMs: number): void {
    const message = readMessage(text);
    if (typeof message?.pong === 'number') {
      this.#answeredAt.set(connection, this.#uptimeMs);
      return;
    }
    const topic = String(message?.sub ?? message?.unsub);
    const [, symbol = '', ...channel] = topic.split('.');
    if (!this.#bySymbol.has(symbol) || !CHANNELS.includes(channel.join('.') as Channel)) {
      const words = { 'err-code': 'bad-request', 'err-msg': `invalid topic ${topic.slice(0, 100)}` };
      connection.send(JSON.stringify({ status: 'error', ts: nowMs, id: message?.id, ...words }));
      return;
    }
    const isWanted = message?.sub !== undefined;
    if (isWanted) this.#clients.subscribe(connection, topic);
    else this.#clients.unsubscribe(connection, topic);
    const said = isWanted ? { subbed: topic } : { unsubbed: topic };
    connection.send(JSON.stringify({ id: message?.id, status: 'ok', ...said, ts: nowMs }));
  }

  advance({ nowMs, uptimeMs, traded }: VenueStep): void {
    this.#uptimeMs = uptimeMs;
    for (const row of traded) {
      for (const channel of CHANNELS) {
        const ch = `market.${symbolOf(row)}.${channel}`;
        this.#clients.publish(ch, () => JSON.stringify({ ch, ts: nowMs, tick: figuresOf(channel, row) }));
      }
    }
    if (uptimeMs - this.#pingedAt < PING_EVERY_MS) return;
    this.#pingedAt = uptimeMs;
    for (const connection of this.#clients.connections) {
      const silentMs = uptimeMs - (this.#answeredAt.get(connection) ?? uptimeMs);
      if (silentMs > UNANSWERED_MS) connection.close(1003, 'ping check expired');
      else connection.send(JSON.stringify({ ping: nowMs }));
    }
  }
}

function figuresOf(channel: Channel, row: Row): unknown {
  const { tradeId, tradedAt, price, size, side, sequence, bid, ask } = row;
  if (channel === 'ticker') return { ...dayOf(row), lastPrice: price, lastSize: size };
  if (channel === 'bbo') {
    const best = { bid, bidSize: size * 3, ask, askSize: size * 2 };
    return { seqId: sequence, ...best, quoteTime: tradedAt, symbol: symbolOf(row) };
  }
  const id = tradeId * 1_000 + (tradedAt % 1_000);
  return { id, ts: tradedAt, data: [{ id, ts: tradedAt, tradeId, amount: size, price, direction: side }] };
}

function dayOf(row: Row): Record<string, number> {
  return {
    open: row.open24h,
    high: row.high24h,
    low: row.low24h,
    close: row.price,
    amount: row.volume24h,
    vol: row.volume24h * row.price,
    count: row.tradeId,
    bid: row.bid,
    bidSize: row.size * 3,
    ask: row.ask,
    askSize: row.size * 2,
  };
}

function instrument(row: Row): unknown {
  const { base, quote, decimals } = row.listing;
  return {
    'base-currency': base.toLowerCase(),
    'quote-currency': quote.toLowerCase(),
    'price-precision': decimals,
    symbol: symbolOf(row),
    state: 'online',
    'api-trading': 'enabled',
  };
}

function symbolOf({ listing }: Row): string {
  return `${listing.base}${listing.quote}`.toLowerCase();
}
