// `tick-to-client`: from the frame of a venue to the event at a subscriber, over real sockets, through the
// durable log.
// In: 1,000 feeds x 10 sources, and x 30, 10,000 trades a second, each with its time of sending. Out: how
// much later the answer that rests on it is in the subscriber's hands, beside a bare socket echo of as many
// bytes in the same run.
//
// Latency is receive time less the answer's `observedAt`, the venue's time of the newest trade in it: whole
// milliseconds rounded down when sent, so what is shown is up to one too many and never too few.
import { createServer, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import type { BenchRow } from './bench-row.ts';
import { type BenchTarget, startServer } from './http-load.ts';
import { instrumentCount, MARKETS, type Market, tradeOf } from './tick-market.ts';

const SERVERS = join(import.meta.dirname, 'servers');
const TRADES_PER_SECOND = 10_000;
/**
 * Connecting, subscribing 10,000 to 30,000 symbols, compiling, and the confidence of new sources settling.
 */
const WARM_UP_MS = 15_000;
const MEASURED_MS = 20_000;
const CONTROL_MS = 5_000;
/** With ten sources. An answer of thirty quotes is three times the work: so is the time allowed. */
const TARGET_P99_MS = 10;
const TARGET_SOURCES = 10;

export async function run(): Promise<BenchRow[]> {
  const echo = await measureEcho();
  return [
    ...(await measure('dollars', 'ten dollar venues', echo)),
    ...(await measure('mixed', 'seven dollar venues, three in USDT', echo)),
    ...(await measure('wide', 'thirty dollar venues, target x 3 for 3 x the quotes', echo)),
  ];
}

async function measure(market: Market, words: string, echo: readonly number[]): Promise<BenchRow[]> {
  const target = (TARGET_P99_MS * MARKETS[market].sources) / TARGET_SOURCES;
  const venue = await startVenue(instrumentCount(market));
  const pipeline = await startServer(join(SERVERS, 'assay-pipeline.ts'), {
    args: [venue.url, market],
    isPinned: false,
  });
  await venue.allSubscribed;
  const player = play(venue, market);
  const subscriber = subscribe(pipeline.target);
  try {
    await sleep(WARM_UP_MS);
    subscriber.clear();
    const sentBefore = player.sent();
    const cpuBefore = await pipeline.cpuSeconds();
    await sleep(MEASURED_MS);
    const latencies = [...subscriber.latencies()].sort((a, b) => a - b);
    const rate = ((player.sent() - sentBefore) * 1_000) / MEASURED_MS;
    const cpu = ((await pipeline.cpuSeconds()) - cpuBefore) / (MEASURED_MS / 1_000);
    const p99 = at(latencies, 0.99);
    const answers = Math.round((latencies.length * 1_000) / MEASURED_MS);
    return [
      {
        what: `${words}: venue frame to subscriber, p99 (control: socket echo)`,
        value: p99,
        unit: 'ms',
        control: at(echo, 0.99),
        target: `<= ${target}`,
        met: p99 <= target,
      },
      { what: `${words}: median`, value: at(latencies, 0.5), unit: 'ms', control: at(echo, 0.5) },
      { what: `${words}: trades sent`, value: Math.round(rate), unit: '/s' },
      { what: `${words}: answers that rest on a new trade`, value: answers, unit: '/s' },
      { what: `${words}: CPU of the whole pipeline`, value: Number(cpu.toFixed(2)), unit: 'cores' },
    ];
  } finally {
    player.stop();
    subscriber.stop();
    await pipeline.stop();
    venue.stop();
  }
}

type Venue = {
  url: string;
  /** Connections that listen to `source@symbol`. */
  listeners: Map<string, WebSocket>;
  allSubscribed: Promise<void>;
  stop(): void;
};

/** All venues in one: the path names which, SUBSCRIBE is Binance's. */
async function startVenue(instruments: number): Promise<Venue> {
  const listeners = new Map<string, WebSocket>();
  const http: Server = createServer((_request, response) => response.end('[]'));
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
  let onAll: () => void = () => undefined;
  const allSubscribed = new Promise<void>((resolve) => {
    onAll = resolve;
  });
  sockets.on('connection', (socket, { url }) => {
    const source = url!.split('/')[1]!;
    socket.on('message', (text) => {
      const { params, id } = JSON.parse(String(text)) as { params: string[]; id: number };
      for (const name of params) {
        const [symbol, channel] = name.split('@');
        if (channel === 'aggTrade') listeners.set(`${source}@${symbol!.toUpperCase()}`, socket);
      }
      socket.send(JSON.stringify({ result: null, id }));
      if (listeners.size === instruments) onAll();
    });
  });
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done));
  const stop = (): void => {
    for (const socket of sockets.clients) socket.terminate();
    http.close();
  };
  return { url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`, listeners, allSubscribed, stop };
}

/**
 * Sends what is due every millisecond; a pause of this process is caught up at once and counts as latency of
 * nobody.
 */
function play(venue: Venue, market: Market): { sent(): number; stop(): void } {
  const instruments = instrumentCount(market);
  let turn = 0;
  let count = 0;
  const startedMs = performance.now();
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedMs) / 1_000) * TRADES_PER_SECOND);
    for (; turn < due; turn++) {
      const { source, symbol, price } = tradeOf(turn, market);
      const socket = venue.listeners.get(`${source}@${symbol}`);
      if (socket === undefined) continue;
      // All instruments are traded in turn; the trades of each are numbered without a gap.
      const number = Math.floor(turn / instruments);
      const now = Date.now();
      socket.send(
        `{"stream":"${symbol.toLowerCase()}@aggTrade","data":{"e":"aggTrade","E":${now},"s":"${symbol}",` +
          `"a":${number},"p":"${price}","q":"1.00000000","f":${number},"l":${number},"T":${now},"m":false,"M":true}}`,
      );
      count += 1;
    }
  }, 1);
  return { sent: () => count, stop: () => clearInterval(timer) };
}

type Subscriber = { latencies(): number[]; clear(): void; stop(): void };

/** Reads the stream of all feeds; only the first answer that rests on a trade is counted. */
function subscribe({ url, headers }: BenchTarget): Subscriber {
  let latencies: number[] = [];
  let rest = '';
  const newest = new Map<string, number>();
  const client = request(url, { headers: headers ?? {} }, (response) => {
    response.setEncoding('latin1').on('data', (part: string) => {
      const now = Date.now();
      const events = (rest + part).split('\n\n');
      rest = events.pop()!;
      for (const event of events) {
        const feed = after(event, '"feed":"');
        const observedAt = Date.parse(after(event, '"observedAt":"'));
        if (Number.isNaN(observedAt) || observedAt <= (newest.get(feed) ?? 0)) continue;
        newest.set(feed, observedAt);
        latencies.push(now - observedAt);
      }
    });
  });
  client.on('error', () => undefined).end();
  return {
    latencies: () => latencies,
    clear: () => {
      latencies = [];
    },
    stop: () => client.destroy(),
  };
}

function after(text: string, mark: string): string {
  const from = text.indexOf(mark);
  return from < 0 ? '' : text.slice(from + mark.length, text.indexOf('"', from + mark.length));
}

/** As many frames of the same size through another process and back, with nothing done to them. */
async function measureEcho(): Promise<number[]> {
  const server = await startServer(join(SERVERS, 'socket-echo.ts'), { isPinned: false });
  const { hostname, port } = new URL(server.target.url);
  const socket = connect(Number(port), hostname).setNoDelay(true).setEncoding('latin1');
  const latencies: number[] = [];
  let rest = '';
  socket.on('data', (part) => {
    const now = performance.now();
    const frames = (rest + String(part)).split('\n');
    rest = frames.pop()!;
    for (const frame of frames) latencies.push(now - Number(frame.slice(0, 20)));
  });
  const startedMs = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedMs) / 1_000) * TRADES_PER_SECOND);
    for (; sent < due; sent++) socket.write(`${String(performance.now()).padEnd(20)}${'x'.repeat(180)}\n`);
  }, 1);
  await sleep(CONTROL_MS);
  clearInterval(timer);
  socket.destroy();
  await server.stop();
  return latencies.sort((a, b) => a - b);
}

/** Where nothing came in the time of measurement, at least that time. */
function at(sorted: readonly number[], share: number): number {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? MEASURED_MS;
  return Number(value.toFixed(2));
}

function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
