// The sandbox frames beside recorded and documented ones of the real venues: every field that the real frame
// has is there, of the same kind (text, number, texts that are numbers, lists), in control frames too. Newer
// fields may be added.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Sandbox } from '@assay/sandbox/sandbox';
import { needsRecordings, recordings } from '../recordings.ts';

const START_MS = Date.UTC(2026, 0, 5);
const wire = (file: string): string => join(recordings()!, 'open/wire', file);

function fileText(file: string): string {
  const bytes = readFileSync(wire(file));
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

/** What tells the kinds of frames apart, over all venues. */
type WireFrame = {
  arg?: { channel?: string };
  channel?: string;
  data?: unknown;
  event?: string;
  method?: string;
  op?: string;
  stream?: string;
  topic?: string;
  type?: string;
};

/** Frames that came in during a recorded session, by what makes them of one kind. */
function recorded(venue: string, isMeant: (frame: WireFrame) => boolean): unknown {
  for (const line of fileText(`${venue}/session.jsonl.gz`).split('\n')) {
    if (line === '') continue;
    const { dir, raw } = JSON.parse(line) as { dir: string; raw: string };
    if (dir !== 'in' || !raw.startsWith('{')) continue;
    const frame = JSON.parse(raw) as WireFrame;
    if (isMeant(frame)) return frame;
  }
  return assert.fail(`no such frame in the session of ${venue}`);
}

/** "data[].price: text of a number" and the like, one line a field. */
function shapeOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.slice(0, 1).flatMap((item) => shapeOf(item, `${path}[]`));
  if (value !== null && typeof value === 'object') {
    return Object.entries(value).flatMap(([key, inner]) => [
      `${path}.${key}`,
      ...shapeOf(inner, `${path}.${key}`),
    ]);
  }
  const isNumber = typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value);
  return [`${path}: ${isNumber ? 'text of a number' : typeof value}`];
}

function assertCovers(real: unknown, ours: unknown, without: readonly string[] = []): void {
  const shape = new Set(shapeOf(ours));
  const missing = shapeOf(real).filter(
    (line) => !shape.has(line) && !without.some((path) => line.startsWith(path)),
  );
  assert.deepEqual(missing, []);
}

type Spoken = { frames: WireFrame[]; get(path: string, query?: string): unknown };

/** Subscribes at a venue and lets it speak for a while. */
function spoken(venue: string, path: string, ...messages: string[]): Spoken {
  const sandbox = new Sandbox({ seed: 4, nowMs: START_MS });
  const host = sandbox.host(venue);
  const frames: WireFrame[] = [];
  const raw = {
    path,
    query: new URLSearchParams(),
    send: (frame: string | Uint8Array) => frames.push(JSON.parse(String(frame))),
    ping() {},
    close() {},
    cut() {},
  };
  host.attach(raw);
  for (const message of messages) host.message(raw, message);
  for (let ms = 100; ms <= 10_000; ms += 100) sandbox.advance(START_MS + ms);
  const get = (at: string, query = '') => {
    const action = host.request({
      method: 'GET',
      path: at,
      query: new URLSearchParams(query),
      headers: { 'x-cmc_pro_api_key': 'any' },
      body: '',
    });
    assert.ok(action.kind === 'answer' && action.response.status === 200);
    return JSON.parse(action.response.body);
  };
  return { frames, get };
}

const find = (seen: Spoken, isMeant: (frame: WireFrame) => boolean): unknown =>
  seen.frames.find(isMeant) ?? assert.fail('the sandbox sent no such frame');

test('Binance: combined streams, their payloads and REST', needsRecordings(), () => {
  const streams = ['aggTrade', 'bookTicker', 'ticker', 'miniTicker'].map((name) => `btcusdt@${name}`);
  const seen = spoken('binance', '/stream', JSON.stringify({ method: 'SUBSCRIBE', params: streams, id: 1 }));
  assert.deepEqual(seen.frames[0], { result: null, id: 1 });
  for (const channel of ['aggTrade', 'bookTicker']) {
    const isMeant = ({ stream }: WireFrame) => stream?.endsWith(`@${channel}`) === true;
    assertCovers(recorded('binance', isMeant), find(seen, isMeant));
  }
  const ticker = find(seen, ({ stream }) => stream === 'btcusdt@ticker');
  assertCovers(JSON.parse(fileText('binance/ws_24hrTicker.json')), ticker);
  const mini = find(seen, ({ stream }) => stream === 'btcusdt@miniTicker') as { data: unknown };
  assertCovers(JSON.parse(fileText('binance/ws_miniTicker_recorded.json')), mini.data);
  for (const name of ['price', 'bookTicker', '24hr']) {
    const [mock] = JSON.parse(fileText(`binance/g_rest_api_v3_ticker_${name}.json`)) as { body: unknown }[];
    assertCovers(mock!.body, seen.get(`/api/v3/ticker/${name}`, 'symbol=BTCUSDT'));
  }
});

