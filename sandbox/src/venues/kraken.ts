// Kraken: WebSocket v2 channels ticker and trade with status and heartbeat, REST 0/public. In and out:
//   protocol.ts.
// Documentation: docs.kraken.com/api (websocket-v2 ticker, trade, heartbeat, status; rest Ticker). On v2
// prices are JSON numbers written with the instrument's decimals; on REST they are texts, and most pairs have
// an old name of their own.
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

/** The venue sends one when nothing else was sent for about a second. */
const HEARTBEAT_AFTER_MS = 1_000;

export const kraken: VenueDefinition = {
  id: 'kraken',
  name: 'Kraken',
  paths: { rest: '', stream: '/v2' },
  hasStreamAt: (path) => path === '/v2',
  create: (board) => new Kraken(board),
};

type Client = { connection: VenueConnection; channels: Map<string, Set<string>>; sentAt: number };

class Kraken implements VenueProtocol {
  readonly #board: Board;
  readonly #byName = new Map<string, Row>();
  readonly #bySymbol: Map<string, Row>;
  readonly #clients = new Map<VenueConnection, Client>();
  #uptimeMs = 0;
  #connectionId = 8_628_615_390_848_610_000n;

  constructor(board: Board) {
    this.#board = board;
    this.#bySymbol = new Map(board.rows.map((row) => [row.pair, row]));
    for (const row of board.rows) {
      // A pair is asked for by its old name, its short name or its socket name.
      this.#byName.set(restName(row), row);
      this.#byName.set(shortName(row), row);
      this.#byName.set(row.listing.base + row.listing.quote, row);
      this.#byName.set(row.pair, row);
    }
  }

  http(request: VenueRequest, nowMs: number): VenueResponse {
    switch (request.path) {
      case '/0/public/Ticker':
        return this.#tickers(request.query.get('pair'));
      case '/0/public/Time':
        return ok({ unixtime: Math.floor(nowMs / 1000), rfc1123: new Date(nowMs).toUTCString() });
      case '/0/public/SystemStatus':
        return ok({ status: 'online', timestamp: new Date(nowMs).toISOString() });
      case '/0/public/AssetPairs':
        return ok(Object.fromEntries(this.#board.rows.map((row) => [restName(row), assetPair(row)])));
      default:
        return jsonResponse({ error: ['EGeneral:Unknown method'] }, 404);
    }
  }

  connect(connection: VenueConnection): void {
    this.#clients.set(connection, { connection, channels: new Map(), sentAt: this.#uptimeMs });
    this.#connectionId += 7919n;
    connection.send(
      `{"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2",` +
        `"connection_id":${this.#connectionId}}]}`,
    );
  }

  disconnect(connection: VenueConnection): void {
    this.#clients.delete(connection);
  }

  message(connection: VenueConnection, text: string, nowMs: number): void {
    const client = this.#clients.get(connection);
    if (client === undefined) return;
    const message = readMessage(text);
    const times = { time_in: micros(nowMs), time_out: micros(nowMs) };
    const request = message?.req_id === undefined ? {} : { req_id: message.req_id };
    const method = message?.method;
    if (method === 'ping') {
      this.#send(client, JSON.stringify({ method: 'pong', ...request, ...times }));
      return;
    }
    if (method !== 'subscribe' && method !== 'unsubscribe') {
      const error = message === undefined ? 'Malformed request' : 'Unsupported method';
      this.#send(client, JSON.stringify({ error, method, success: false, ...request, ...times }));
      return;
    }
    const params = (message?.params ?? {}) as Record<string, unknown>;
    const channel = String(params.channel);
    if (channel !== 'ticker' && channel !== 'trade') {
      const error = `Unsupported channel ${channel}`;
      this.#send(client, JSON.stringify({ error, method, success: false, ...request, ...times }));
      return;
    }
    for (const symbol of textsOf(params.symbol)) {
      this.#subscribe(
        client,
        { method, channel, symbol, snapshot: params.snapshot !== false },
        request,
        nowMs,
      );
    }
  }

  advance({ uptimeMs, traded }: VenueStep): void {
    this.#uptimeMs = uptimeMs;
    for (const row of traded) {
      for (const channel of ['ticker', 'trade'] as const) {
        let frame: string | undefined;
        for (const client of this.#clients.values()) {
          if (client.channels.get(channel)?.has(row.pair) !== true) continue;
          frame ??= channel === 'ticker' ? tickerFrame('update', row) : tradeFrame('update', row);
          this.#send(client, frame);
        }
      }
    }
    for (const client of this.#clients.values()) {
      if (client.channels.size === 0 || uptimeMs - client.sentAt < HEARTBEAT_AFTER_MS) continue;
      this.#send(client, '{"channel":"heartbeat"}');
    }
  }

  #subscribe(
    client: Client,
    wanted: {
      method: 'subscribe' | 'unsubscribe';
      channel: 'ticker' | 'trade';
      symbol: string;
      snapshot: boolean;
    },
    request: Record<string, unknown>,
    nowMs: number,
  ): void {
    const { method, channel, symbol, snapshot } = wanted;
    const times = { time_in: micros(nowMs), time_out: micros(nowMs) };
    const row = this.#bySymbol.get(symbol);
    if (row === undefined) {
      const error = `Currency pair not supported ${symbol}`;
      const refusal = { error, method, success: false, symbol, ...times, ...request };
      this.#send(client, JSON.stringify(refusal));
      return;
    }
    const held = client.channels.get(channel) ?? new Set<string>();
    if (method === 'subscribe') held.add(symbol);
    else held.delete(symbol);
    client.channels.set(channel, held);
    const result = method === 'subscribe' ? { channel, snapshot, symbol } : { channel, symbol };
    this.#send(client, JSON.stringify({ method, result, success: true, ...times, ...request }));
    if (method === 'unsubscribe' || !snapshot || row.tradeId === 0) return;
    const frame = channel === 'ticker' ? tickerFrame('snapshot', row) : tradeFrame('snapshot', row);
    this.#send(client, frame);
  }

