// Coinbase Exchange: ws-feed channels ticker, ticker_batch, matches and heartbeat, REST products. In and out:
// protocol.ts.
// Documentation: docs.cdp.coinbase.com/exchange (websocket-feed, rest-api). Times carry microseconds.
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

const HEARTBEAT_EVERY_MS = 1_000;
/** The batch channel sends at most one frame a product in this time. */
const BATCH_EVERY_MS = 5_000;
const CHANNELS = new Set(['ticker', 'ticker_batch', 'matches', 'heartbeat']);

export const coinbase: VenueDefinition = {
  id: 'coinbase',
  name: 'Coinbase Exchange',
  paths: { rest: '', stream: '' },
  hasStreamAt: (path) => path === '/',
  create: (board) => new Coinbase(board),
};

type Client = { connection: VenueConnection; channels: Map<string, Set<string>> };

class Coinbase implements VenueProtocol {
  readonly #board: Board;
  readonly #byProduct: Map<string, Row>;
  readonly #clients = new Map<VenueConnection, Client>();
  #heartbeatAt = 0;
  readonly #batchedAt = new Map<Row, number>();

  constructor(board: Board) {
    this.#board = board;
    this.#byProduct = new Map(board.rows.map((row) => [productOf(row), row]));
  }

  http(request: VenueRequest, nowMs: number): VenueResponse {
    if (request.path === '/time') {
      return jsonResponse({ iso: new Date(nowMs).toISOString(), epoch: nowMs / 1000 });
    }
    if (request.path === '/products') return jsonResponse(this.#board.listed().map(product));
    const [, root, id = '', what] = request.path.split('/');
    const row = root === 'products' ? this.#byProduct.get(id) : undefined;
    if (row === undefined || row.tradeId === 0) return jsonResponse({ message: 'NotFound' }, 404);
    switch (what) {
      case undefined:
        return jsonResponse(product(row));
      case 'ticker':
        return jsonResponse({
          ask: digits(row, row.ask),
          bid: digits(row, row.bid),
          volume: row.volume24h.toFixed(8),
          trade_id: row.tradeId,
          price: digits(row, row.price),
          size: row.size.toFixed(8),
          time: micros(row.tradedAt),
          rfq_volume: (row.volume24h / 50).toFixed(6),
        });
      case 'stats':
        return jsonResponse({
          open: digits(row, row.open24h),
          high: digits(row, row.high24h),
          low: digits(row, row.low24h),
          last: digits(row, row.price),
          volume: row.volume24h.toFixed(8),
          volume_30day: (row.volume24h * 30).toFixed(8),
        });
      default:
        return jsonResponse({ message: 'NotFound' }, 404);
    }
  }

  connect(connection: VenueConnection): void {
    this.#clients.set(connection, { connection, channels: new Map() });
  }

  disconnect(connection: VenueConnection): void {
    this.#clients.delete(connection);
  }

  message(connection: VenueConnection, text: string, nowMs: number): void {
    const client = this.#clients.get(connection);
    if (client === undefined) return;
    const message = readMessage(text);
    if (message === undefined) {
      connection.send(refusal('Malformed JSON'));
      return;
    }
    if (message.type !== 'subscribe' && message.type !== 'unsubscribe') {
      connection.send(refusal(`Type has to be either subscribe or unsubscribe`));
      return;
    }
    const wanted = readChannels(message);
    const unknown = wanted.find(([name]) => !CHANNELS.has(name));
    if (unknown !== undefined) {
      connection.send(refusal('Failed to subscribe', `${unknown[0]} is not a valid channel`));
      return;
    }
    const badId = wanted.flatMap(([, ids]) => ids).find((id) => !this.#byProduct.has(id));
    if (badId !== undefined) {
      connection.send(refusal('Failed to subscribe', `${badId} is not a valid product`));
      return;
    }
    for (const [name, ids] of wanted) change(client.channels, name, ids, message.type === 'subscribe');
    connection.send(subscriptions(client));
    if (message.type === 'subscribe') this.#sendLast(connection, wanted, nowMs);
  }

  advance({ nowMs, uptimeMs, traded }: VenueStep): void {
    for (const row of traded) {
      const isBatchDue = uptimeMs - (this.#batchedAt.get(row) ?? -BATCH_EVERY_MS) >= BATCH_EVERY_MS;
      if (isBatchDue) this.#batchedAt.set(row, uptimeMs);
      this.#push('ticker', row, () => tickerFrame(row));
      if (isBatchDue) this.#push('ticker_batch', row, () => tickerFrame(row));
      this.#push('matches', row, () => matchFrame('match', row));
    }
    if (uptimeMs - this.#heartbeatAt < HEARTBEAT_EVERY_MS) return;
    this.#heartbeatAt = uptimeMs;
    for (const row of this.#board.listed()) this.#push('heartbeat', row, () => heartbeatFrame(row, nowMs));
  }

  #sendLast(connection: VenueConnection, wanted: readonly [string, string[]][], nowMs: number): void {
    for (const [name, ids] of wanted) {
      for (const id of ids) {
        const row = this.#byProduct.get(id);
        if (row === undefined || row.tradeId === 0) continue;
        if (name === 'matches') connection.send(matchFrame('last_match', row));
        else if (name === 'heartbeat') connection.send(heartbeatFrame(row, nowMs));
        else connection.send(tickerFrame(row));
      }
    }
  }

  #push(channel: string, row: Row, make: () => string): void {
    const id = productOf(row);
    let frame: string | undefined;
    for (const client of this.#clients.values()) {
      if (client.channels.get(channel)?.has(id) !== true) continue;
      frame ??= make();
      client.connection.send(frame);
    }
  }
}

/** Channels come as names beside one list of products, or as objects with a list each. */
function readChannels(message: Record<string, unknown>): [string, string[]][] {
  const ids = message.product_ids === undefined ? [] : textsOf(message.product_ids);
  const channels = Array.isArray(message.channels) ? (message.channels as unknown[]) : [];
  return channels.map((channel): [string, string[]] => {
    if (typeof channel === 'string') return [channel, ids];
    const named = (channel ?? {}) as Record<string, unknown>;
    const own = named.product_ids === undefined ? ids : textsOf(named.product_ids);
    return [String(named.name), own];
  });
}

function change(
  channels: Map<string, Set<string>>,
  name: string,
  ids: readonly string[],
  isAdding: boolean,
): void {
  const held = channels.get(name) ?? new Set<string>();
  for (const id of ids) {
    if (isAdding) held.add(id);
    else held.delete(id);
  }
  if (held.size === 0) channels.delete(name);
  else channels.set(name, held);
}

function subscriptions(client: Client): string {
  const channels = [...client.channels].map(([name, ids]) => ({
    name,
    product_ids: [...ids],
    account_ids: null,
  }));
  return JSON.stringify({ type: 'subscriptions', channels });
}

function tickerFrame(row: Row): string {
  return JSON.stringify({
    type: 'ticker',
    sequence: row.sequence,
    product_id: productOf(row),
    price: digits(row, row.price),
    open_24h: digits(row, row.open24h),
    volume_24h: row.volume24h.toFixed(8),
    low_24h: digits(row, row.low24h),
    high_24h: digits(row, row.high24h),
    volume_30d: (row.volume24h * 30).toFixed(8),
    best_bid: digits(row, row.bid),
    best_bid_size: (row.size * 3).toFixed(8),
    best_ask: digits(row, row.ask),
    best_ask_size: (row.size * 2).toFixed(8),
    side: row.side,
    time: micros(row.tradedAt),
    trade_id: row.tradeId,
    last_size: row.size.toFixed(8),
  });
}

function matchFrame(type: 'match' | 'last_match', row: Row): string {
  return JSON.stringify({
    type,
    trade_id: row.tradeId,
    maker_order_id: orderId(row, 1),
    taker_order_id: orderId(row, 2),
    // The maker's side, opposite to the taker's.
    side: row.side === 'buy' ? 'sell' : 'buy',
    size: row.size.toFixed(8),
    price: digits(row, row.price),
    product_id: productOf(row),
    sequence: row.sequence,
    time: micros(row.tradedAt),
  });
}

function heartbeatFrame(row: Row, nowMs: number): string {
  return JSON.stringify({
    type: 'heartbeat',
    last_trade_id: row.tradeId,
    product_id: productOf(row),
    sequence: row.sequence,
    time: micros(nowMs),
  });
}

function orderId(row: Row, salt: number): string {
  const hex = (row.tradeId * 2 + salt).toString(16).padStart(12, '0');
  return `27fff20b-af29-4f45-8744-${hex.slice(-12)}`;
}

function product(row: Row): unknown {
  return {
    id: productOf(row),
    base_currency: row.listing.base,
    quote_currency: row.listing.quote,
    quote_increment: (10 ** -row.listing.decimals).toFixed(row.listing.decimals),
    display_name: productOf(row),
    status: 'online',
    trading_disabled: false,
  };
}

function productOf(row: Row): string {
  return `${row.listing.base}-${row.listing.quote}`;
}

function micros(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, -1)}000Z`;
}

function refusal(message: string, reason?: string): string {
  return JSON.stringify({ type: 'error', message, ...(reason === undefined ? {} : { reason }) });
}