test('Coinbase Exchange: subscriptions, ticker, matches and REST', needsRecordings(), () => {
  const message = { type: 'subscribe', product_ids: ['BTC-USD'], channels: ['ticker', 'matches'] };
  const seen = spoken('coinbase', '/', JSON.stringify(message));
  for (const type of ['subscriptions', 'ticker', 'match', 'last_match']) {
    const isMeant = (frame: WireFrame) => frame.type === type;
    assertCovers(recorded('coinbase_exchange', isMeant), find(seen, isMeant));
  }
  const rest = JSON.parse(fileText('coinbase_exchange/rest_products_ticker.json'));
  assertCovers(rest, seen.get('/products/BTC-USD/ticker'));
});

test('OKX: acknowledgement, tickers and trades', needsRecordings(), () => {
  const args = ['tickers', 'trades'].map((channel) => ({ channel, instId: 'BTC-USDT' }));
  const seen = spoken('okx', '/ws/v5/public', JSON.stringify({ op: 'subscribe', args }));
  for (const isMeant of [
    ({ event }: WireFrame) => event === 'subscribe',
    ({ arg, data }: WireFrame) => arg?.channel === 'tickers' && data !== undefined,
    ({ arg, data }: WireFrame) => arg?.channel === 'trades' && data !== undefined,
  ]) {
    assertCovers(recorded('okx', isMeant), find(seen, isMeant));
  }
});

test('Bitstamp: acknowledgement, trades and REST', needsRecordings(), () => {
  const message = { event: 'bts:subscribe', data: { channel: 'live_trades_btcusd' } };
  const seen = spoken('bitstamp', '/', JSON.stringify(message));
  for (const event of ['bts:subscription_succeeded', 'trade']) {
    const isMeant = (frame: WireFrame) => frame.event === event;
    assertCovers(recorded('bitstamp', isMeant), find(seen, isMeant));
  }
  const [mock] = JSON.parse(fileText('bitstamp/g_rest_api_v2_ticker_btcusd.json')) as { body: unknown }[];
  assertCovers(mock!.body, seen.get('/api/v2/ticker/btcusd/'));
});

test('Kraken: acknowledgement, ticker, trade, pong and REST', needsRecordings(), () => {
  const subscribe = (channel: string) =>
    JSON.stringify({ method: 'subscribe', params: { channel, symbol: ['BTC/USD'] }, req_id: 1 });
  const seen = spoken(
    'kraken',
    '/v2',
    subscribe('ticker'),
    subscribe('trade'),
    '{"method":"ping","req_id":4}',
  );
  const example = (name: string) => JSON.parse(fileText(`kraken_ws_v2/${name}.json`));
  assertCovers(
    example('ws_subscribe_response'),
    find(seen, ({ method }) => method === 'subscribe'),
  );
  assertCovers(
    example('ws_ticker_snapshot'),
    find(seen, ({ channel }) => channel === 'ticker'),
  );
  assertCovers(
    example('ws_trade_update'),
    find(seen, ({ channel }) => channel === 'trade'),
  );
  assertCovers(
    example('ws_pong'),
    find(seen, ({ method }) => method === 'pong'),
  );
  const rest = JSON.parse(fileText('kraken_rest/n_http_ticker.json'));
  assertCovers(rest, seen.get('/0/public/Ticker', 'pair=XBTUSDT'));
});

test('Bybit: acknowledgement, tickers, trades and REST', needsRecordings(), () => {
  const message = { op: 'subscribe', args: ['tickers.BTCUSDT', 'publicTrade.BTCUSDT'], req_id: 'sub-1' };
  const seen = spoken('bybit', '/v5/public/spot', JSON.stringify(message));
  assertCovers(
    JSON.parse(fileText('bybit_v5/n_ws_subscription_ack.json')),
    find(seen, ({ op }) => op === 'subscribe'),
  );
  const [spot = ''] = fileText('bybit_v5/g_wsTicker.jsonl').split('\n');
  assertCovers(
    JSON.parse(spot),
    find(seen, ({ topic }) => topic === 'tickers.BTCUSDT'),
  );
  // L, the direction of the price, is sent for perpetuals and no longer for spot.
  const trades = find(seen, ({ topic }) => topic === 'publicTrade.BTCUSDT');
  assertCovers(JSON.parse(fileText('bybit_v5/ws_publicTrade.json5')), trades, ['.data[].L', '.data[].i:']);
  const rest = JSON.parse(fileText('bybit_v5/rest_v5_market_tickers_spot.json5'));
  assertCovers(rest, seen.get('/v5/market/tickers', 'category=spot&symbol=BTCUSDT'));
});

test('CoinGecko and CoinMarketCap: their answers', needsRecordings(), () => {
  const gecko = spoken('coingecko', '/').get('/api/v3/simple/price', 'ids=ethereum&vs_currencies=usd');
  const [mock] = JSON.parse(fileText('coingecko/simple_price.json')) as { body: unknown }[];
  assertCovers(mock!.body, gecko);
  const cap = spoken('coinmarketcap', '/').get('/v2/cryptocurrency/quotes/latest', 'id=1');
  const { bodies } = JSON.parse(fileText('coinmarketcap/quotes_latest_v2.json')) as { bodies: unknown[] };
  assertCovers(bodies[0], cap, ['.status.error_message', '.status.notice', '.data.1.tags']);
});