  #send(client: Client, frame: string): void {
    client.sentAt = this.#uptimeMs;
    client.connection.send(frame);
  }

  #tickers(pair: string | null): VenueResponse {
    if (pair === null) {
      return ok(Object.fromEntries(this.#board.listed().map((row) => [restName(row), restTicker(row)])));
    }
    const rows = pair.split(',').map((name) => this.#byName.get(name));
    // One unknown name spoils the whole request, as on the real venue.
    if (rows.some((row) => row === undefined)) return jsonResponse({ error: ['EQuery:Unknown asset pair'] });
    const known = rows.filter((row): row is Row => row !== undefined && row.tradeId > 0);
    return ok(Object.fromEntries(known.map((row) => [restName(row), restTicker(row)])));
  }
}

function tickerFrame(type: 'snapshot' | 'update', row: Row): string {
  const n = (price: number) => digits(row, price);
  const change = n(row.price - row.open24h);
  const changePct = ((row.price / row.open24h - 1) * 100).toFixed(2);
  return (
    `{"channel":"ticker","type":"${type}","data":[{"symbol":"${row.pair}","bid":${n(row.bid)},` +
    `"bid_qty":${(row.size * 3).toFixed(8)},"ask":${n(row.ask)},"ask_qty":${(row.size * 2).toFixed(8)},` +
    `"last":${n(row.price)},"volume":${row.volume24h.toFixed(8)},"vwap":${n((row.high24h + row.low24h) / 2)},` +
    `"low":${n(row.low24h)},"high":${n(row.high24h)},"change":${change},"change_pct":${changePct},` +
    `"timestamp":"${micros(row.tradedAt)}"}]}`
  );
}

function tradeFrame(type: 'snapshot' | 'update', row: Row): string {
  return (
    `{"channel":"trade","type":"${type}","data":[{"symbol":"${row.pair}","side":"${row.side}",` +
    `"price":${digits(row, row.price)},"qty":${row.size.toFixed(8)},"ord_type":"limit",` +
    `"trade_id":${row.tradeId},"timestamp":"${micros(row.tradedAt)}"}]}`
  );
}

function restTicker(row: Row): unknown {
  const n = (price: number) => price.toFixed(Math.max(5, row.listing.decimals));
  const vwap = n((row.high24h + row.low24h) / 2);
  return {
    a: [n(row.ask), '1', '1.000'],
    b: [n(row.bid), '1', '1.000'],
    c: [n(row.price), row.size.toFixed(8)],
    v: [(row.volume24h / 2).toFixed(8), row.volume24h.toFixed(8)],
    p: [vwap, vwap],
    t: [10_000, 20_000],
    l: [n(row.low24h), n(row.low24h)],
    h: [n(row.high24h), n(row.high24h)],
    o: n(row.open24h),
  };
}

function assetPair(row: Row): unknown {
  return {
    altname: shortName(row),
    wsname: `${old(row.listing.base)}/${old(row.listing.quote)}`,
    base: CLASSED[row.listing.base] ?? row.listing.base,
    quote: CLASSED[row.listing.quote] ?? row.listing.quote,
    pair_decimals: row.listing.decimals,
    status: 'online',
  };
}

/** Assets that have an old four-letter name: X for coins, Z for currencies. */
const CLASSED: Record<string, string> = {
  BTC: 'XXBT',
  ETH: 'XETH',
  LTC: 'XLTC',
  XRP: 'XXRP',
  EUR: 'ZEUR',
  GBP: 'ZGBP',
  JPY: 'ZJPY',
  USD: 'ZUSD',
};
/** Pairs of which one side alone is classed are listed under the short name, but for this one. */
const NAMED: Record<string, string> = { 'USDT/USD': 'USDTZUSD' };

function restName(row: Row): string {
  const named = NAMED[row.pair];
  if (named !== undefined) return named;
  const base = CLASSED[row.listing.base];
  const quote = CLASSED[row.listing.quote];
  return base === undefined || quote === undefined ? shortName(row) : base + quote;
}

function shortName(row: Row): string {
  return old(row.listing.base) + old(row.listing.quote);
}

function old(asset: string): string {
  return asset === 'BTC' ? 'XBT' : asset === 'DOGE' ? 'XDG' : asset;
}

function ok(result: unknown): VenueResponse {
  return jsonResponse({ error: [], result });
}

function micros(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, -1)}000Z`;
}
