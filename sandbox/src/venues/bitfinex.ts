// Bitfinex v2: channels `ticker` and `trades` by number, heartbeats, REST tickers. In and out: protocol.ts.
// Everything is an array; a subscription is answered with the number under which its frames come; a channel
// without news is told so every 15 s.
// Documentation: docs.bitfinex.com (ws-general, ws-public-ticker, ws-public-trades, rest-public-tickers), and
//   a session recorded in 2021.
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

const HEARTBEAT_MS = 15_000;
const CHANNELS_MAX = 30;
const CHANNELS = new Set(['ticker', 'trades']);
/** As far as the sandbox lists them. */
const RENAMED: Record<string, string> = { USDT: 'UST', USDC: 'UDC' };

export const bitfinex: VenueDefinition = {
  id: 'bitfinex',
  name: 'Bitfinex',
  paths: { rest: '', stream: '/ws/2' },
  hasStreamAt: (path) => path === '/ws/2',
  create: (board) => new Bitfinex(board),
};

type Channel = { id: number; name: string; row: Row; sentAt: number };

class Bitfinex implements VenueProtocol {
  readonly #board: Board;
  readonly #bySymbol: Map<string, Row>;
  readonly #channels = new Map<VenueConnection, Map<string, Channel>>();
  #nextId = 17_000;
  #uptimeMs = 0;

  constructor(board: Board) {
    this.#board = board;
    this.#bySymbol = new Map(board.rows.map((row) => [symbolOf(row), row]));
  }

  http(request: VenueRequest): VenueResponse {
    switch (request.path) {
      case '/v2/platform/status':
        return jsonResponse([1]);
      case '/v2/conf/pub:list:pair:exchange':
        return jsonResponse([this.#board.rows.map((row) => symbolOf(row).slice(1))]);
      case '/v2/tickers': {
        const wanted = request.query.get('symbols')?.split(',') ?? [];
        const rows = wanted.includes('ALL')
          ? this.#board.listed()
          : this.#board.listed().filter((row) => wanted.includes(symbolOf(row)));
        return jsonResponse(rows.map((row) => [symbolOf(row), ...tickerOf(row)]));
      }
      default:
        return jsonResponse(['error', 10020, 'not found'], 404);
    }
  }

  connect(connection: VenueConnection): void {
    this.#channels.set(connection, new Map());
    const serverId = '083bd8d4-aca7-4690-a573-eabfc8103de8';
    connection.send(JSON.stringify({ event: 'info', version: 2, serverId, platform: { status: 1 } }));
  }

  disconnect(connection: VenueConnection): void {
    this.#channels.delete(connection);
  }

  message(connection: VenueConnection, text: string, nowMs: number): void {
    const message = readMessage(text);
    switch (message?.event) {
      case 'ping':
        connection.send(JSON.stringify({ event: 'pong', ts: nowMs, cid: message.cid }));
        return;
      case 'conf':
        connection.send(JSON.stringify({ event: 'conf', status: 'OK', flags: message.flags }));
        return;
      case 'subscribe':
        this.#subscribe(connection, String(message.channel), String(message.symbol));
        return;
      case 'unsubscribe':
        this.#unsubscribe(connection, Number(message.chanId));
        return;
      default:
        connection.send(JSON.stringify({ event: 'error', msg: 'event: invalid', code: 10000 }));
        return;
    }
  }

  advance({ uptimeMs, traded }: VenueStep): void {
    this.#uptimeMs = uptimeMs;
    const news = new Set(traded);
    for (const [connection, channels] of this.#channels) {
      for (const channel of channels.values()) {
        if (news.has(channel.row)) this.#push(connection, channel);
        else if (uptimeMs - channel.sentAt >= HEARTBEAT_MS) {
          channel.sentAt = uptimeMs;
          connection.send(JSON.stringify([channel.id, 'hb']));
        }
      }
    }
  }

  #subscribe(connection: VenueConnection, name: string, symbol: string): void {
    const channels = this.#channels.get(connection);
    if (channels === undefined) return;
    const row = this.#bySymbol.get(symbol);
    const refuse = (code: number, msg: string) =>
      connection.send(JSON.stringify({ event: 'error', msg, code, channel: name, symbol }));
    if (!CHANNELS.has(name)) {
      refuse(10302, 'channel: unknown');
      return;
    }
    if (row === undefined) {
      refuse(10300, 'symbol: invalid');
      return;
    }
    if (channels.has(`${name} ${symbol}`)) {
      refuse(10301, 'subscribe: dup');
      return;
    }
    if (channels.size >= CHANNELS_MAX) {
      refuse(10305, 'channel: limit');
      return;
    }
    const channel: Channel = { id: this.#nextId++, name, row, sentAt: this.#uptimeMs };
    channels.set(`${name} ${symbol}`, channel);
    const said = { event: 'subscribed', channel: name, chanId: channel.id, symbol, pair: symbol.slice(1) };
    connection.send(JSON.stringify(said));
    if (row.tradeId === 0) return;
    const first = name === 'ticker' ? tickerOf(row) : [tradeOf(row)];
    connection.send(JSON.stringify([channel.id, first]));
  }

  #unsubscribe(connection: VenueConnection, id: number): void {
    const channels = this.#channels.get(connection);
    const [key] = [...(channels ?? [])].find(([, channel]) => channel.id === id) ?? [];
    if (key === undefined) {
      connection.send(JSON.stringify({ event: 'error', msg: 'unsubscribe: invalid', code: 10400 }));
      return;
    }
    channels?.delete(key);
    connection.send(JSON.stringify({ event: 'unsubscribed', status: 'OK', chanId: id }));
  }

  #push(connection: VenueConnection, channel: Channel): void {
    channel.sentAt = this.#uptimeMs;
    const { id, name, row } = channel;
    if (name === 'ticker') {
      connection.send(JSON.stringify([id, tickerOf(row)]));
      return;
    }
    // Made, then booked.
    connection.send(JSON.stringify([id, 'te', tradeOf(row)]));
    connection.send(JSON.stringify([id, 'tu', tradeOf(row)]));
  }
}

function tickerOf(row: Row): number[] {
  const change = row.price - row.open24h;
  const { bid, ask, size, price, volume24h, high24h, low24h } = row;
  return [bid, size * 3, ask, size * 2, change, change / row.open24h, price, volume24h, high24h, low24h];
}

function tradeOf(row: Row): number[] {
  return [row.tradeId, row.tradedAt, row.side === 'buy' ? row.size : -row.size, row.price];
}

function symbolOf({ listing }: Row): string {
  const [base, quote] = [listing.base, listing.quote].map((code) => RENAMED[code] ?? code) as [
    string,
    string,
  ];
  return `t${base}${base.length > 3 || quote.length > 3 ? ':' : ''}${quote}`;
}
